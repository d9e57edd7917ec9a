import { plainBytes } from './bytes.ts';
import { networkdb as schema } from './generated/networkdb.js';
import type { KeptBytes } from './kept-bytes.ts';
import { keepBytes, textAt } from './kept-bytes.ts';
import type { BytePlace } from './kept-pages.ts';
import { decodeGuarded, readerOf } from './protobuf.ts';
import { cutCopy } from './slab.ts';
import type { KeptTableEvent, TableEvent } from './table-event.ts';
import {
  ASCII,
  KEY_TAG,
  KIND_TAG,
  MAX_SHORT_NAME,
  MAX_SHORT_SECONDS,
  NETWORK_TAG,
  OWNER_TAG,
  RESIDUAL_TAG,
  TABLE_KINDS,
  TABLE_TAG,
  TIME_TAG,
  VALUE_TAG,
} from './table-event.ts';
import { TextCache } from './text-cache.ts';
import type { WireTime } from './wire-time.ts';
import { fromWireTime } from './wire-time.ts';

/*
 * Reading table events, by hand where they are written as usual: see `table-event.ts`. Of a bulk sync's hundred thousand
 * events nothing stays but what the tables make of them, so that they are all read into one object, and the value is left
 * where it stands until somebody wants it.
 */

/** One that was read. */
export interface ReadTableEvent extends KeptTableEvent {
  /** Whether its kind is `delete`. */
  readonly isDeleted: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Table events, one after the other: what it says is said of the one that was read last. */
export class TableEventReader implements ReadTableEvent {
  kind: TableEvent['kind'] = 'invalid';
  isDeleted = false;
  time: WireTime = 0;
  owner = '';
  network = '';
  table = '';
  key = '';
  residualReapSeconds = 0;
  readonly #value: Mutable<BytePlace> = { bytes: new Uint8Array(0), start: 0, end: 0 };

  /** Where the value stands as it came. */
  get valuePlace(): BytePlace {
    return this.#value;
  }

  get valueBytes(): number {
    return this.#value.end - this.#value.start;
  }

  /** A copy of the value, made anew each time. */
  get value(): KeptBytes {
    return keepBytes(this.#value.bytes, this.#value.start, this.#value.end);
  }

  /** The event by itself, for those that keep it. */
  toEvent(): ReadTableEvent {
    const { kind, isDeleted, time, owner, network, table, key, value, residualReapSeconds } = this;
    return { kind, isDeleted, time, owner, network, table, key, value, residualReapSeconds };
  }

  /**
   * Reads the table event that stands between two positions.
   *
   * @throws CodecError for bytes that are none; the reader says nothing of use then
   */
  read(bytes: Uint8Array, start: number, end: number): this {
    if (!this.#readShort(bytes, start, end)) this.#readAny(plainBytes(bytes).subarray(start, end));
    this.isDeleted = this.kind === 'delete';
    return this;
  }

  #readAny(data: Uint8Array): void {
    decodeGuarded('table event', () => {
      const m = schema.TableEvent.decode(readerOf(data));
      this.kind = TABLE_KINDS[m.type] ?? 'invalid';
      this.time = fromWireTime(m.lTime);
      this.owner = m.nodeName;
      this.network = m.networkId;
      this.table = m.tableName;
      this.key = m.key;
      this.residualReapSeconds = m.residualReapTime;
      this.#setValue(plainBytes(m.value), 0, m.value.length);
    });
  }

  #setValue(bytes: Uint8Array, start: number, end: number): void {
    this.#value.bytes = bytes;
    this.#value.start = start;
    this.#value.end = end;
  }

  /** Reads an event as nearly all are written; false for one that must go the long way. */
  #readShort(bytes: Uint8Array, from: number, end: number): boolean {
    let at = from;
    let kind: TableEvent['kind'] = 'invalid';
    let time = 0;
    let owner = '';
    let network = '';
    let table = '';
    let key = '';
    let valueAt = end;
    let valueEnd = end;
    let residualReapSeconds = 0;
    let lastTag = 0;
    while (at < end) {
      const tag = bytes[at] as number;
      // In ascending order every field comes once; anything else is not ours to judge.
      if (tag <= lastTag) return false;
      lastTag = tag;
      at += 1;
      let number = 0;
      let scale = 1;
      for (;;) {
        if (at >= end || scale > MAX_SCALE) return false;
        const byte = bytes[at] as number;
        at += 1;
        number += (byte & 0x7f) * scale;
        if (byte < 0x80) break;
        scale *= 0x80;
      }
      if (tag === KIND_TAG) {
        if (number > MAX_SHORT_NAME) return false;
        kind = TABLE_KINDS[number] ?? 'invalid';
        continue;
      }
      if (tag === TIME_TAG) {
        time = number;
        continue;
      }
      if (tag === RESIDUAL_TAG) {
        if (number > MAX_SHORT_SECONDS) return false;
        residualReapSeconds = number;
        continue;
      }
      if (at + number > end) return false;
      const start = at;
      at += number;
      if (tag === VALUE_TAG) {
        valueAt = start;
        valueEnd = at;
        continue;
      }
      const text =
        tag === KEY_TAG ? readKey(bytes, start, at) : names.get(bytes, start, number, readText);
      if (text === null) return false;
      if (tag === OWNER_TAG) owner = text;
      else if (tag === NETWORK_TAG) network = text;
      else if (tag === TABLE_TAG) table = text;
      else if (tag === KEY_TAG) key = text;
      else return false;
    }
    this.kind = kind;
    this.time = time;
    this.owner = owner;
    this.network = network;
    this.table = table;
    this.key = key;
    this.residualReapSeconds = residualReapSeconds;
    this.#setValue(bytes, valueAt, valueEnd);
    return true;
  }
}

/** What the seventh group of seven bits is worth: numbers stay below 2^49. */
const MAX_SCALE = 2 ** 42;

const reader = new TableEventReader();

/**
 * Reads a table event.
 *
 * @returns the event; its value is a copy, and one of up to 256 bytes keeps at most 4 KiB, which it shares with others
 * @throws CodecError for bytes that are none
 */
export function decodeTableEvent(data: Uint8Array): TableEvent {
  reader.read(plainBytes(data), 0, data.length);
  const { kind, time, owner, network, table, key, residualReapSeconds } = reader;
  const { bytes, start, end } = reader.valuePlace;
  const value = cutCopy(bytes, start, end);
  return { kind, time, owner, network, table, key, value, residualReapSeconds };
}

const names = new TextCache();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of bytes, or null when they are not UTF-8: the long way says how that is refused. */
function readText(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function readKey(bytes: Uint8Array, start: number, end: number): string | null {
  const text = textAt(bytes, start, end);
  return ASCII.test(text) ? text : readText(bytes.subarray(start, end));
}
