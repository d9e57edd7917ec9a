import { Buffer } from 'node:buffer';

/*
 * Bytes that are kept in great numbers, such as the values of tables. On Node 20 an array of 100 bytes costs 1 us,
 * 300 bytes beside its own and three things for the collector to follow; the same bytes as a text, one per character, cost a tenth
 * of the time, 16 bytes and one thing that refers to nothing. What survives a collection is what it costs, so that it is the
 * values of the tables that decide how long the loop stands still while many arrive.
 *
 * Invariant: a text has characters up to U+00FF only, each a byte. Both forms have their number of bytes as `length`, and a
 * kept array is never changed.
 */

/** Bytes, short ones as text with one character per byte. */
export type KeptBytes = string | Uint8Array;

/** Longer ones are arrays: what those cost beside their bytes is less than the bytes then, and texts lie in the heap, which has a limit. */
export const MAX_TEXT_BYTES = 256;

/** Functions of `Buffer` that work on every Uint8Array; its types leave them out. */
interface ByteText {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  latin1Write(this: Uint8Array, text: string, at: number, length: number): number;
}

const byteText = Buffer.prototype as unknown as ByteText;

/** The bytes between two positions as text, one per character. */
export function textAt(bytes: Uint8Array, start: number, end: number): string {
  return byteText.latin1Slice.call(bytes, start, end);
}

/** Writes text whose characters are bytes; there must be room for it. @returns the position behind it */
export function writeByteText(out: Uint8Array, at: number, text: string): number {
  byteText.latin1Write.call(out, text, at, text.length);
  return at + text.length;
}

/** A copy of the bytes between two positions, to be kept. */
export function keepBytes(
  bytes: Uint8Array,
  start: number = 0,
  end: number = bytes.length,
): KeptBytes {
  if (end - start <= MAX_TEXT_BYTES) return textAt(bytes, start, end);
  return new Uint8Array(bytes.subarray(start, end));
}

/** A copy in an array that shares nothing. */
export function bytesOf(kept: KeptBytes): Uint8Array {
  if (typeof kept !== 'string') return new Uint8Array(kept);
  const bytes = new Uint8Array(kept.length);
  writeByteText(bytes, 0, kept);
  return bytes;
}

/** Writes kept bytes; there must be room for them. @returns the position behind them */
export function writeKept(out: Uint8Array, at: number, kept: KeptBytes): number {
  if (typeof kept === 'string') return writeByteText(out, at, kept);
  out.set(kept, at);
  return at + kept.length;
}

/** Compares bytes, the shorter first when one is the beginning of the other: negative, zero or positive. */
export function compareKept(a: KeptBytes, b: KeptBytes): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = byteAt(a, i) - byteAt(b, i);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function byteAt(kept: KeptBytes, at: number): number {
  return typeof kept === 'string' ? kept.charCodeAt(at) : (kept[at] as number);
}
