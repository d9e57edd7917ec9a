import type { EndpointRecord, PeerRecord } from './records.ts';
import { endpointRecords, peerRecords } from './records.ts';
import type { NetworkView } from './table-text.ts';
import { endpointText, peerText } from './table-text.ts';
import type { Change, NetworkDB, Table } from '../../src/index.ts';
import { GossipError } from '../../src/index.ts';

/*
 * One network of the swarm: both of its tables are watched, and what they hold is kept for the screen.
 */

/** A change, for people and for programs. */
export interface Shown {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** A network that is watched. */
export interface EntryWatch {
  readonly view: NetworkView;
}

type Say = (shown: Shown) => void;

/** Joins a network and tells of everything in its tables from then on, until the node is closed. */
export function watchNetwork(db: NetworkDB, network: string, say: Say): EntryWatch {
  const endpoints = new Map<string, EndpointRecord>();
  const peers = new Map<string, PeerRecord>();
  const failed = (error: unknown): void => {
    if (error instanceof GossipError && error.code === 'ERR_CLOSED') return;
    console.error(`network ${network}:`, error);
  };
  void db
    .joinNetwork(network, { waitForSync: false })
    .then(async (joined) =>
      Promise.all([
        follow(joined.table('endpoint_table', endpointRecords), endpoints, endpointText, say),
        follow(joined.table('overlay_peer_table', peerRecords), peers, peerText, say),
      ]),
    )
    .catch(failed);
  return { view: { network, endpoints, peers } };
}

async function follow<T>(
  table: Table<T>,
  held: Map<string, T>,
  textOf: (record: T) => string,
  say: Say,
): Promise<void> {
  for await (const change of table.watch({ overflow: 'resync' })) {
    const shown = take(change, held, textOf);
    if (shown !== null) say(shown);
  }
}

/** Applies a change to what is held, and puts it into words. */
function take<T>(
  change: Change<T>,
  held: Map<string, T>,
  textOf: (record: T) => string,
): Shown | null {
  if (change.kind === 'resync') {
    held.clear();
    return null;
  }
  const { kind, key, owner, table, network } = change;
  const record = kind === 'delete' ? change.previous : change.value;
  if (kind === 'delete') held.delete(key);
  else held.set(key, record);
  const at = { event: kind, network, table, key, owner };
  return {
    text: `${kind} ${table} ${key.slice(0, 12)} by ${owner}: ${textOf(record)}`,
    json: { ...at, record },
  };
}
