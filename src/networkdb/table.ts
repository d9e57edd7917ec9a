import { StateError } from '../runtime/index.ts';
import type { TableCodec } from './codecs.ts';
import { decodeValue, encodeValue } from './codecs.ts';
import type { EntryView, TableEngine } from './engine.ts';
import type { EntryAddress } from './entry.ts';
import { checkName } from './names.ts';
import { TableWatch } from './table-watch.ts';
import type { WatchOptions } from './watch.ts';
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
}

/** How to watch a table. */
export interface TableWatchOptions extends WatchOptions {
  /** Only keys that begin so. */
  readonly keyPrefix?: string | undefined;
}

/** An entry with its value. */
export interface TableEntry<T> {
  readonly key: string;
  readonly value: T;
  /** The member that wrote it. */
  readonly owner: string;
  /** Lamport time of the write. */
  readonly time: number;
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

  /** @throws StateError `ERR_NAME_INVALID` */
  constructor(parts: TableParts<T>) {
    checkName('table', parts.name);
    checkParts(parts);
    this.name = parts.name;
    this.#parts = parts;
    this.#writers = parts.options.writers ?? 'any';
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
   * The value of a key, or undefined if there is none.
   *
   * @throws StateError `ERR_TABLE_CODEC` when the bytes are none of the codec's, `ERR_CLOSED`
   */
  get(key: string): T | undefined;
  /** The value with its owner and time, or undefined if there is none. */
  get(key: string, options: { readonly detail: true }): TableEntry<T> | undefined;
  get(key: string, options?: { readonly detail: true }): T | TableEntry<T> | undefined {
    const view = this.#parts.engine.get(this.#at(key));
    if (view === undefined) return undefined;
    const value = decodeValue(this.#parts.codec, view.value);
    return options?.detail === true ? entryOf(view, value) : value;
  }

  /**
   * All entries as they are at this call, in the byte order of their keys. Values that the codec cannot
   * read are left out and counted.
   */
  *entries(options: { readonly keyPrefix?: string } = {}): Generator<TableEntry<T>, void> {
    const { engine, network, name } = this.#parts;
    yield* this.#decoded(engine.entries(network, name, options.keyPrefix));
  }

  /** Those that this node wrote. */
  *ownEntries(options: { readonly keyPrefix?: string } = {}): Generator<TableEntry<T>, void> {
    const { engine, network, name } = this.#parts;
    yield* this.#decoded(engine.ownEntries(network, name, options.keyPrefix));
  }

  /**
   * Changes of this table: what is there as creates, then every change, without gap or doubling.
   *
   * This node's own entries and writes are left out, unless `local` asks for them. Several writes may
   * have been merged into one change; a reader that is too slow is told so as `onOverflow` says.
   */
  watch(options: TableWatchOptions = {}): TableWatch<T> {
    const { engine, network, name, codec } = this.#parts;
    const { keyPrefix, ...rest } = options;
    const watch = engine.watch({ network, table: name, keyPrefix }, rest);
    return new TableWatch(watch, codec, () => {
      engine.noteUnreadable();
    });
  }

  *#decoded(views: Iterable<EntryView>): Generator<TableEntry<T>, void> {
    const { codec, engine } = this.#parts;
    for (const view of views) {
      let value: T;
      try {
        value = decodeValue(codec, view.value);
      } catch {
        engine.noteUnreadable();
        continue;
      }
      yield entryOf(view, value);
    }
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
  const { writers } = (parts.options ?? { writers: null }) as { writers?: unknown };
  if (writers === undefined || writers === 'any' || writers === 'owner') return;
  const text = "the option writers must be 'any' or 'owner'";
  throw new StateError('ERR_ARGUMENT_INVALID', text, { writers });
}

function entryOf<T>(view: EntryView, value: T): TableEntry<T> {
  return Object.freeze({ key: view.key, value, owner: view.owner, time: view.time });
}
