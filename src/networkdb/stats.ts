import type { Broadcasts } from './broadcasts.ts';
import type { BulkSync } from './bulk-sync.ts';
import type { EarlyEvents } from './early-events.ts';
import type { Inbound } from './inbound.ts';
import type { OversizeSender } from './oversize.ts';
import type { PeerSyncStats } from './peer-syncs.ts';
import type { Rewrites } from './rewrites.ts';
import type { SliceCounts, Slices } from './slices.ts';
import type { TableState } from './transitions.ts';

/** Sizes and counters of the tables of one node. */
export interface TableStats {
  /** Entries held: live, hidden and tombstones. */
  readonly entries: number;
  readonly tombstones: number;
  /** Entries of failed nodes. */
  readonly hidden: number;
  /** Networks that we are on, with what is held and waits for each. */
  readonly networks: Readonly<Record<string, NetworkStats>>;
  readonly nodes: Readonly<Record<'active' | 'failed' | 'left', number>>;
  /** Messages that wait to be sent or sent again. */
  readonly queued: {
    readonly own: number;
    readonly relay: number;
    readonly cluster: number;
    readonly oversize: number;
  };
  /** Events that wait for the attachment or node they rest on. */
  readonly earlyEvents: number;
  /** Own entries that wait to be written anew, since nodes of Go hold another write of the same time. */
  readonly waitingRewrites: number;
  readonly watchers: number;
  /** Received bytes that wait to be applied. */
  readonly waitingBytes: number;
  /** Bulk syncs that wait for their answer. */
  readonly pendingSyncs: number;
  /** How bulk syncs with each peer went, by name: the 1,024 peers met last. */
  readonly peerSyncs: Readonly<Record<string, PeerSyncStats>>;
  readonly slices: SliceCounts;
  readonly clocks: { readonly table: number; readonly network: number };
  /** What happened since the start, by name. */
  readonly counters: Readonly<Record<string, number>>;
}

/** One network in {@link TableStats}. */
export interface NetworkStats {
  readonly entries: number;
  /** Members, ourselves included. */
  readonly peers: number;
  readonly own: number;
  readonly relay: number;
}

/** Where the figures come from. */
export interface StatsSources {
  readonly state: TableState;
  readonly broadcasts: Broadcasts;
  readonly oversize: OversizeSender;
  readonly early: EarlyEvents;
  readonly rewrites: Rewrites;
  readonly inbound: Inbound;
  readonly bulkSync: BulkSync;
  readonly slices: Slices;
}

/** Reads all figures at once. */
export function collectStats(sources: StatsSources): TableStats {
  const { state, broadcasts } = sources;
  const networks = Object.fromEntries(
    state.attachments.joinedNetworks().map((network) => [
      network,
      {
        entries: state.store.sizeOf(network),
        peers: state.attachments.participantCount(network),
        own: broadcasts.tableLength(network, 'own'),
        relay: broadcasts.tableLength(network, 'relay'),
      },
    ]),
  );
  return {
    ...state.store.counts(),
    networks,
    nodes: {
      active: state.nodes.activeCount,
      failed: state.nodes.failedCount,
      left: state.nodes.size - state.nodes.activeCount - state.nodes.failedCount,
    },
    queued: { ...broadcasts.lengths(), oversize: sources.oversize.length },
    earlyEvents: sources.early.size,
    waitingRewrites: sources.rewrites.waitingCount,
    watchers: state.watches.size,
    waitingBytes: sources.inbound.waitingBytes,
    pendingSyncs: sources.bulkSync.pendingCount,
    peerSyncs: sources.bulkSync.peerSyncs.snapshot(),
    slices: sources.slices.counts(),
    clocks: { table: state.tableClock.time, network: state.networkClock.time },
    counters: state.counters.snapshot(),
  };
}
