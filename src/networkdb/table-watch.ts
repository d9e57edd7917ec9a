import type { Change, CreateChange, DeleteChange, UpdateChange } from './change.ts';
import type { TableCodec } from './codecs.ts';
import { decodeValue } from './codecs.ts';
import type { Watch } from './watch.ts';

/*
 * A watch with values instead of bytes. A value that the codec cannot read counts as absent, so that
 * one bad writer does not end everybody's watch: an entry that turns unreadable is told as deleted, and
 * one that turns readable as created.
 */

/** Changes of one table; for one reader. Leaving a `for await` loop ends it. */
export class TableWatch<T> implements AsyncIterableIterator<Change<T>, undefined> {
  readonly #watch: Watch;
  readonly #codec: TableCodec<T>;
  readonly #unreadable: () => void;

  /** @param unreadable - hears of each value that the codec could not read */
  constructor(watch: Watch, codec: TableCodec<T>, unreadable: () => void) {
    this.#watch = watch;
    this.#codec = codec;
    this.#unreadable = unreadable;
  }

  /** Changes that wait for the reader. */
  get bufferedCount(): number {
    return this.#watch.bufferedCount;
  }

  async next(): Promise<IteratorResult<Change<T>, undefined>> {
    for (;;) {
      const result = await this.#watch.next();
      if (result.done === true) return result;
      const change = this.#typed(result.value);
      if (change !== null) return { done: false, value: change };
    }
  }

  async return(): Promise<IteratorResult<Change<T>, undefined>> {
    await this.#watch.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #typed(change: Change): Change<T> | null {
    switch (change.kind) {
      case 'resync':
        return change;
      case 'create':
        return this.#between(change, null, this.#decode(change.value));
      case 'update':
        return this.#between(change, this.#decode(change.previous), this.#decode(change.value));
      case 'delete':
        return this.#between(change, this.#decode(change.previous), null);
    }
  }

  #between(
    change: CreateChange | UpdateChange | DeleteChange,
    previous: Decoded<T> | null,
    current: Decoded<T> | null,
  ): Change<T> | null {
    const { network, table, key, owner } = change;
    const time = change.kind === 'delete' ? 0 : change.time;
    const base = { network, table, key, owner };
    if (current !== null) {
      const { value } = current;
      return previous === null
        ? Object.freeze({ kind: 'create', ...base, time, value })
        : Object.freeze({ kind: 'update', ...base, time, value, previous: previous.value });
    }
    if (previous === null) return null;
    return Object.freeze({ kind: 'delete', ...base, previous: previous.value });
  }

  #decode(value: Uint8Array): Decoded<T> | null {
    try {
      return { value: decodeValue(this.#codec, value) };
    } catch {
      this.#unreadable();
      return null;
    }
  }
}

interface Decoded<T> {
  readonly value: T;
}
