import { checkFields, checkWait, StateError } from '../runtime/index.ts';

/*
 * How to watch: what is wanted, how much may wait, and how it is handed over.
 */

/** Which entries to watch; what is left out matches all. */
export interface WatchFilter {
  /** The network; matched whole. */
  readonly network?: string | undefined;
  /** The table; matched whole. */
  readonly table?: string | undefined;
  /** What keys begin with. */
  readonly prefix?: string | undefined;
}

/** Changes are handed over in arrays; whatever is left out has its default. */
export interface BatchOptions {
  /**
   * Most changes of one batch, 1 to 65536.
   *
   * @defaultValue 100
   */
  readonly max?: number | undefined;
  /**
   * Milliseconds, 0 to 60000, after which what has come is handed over though it is less than `max`,
   * counted from when the first of it could be read. With 0 a batch is what is there.
   *
   * @defaultValue 100
   */
  readonly ms?: number | undefined;
}

/** How to watch. */
export interface WatchOptions {
  /** Ends the watch; a waiting `next` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Changes that may wait for the reader, 1 or more. What is there at the start does not count.
   *
   * @defaultValue 65536
   */
  readonly buffer?: number | undefined;
  /**
   * What happens beyond that: `end` ends the watch with `ERR_WATCH_OVERFLOW`, `resync` tells of the
   * loss by a change of the kind `resync` and starts over with what is there.
   *
   * @defaultValue 'end'
   */
  readonly overflow?: 'end' | 'resync' | undefined;
  /**
   * Whether this node's own entries are part of the start, and its own writes are told.
   *
   * @defaultValue false
   */
  readonly local?: boolean | undefined;
}

/** How to watch in batches. */
export interface BatchWatchOptions extends WatchOptions {
  /** Asks for arrays of changes. */
  readonly batch: BatchOptions;
}

/** How to watch the tables of a network. */
export interface NetworkWatchOptions extends WatchOptions, Omit<WatchFilter, 'network'> {}

/** How to watch the tables of a network in batches. */
export interface BatchNetworkWatchOptions extends NetworkWatchOptions {
  /** Asks for arrays of changes. */
  readonly batch: BatchOptions;
}

/** How to watch the tables of all networks. */
export interface FilteredWatchOptions extends WatchOptions, WatchFilter {}

/** How to watch the tables of all networks in batches. */
export interface BatchFilteredWatchOptions extends FilteredWatchOptions {
  /** Asks for arrays of changes. */
  readonly batch: BatchOptions;
}

/** Whether batches are asked for; of what cannot be meant the check says so. */
export function hasBatch<O extends object>(
  options: O,
): options is O & { readonly batch: BatchOptions } {
  return (options as { batch?: unknown } | null)?.batch !== undefined;
}

/** Changes that may wait for the reader of a watch, unless it says otherwise. */
export const DEFAULT_WATCH_BUFFER = 65_536;

/** Most changes of one batch. */
export const MAX_BATCH = 65_536;

const WATCH_FIELDS = [
  ...['network', 'table', 'prefix', 'signal', 'buffer', 'overflow', 'local', 'batch'],
];
const BATCH_FIELDS = ['max', 'ms'];
const DEFAULT_BATCH = { max: 100, ms: 100 } as const;
const MAX_BATCH_MS = 60_000;

/** Batch options, filled in. */
export interface BatchSize {
  readonly max: number;
  readonly ms: number;
}

/** Fills in the defaults. */
export function resolveBatch({ max, ms }: BatchOptions): BatchSize {
  return { max: max ?? DEFAULT_BATCH.max, ms: ms ?? DEFAULT_BATCH.ms };
}

/**
 * Refuses a filter and watch options that cannot be meant.
 *
 * @throws StateError with `ERR_ARGUMENT_INVALID`
 */
export function checkWatch(filter: unknown, options: unknown): void {
  if (typeof options === 'object' && options !== null) {
    checkFields('watch', options, WATCH_FIELDS);
  } else checkWait(options);
  const { buffer, overflow, local, batch, signal } = options as Record<string, unknown>;
  checkWait({ signal });
  const { network, table, prefix } = filter as Record<string, unknown>;
  const isText = (name: unknown): boolean => name === undefined || typeof name === 'string';
  if (!isText(network)) refuse('network must be text', { network });
  if (!isText(table)) refuse('table must be text', { table });
  if (!isText(prefix)) refuse('prefix must be text', { prefix });
  if (buffer !== undefined && !isWithin(buffer, 1, Number.MAX_SAFE_INTEGER)) {
    refuse('buffer must be an integer of 1 or more', { buffer });
  }
  if (overflow !== undefined && overflow !== 'end' && overflow !== 'resync') {
    refuse("overflow must be 'end' or 'resync'", { overflow });
  }
  if (local !== undefined && typeof local !== 'boolean') {
    refuse('local must be true or false', { local });
  }
  if (batch !== undefined) checkBatch(batch);
}

function checkBatch(batch: unknown): void {
  if (typeof batch !== 'object' || batch === null) refuse('batch must be an object', { batch });
  checkFields('watch: batch', batch, BATCH_FIELDS);
  const { max, ms } = batch as Record<string, unknown>;
  if (max !== undefined && !isWithin(max, 1, MAX_BATCH)) {
    refuse(`batch.max must be an integer from 1 to ${MAX_BATCH}`, { max });
  }
  if (ms !== undefined && !isWithin(ms, 0, MAX_BATCH_MS)) {
    refuse(`batch.ms must be an integer from 0 to ${MAX_BATCH_MS}`, { ms });
  }
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}

function refuse(rule: string, fields: Readonly<Record<string, unknown>>): never {
  throw new StateError('ERR_ARGUMENT_INVALID', `watch: ${rule}`, fields);
}
