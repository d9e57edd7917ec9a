import type { GossipError } from '../runtime/index.ts';
import { checkFields, StateError } from '../runtime/index.ts';
import type { Change, ClusterChange } from './change.ts';
import type { TableCodec } from './codecs.ts';
import { decodeValue } from './codecs.ts';
import type { EntryAddress } from './entry.ts';
import type { Notice } from './notices.ts';
import { toChange } from './notices.ts';
import type { RadixRange } from './radix.ts';
import type { EntryView, FrozenView } from './table-view.ts';

/*
 * Entries with values instead of bytes.
 *
 * A value that the codec cannot read counts as absent wherever a table is read, and is counted and
 * reported: one bad writer must not throw into everybody's handlers or end everybody's watch. So an entry
 * that turns unreadable is told as deleted, and one that turns readable as created.
 */

/** An entry with its value. */
export interface TableEntry<T> {
  readonly key: string;
  readonly value: T;
  /** The member that wrote it. */
  readonly owner: string;
  /** Lamport time of the write. */
  readonly time: number;
}

/** A value that the codec of a table could not read. */
export interface Unreadable extends EntryAddress {
  /** The member that wrote it. */
  readonly owner: string;
  readonly bytes: Uint8Array;
  /** `ERR_TABLE_CODEC`, with what the codec threw as its cause. */
  readonly error: GossipError;
}

/** Which entries of a table, and which way; what is left out does not restrict. */
export interface KeyRange extends RadixRange {
  /** At most so many, 0 or more. */
  readonly limit?: number | undefined;
}

/** Reads values, and reports those it cannot read. */
export class ValueReader<T> {
  readonly #codec: TableCodec<T>;
  readonly #report: (unreadable: Unreadable) => void;

  /** @param report - must not throw */
  constructor(codec: TableCodec<T>, report: (unreadable: Unreadable) => void) {
    this.#codec = codec;
    this.#report = report;
  }

  /** The entry with its value, or undefined when that cannot be read. */
  entry(view: EntryView): TableEntry<T> | undefined {
    const { key, owner, time } = view;
    const decoded = this.#decode(view, view.value);
    return decoded === null ? undefined : Object.freeze({ key, value: decoded.value, owner, time });
  }

  /** The entries with their values, without those that cannot be read. */
  *entries(views: Iterable<EntryView>, limit: number = Infinity): Generator<TableEntry<T>, void> {
    if (limit <= 0) return;
    let count = 0;
    for (const view of views) {
      const entry = this.entry(view);
      if (entry === undefined) continue;
      yield entry;
      count += 1;
      if (count >= limit) return;
    }
  }

  /** The change with its values, or null when readers of values see none. */
  change(notice: Notice): Change<T> | null {
    const change = toChange(notice);
    switch (change.kind) {
      case 'resync':
        return change;
      case 'create':
        return this.#between(change, null, this.#decode(change, change.value));
      case 'update': {
        const previous = this.#decode(change, change.previous, true);
        return this.#between(change, previous, this.#decode(change, change.value));
      }
      case 'delete':
        return this.#between(change, this.#decode(change, change.previous, true), null);
      case 'nodeJoin':
      case 'nodeUpdate':
      case 'nodeGone':
        return null;
    }
  }

  #between(
    change: Exclude<ClusterChange, { kind: `node${string}` | 'resync' }>,
    previous: Decoded<T> | null,
    current: Decoded<T> | null,
  ): Change<T> | null {
    const { network, table, key, owner } = change;
    const base = { network, table, key, owner };
    if (current !== null && change.kind !== 'delete') {
      const { value } = current;
      const { time } = change;
      return previous === null
        ? Object.freeze({ kind: 'create', ...base, time, value })
        : Object.freeze({ kind: 'update', ...base, time, value, previous: previous.value });
    }
    if (previous === null) return null;
    return Object.freeze({ kind: 'delete', ...base, previous: previous.value });
  }

  /** @param isKnown - whether it was reported when it came */
  #decode(
    at: EntryAddress & { readonly owner: string },
    bytes: Uint8Array,
    isKnown = false,
  ): Decoded<T> | null {
    try {
      return { value: decodeValue(this.#codec, bytes) };
    } catch (error) {
      const { network, table, key, owner } = at;
      if (!isKnown) {
        const about = { network, table, key, owner, bytes, error: error as GossipError };
        this.#report(Object.freeze(about));
      }
      return null;
    }
  }
}

interface Decoded<T> {
  readonly value: T;
}

/**
 * A table as it was when the snapshot was taken, while writes, failures and leaves go on.
 *
 * Taking one costs nothing per entry. Holding one keeps the entries that were replaced since in memory.
 */
export class TableSnapshot<T> {
  readonly #view: FrozenView;
  readonly #reader: ValueReader<T>;

  constructor(view: FrozenView, reader: ValueReader<T>) {
    this.#view = view;
    this.#reader = reader;
  }

  /** Entries that could be seen, those with unreadable values included. */
  get size(): number {
    return this.#view.size;
  }

  /** The value of a key, or undefined if there was none or it cannot be read. Costs the key's length. */
  get(key: string): T | undefined;
  /** The value with its owner and time. */
  get(key: string, options: { readonly detail: true }): TableEntry<T> | undefined;
  get(key: string, options?: { readonly detail: true }): T | TableEntry<T> | undefined {
    const view = this.#view.get(key);
    const entry = view === undefined ? undefined : this.#reader.entry(view);
    return options?.detail === true ? entry : entry?.value;
  }

  /** Whether there was an entry to see. */
  has(key: string): boolean {
    return this.#view.get(key) !== undefined;
  }

  /** The entries in the order of their keys' UTF-8 bytes, read as one goes along. */
  entries(range: KeyRange = {}): Generator<TableEntry<T>, void> {
    const checked = checkRange(range);
    return this.#reader.entries(this.#view.entries(checked), checked.limit);
  }
}

/**
 * Refuses a range that cannot be meant.
 *
 * @throws StateError with `ERR_ARGUMENT_INVALID`
 */
export function checkRange(range: KeyRange): KeyRange {
  const given = (range as KeyRange | null) ?? { limit: -1 };
  checkFields('range', given, ['prefix', 'from', 'to', 'limit', 'reverse']);
  const { prefix, from, to, limit, reverse } = given as Record<keyof KeyRange, unknown>;
  const isText = [prefix, from, to].every((name) => name === undefined || typeof name === 'string');
  const isCount = limit === undefined || (Number.isSafeInteger(limit) && Number(limit) >= 0);
  const isFlag = reverse === undefined || typeof reverse === 'boolean';
  if (isText && isCount && isFlag) return given;
  const text = !isText
    ? 'prefix, from and to of a range must be text'
    : isCount
      ? 'reverse of a range must be true or false'
      : 'limit of a range must be an integer of 0 or more';
  throw new StateError('ERR_ARGUMENT_INVALID', text, { limit, reverse });
}
