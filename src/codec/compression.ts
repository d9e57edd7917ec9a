import { limitError, truncatedError } from './bytes.ts';
import { LzwDecoder, newLzwCodes } from './lzw-decoder.ts';
import { LzwEncoder, newLzwTable } from './lzw-encoder.ts';

/*
 * LZW of what is small enough for one go: packets, and frames of at most 64 KiB. Both functions run to
 * completion, so that all calls share their tables. Longer messages go through `LzwEncoder` and `Inflater`.
 */

const table = newLzwTable();
const codes = newLzwCodes();
/** What inflates to no more than a frame has room here until its size is known. */
const inflated = new Uint8Array(65_536);

/**
 * Compresses, unless the result would not stay below a size.
 *
 * @param belowBytes - give up as soon as the output reaches this size; default: never
 * @returns the code stream, or null when it was given up
 */
export function compressLzw(input: Uint8Array, belowBytes: number = Infinity): Uint8Array | null {
  const room = Math.min(LzwEncoder.worstCaseBytes(input.length), belowBytes + ROOM_FOR_END);
  const out = new Uint8Array(room);
  const length = compressLzwInto(out, input, belowBytes);
  return length < 0 ? null : out.slice(0, length);
}

/**
 * The same into an array of the caller's.
 *
 * @param out - has room for {@link ROOM_FOR_END} bytes more than `belowBytes`, or for the worst case
 * @returns how many bytes that are, or -1 when it was given up
 */
export function compressLzwInto(out: Uint8Array, input: Uint8Array, belowBytes: number): number {
  const encoder = new LzwEncoder(table);
  const written = encoder.write(input, out, belowBytes);
  if (written < 0) return -1;
  const length = encoder.end(out, written);
  return length >= belowBytes ? -1 : length;
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
  let out =
    maxBytes <= inflated.length
      ? inflated.subarray(0, maxBytes)
      : new Uint8Array(Math.min(maxBytes, input.length * 4 + 64));
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

/**
 * The same into an array of the caller's, with as much room as the result may have.
 *
 * @returns a view of what was written
 * @throws as {@link decompressLzw}
 */
export function decompressLzwInto(out: Uint8Array, input: Uint8Array): Uint8Array {
  const decoder = new LzwDecoder(codes);
  const stop = decoder.decode(input, 0, out, 0);
  const { outAt } = decoder;
  if (stop === 'ended') return out.subarray(0, outAt);
  if (stop === 'hungry') throw truncatedError('compressed bytes');
  throw limitError('inflated bytes', outAt + decoder.neededBytes, out.length);
}

/** Bytes that are written at most before the size is looked at, and the last codes. */
export const ROOM_FOR_END = 8;
