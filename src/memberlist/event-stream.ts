import { checkWait, StateError } from '../runtime/index.ts';

/** One event as an item of a stream: which one, and what it carries. */
export type EventItem<Events extends { [Name in keyof Events]: unknown[] }> =
  | {
      [Name in keyof Events]: { readonly kind: Name; readonly detail: Events[Name][0] };
    }[keyof Events]
  /** The reader was too slow: so many events before the next item are missing, the oldest first. */
  | { readonly kind: 'lost'; readonly detail: number };

/** How to read events as a stream. */
export interface EventStreamOptions {
  /** Ends the stream; a waiting `next` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Events that may wait for the reader; beyond it the oldest are dropped and told of as `lost`.
   *
   * @defaultValue 1024
   */
  readonly buffer?: number | undefined;
}

/** Hears every event of a source, and its end. */
export interface EventTap {
  push(kind: PropertyKey, detail: unknown): void;
  end(): void;
}

/** What a stream needs of its source. */
export interface EventSource {
  tap(tap: EventTap): void;
  untap(tap: EventTap): void;
}

/**
 * Events in order, for one reader; leaving a `for await` loop ends it.
 *
 * It holds what was told since it was made, at most `buffer` of it. It never ends by itself: what ended it is
 * its reader, its signal or the end of its source, and in the last case what waits can still be read.
 */
export class EventStream<
  Events extends { [Name in keyof Events]: unknown[] },
> implements AsyncIterableIterator<EventItem<Events>, undefined> {
  readonly #source: EventSource;
  readonly #buffer: number;
  readonly #onLost: () => void;
  readonly #tap: EventTap;
  readonly #signal: AbortSignal | undefined;
  readonly #waiters: {
    readonly resolve: (result: IteratorResult<EventItem<Events>, undefined>) => void;
    readonly reject: (reason: unknown) => void;
  }[] = [];
  #items: EventItem<Events>[] = [];
  /** Where in `#items` the first that waits stands. */
  #head = 0;
  #lost = 0;
  #isEnded = false;
  #failure: { readonly reason: unknown } | null = null;

  /**
   * @param onLost - runs for each event that was dropped
   * @throws StateError with `ERR_ARGUMENT_INVALID`
   */
  constructor(source: EventSource, options: EventStreamOptions, onLost: () => void) {
    const { signal, buffer = DEFAULT_EVENT_BUFFER } = checked(options);
    this.#source = source;
    this.#buffer = buffer;
    this.#onLost = onLost;
    this.#signal = signal;
    this.#tap = {
      push: (kind, detail) => {
        this.#push(Object.freeze({ kind, detail }) as EventItem<Events>);
      },
      end: () => {
        this.#end();
      },
    };
    source.tap(this.#tap);
    if (signal?.aborted === true) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  next(): Promise<IteratorResult<EventItem<Events>, undefined>> {
    const item = this.#take();
    if (item !== null) return Promise.resolve({ done: false, value: item });
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

  return(): Promise<IteratorResult<EventItem<Events>, undefined>> {
    this.#forget();
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #onAbort = (): void => {
    if (this.#isEnded) return;
    this.#forget();
    const waiters = this.#waiters.splice(0);
    const reason: unknown = this.#signal?.reason;
    if (waiters.length === 0) this.#failure = { reason };
    for (const waiter of waiters) waiter.reject(reason);
    this.#end();
  };

  #push(item: EventItem<Events>): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) return waiter.resolve({ done: false, value: item });
    this.#items.push(item);
    if (this.#items.length - this.#head <= this.#buffer) return;
    this.#skip();
    this.#lost += 1;
    this.#onLost();
  }

  #take(): EventItem<Events> | null {
    if (this.#lost > 0) {
      const detail = this.#lost;
      this.#lost = 0;
      return Object.freeze({ kind: 'lost', detail });
    }
    const item = this.#items[this.#head];
    if (item === undefined) return null;
    this.#skip();
    return item;
  }

  /** Steps over the first that waits; room before it is given back now and then. */
  #skip(): void {
    this.#head += 1;
    if (this.#head < this.#items.length && this.#head < COMPACT_AT) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }

  #forget(): void {
    this.#items = [];
    this.#head = 0;
    this.#lost = 0;
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#source.untap(this.#tap);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
  }
}

function checked(options: EventStreamOptions): EventStreamOptions {
  const given: unknown = options;
  const isObject = typeof given === 'object' && given !== null;
  checkWait(isObject ? { signal: options.signal } : given);
  const { buffer } = options;
  if (buffer === undefined || (Number.isSafeInteger(buffer) && buffer > 0)) return options;
  const text = 'buffer must be an integer of 1 or more';
  throw new StateError('ERR_ARGUMENT_INVALID', text, { buffer });
}

const DEFAULT_EVENT_BUFFER = 1024;
const COMPACT_AT = 1024;
