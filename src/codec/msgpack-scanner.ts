import { limitError, malformedError } from './bytes.ts';
import { MAX_MSGPACK_NESTING } from './limits.ts';

/*
 * Finds where a msgpack value ends, without reading it.
 *
 * A value on a stream has no length in front. The scanner walks over its headers as the bytes arrive,
 * steps over the contents of texts by arithmetic, and goes on where it stopped: no byte is looked at twice.
 * Nested values are counted on a stack of bounded depth, so that nothing recurses.
 */

/** Bytes that are there so far. */
export interface ByteSource {
  readonly length: number;
  byteAt(offset: number): number;
}

/** From c0 to df: bytes of a value besides its announced contents. 0: no value begins so. */
const HEADER_BYTES = Uint8Array.of(
  ...[1, 0, 1, 1, 2, 3, 5, 3, 4, 6, 5, 9, 2, 3, 5, 9],
  ...[2, 3, 5, 9, 3, 4, 6, 10, 18, 2, 3, 5, 3, 5, 3, 5],
);
/** From c0 to df: bytes of the length or count behind the first byte. */
const LENGTH_BYTES = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 0, 0, 0, 0, 0, 0],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4],
);
const FIRST_TABLED = 0xc0;
const FIRST_ARRAY = 0xdc;
const FIRST_MAP = 0xde;
const FIRST_NEGATIVE = 0xe0;

/** Finds the end of one value. */
export class MsgpackScanner {
  readonly #maxBytes: number;
  /** How many values are still to come on each open level. */
  readonly #levels: number[] = [1];
  #at = 0;

  /** @param maxBytes - the most that the value may take */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Goes on as far as the bytes reach.
   *
   * @param source - begins with the value's first byte each time
   * @returns bytes of the value, or null while it is not all there
   * @throws CodecError `ERR_CODEC_LIMIT` once it is known to be too large or too deep,
   * `ERR_CODEC_MALFORMED` for a byte that begins no value
   */
  scan(source: ByteSource): number | null {
    const levels = this.#levels;
    for (;;) {
      while (levels.at(-1) === 0) levels.pop();
      if (levels.length === 0) return this.#at <= source.length ? this.#at : null;
      if (this.#at >= source.length || !this.#step(source)) return null;
      if (this.#at > this.#maxBytes) throw limitError('msgpack value', this.#at, this.#maxBytes);
    }
  }

  /** Steps over one header and its contents; false when the header is not all there. */
  #step(source: ByteSource): boolean {
    const first = source.byteAt(this.#at);
    if (first < 0x80 || first >= FIRST_NEGATIVE) return this.#pass(1, 0);
    if (first < 0x90) return this.#pass(1, (first & 15) * 2);
    if (first < 0xa0) return this.#pass(1, first & 15);
    if (first < FIRST_TABLED) return this.#pass(1 + (first & 31), 0);
    const headerBytes = HEADER_BYTES[first - FIRST_TABLED] as number;
    if (headerBytes === 0) throw malformedError('no msgpack value begins with c1');
    const lengthBytes = LENGTH_BYTES[first - FIRST_TABLED] as number;
    if (this.#at + lengthBytes >= source.length) return false;
    let length = 0;
    for (let i = 1; i <= lengthBytes; i += 1) {
      length = length * 256 + source.byteAt(this.#at + i);
    }
    if (first < FIRST_ARRAY) return this.#pass(headerBytes + length, 0);
    return this.#pass(headerBytes, first < FIRST_MAP ? length : length * 2);
  }

  #pass(bytes: number, children: number): true {
    const levels = this.#levels;
    this.#at += bytes;
    levels[levels.length - 1] = (levels.at(-1) as number) - 1;
    if (children === 0) return true;
    if (levels.length > MAX_MSGPACK_NESTING) {
      throw limitError('nested msgpack values', levels.length, MAX_MSGPACK_NESTING);
    }
    levels.push(children);
    return true;
  }
}
