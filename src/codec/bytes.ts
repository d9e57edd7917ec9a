import { CodecError } from '../runtime/errors.ts';

/** A copy that shares nothing; unlike `slice`, which is a view when the bytes are a Node Buffer. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** The same memory as a plain Uint8Array: a Node Buffer's `slice` and `subarray` would spread further. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.constructor === Uint8Array) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** All parts in one new array. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether both hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Lower-case hexadecimal text of the bytes. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Reads four bytes, big-endian, as 0 to 2^32 - 1. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}

/** Writes four bytes, big-endian. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Bytes that `value` (0 to 2^32 - 1) takes as a varint. */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** Writes `value` (0 to 2^32 - 1) as a varint and returns the position behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let position = at;
  while (rest > 0x7f) {
    bytes[position] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    position += 1;
  }
  bytes[position] = rest;
  return position + 1;
}

const INITIAL_QUEUE_BYTES = 1024;

/**
 * Bytes that arrived and were not read yet, in one growing array.
 *
 * It grows with what arrives, never by what a peer announces, and each byte is copied once or, while
 * the array doubles, at most twice on average. What `peek` and `take` return is a view that holds
 * until the next `push`.
 */
export class ByteQueue {
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** Bytes waiting. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Appends a copy of `bytes`. */
  push(bytes: Uint8Array): void {
    const waiting = this.length;
    if (this.#end + bytes.length > this.#buffer.length) this.#makeRoom(waiting + bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The byte `offset` places ahead, which must be waiting. */
  byteAt(offset: number): number {
    return this.#buffer[this.#start + offset] ?? 0;
  }

  /** A view of the next `length` bytes, which must be waiting. */
  peek(length: number): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#start + length);
  }

  /** Like {@link peek}, and removes them. */
  take(length: number): Uint8Array {
    const view = this.peek(length);
    this.#start += length;
    return view;
  }

  /** Forgets everything. */
  clear(): void {
    this.#buffer = new Uint8Array(0);
    this.#start = 0;
    this.#end = 0;
  }

  #makeRoom(needed: number): void {
    const waiting = this.length;
    // Moving in place pays only while at least half of the array is free again.
    if (needed * 2 <= this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    } else {
      const larger = new Uint8Array(Math.max(INITIAL_QUEUE_BYTES, needed * 2));
      larger.set(this.peek(waiting));
      this.#buffer = larger;
    }
    this.#start = 0;
    this.#end = waiting;
  }
}

/** `ERR_CODEC_LIMIT` with both numbers. */
export function limitError(what: string, sizeBytes: number, limitBytes: number): CodecError {
  return new CodecError(
    'ERR_CODEC_LIMIT',
    `${what}: ${sizeBytes} is over the limit ${limitBytes}`,
    {
      sizeBytes,
      limitBytes,
    },
  );
}

/** `ERR_CODEC_TRUNCATED`. */
export function truncatedError(what: string): CodecError {
  return new CodecError('ERR_CODEC_TRUNCATED', `${what}: the bytes end too early`);
}

/** `ERR_CODEC_MALFORMED`. */
export function malformedError(what: string, cause?: unknown): CodecError {
  return new CodecError('ERR_CODEC_MALFORMED', what, cause === undefined ? {} : { cause });
}
