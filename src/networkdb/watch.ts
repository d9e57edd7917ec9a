import type { Clock, Timer } from '../runtime/index.ts';
import type { Change } from './change.ts';
import type { Notice } from './notices.ts';
import { SLICE_ITEMS } from './slices.ts';
import type { Gatherer } from './watch-batch.ts';
import { Batcher, oneByOne } from './watch-batch.ts';
import type { FeedFilter, WatchSource } from './watch-feed.ts';
import { PASSED_OVER, WatchFeed } from './watch-feed.ts';
import type { BatchSize, WatchOptions } from './watch-options.ts';

/*
 * One watcher, as its reader holds it: what is there at its start, then every change, in order and
 * without gap or doubling.
 *
 * A reader that is served at once, each time it asks, would keep the loop to itself until it has read
 * everything; so after 128 changes the next one comes with a later turn.
 *
 * Every ending goes through `#finish`: the end of the database, `return`, `throw`, disposal, an abort,
 * an overflow. It leaves no timer, no listener and no place in the hub.
 */

/** What a watch tells and to whom. */
export interface WatchParts<C> {
  readonly source: WatchSource;
  readonly filter: FeedFilter;
  readonly options: WatchOptions;
  /** What the reader gets of a notice; null for nothing. Must not throw. */
  readonly map: (notice: Notice) => C | null;
}

interface Waiter<R> {
  readonly resolve: (result: IteratorResult<R, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Changes, one by one or in batches; for one reader. Leaving a `for await` loop ends it, and so does
 * `await using`. A watch that nobody reads holds its buffer, and the tables of its start, until it is
 * ended.
 */
export class Watch<R = Change> implements AsyncIterableIterator<R, undefined>, AsyncDisposable {
  readonly #feed: WatchFeed;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #gather: () => R | null;
  readonly #cancelGather: () => void;
  readonly #waiters: Waiter<R>[] = [];
  #budget = SLICE_ITEMS;
  #pause: Timer | null = null;
  #failure: { readonly reason: unknown } | null = null;
  #isFinished = false;

  private constructor(parts: {
    readonly feedOf: (watch: Watch<R>) => WatchFeed;
    readonly attach: (feed: WatchFeed) => void;
    readonly clock: Clock;
    readonly signal: AbortSignal | undefined;
    readonly gatherOf: (watch: Watch<R>) => { gather: () => R | null; cancel: () => void };
  }) {
    this.#clock = parts.clock;
    this.#signal = parts.signal;
    this.#feed = parts.feedOf(this);
    const { gather, cancel } = parts.gatherOf(this);
    this.#gather = gather;
    this.#cancelGather = cancel;
    if (this.#signal?.aborted === true) this.#onAbort();
    else this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    parts.attach(this.#feed);
  }

  /** A watch whose reader gets each change by itself. */
  static single<C>(parts: WatchParts<C>): Watch<C> {
    return Watch.#open(parts, () => oneByOne<C>());
  }

  /** A watch whose reader gets arrays of changes. */
  static batches<C>(parts: WatchParts<C>, size: BatchSize): Watch<readonly C[]> {
    return Watch.#open<C, readonly C[]>(
      parts,
      (watch) =>
        new Batcher<C>(parts.source.clock, size, () => {
          watch.#serve();
        }),
    );
  }

  static #open<C, R>(
    { source, filter, options, map }: WatchParts<C>,
    gathererOf: (watch: Watch<R>) => Gatherer<C, R>,
  ): Watch<R> {
    return new Watch<R>({
      clock: source.clock,
      signal: options.signal,
      attach: (feed) => {
        source.attach(feed);
      },
      feedOf: (watch) =>
        new WatchFeed(source, filter, options, {
          news: () => {
            if (watch.#feed.isEnded) watch.#release();
            watch.#serve();
          },
          failed: (reason) => {
            watch.#fail(reason);
          },
        }),
      gatherOf: (watch) => {
        const gatherer = gathererOf(watch);
        const take = (): C | null => watch.#take(map);
        const status = (): ReturnType<Parameters<typeof gatherer.gather>[1]> => ({
          isEnded: watch.#feed.isEnded && watch.#pause === null,
          isPaused: watch.#pause !== null,
          readableSince: watch.#feed.readableSince,
        });
        return {
          gather: () => gatherer.gather(take, status),
          cancel: () => {
            gatherer.cancel();
          },
        };
      },
    });
  }

  /** Changes that wait for the reader, those of the start not counted. */
  get bufferedCount(): number {
    return this.#feed.bufferedCount;
  }

  /** The next change, or batch; rejects once with why the watch ended, if that was not in order. */
  next(): Promise<IteratorResult<R, undefined>> {
    if (this.#failure !== null) {
      const { reason } = this.#failure;
      this.#failure = null;
      // The reader gets the reason as it was given, error or not.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(reason);
    }
    if (this.#isFinished) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#serve();
    });
  }

  /** Ends the watch; what was not read is dropped. */
  return(): Promise<IteratorResult<R, undefined>> {
    this.#finish();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends the watch; what was not read is dropped. Rejects with the reason. */
  throw(reason?: unknown): Promise<IteratorResult<R, undefined>> {
    this.#finish();
    // The caller gets its reason back, error or not.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    return Promise.reject(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #onAbort = (): void => {
    this.#fail(this.#signal?.reason);
  };

  /** Hands out what there is to those who wait, as far as this turn of the loop goes. */
  #serve(): void {
    while (this.#waiters.length > 0 && !this.#isFinished) {
      const value = this.#gather();
      if (value !== null) {
        this.#waiters.shift()?.resolve({ done: false, value });
        continue;
      }
      if (this.#feed.isEnded && this.#pause === null) this.#finish();
      return;
    }
  }

  #take<C>(map: (notice: Notice) => C | null): C | null {
    for (;;) {
      if (this.#pause !== null) return null;
      if (this.#budget === 0) {
        this.#pause = this.#clock.afterPendingInput(() => {
          this.#pause = null;
          this.#budget = SLICE_ITEMS;
          this.#serve();
        });
        return null;
      }
      const notice = this.#feed.take();
      if (notice === null) return null;
      this.#budget -= 1;
      const change = notice === PASSED_OVER ? null : map(notice);
      if (change !== null) return change;
    }
  }

  #fail(reason: unknown): void {
    if (this.#isFinished) return;
    const waiters = this.#waiters.splice(0);
    if (waiters.length === 0) this.#failure = { reason };
    this.#finish();
    for (const waiter of waiters) waiter.reject(reason);
  }

  /** What is left after the end is for the reader alone, whether or not it ever asks for it. */
  #release(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#release();
    this.#pause?.cancel();
    this.#pause = null;
    this.#cancelGather();
    this.#feed.drop();
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
  }
}
