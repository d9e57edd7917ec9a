import type { KeptBytes } from '../codec/index.ts';
import { compareKept, keepBytes } from '../codec/index.ts';
import { StateError } from '../runtime/index.ts';
import type { EntryAddress, EntryVersion, StoredEntry } from './entry.ts';
import { isVisible } from './entry.ts';
import { checkName } from './names.ts';
import type { Publisher } from './publisher.ts';
import type { TableState } from './transitions.ts';

/*
 * Writes of this node. Check, clock and store are one step; the event is queued after it. Whoever
 * writes a key owns it from then on, unless the table is one where everybody keeps to their own keys.
 */

/** Who may write a key that somebody has written: anybody, or only who wrote it. */
export type WritersPolicy = 'any' | 'owner';

/** Collaborators of {@link Writer}. */
export interface WriterParts {
  readonly state: TableState;
  readonly publisher: Publisher;
}

/** Local writes. */
export class Writer {
  readonly #parts: WriterParts;
  /** Names that were found to be fine last. */
  #lastNetwork: string | null = null;
  #lastTable: string | null = null;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /**
   * Writes a key that cannot be seen now.
   *
   * @throws StateError `ERR_ENTRY_EXISTS`, and what {@link Writer.set} throws
   */
  create(address: EntryAddress, value: Uint8Array): void {
    const held = this.#visible(address, 'any');
    if (held !== undefined) {
      throw new StateError('ERR_ENTRY_EXISTS', `the key ${quoted(address)} exists`, {
        ...fieldsOf(address),
        owner: held.owner,
      });
    }
    this.#put(address, 'create', value);
  }

  /**
   * Writes a key that can be seen now. The value that we hold there already is not written again.
   *
   * @throws StateError `ERR_ENTRY_NOT_FOUND`, and what {@link Writer.set} throws
   */
  update(address: EntryAddress, value: Uint8Array, writers: WritersPolicy): void {
    const held = this.#existing(address, writers);
    if (this.#isOurs(held, value)) return;
    this.#put(address, 'update', value);
  }

  /**
   * Writes a key, whether or not it exists. The value that we hold there already is not written again.
   *
   * @throws StateError `ERR_NAME_INVALID`, `ERR_NETWORK_NOT_JOINED`, `ERR_ENTRY_NOT_OWNED`,
   * `ERR_VALUE_TOO_LARGE`; nothing has changed then
   */
  set(address: EntryAddress, value: Uint8Array, writers: WritersPolicy): void {
    const held = this.#visible(address, writers);
    if (this.#isOurs(held, value)) return;
    this.#put(address, held === undefined ? 'create' : 'update', value);
  }

  /**
   * Deletes a key that can be seen now; a tombstone with its last value is kept and spread.
   *
   * @throws StateError `ERR_ENTRY_NOT_FOUND`, `ERR_NAME_INVALID`, `ERR_NETWORK_NOT_JOINED`,
   * `ERR_ENTRY_NOT_OWNED`
   */
  delete(address: EntryAddress, writers: WritersPolicy): void {
    const { value } = this.#existing(address, writers);
    this.#put(address, 'delete', value);
  }

  /** Whether we hold that value there already. */
  #isOurs(held: StoredEntry | undefined, value: Uint8Array): boolean {
    if (held?.owner !== this.#parts.state.localName) return false;
    return compareKept(held.value, value) === 0;
  }

  #existing(address: EntryAddress, writers: WritersPolicy): StoredEntry {
    const held = this.#visible(address, writers);
    if (held !== undefined) return held;
    throw new StateError('ERR_ENTRY_NOT_FOUND', `the key ${quoted(address)} does not exist`, {
      ...fieldsOf(address),
    });
  }

  #visible(address: EntryAddress, writers: WritersPolicy): StoredEntry | undefined {
    const { network, table, key } = address;
    const { state } = this.#parts;
    const { allowSlash } = state.options;
    // Most writes go where the last one went.
    if (network !== this.#lastNetwork) checkName('network', network, allowSlash);
    this.#lastNetwork = network;
    if (table !== this.#lastTable) checkName('table', table, allowSlash);
    this.#lastTable = table;
    checkName('key', key, allowSlash);
    if (state.attachments.joined(network) === undefined) {
      throw new StateError('ERR_NETWORK_NOT_JOINED', `this node is not on network ${network}`, {
        network,
      });
    }
    const held = state.store.get(network, table, key);
    if (!isVisible(held)) return undefined;
    if (writers === 'owner' && held.owner !== state.localName) {
      throw new StateError(
        'ERR_ENTRY_NOT_OWNED',
        `the key ${quoted(address)} belongs to ${held.owner}`,
        { ...fieldsOf(address), owner: held.owner },
      );
    }
    return held;
  }

  #put(address: EntryAddress, kind: 'create' | 'update' | 'delete', value: KeptBytes): void {
    const { state, publisher } = this.#parts;
    const { limits, oversize, reapEntryMs } = state.options;
    const isDeleted = kind === 'delete';
    if (!isDeleted) checkSize(address, value.length, limits.maxValueBytes);
    const version: EntryVersion = {
      time: state.tableClock.increment(),
      owner: state.localName,
      isDeleted,
      value: isDeleted || typeof value === 'string' ? value : keepBytes(value),
    };
    const message = publisher.encodeWrite(kind, address, version);
    if (oversize === 'reject' && !isDeleted) {
      const roomBytes = publisher.packetRoomBytes();
      // Room for the delete that may come, which is longer by its retention.
      checkSize(address, message.length + RESIDUAL_BYTES, roomBytes);
    }
    const expiresAt = isDeleted ? state.countdown.after(reapEntryMs) : 0;
    state.write(address, version, expiresAt, 'local');
    publisher.write(address, message);
  }
}

/** What the retention time adds to an event, at most. */
const RESIDUAL_BYTES = 6;

function checkSize(address: EntryAddress, sizeBytes: number, limitBytes: number): void {
  if (sizeBytes <= limitBytes) return;
  throw new StateError(
    'ERR_VALUE_TOO_LARGE',
    `the value of ${quoted(address)} is too large: ${sizeBytes} bytes of ${limitBytes}`,
    { ...fieldsOf(address), sizeBytes, limitBytes },
  );
}

function fieldsOf({ network, table, key }: EntryAddress): EntryAddress {
  return { network, table, key };
}

function quoted({ key }: EntryAddress): string {
  return JSON.stringify(key);
}
