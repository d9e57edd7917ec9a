/*
 * LZW as Go's compress/lzw writes it: least significant bit first, literal width 8, codes of 9 to
 * 12 bits, 256 clears, 257 ends. The output is determined by the input, byte for byte, however the input is
 * cut: a long message is compressed piece by piece, with turns of the loop in between.
 *
 * (prefix code, next byte) is looked up in an open-addressed hash table. Between two pieces the longest known
 * prefix and the bits of an unfinished byte are kept.
 */

/** The code that empties the table. */
export const LZW_CLEAR = 256;
/** The last code. */
export const LZW_END = 257;
/** Bits of the first codes. */
export const LZW_FIRST_WIDTH = 9;
/** The last code of the full table. */
export const LZW_MAX_CODE = 4095;

const HASH_SLOTS = 16_384;
const HASH_MASK = HASH_SLOTS - 1;

/** The hash table of an encoder; may serve one after the other. */
export function newLzwTable(): Uint32Array {
  return new Uint32Array(HASH_SLOTS);
}

/** Compresses one message; see the head of the file. */
export class LzwEncoder {
  /** Each slot is 0, or the 20-bit pair of prefix and byte above the 12-bit code, which is never 0. */
  readonly #table: Uint32Array;
  /** The code of the longest prefix known, or -1 before the first byte. */
  #code = -1;
  #bits = LZW_CLEAR;
  #bitCount = LZW_FIRST_WIDTH;
  #width = LZW_FIRST_WIDTH;
  #highest = LZW_END;

  /** @param table - not used by another encoder until this one is finished */
  constructor(table: Uint32Array = newLzwTable()) {
    this.#table = table;
    table.fill(0);
  }

  /** Most bytes that so many more of input, and the end, can become: codes have 9 to 12 bits. */
  static worstCaseBytes(inputBytes: number): number {
    return inputBytes + (inputBytes >>> 1) + (inputBytes >>> 9) + 16;
  }

  /** Takes the next bytes. @returns what is ready of the code stream */
  push(input: Uint8Array): Uint8Array {
    const out = new Uint8Array(LzwEncoder.worstCaseBytes(input.length));
    return out.slice(0, this.write(input, out, Infinity));
  }

  /** @returns the rest of the code stream */
  finish(): Uint8Array {
    const out = new Uint8Array(LzwEncoder.worstCaseBytes(0));
    return out.slice(0, this.end(out, 0));
  }

  /**
   * Takes the next bytes, and writes to the beginning of `out`.
   *
   * @param belowBytes - give up once so many bytes are written
   * @returns number of bytes written; -1 when it was given up, and the encoder is of no use any more
   */
  write(input: Uint8Array, out: Uint8Array, belowBytes: number): number {
    const table = this.#table;
    let code = this.#code;
    let bits = this.#bits;
    let bitCount = this.#bitCount;
    let width = this.#width;
    let limit = 1 << width;
    let highest = this.#highest;
    let outAt = 0;
    let i = 0;
    if (code < 0 && input.length > 0) {
      code = input[0] as number;
      i = 1;
    }
    for (; i < input.length; i += 1) {
      const byte = input[i] as number;
      const key = (code << 8) | byte;
      let slot = ((key >>> 12) ^ key) & HASH_MASK;
      let entry = table[slot] as number;
      while (entry !== 0 && entry >>> 12 !== key) {
        slot = (slot + 1) & HASH_MASK;
        entry = table[slot] as number;
      }
      if (entry !== 0) {
        code = entry & LZW_MAX_CODE;
        continue;
      }
      bits |= code << bitCount;
      bitCount += width;
      while (bitCount >= 8) {
        out[outAt] = bits;
        outAt += 1;
        bits >>>= 8;
        bitCount -= 8;
      }
      if (outAt >= belowBytes) return -1;
      code = byte;
      highest += 1;
      if (highest === limit) {
        width += 1;
        limit *= 2;
      }
      if (highest === LZW_MAX_CODE) {
        bits |= LZW_CLEAR << bitCount;
        bitCount += width;
        width = LZW_FIRST_WIDTH;
        limit = 1 << LZW_FIRST_WIDTH;
        highest = LZW_END;
        table.fill(0);
        continue;
      }
      table[slot] = ((key << 12) | highest) >>> 0;
    }
    this.#code = code;
    this.#bits = bits;
    this.#bitCount = bitCount;
    this.#width = width;
    this.#highest = highest;
    return outAt;
  }

  /** Writes the last codes behind `at`. @returns the position behind them */
  end(out: Uint8Array, at: number): number {
    let outAt = at;
    if (this.#code >= 0) {
      outAt = this.#put(this.#code, out, outAt);
      this.#highest += 1;
      if (this.#highest === 1 << this.#width) this.#width += 1;
      if (this.#highest === LZW_MAX_CODE) {
        outAt = this.#put(LZW_CLEAR, out, outAt);
        this.#width = LZW_FIRST_WIDTH;
      }
    }
    outAt = this.#put(LZW_END, out, outAt);
    while (this.#bitCount > 0) {
      out[outAt] = this.#bits;
      outAt += 1;
      this.#bits >>>= 8;
      this.#bitCount -= 8;
    }
    return outAt;
  }

  #put(code: number, out: Uint8Array, at: number): number {
    let outAt = at;
    // What is left from before may fill bytes of its own.
    while (this.#bitCount >= 8) {
      out[outAt] = this.#bits;
      outAt += 1;
      this.#bits >>>= 8;
      this.#bitCount -= 8;
    }
    this.#bits |= code << this.#bitCount;
    this.#bitCount += this.#width;
    return outAt;
  }
}
