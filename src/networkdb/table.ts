import { checkFields, StateError } from '../runtime/index.ts';
import type { Change } from './change.ts';
import type { TableCodec } from './codecs.ts';
import { encodeValue } from './codecs.ts';
import type { TableEngine } from './engine.ts';
import type { EntryAddress } from './entry.ts';
import { checkName } from './names.ts';
import type { Notice } from './notices.ts';
import type { KeyRange, TableEntry, Unreadable } from './table-values.ts';
import { checkRange, TableSnapshot, ValueReader } from './table-values.ts';
import type { BatchOptions, WatchOptions } from './watch-options.ts';
import { hasBatch } from './watch-options.ts';
import type { Watch } from './watch.ts';
import type { WritersPolicy } from './writer.ts';

/** Options of a table handle. */
export interface TableOptions {
  /**
   * `owner` refuses to overwrite or delete what another member wrote and still publishes. It binds this
   * handle, not the cluster.
   *
   * @defaultValue 'any'
   */
  readonly writers?: WritersPolicy | undefined;
  /**
   * Hears of each value that the codec could not read, each time it is read. Such a value counts as
   * absent for this handle; what this throws is logged.
   *
   * @defaultValue nobody hears of it; `stats()` counts it as `tables.unreadable`
   */
  readonly onUnreadable?: ((unreadable: Unreadable) => void) | undefined;
}

/** How to watch a table. */
export interface TableWatchOptions extends WatchOptions {
  /** Only keys that begin so. */
  readonly prefix?: string | undefined;
}

/** How to watch a table in batches. */
export interface BatchTableWatchOptions extends TableWatchOptions {
  /** Asks for arrays of changes. */
  readonly batch: BatchOptions;
}

/** What a table handle is made of. */
export interface TableParts<T> {
  readonly engine: TableEngine;
  readonly network: string;
  readonly name: string;
  readonly codec: TableCodec<T>;
  readonly options: TableOptions;
}

/**
 * One table of a network, with typed values. Handles are light and hold no state.
 *
 * Writes take effect here at once and reach the other members by gossip; of concurrent writes to a key
 * one stays, the same at all members. Keys are at most 1024 bytes of UTF-8.
 */
export class Table<T> {
  readonly name: string;
  readonly #parts: TableParts<T>;
  readonly #writers: WritersPolicy;
  readonly #reader: ValueReader<T>;

  /** @throws StateError `ERR_NAME_INVALID` */
  constructor(parts: TableParts<T>) {
    checkName('table', parts.name);
    checkParts(parts);
    this.name = parts.name;
    this.#parts = parts;
    this.#writers = parts.options.writers ?? 'any';
    const { engine, codec, options } = parts;
    this.#reader = new ValueReader<T>(codec, (unreadable) => {
      engine.noteUnreadable(unreadable, options.onUnreadable);
    });
  }

  /**
   * Writes a key that does not exist.
   *
   * @throws StateError `ERR_ENTRY_EXISTS`, and what {@link Table.set} throws
   */
  create(key: string, value: T): void {
    const { engine, codec } = this.#parts;
    engine.create(this.#at(key), encodeValue(codec, value));
  }

  /**
   * Writes a key that exists; it is ours from then on.
   *
   * @throws StateError `ERR_ENTRY_NOT_FOUND`, and what {@link Table.set} throws
   */
  update(key: string, value: T): void {
    const { engine, codec } = this.#parts;
    engine.update(this.#at(key), encodeValue(codec, value), this.#writers);
  }

  /**
   * Writes a key, whether or not it exists. Sends nothing if it holds that value already, as ours.
   *
   * @throws StateError `ERR_NETWORK_NOT_JOINED`, `ERR_NAME_INVALID`, `ERR_VALUE_TOO_LARGE`,
   * `ERR_ENTRY_NOT_OWNED` (only with `writers: 'owner'`), `ERR_TABLE_CODEC`, `ERR_CLOSED`; nothing has
   * changed then
   */
  set(key: string, value: T): void {
    const { engine, codec } = this.#parts;
    engine.set(this.#at(key), encodeValue(codec, value), this.#writers);
  }

  /**
   * Deletes a key.
   *
   * @throws StateError `ERR_ENTRY_NOT_FOUND`, `ERR_NETWORK_NOT_JOINED`, `ERR_ENTRY_NOT_OWNED`,
   * `ERR_CLOSED`
   */
  delete(key: string): void {
    this.#parts.engine.delete(this.#at(key), this.#writers);
  }

  /**
   * The value of a key, or undefined if there is none, or none that the codec can read.
   *
   * @throws StateError `ERR_CLOSED`
   * @remarks Costs the length of the key, whatever the size of the table.
   */
  get(key: string): T | undefined;
  /** The value with its owner and time, or undefined if there is none. */
  get(key: string, options: { readonly detail: true }): TableEntry<T> | undefined;
  get(key: string, options?: { readonly detail: true }): T | TableEntry<T> | undefined {
    const view = this.#parts.engine.get(this.#at(key));
    const entry = view === undefined ? undefined : this.#reader.entry(view);
    return options?.detail === true ? entry : entry?.value;
  }

  /** Whether the key exists, whatever its value: `create` refuses it then. */
  has(key: string): boolean {
    return this.#parts.engine.get(this.#at(key)) !== undefined;
  }

  /**
   * Entries that can be seen now, those with unreadable values included.
   *
   * @remarks Costs the number of owners in the network, not of entries.
   */
  get size(): number {
    const { engine, network, name } = this.#parts;
    return engine.tableSize(network, name);
  }

  /**
   * The entries as they are at this call, in the order of their keys' UTF-8 bytes. Writes made while one
   * goes through them do not show. Values that the codec cannot read are left out and counted.
   *
   * @param range - `prefix`, `from` (included), `to` (not included), `limit`, `reverse`
   * @throws StateError `ERR_ARGUMENT_INVALID`, `ERR_CLOSED`
   * @remarks Costs the length of the keys to find the first, then what one reads; tombstones and hidden
   * entries on the way are passed over. Going through many keeps the loop from other work: pause.
   */
  entries(range: KeyRange = {}): Generator<TableEntry<T>, void> {
    return this.snapshot().entries(range);
  }

  /**
   * Those that this node wrote, in the same order.
   *
   * @remarks Costs the number of entries that this node wrote in the network, and sorting those found.
   */
  ownEntries(range: KeyRange = {}): Generator<TableEntry<T>, void> {
    const { engine, network, name } = this.#parts;
    const checked = checkRange(range);
    return this.#reader.entries(engine.ownEntries(network, name, checked), checked.limit);
  }

  /**
   * The table as it is at this call, for as long as one likes.
   *
   * @remarks Costs nothing per entry; later writes copy the few index nodes on their way, once each.
   */
  snapshot(): TableSnapshot<T> {
    const { engine, network, name } = this.#parts;
    return new TableSnapshot(engine.freeze(network, name), this.#reader);
  }

  /**
   * Changes of this table: what is there as creates, by key, then every change, without gap or doubling.
   *
   * This node's own entries and writes are left out, unless `local` asks for them. Several writes may
   * have been merged into one change; a reader that is too slow is told so as `overflow` says.
   *
   * @throws StateError `ERR_ARGUMENT_INVALID`, `ERR_CLOSED`
   */
  watch(options: BatchTableWatchOptions): Watch<readonly Change<T>[]>;
  watch(options?: TableWatchOptions): Watch<Change<T>>;
  watch(
    options: TableWatchOptions & { readonly batch?: BatchOptions } = {},
  ): Watch<Change<T>> | Watch<readonly Change<T>[]> {
    const { engine, network, name } = this.#parts;
    const filter = { network, table: name, prefix: (options as TableWatchOptions | null)?.prefix };
    const map = (notice: Notice): Change<T> | null => this.#reader.change(notice);
    return hasBatch(options)
      ? engine.watchBatchesAs(filter, options, map)
      : engine.watchAs(filter, options, map);
  }

  #at(key: string): EntryAddress {
    if (typeof key !== 'string') checkName('key', key);
    return { network: this.#parts.network, table: this.#parts.name, key };
  }
}

/** @throws StateError with `ERR_ARGUMENT_INVALID` */
function checkParts(parts: { readonly codec: unknown; readonly options: unknown }): void {
  const { encode, decode } = (parts.codec ?? {}) as { encode?: unknown; decode?: unknown };
  if (typeof encode !== 'function' || typeof decode !== 'function') {
    const text = 'a table codec has the functions encode and decode';
    throw new StateError('ERR_ARGUMENT_INVALID', text, { codec: parts.codec });
  }
  const options = (parts.options ?? { writers: null }) as Record<keyof TableOptions, unknown>;
  checkFields('table', options, ['writers', 'onUnreadable']);
  const { writers, onUnreadable } = options;
  const isPolicy = writers === undefined || writers === 'any' || writers === 'owner';
  const isListener = onUnreadable === undefined || typeof onUnreadable === 'function';
  if (isPolicy && isListener) return;
  const text = isPolicy
    ? 'the option onUnreadable must be a function'
    : "the option writers must be 'any' or 'owner'";
  throw new StateError('ERR_ARGUMENT_INVALID', text, { writers });
}
