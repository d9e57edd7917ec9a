import { limitError, malformedError, truncatedError } from './bytes.ts';

/*
 * LZW as Go's compress/lzw writes it: least significant bit first, literal width 8, codes of 9 to
 * 12 bits, 256 clears, 257 ends. The encoder's output is determined by the input, byte for byte.
 *
 * The encoder finds (prefix code, next byte) in an open-addressed hash table; the decoder keeps for
 * each code its prefix, last byte and length, so that an expansion is written in place from its end.
 * All tables are shared by every call: both functions run to completion.
 */

const CLEAR = 256;
const END = 257;
const FIRST_WIDTH = 9;
const MAX_WIDTH = 12;
const MAX_CODE = 4095;

const HASH_SLOTS = 16_384;
const HASH_MASK = HASH_SLOTS - 1;
/** Each slot is 0, or the 20-bit pair of prefix and byte above the 12-bit code, which is never 0. */
const hashTable = new Uint32Array(HASH_SLOTS);

/**
 * Compresses, unless the result would not stay below a size.
 *
 * @param belowBytes - give up as soon as the output reaches this size; default: never
 * @returns the code stream, or null when it was given up
 */
export function compressLzw(input: Uint8Array, belowBytes: number = Infinity): Uint8Array | null {
  // Codes have 9 to 12 bits, so that 1.5 bytes for each input byte and a few for the frame are enough.
  const worstCase = input.length + (input.length >>> 1) + (input.length >>> 9) + 16;
  const out = new Uint8Array(Math.min(worstCase, belowBytes + 8));
  let outAt = 0;
  let bits = CLEAR;
  let bitCount = FIRST_WIDTH;
  let width = FIRST_WIDTH;
  let limit = 1 << FIRST_WIDTH;
  let highest = END;
  hashTable.fill(0);

  if (input.length > 0) {
    let code = input[0] as number;
    for (let i = 1; i < input.length; i += 1) {
      const byte = input[i] as number;
      const key = (code << 8) | byte;
      let slot = ((key >>> 12) ^ key) & HASH_MASK;
      let entry = hashTable[slot] as number;
      while (entry !== 0 && entry >>> 12 !== key) {
        slot = (slot + 1) & HASH_MASK;
        entry = hashTable[slot] as number;
      }
      if (entry !== 0) {
        code = entry & MAX_CODE;
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
      if (outAt >= belowBytes) return null;
      code = byte;
      highest += 1;
      if (highest === limit) {
        width += 1;
        limit *= 2;
      }
      if (highest === MAX_CODE) {
        bits |= CLEAR << bitCount;
        bitCount += width;
        width = FIRST_WIDTH;
        limit = 1 << FIRST_WIDTH;
        highest = END;
        hashTable.fill(0);
        continue;
      }
      hashTable[slot] = ((key << 12) | highest) >>> 0;
    }
    bits |= code << bitCount;
    bitCount += width;
    while (bitCount >= 8) {
      out[outAt] = bits;
      outAt += 1;
      bits >>>= 8;
      bitCount -= 8;
    }
    highest += 1;
    if (highest === limit) {
      width += 1;
      limit *= 2;
    }
    if (highest === MAX_CODE) {
      bits |= CLEAR << bitCount;
      bitCount += width;
      width = FIRST_WIDTH;
    }
  }
  while (bitCount >= 8) {
    out[outAt] = bits;
    outAt += 1;
    bits >>>= 8;
    bitCount -= 8;
  }
  bits |= END << bitCount;
  bitCount += width;
  while (bitCount > 0) {
    out[outAt] = bits;
    outAt += 1;
    bits >>>= 8;
    bitCount -= 8;
  }
  return outAt >= belowBytes ? null : out.slice(0, outAt);
}

const prefixes = new Uint16Array(MAX_CODE + 1);
const suffixes = new Uint8Array(MAX_CODE + 1);
const lengths = new Uint16Array(MAX_CODE + 1);
for (let literal = 0; literal < CLEAR; literal += 1) {
  suffixes[literal] = literal;
  lengths[literal] = 1;
}

/**
 * Inflates a code stream; bytes behind its end code are ignored.
 *
 * @param maxBytes - the most that the result may have
 * @throws CodecError `ERR_CODEC_LIMIT` for a larger result, `ERR_CODEC_TRUNCATED` without an end code,
 * `ERR_CODEC_MALFORMED` for a code that is not defined yet
 */
export function decompressLzw(input: Uint8Array, maxBytes: number): Uint8Array {
  let out = new Uint8Array(Math.min(maxBytes, input.length * 4 + 64));
  let outAt = 0;
  let inAt = 0;
  let bits = 0;
  let bitCount = 0;
  let width = FIRST_WIDTH;
  let limit = 1 << FIRST_WIDTH;
  let highest = END;
  let last = -1;
  for (;;) {
    while (bitCount < width) {
      if (inAt === input.length) throw truncatedError('compressed bytes');
      bits |= (input[inAt] as number) << bitCount;
      inAt += 1;
      bitCount += 8;
    }
    const code = bits & ((1 << width) - 1);
    bits >>>= width;
    bitCount -= width;

    if (code === CLEAR) {
      width = FIRST_WIDTH;
      limit = 1 << FIRST_WIDTH;
      highest = END;
      last = -1;
      continue;
    }
    if (code === END) return out.slice(0, outAt);
    if (code > highest)
      throw malformedError('compressed bytes hold a code that is not defined yet');

    // A code that is just being defined repeats the last expansion and then its first byte.
    const repeats = code === highest && last >= 0;
    const source = repeats ? last : code;
    const length = (lengths[source] as number) + (repeats ? 1 : 0);
    if (outAt + length > maxBytes) throw limitError('inflated bytes', outAt + length, maxBytes);
    if (outAt + length > out.length) {
      const larger = new Uint8Array(Math.min(maxBytes, Math.max(out.length * 2, outAt + length)));
      larger.set(out.subarray(0, outAt));
      out = larger;
    }
    let at = outAt + length - 1;
    if (repeats) at -= 1;
    let step = source;
    while (step > END) {
      out[at] = suffixes[step] as number;
      at -= 1;
      step = prefixes[step] as number;
    }
    out[at] = step;
    if (repeats) out[outAt + length - 1] = step;
    outAt += length;

    if (last >= 0) {
      prefixes[highest] = last;
      suffixes[highest] = step;
      lengths[highest] = (lengths[last] as number) + 1;
    }
    last = code;
    highest += 1;
    if (highest === limit) {
      if (width === MAX_WIDTH) {
        last = -1;
        highest -= 1;
      } else {
        width += 1;
        limit *= 2;
      }
    }
  }
}
