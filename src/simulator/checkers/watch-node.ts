import { bytesOf } from '../../codec/index.ts';
import type { NetworkDB, OwnerGroup, StoredEntry } from '../../networkdb/index.ts';
import { resolveNetworkDBConfig } from '../../networkdb/index.ts';
import type { NetworkDBConfig, NetworkDBOptions } from '../../networkdb/index.ts';
import type { AttachmentFact, Fact, SizeFact } from './facts.ts';
import { Growth } from './growth.ts';

/*
 * The one place where the facts about running nodes come from: every change of every record and entry as it
 * happens, and sizes when asked for.
 */

/** Tells of all that changes inside a node, beginning with what is there. */
export function watchNode(
  db: NetworkDB,
  life: string,
  o: {
    readonly now: () => number;
    /** The node's own clock. */
    readonly ownNow: () => number;
    readonly config: NetworkDBConfig;
    readonly tell: (fact: Fact) => void;
  },
): void {
  const { now, ownNow, config, tell } = o;
  const { name, host, port } = db.localMember;
  const endpoint = endpointText({ host, port });
  const growth = new Growth(name, config.tables.limits);
  const { reapEntryMs: keepsMs, reapPeriodMs: tickMs } = config.tables;
  tell({ kind: 'start', atMs: now(), life, name, endpoint, keepsMs, tickMs });
  const at = (): { atMs: number; ownMs: number; life: string } => {
    return { atMs: now(), ownMs: ownNow(), life };
  };
  const attachment = (
    node: string,
    network: string,
    attached: { readonly time: number; readonly isLeaving: boolean } | null,
  ): Omit<AttachmentFact, 'isOwn'> => {
    const { time, isLeaving } = attached ?? { time: 0, isLeaving: false };
    const state = attached === null ? 'forgotten' : isLeaving ? 'left' : 'joined';
    return { kind: 'attachment', ...at(), node, network, state, time };
  };
  db.watchState({
    record: (record, what) => {
      const node = { atMs: now(), life, node: record.name };
      if (what === 'forgotten') return tell({ kind: 'memberForgotten', ...node });
      const { state, incarnation, address, isLocal } = record;
      const about = { state, incarnation, endpoint: endpointText(address), isOwn: isLocal };
      tell({ kind: 'member', ...node, ...about });
    },
    presence: {
      announced: (network, attached) => {
        tell({ ...attachment(name, network, attached), isOwn: true });
      },
      farewell: (time) => {
        tell({ kind: 'farewell', atMs: now(), life, node: name, time });
      },
      attachment: (node, network, attached) => {
        const fact = { ...attachment(node, network, attached), isOwn: false };
        tell(fact);
        for (const size of growth.attached(fact, fact)) tell(size);
      },
      node: (record, what) => {
        const { name: node, time, address } = record;
        const state = what === 'forgotten' ? what : record.state;
        tell({ kind: 'node', ...at(), node, state, time, endpoint: endpointText(address) });
      },
    },
    store: {
      stored: (entry, isNew, occupied) => {
        const isHidden = entry.group.state === 'hidden';
        tell({ kind: 'entry', atMs: now(), life, ...entryOf(entry), isHidden });
        for (const size of growth.stored(at(), entry, isNew, occupied)) tell(size);
      },
      removed: (entry) => {
        tell({ kind: 'entryForgotten', ...at(), ...entryOf(entry) });
      },
      groupChanged: ({ network, owner, state }: OwnerGroup) => {
        tell({ kind: 'owner', ...at(), network, owner, state });
      },
    },
  });
}

/** Sizes of what has a cap in docs/limits.md and shows in `stats()`; docs/simulator.md lists them. */
export function sizesOf(
  db: NetworkDB,
  at: { readonly life: string; readonly atMs: number },
  { memberlist, tables }: NetworkDBConfig,
): readonly SizeFact[] {
  const { membership, tables: held } = db.stats();
  const { maxQueuedBroadcasts, maxMembers } = memberlist.limits;
  const { limits } = tables;
  const networks = Object.values(held.networks);
  const size = (sort: SizeFact['sort'], what: string, count: number, cap: number): SizeFact => {
    return { kind: 'size', ...at, sort, what, size: count, cap };
  };
  const most = (of: (network: (typeof networks)[number]) => number): number =>
    Math.max(0, ...networks.map(of));
  // What nobody is there to hear waits.
  const spreads = membership.members > 1 ? 'queue' : 'kept';
  const publishes = networks.some(({ peers }) => peers < 2) ? 'kept' : 'queue';
  const { entries, tombstones, hidden, nodes, queued, earlyEvents, waitingBytes } = held;
  return [
    size(spreads, 'membership broadcasts', membership.queuedBroadcasts, maxQueuedBroadcasts),
    size(spreads, 'user broadcasts', membership.queuedUserBroadcasts, maxQueuedBroadcasts),
    size('held', 'member records', membership.knownNodes, maxMembers),
    // Own events wait in one list; those of others in two and, for two neighbours, in one each.
    size(
      publishes,
      'own events',
      most(({ own }) => own),
      limits.maxQueuedEvents,
    ),
    size(
      publishes,
      'events of others',
      most(({ relay }) => relay),
      3 * limits.maxQueuedEvents,
    ),
    size(spreads, 'cluster events', queued.cluster, 2 * limits.maxQueuedEvents),
    // Exchanges bring the entries of owners that are gone again and again.
    size('kept', 'early events', earlyEvents, limits.maxEarlyEvents),
    size('queue', 'bytes to apply', waitingBytes, limits.maxWaitingBytes),
    size('kept', 'keys to write anew', held.waitingRewrites, MOST_REWRITES),
    size('kept', 'peers counted', Object.keys(held.peerSyncs).length, MOST_PEER_SYNCS),
    // Own writes are never refused, so that there is no cap to hold against: that of others is held in `growth.ts`.
    size('held', 'live entries', entries - tombstones - hidden, Infinity),
    size('kept', 'tombstones', tombstones, Infinity),
    size('held', 'nodes', nodes.active + nodes.failed + nodes.left, limits.maxNodes),
  ];
}

/** Keys that wait to be written anew, beside Go. */
const MOST_REWRITES = 4_096;
/** Peers whose bulk syncs are counted one by one. */
const MOST_PEER_SYNCS = 1_024;

/** Options with all defaults filled in, without what a process has of its own. */
export function configOf(options: NetworkDBOptions): NetworkDBConfig {
  return resolveNetworkDBConfig({ ...options, runtime: {} });
}

function entryOf({ network, table, key, owner, time, isDeleted, value }: StoredEntry): {
  readonly network: string;
  readonly table: string;
  readonly key: string;
  readonly owner: string;
  readonly time: number;
  readonly isDeleted: boolean;
  readonly value: Uint8Array;
} {
  return { network, table, key, owner, time, isDeleted, value: bytesOf(value) };
}

/** An endpoint as facts have it. */
export function endpointText({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
