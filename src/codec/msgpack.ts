import { malformedError, readUint32, truncatedError, writeUint32 } from './bytes.ts';
import { MsgpackScanner } from './msgpack-scanner.ts';
import { decodeAscii, decodeText, encodeText, requireText } from './text.ts';

/*
 * The part of msgpack that hashicorp/go-msgpack writes for memberlist, and what it reads.
 *
 * Written is the old form only: text and bytes both as raw (a0 to bf, da, db), never str8 nor bin, numbers
 * in their shortest unsigned form. Read is everything that the Go decoders take: every raw, string and
 * binary form, every integer form, nil for zero, bytes as an array of numbers, unknown keys whatever their
 * value. A length is checked against the bytes that are there before anything is made of it.
 */

const NIL = 0xc0;
const FALSE = 0xc2;
const TRUE = 0xc3;
const TWO_32 = 0x1_0000_0000;

/** Writes values one behind the other. It is reused: `begin` forgets what was written. */
export class MsgpackWriter {
  #bytes = new Uint8Array(512);
  #at = 0;

  /** Starts anew. */
  begin(): void {
    this.#at = 0;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  /** A byte as it is. */
  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  /** The header of a map of at most 15 entries. */
  map(entries: number): void {
    this.byte(0x80 + entries);
  }

  /** @throws CodecError `ERR_CODEC_MALFORMED` for text that has no UTF-8 form */
  text(what: string, value: string): void {
    this.#raw(encodeText(requireText(what, value)));
  }

  /** Null is nil, which is not the same as no bytes. */
  bytes(value: Uint8Array | null): void {
    if (value === null) this.byte(NIL);
    else this.#raw(value);
  }

  boolean(value: boolean): void {
    this.byte(value ? TRUE : FALSE);
  }

  /** An integer of 0 to 2^32 - 1. */
  integer(value: number): void {
    if (value < 0x80) this.byte(value);
    else if (value < 0x100) this.#sized(0xcc, value, 1);
    else if (value < 0x1_0000) this.#sized(0xcd, value, 2);
    else this.#sized(0xce, value, 4);
  }

  #raw(value: Uint8Array): void {
    if (value.length < 32) this.byte(0xa0 + value.length);
    else if (value.length < 0x1_0000) this.#sized(0xda, value.length, 2);
    else this.#sized(0xdb, value.length, 4);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  #sized(first: number, value: number, size: 1 | 2 | 4): void {
    this.#reserve(5);
    const bytes = this.#bytes;
    bytes[this.#at] = first;
    if (size === 4) writeUint32(bytes, this.#at + 1, value);
    else {
      if (size === 2) bytes[this.#at + 1] = value >>> 8;
      bytes[this.#at + size] = value;
    }
    this.#at += 1 + size;
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    const larger = new Uint8Array((this.#at + size) * 2);
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

/** Reads values one behind the other. Every method throws CodecError for what it cannot read. */
export class MsgpackReader {
  readonly #source: Uint8Array;
  #at = 0;

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  /** Bytes read. */
  get position(): number {
    return this.#at;
  }

  /** The number of entries of a map; nil is an empty one. */
  mapEntries(): number {
    const first = this.#next();
    if (first >= 0x80 && first <= 0x8f) return first & 15;
    if (first === NIL) return 0;
    if (first === 0xde) return this.#unsigned(2);
    if (first === 0xdf) return this.#unsigned(4);
    throw unexpected('a map', first);
  }

  /** A key; null for one that none of ours can be, since it is not ASCII or longer than any. */
  key(): string | null {
    const bytes = this.bytes();
    if (bytes === null) return '';
    return bytes.length > MAX_KEY_BYTES ? null : decodeAscii(bytes);
  }

  /** Text; nil is empty. */
  text(): string {
    const bytes = this.bytes();
    return bytes === null ? '' : decodeText(bytes);
  }

  /** Bytes, a view where they are not an array of numbers; null for nil. */
  bytes(): Uint8Array | null {
    const first = this.#next();
    if (first >= 0xa0 && first <= 0xbf) return this.#take(first & 31);
    if (first >= 0x90 && first <= 0x9f) return this.#byteArray(first & 15);
    switch (first) {
      case NIL:
        return null;
      case 0xc4:
      case 0xd9:
        return this.#take(this.#unsigned(1));
      case 0xc5:
      case 0xda:
        return this.#take(this.#unsigned(2));
      case 0xc6:
      case 0xdb:
        return this.#take(this.#unsigned(4));
      case 0xdc:
        return this.#byteArray(this.#unsigned(2));
      case 0xdd:
        return this.#byteArray(this.#unsigned(4));
    }
    throw unexpected('text or bytes', first);
  }

  /** A truth value, or the number 0 or 1; nil is false. */
  boolean(): boolean {
    const first = this.#next();
    if (first === TRUE || first === 1) return true;
    if (first === FALSE || first === NIL || first === 0) return false;
    throw unexpected('a truth value', first);
  }

  /** An integer of 0 to `max`; nil is 0. */
  unsigned(max: number): number {
    const value = this.integer();
    if (value < 0 || value > max) throw malformedError(`a number must be of 0 to ${max}`);
    return value;
  }

  /** Any integer; above 2^53 only nearly exact, which is above every limit. */
  integer(): number {
    const first = this.#next();
    if (first < 0x80) return first;
    if (first >= 0xe0) return first - 0x100;
    switch (first) {
      case NIL:
        return 0;
      case 0xcc:
        return this.#unsigned(1);
      case 0xcd:
        return this.#unsigned(2);
      case 0xce:
        return this.#unsigned(4);
      case 0xcf:
        return this.#unsigned(4) * TWO_32 + this.#unsigned(4);
      case 0xd0:
        return (this.#unsigned(1) << 24) >> 24;
      case 0xd1:
        return (this.#unsigned(2) << 16) >> 16;
      case 0xd2:
        return this.#unsigned(4) | 0;
      case 0xd3:
        return (this.#unsigned(4) | 0) * TWO_32 + this.#unsigned(4);
    }
    throw unexpected('an integer', first);
  }

  /** Passes over a value of any kind. */
  skip(): void {
    const source = this.#source;
    const start = this.#at;
    const length = source.length - start;
    const byteAt = (offset: number): number => source[start + offset] as number;
    const end = new MsgpackScanner(length).scan({ length, byteAt });
    if (end === null) throw truncatedError('msgpack value');
    this.#at += end;
  }

  #byteArray(length: number): Uint8Array {
    if (length > this.#source.length - this.#at) throw truncatedError('array of bytes');
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i += 1) bytes[i] = this.unsigned(255);
    return bytes;
  }

  #next(): number {
    const byte = this.#source[this.#at];
    if (byte === undefined) throw truncatedError('msgpack value');
    this.#at += 1;
    return byte;
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#source.length) throw truncatedError('text or bytes');
    const view = this.#source.subarray(this.#at, end);
    this.#at = end;
    return view;
  }

  #unsigned(size: 1 | 2 | 4): number {
    const at = this.#at;
    const source = this.#source;
    if (at + size > source.length) throw truncatedError('number');
    this.#at += size;
    if (size === 4) return readUint32(source, at);
    const first = source[at] as number;
    return size === 1 ? first : (first << 8) | (source[at + 1] as number);
  }
}

/** The longest key of any message is shorter. */
const MAX_KEY_BYTES = 16;

function unexpected(wanted: string, first: number): Error {
  return malformedError(`${wanted} cannot begin with byte ${first}`);
}
