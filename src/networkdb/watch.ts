import { checkWait, StateError } from '../runtime/index.ts';
import type { Change, EntryChange } from './change.ts';
import type { OwnerGroup } from './entry.ts';
import type { EntryStore, TableSnapshot } from './store.ts';

/*
 * One watcher: what is there at its start, then every change, in order and without gap or doubling.
 *
 * The start is walked lazily over frozen tables, so it costs no buffer. An entry belongs to it if its
 * group was present at the start: groups are noted then, because their state moves while the walk goes
 * on. Changes made meanwhile wait in a buffer with a bound, behind the start.
 */

/** Which entries to watch; what is left out matches all. */
export interface WatchFilter {
  readonly network?: string | undefined;
  readonly table?: string | undefined;
  readonly keyPrefix?: string | undefined;
}

/** How to watch. */
export interface WatchOptions {
  /** Ends the watch; a waiting `next` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Changes that may wait for the reader.
   *
   * @defaultValue 65536
   */
  readonly highWater?: number | undefined;
  /**
   * What happens beyond that: `error` ends the watch with `ERR_WATCH_OVERFLOW`, `resync` tells of the
   * loss and starts over with what is there.
   *
   * @defaultValue 'error'
   */
  readonly onOverflow?: 'error' | 'resync' | undefined;
  /**
   * Whether this node's own entries are part of the start, and its own writes are told.
   *
   * @defaultValue false
   */
  readonly local?: boolean | undefined;
}

/**
 * Refuses watch options that cannot be meant.
 *
 * @throws StateError with `ERR_ARGUMENT_INVALID`
 */
export function checkWatchOptions(options: unknown): void {
  const given = (options ?? 0) as Partial<Record<keyof WatchOptions, unknown>>;
  const { highWater, onOverflow, local, signal } = given;
  checkWait(typeof given === 'object' ? { signal } : options);
  const isMark =
    highWater === undefined || (Number.isSafeInteger(highWater) && Number(highWater) > 0);
  const isPolicy = onOverflow === undefined || onOverflow === 'error' || onOverflow === 'resync';
  const isFlag = local === undefined || typeof local === 'boolean';
  if (isMark && isPolicy && isFlag) return;
  const rule = !isMark
    ? 'highWater must be an integer of 1 or more'
    : isPolicy
      ? 'local must be true or false'
      : "onOverflow must be 'error' or 'resync'";
  throw new StateError('ERR_ARGUMENT_INVALID', `watch: ${rule}`, { highWater, onOverflow, local });
}

/** Changes that may wait for the reader of a watch, unless it says otherwise. */
export const DEFAULT_HIGH_WATER = 65_536;

interface Waiter {
  readonly resolve: (result: IteratorResult<Change, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

/** What a watch needs of the hub that feeds it. */
export interface WatchSource {
  readonly store: EntryStore;
  readonly localName: string;
  /** The watch has ended and wants nothing more. */
  detach(watch: Watch): void;
}

/** One watcher; see the head of the file. For one reader; leaving a `for await` loop ends it. */
export class Watch implements AsyncIterableIterator<Change, undefined> {
  readonly #source: WatchSource;
  readonly #filter: WatchFilter;
  readonly #options: WatchOptions;
  readonly #highWater: number;
  readonly #waiters: Waiter[] = [];
  readonly #onAbort: () => void;
  #start: Iterator<Change> | null;
  #buffer: EntryChange[] = [];
  #head = 0;
  #isEnded = false;
  #failure: { readonly reason: unknown } | null = null;

  constructor(source: WatchSource, filter: WatchFilter, options: WatchOptions) {
    this.#source = source;
    this.#filter = filter;
    this.#options = options;
    this.#highWater = options.highWater ?? DEFAULT_HIGH_WATER;
    this.#start = this.#replay();
    this.#onAbort = (): void => {
      this.#fail(options.signal?.reason);
    };
    if (options.signal?.aborted === true) this.#onAbort();
    else options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Changes that wait for the reader. */
  get bufferedCount(): number {
    return this.#buffer.length - this.#head;
  }

  /** Whether our own writes are wanted. */
  get isLocal(): boolean {
    return this.#options.local === true;
  }

  /** Whether changes of the network can match. */
  concerns(network: string): boolean {
    return this.#filter.network === undefined || this.#filter.network === network;
  }

  /**
   * Hands a change to the reader if it matches.
   *
   * @returns false when the watch lost count of what happened: it ended, or starts over with the
   * present state, in which the rest of the same batch is contained
   */
  push(change: EntryChange): boolean {
    if (this.#isEnded) return false;
    if (!this.#matches(change)) return true;
    if (this.#start === null && this.bufferedCount === 0) {
      const waiter = this.#waiters.shift();
      if (waiter !== undefined) {
        waiter.resolve({ done: false, value: withOwnBytes(change) });
        return true;
      }
    }
    if (this.bufferedCount >= this.#highWater) {
      this.#overflow();
      return false;
    }
    this.#buffer.push(change);
    return true;
  }

  /** Ends the watch in order, once the reader has taken what is buffered. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#release();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Change, undefined>> {
    const change = this.#take();
    if (change !== null) return Promise.resolve({ done: false, value: change });
    if (this.#failure !== null) {
      const { reason } = this.#failure;
      this.#failure = null;
      // The reader gets the reason as it was given, error or not.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(reason);
    }
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<Change, undefined>> {
    this.#drop();
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): Change | null {
    if (this.#start !== null) {
      const step = this.#start.next();
      if (step.done !== true) return step.value;
      this.#start = null;
    }
    const change = this.#buffer[this.#head];
    if (change === undefined) return null;
    this.#head += 1;
    if (this.#head === this.#buffer.length || this.#head >= COMPACT_AT) {
      this.#buffer = this.#buffer.slice(this.#head);
      this.#head = 0;
    }
    return withOwnBytes(change);
  }

  #matches(change: EntryChange): boolean {
    const { table, keyPrefix } = this.#filter;
    if (!this.concerns(change.network)) return false;
    if (table !== undefined && table !== change.table) return false;
    return keyPrefix === undefined || change.key.startsWith(keyPrefix);
  }

  #overflow(): void {
    if (this.#options.onOverflow === 'resync') {
      this.#drop();
      this.#start = resyncThen(this.#replay());
      return;
    }
    this.#fail(
      new StateError('ERR_WATCH_OVERFLOW', 'the watch was read too slowly and lost changes', {
        highWater: this.#highWater,
      }),
    );
  }

  #fail(reason: unknown): void {
    if (this.#isEnded) return;
    this.#drop();
    const waiters = this.#waiters.splice(0);
    if (waiters.length === 0) this.#failure = { reason };
    for (const waiter of waiters) waiter.reject(reason);
    this.end();
  }

  /** Forgets what is buffered. */
  #drop(): void {
    this.#start = null;
    this.#buffer = [];
    this.#head = 0;
  }

  #release(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#source.detach(this);
  }

  #replay(): Iterator<Change> {
    const { store, localName } = this.#source;
    const tables = store.snapshot(this.#filter);
    const groups = new Set<OwnerGroup>();
    for (const network of new Set(tables.map((table) => table.network))) {
      for (const group of store.groupsOf(network)) {
        if (group.state !== 'present') continue;
        if (this.isLocal || group.owner !== localName) groups.add(group);
      }
    }
    return replayOf(tables, groups, this.#filter.keyPrefix ?? '');
  }
}

const COMPACT_AT = 1024;

function* replayOf(
  tables: readonly TableSnapshot[],
  groups: ReadonlySet<OwnerGroup>,
  keyPrefix: string,
): Generator<Change> {
  for (const { network, table, entries } of tables) {
    for (const [key, entry] of entries.entries(keyPrefix)) {
      if (entry.isDeleted || !groups.has(entry.group)) continue;
      const { owner, time, value } = entry;
      yield withOwnBytes({ kind: 'create', network, table, key, owner, time, value });
    }
  }
}

function* resyncThen(rest: Iterator<Change>): Generator<Change> {
  yield Object.freeze({ kind: 'resync' });
  for (let step = rest.next(); step.done !== true; step = rest.next()) yield step.value;
}

/** A frozen copy whose bytes the reader may keep and change. */
function withOwnBytes(change: EntryChange): Change {
  switch (change.kind) {
    case 'create':
      return Object.freeze({ ...change, value: change.value.slice() });
    case 'update':
      return Object.freeze({
        ...change,
        value: change.value.slice(),
        previous: change.previous.slice(),
      });
    case 'delete':
      return Object.freeze({ ...change, previous: change.previous.slice() });
  }
}
