import type { BulkSyncWriter, KeptTableEvent } from '../codec/index.ts';
import { encodeNetworkEvent, GOSSIP_TYPE, wrapGossip } from '../codec/index.ts';
import type { StoredEntry } from './entry.ts';
import { expiryOf } from './entry.ts';
import type { TableState } from './transitions.ts';

/*
 * What a bulk sync carries: every entry of the networks, or those of this node alone, tombstones and
 * hidden ones too, frozen at the start and read in chunks. In each chunk the attachment of an owner stands ahead of the owner's first
 * entry, and our own attachments ahead of all: a receiver that missed the join must not refuse the
 * entries. Not so to a node of Go that does not announce that it may be sent them: with an older
 * attachment it would replace a newer one that waits to be relayed. It has them from push/pull and gossip,
 * but for those of members that had failed: these it has dropped, and they are told with the entries of such
 * members alone (`go-peers.ts`).
 */

/** Whose entries an exchange carries: everybody's, or those of the node that sends them. */
export type SyncScope = 'all' | 'own';

/** What is to be told. */
export interface SyncContent {
  readonly networks: readonly string[];
  readonly scope: SyncScope;
  /** Owners whose entries alone are told, all of whose attachments stand ahead; null for what the scope says. */
  readonly owners: readonly string[] | null;
  /** Whether attachments stand ahead of the entries. */
  readonly tellsAttachments: boolean;
}

/** A walk over networks, to be filled into chunks. */
export class SyncWalk {
  readonly #state: TableState;
  readonly #networks: readonly string[];
  readonly #tellsAttachments: boolean;
  /** Owners whose attachments are told, with entries or without; none once they have been. */
  #owners: readonly string[];
  readonly #entries: Iterator<StoredEntry, void>;
  #isDone = false;
  /** Whose attachment was told last in this chunk. */
  #toldNode: string | null = null;
  #toldNetwork = '';

  constructor(state: TableState, o: SyncContent) {
    const { networks, scope, owners } = o;
    this.#state = state;
    this.#networks = networks;
    this.#tellsAttachments = o.tellsAttachments;
    this.#owners = owners ?? [];
    if (owners !== null) this.#entries = entriesOf(state, networks, owners);
    else if (scope === 'all') this.#entries = allEntries(state, networks);
    else this.#entries = entriesOf(state, networks, [state.localName]);
  }

  /** Whether everything has been put into chunks. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Fills one chunk, item by item.
   *
   * @param chunk - receives the messages
   * @param maxBytes - the chunk ends with the entry that reaches this
   * @returns a generator that yields the bytes of each item
   */
  *fill(chunk: BulkSyncWriter, maxBytes: number): Generator<number, void> {
    const told = new Set<string>();
    this.#toldNode = null;
    const { localName } = this.#state;
    let chunkBytes = 0;
    for (const network of this.#networks) {
      chunkBytes += this.#tellAttachment(chunk, told, network, localName);
      for (const owner of this.#owners) {
        const bytes = this.#tellAttachment(chunk, told, network, owner);
        chunkBytes += bytes;
        yield bytes;
      }
    }
    this.#owners = [];
    while (chunkBytes < maxBytes) {
      const step = this.#entries.next();
      if (step.done === true) {
        this.#isDone = true;
        return;
      }
      const entry = step.value;
      let bytes = 0;
      if (entry.group.state !== 'gone') {
        bytes += this.#tellAttachment(chunk, told, entry.network, entry.owner);
        bytes += chunk.addTableEvent(eventOf(this.#state, entry));
      }
      chunkBytes += bytes;
      yield bytes;
    }
  }

  #tellAttachment(chunk: BulkSyncWriter, told: Set<string>, network: string, node: string): number {
    if (!this.#tellsAttachments) return 0;
    // Entries of one owner mostly stand together.
    if (node === this.#toldNode && network === this.#toldNetwork) return 0;
    this.#toldNode = node;
    this.#toldNetwork = network;
    const id = `${network.length}:${network}${node}`;
    if (told.has(id)) return 0;
    told.add(id);
    const { attachments, localName } = this.#state;
    const attachment =
      node === localName ? attachments.own(network) : attachments.peer(node, network);
    if (attachment === undefined) return 0;
    const kind = attachment.isLeaving ? 'leave' : 'join';
    const inner = encodeNetworkEvent({ kind, time: attachment.time, node, network });
    return chunk.add(wrapGossip(GOSSIP_TYPE.networkEvent, inner));
  }
}

/** An entry as it is told to others, with what is left of its retention. */
export function eventOf({ countdown, options }: TableState, entry: StoredEntry): KeptTableEvent {
  const { time, owner, network, table, key, value, isDeleted } = entry;
  const expiresAt = expiryOf(entry);
  const isExpiring = isDeleted || expiresAt > 0;
  // What is left shrinks at ticks of the reaper only. Handed on from one to the next between ticks it would
  // never end, so each handing on costs a tick.
  const leftMs = countdown.leftMs(expiresAt) - options.reapPeriodMs;
  return {
    kind: isDeleted ? 'delete' : 'create',
    time,
    owner,
    network,
    table,
    key,
    value,
    residualReapSeconds: isExpiring ? Math.max(1, Math.floor(leftMs / 1000)) : 0,
  };
}

function allEntries(state: TableState, networks: readonly string[]): Iterator<StoredEntry, void> {
  const snapshots = networks.flatMap((network) => state.store.snapshot({ network }));
  return (function* (): Generator<StoredEntry, void> {
    for (const { entries } of snapshots) {
      for (const [, entry] of entries.entries()) yield entry;
    }
  })();
}

/** Entries are replaced and never changed, so a copy of the set is frozen. */
function entriesOf(
  state: TableState,
  networks: readonly string[],
  owners: readonly string[],
): Iterator<StoredEntry, void> {
  const groups = networks.flatMap((network) =>
    owners.map((owner) => state.store.findGroup(network, owner)),
  );
  const copies = groups.map((group) => group?.entries.toArray() ?? []);
  return (function* (): Generator<StoredEntry, void> {
    for (const copy of copies) yield* copy;
  })();
}
