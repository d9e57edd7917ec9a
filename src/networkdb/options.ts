/*
 * What the table engine can be told, all filled in. The facade's configuration resolves to this.
 */

/** What becomes of an event too large for a packet. */
export type OversizePolicy = 'reliable' | 'bulk-only' | 'reject';

/** Caps on everything that a peer can make grow. At each cap the newcomer is refused and counted. */
export interface TableLimits {
  /**
   * Entries held, tombstones included; own writes are not refused.
   *
   * @defaultValue 1000000
   */
  readonly maxEntries: number;
  /**
   * Networks known by name, through attachments.
   *
   * @defaultValue 4096
   */
  readonly maxNetworks: number;
  /**
   * Networks that one peer can be attached to.
   *
   * @defaultValue 1024
   */
  readonly maxNetworksPerNode: number;
  /**
   * Nodes remembered, failed and left ones included.
   *
   * @defaultValue 16384
   */
  readonly maxNodes: number;
  /**
   * Bytes of one value, own or received.
   *
   * @defaultValue 1048576
   */
  readonly maxValueBytes: number;
  /**
   * Events waiting in one queue; the ones sent most often go first.
   *
   * @defaultValue 65536
   */
  readonly maxQueuedEvents: number;
  /**
   * Events kept for one node whose attachment has not arrived.
   *
   * @defaultValue 256
   */
  readonly maxEarlyEventsPerOwner: number;
  /**
   * Events kept for all such nodes.
   *
   * @defaultValue 1000
   */
  readonly maxEarlyEvents: number;
  /**
   * Bytes of received bulk syncs and streams that wait to be applied.
   *
   * @defaultValue 134217728
   */
  readonly maxWaitingBytes: number;
  /**
   * Peers whose bulk-sync requests wait for our answer.
   *
   * @defaultValue 1024
   */
  readonly maxWaitingAnswers: number;
}

/** Options of the table engine. */
export interface TablesOptions {
  /** Milliseconds between retransmissions. */
  readonly gossipIntervalMs: number;
  /** Random peers that one send goes to. */
  readonly gossipNodes: number;
  /** An event is sent `retransmitMult * ceil(log10(nodes + 1))` times. */
  readonly retransmitMult: number;
  /** Bytes of table events a second, all peers together. */
  readonly maxBytesPerSecond: number;
  /** Milliseconds between exchanges of whole networks, or false for none. */
  readonly bulkSyncIntervalMs: number | false;
  /** Milliseconds to wait for the answer to a bulk sync, and for each further chunk of it, before another peer is tried. */
  readonly bulkSyncTimeoutMs: number;
  /** Milliseconds between two rounds of the reaper. */
  readonly reapPeriodMs: number;
  /** Milliseconds that a tombstone, or the entry of a failed node, is kept. */
  readonly reapEntryMs: number;
  readonly oversize: OversizePolicy;
  /** Whether our own names may hold a slash; Go nodes split their paths there and would cut the name. */
  readonly allowSlash: boolean;
  readonly limits: TableLimits;
}

/** Defaults; intervals are those of Go's NetworkDB. */
export const DEFAULT_TABLES_OPTIONS: TablesOptions = Object.freeze({
  gossipIntervalMs: 200,
  gossipNodes: 3,
  retransmitMult: 4,
  maxBytesPerSecond: 4_000_000,
  bulkSyncIntervalMs: 30_000,
  bulkSyncTimeoutMs: 30_000,
  reapPeriodMs: 5_000,
  reapEntryMs: 1_800_000,
  oversize: 'reliable',
  allowSlash: true,
  limits: Object.freeze({
    maxEntries: 1_000_000,
    maxNetworks: 4_096,
    maxNetworksPerNode: 1_024,
    maxNodes: 16_384,
    maxValueBytes: 1_048_576,
    maxQueuedEvents: 65_536,
    maxEarlyEventsPerOwner: 256,
    maxEarlyEvents: 1_000,
    maxWaitingBytes: 134_217_728,
    maxWaitingAnswers: 1_024,
  }),
});

/** Milliseconds that a failed or left node is remembered. */
export const NODE_RETENTION_MS = 86_400_000;

/** Most milliseconds of retention a peer can ask for a tombstone. */
export const MAX_RESIDUAL_MS = 86_400_000;

/** How long a left attachment is remembered: longer than any entry it could let back in. */
export function attachmentRetentionMs(options: TablesOptions): number {
  return options.reapEntryMs + 5 * options.reapPeriodMs;
}
