import { limitError, truncatedError } from './bytes.ts';
import { LzwDecoder, newLzwCodes } from './lzw-decoder.ts';
import { LzwEncoder, newLzwTable } from './lzw-encoder.ts';

/*
 * LZW of what is small enough for one go: packets, and frames of at most 64 KiB. Both functions run to
 * completion, so that all calls share their tables. Longer messages go through `LzwEncoder` and `Inflater`.
 */

const table = newLzwTable();
const codes = newLzwCodes();

/**
 * Compresses, unless the result would not stay below a size.
 *
 * @param belowBytes - give up as soon as the output reaches this size; default: never
 * @returns the code stream, or null when it was given up
 */
export function compressLzw(input: Uint8Array, belowBytes: number = Infinity): Uint8Array | null {
  const room = Math.min(LzwEncoder.worstCaseBytes(input.length), belowBytes + ROOM_FOR_END);
  const out = new Uint8Array(room);
  const encoder = new LzwEncoder(table);
  const written = encoder.write(input, out, belowBytes);
  if (written < 0) return null;
  const length = encoder.end(out, written);
  return length >= belowBytes ? null : out.slice(0, length);
}

/**
 * Inflates a code stream; bytes behind its end code are ignored.
 *
 * @param maxBytes - the most that the result may have
 * @throws CodecError `ERR_CODEC_LIMIT` for a larger result, `ERR_CODEC_TRUNCATED` without an end code,
 * `ERR_CODEC_MALFORMED` for a code that is not defined yet
 */
export function decompressLzw(input: Uint8Array, maxBytes: number): Uint8Array {
  const decoder = new LzwDecoder(codes);
  let out = new Uint8Array(Math.min(maxBytes, input.length * 4 + 64));
  let inAt = 0;
  let outAt = 0;
  for (;;) {
    const stop = decoder.decode(input, inAt, out, outAt);
    ({ inAt, outAt } = decoder);
    if (stop === 'ended') return out.slice(0, outAt);
    if (stop === 'hungry') throw truncatedError('compressed bytes');
    const wanted = outAt + decoder.neededBytes;
    if (wanted > maxBytes) throw limitError('inflated bytes', wanted, maxBytes);
    const larger = new Uint8Array(Math.min(maxBytes, Math.max(out.length * 2, wanted)));
    larger.set(out.subarray(0, outAt));
    out = larger;
  }
}

/** Bytes that are written at most before the size is looked at, and the last codes. */
const ROOM_FOR_END = 8;
