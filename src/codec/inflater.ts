import { CodecError } from '../runtime/errors.ts';
import { ByteChunks } from './byte-chunks.ts';
import { ByteQueue, limitError, malformedError, truncatedError } from './bytes.ts';
import { LzwDecoder } from './lzw-decoder.ts';
import { MsgpackReader } from './msgpack.ts';
import { MsgpackScanner } from './msgpack-scanner.ts';

/*
 * A compressed message of the memberlist wire, read as it arrives and inflated in steps:
 *
 *   map {Algo: 0 for LZW, Buf}
 *
 *   map -> key -> value (Algo, or of no interest) -> key -> … Buf: its bytes go to the decoder as they come
 *
 * A few hundred bytes may hold megabytes, and megabytes nothing at all: so a step gives at most 64 KiB and
 * reads at most as much. Invariants: what was inflated is a prefix of the message, and never more than the
 * cap; nothing waits but bytes that arrived; the message is whole only when `isEnded`.
 */

/** What a step gives at most, and reads at most. */
export const INFLATE_STEP_BYTES = 65_536;

/** Entries of the map: ours and Go's have two. */
const MAX_ENTRIES = 16;
/** A key, or a value that is not the compressed bytes themselves. */
const MAX_VALUE_BYTES = 1024;
const LZW = 0;

type Step = 'map' | 'key' | 'algorithm' | 'buffer' | 'other' | 'bytes' | 'ended';

/** Inflates one compressed message; see the head of the file. */
export class Inflater {
  readonly #maxBytes: number;
  readonly #decoder = new LzwDecoder();
  /** The map without its compressed bytes. */
  readonly #head = new ByteQueue();
  /** Compressed bytes that wait for their step. */
  readonly #body = new ByteChunks();
  #step: Step = 'map';
  #scanner = new MsgpackScanner(MAX_VALUE_BYTES);
  #entriesLeft = 0;
  #hasBuffer = false;
  /** Of the compressed bytes, those that have not arrived. */
  #missingBytes = 0;
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkAt = 0;
  #hasStreamEnded = false;
  #isFull = false;
  #inflatedBytes = 0;

  /** @param maxBytes - the most that the message may have, compressed or not */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether all of the message has been given. */
  get isEnded(): boolean {
    return this.#step === 'ended' && !this.hasMore;
  }

  /** Whether another step would do something without more bytes. */
  get hasMore(): boolean {
    if (this.#hasStreamEnded) return false;
    return this.#isFull || this.#chunkAt < this.#chunk.length || this.#body.length > 0;
  }

  /**
   * Takes the next bytes; those behind the map are ignored.
   *
   * @throws CodecError `ERR_CODEC_UNSUPPORTED` for another algorithm, `ERR_CODEC_LIMIT`,
   * `ERR_CODEC_MALFORMED` for a map that is none of ours
   */
  push(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0 && this.#step !== 'ended') {
      if (this.#step === 'bytes') {
        const piece = rest.subarray(0, this.#missingBytes);
        rest = rest.subarray(piece.length);
        this.#missingBytes -= piece.length;
        if (!this.#hasStreamEnded) this.#body.push(piece);
        if (this.#missingBytes === 0) this.#nextEntry();
      } else {
        // The head is short; what turns out to stand behind it goes back to where it belongs.
        const piece = rest.subarray(0, HEAD_PIECE_BYTES);
        rest = rest.subarray(piece.length);
        this.#head.push(piece);
        while (this.#readHead());
        if (this.#isBehindHead()) {
          const behind = this.#head.take(this.#head.length).slice();
          this.#head.clear();
          rest = behind.length === 0 ? rest : joined(behind, rest);
        }
      }
    }
  }

  /**
   * Inflates some of what has arrived.
   *
   * @returns the next bytes of the message, or null when there are none for now
   * @throws CodecError `ERR_CODEC_LIMIT` for a larger message, `ERR_CODEC_TRUNCATED` when the code stream has
   * no end, or nothing in it, `ERR_CODEC_MALFORMED`
   */
  step(): Uint8Array | null {
    const piece = this.#inflate();
    if (this.#step === 'ended' && !this.hasMore) this.#requireWhole();
    return piece;
  }

  #inflate(): Uint8Array | null {
    if (!this.hasMore) return null;
    const out = new Uint8Array(this.#roomBytes());
    let outAt = 0;
    let inBytes = 0;
    this.#isFull = false;
    while (inBytes < INFLATE_STEP_BYTES) {
      const before = this.#chunkAt;
      const stop = this.#decoder.decode(this.#chunk, this.#chunkAt, out, outAt);
      this.#chunkAt = this.#decoder.inAt;
      outAt = this.#decoder.outAt;
      inBytes += this.#chunkAt - before;
      if (stop === 'full') {
        this.#isFull = true;
        break;
      }
      if (stop === 'ended') {
        this.#hasStreamEnded = true;
        this.#body.clear();
        break;
      }
      const next = this.#body.shift();
      if (next === null) break;
      this.#chunk = next;
      this.#chunkAt = 0;
    }
    this.#inflatedBytes += outAt;
    if (this.#inflatedBytes > this.#maxBytes) {
      throw limitError('inflated bytes', this.#inflatedBytes, this.#maxBytes);
    }
    return outAt === 0 ? null : out.subarray(0, outAt);
  }

  /** A few bytes get little room, so that many small messages cost little memory; a step more does no harm. */
  #roomBytes(): number {
    const waitingBytes = this.#body.length + this.#chunk.length - this.#chunkAt;
    return Math.min(INFLATE_STEP_BYTES, Math.max(LEAST_ROOM_BYTES, ROOM_FACTOR * waitingBytes));
  }

  #requireWhole(): void {
    if (!this.#hasStreamEnded) throw truncatedError('compressed bytes');
    if (this.#inflatedBytes === 0) throw truncatedError('compressed message');
  }

  #isBehindHead(): boolean {
    return this.#step === 'bytes' || this.#step === 'ended';
  }

  /** One key or value; false when more bytes are needed, or when none of the head follows. */
  #readHead(): boolean {
    if (this.#isBehindHead()) return false;
    if (this.#step === 'map') return this.#readMap();
    if (this.#step === 'buffer' && !this.#isArray()) return this.#readBufferHeader();
    const value = this.#takeValue();
    if (value === null) return false;
    switch (this.#step) {
      case 'key':
        this.#step = STEP_OF_KEY[new MsgpackReader(value).key() ?? ''] ?? 'other';
        return true;
      case 'algorithm':
        requireLzw(new MsgpackReader(value).integer());
        break;
      case 'buffer':
        this.#beginBuffer();
        this.#body.push(new MsgpackReader(value).bytes() ?? new Uint8Array(0));
        break;
      case 'other':
      case 'bytes':
      case 'ended':
        break;
    }
    this.#nextEntry();
    return true;
  }

  #readMap(): boolean {
    const headerBytes = MAP_HEADER_BYTES[this.#head.byteAt(0)] ?? 1;
    if (this.#head.length < headerBytes) return false;
    this.#entriesLeft = new MsgpackReader(this.#head.take(headerBytes)).mapEntries() + 1;
    if (this.#entriesLeft > MAX_ENTRIES) throw malformedError('a compressed message of many parts');
    this.#nextEntry();
    return true;
  }

  /** Bytes are told from an array of numbers, in which another writer may have put them. */
  #isArray(): boolean {
    if (this.#head.length === 0) return true;
    const first = this.#head.byteAt(0);
    return (first >= 0x90 && first <= 0x9f) || first === 0xdc || first === 0xdd;
  }

  #readBufferHeader(): boolean {
    const first = this.#head.byteAt(0);
    const headerBytes = BYTES_HEADER_BYTES[first] ?? 1;
    if (this.#head.length < headerBytes) return false;
    const header = this.#head.take(headerBytes);
    this.#beginBuffer();
    this.#missingBytes = announcedBytes(header);
    if (this.#missingBytes > this.#maxBytes) {
      throw limitError('compressed bytes', this.#missingBytes, this.#maxBytes);
    }
    this.#step = 'bytes';
    if (this.#missingBytes === 0) this.#nextEntry();
    return true;
  }

  #beginBuffer(): void {
    if (this.#hasBuffer) throw malformedError('a compressed message holds its bytes twice');
    this.#hasBuffer = true;
  }

  #takeValue(): Uint8Array | null {
    const length = this.#scanner.scan(this.#head);
    if (length === null) return null;
    this.#scanner = new MsgpackScanner(MAX_VALUE_BYTES);
    return this.#head.take(length);
  }

  #nextEntry(): void {
    this.#entriesLeft -= 1;
    this.#step = this.#entriesLeft > 0 ? 'key' : 'ended';
  }
}

/** Longer than any one expansion, which must fit into an empty step. */
const LEAST_ROOM_BYTES = 8_192;
const ROOM_FACTOR = 8;
/** Bytes that are looked at together for the map. */
const HEAD_PIECE_BYTES = 256;
const MAP_HEADER_BYTES: Readonly<Record<number, number>> = { 0xde: 3, 0xdf: 5 };
const BYTES_HEADER_BYTES: Readonly<Record<number, number>> = {
  0xc4: 2,
  0xc5: 3,
  0xc6: 5,
  0xd9: 2,
  0xda: 3,
  0xdb: 5,
};
const STEP_OF_KEY: Readonly<Record<string, Step>> = { Algo: 'algorithm', Buf: 'buffer' };
const NIL = 0xc0;

function announcedBytes(header: Uint8Array): number {
  const first = header[0] as number;
  if (first === NIL) return 0;
  if (first >= 0xa0 && first <= 0xbf) return first & 31;
  if (header.length === 1) throw malformedError(`bytes cannot begin with byte ${first}`);
  return header.subarray(1).reduce((length, byte) => length * 256 + byte, 0);
}

/**
 * Passes the one algorithm there is.
 *
 * @throws CodecError `ERR_CODEC_UNSUPPORTED`
 */
export function requireLzw(algorithm: number): void {
  if (algorithm === LZW) return;
  throw new CodecError('ERR_CODEC_UNSUPPORTED', `compression ${algorithm} is not supported`, {
    algorithm,
  });
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
