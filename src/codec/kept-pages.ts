import { MAX_TEXT_BYTES, textAt } from './kept-bytes.ts';

/*
 * Pages of short values that came together. A text of its own is one thing on the heap, which the collector copies twice
 * before it is old, with the loop standing still; what is in a page is beside the heap and never copied. So a bulk sync of many
 * entries stops the loop less often, for the values are a third of what it leaves.
 *
 * A page lives as long as one of its values does. That is why pages are small, and for bulk syncs alone: what replaces an entry
 * comes by gossip, has a text of its own, and cannot make another page that is mostly empty.
 *
 * Invariant: what has been put into a page is never changed, and only copies of it are given away.
 */

const PAGE_BYTES = 4_096;
/** Position and length are one small number, which is no thing of its own on the heap: this is more than any length. */
const PLACE_UNIT = 512;

let page = new Uint8Array(0);
let used = 0;

/** Where bytes stand, for as long as what they came with is handled. */
export interface BytePlace {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Whether a value of so many bytes goes into a page; an empty one, and a long one, is better off by itself. */
export function fitsPage(length: number): boolean {
  return length > 0 && length <= MAX_TEXT_BYTES;
}

/** The page that {@link putInPage} has written to last. */
export function lastPage(): Uint8Array {
  return page;
}

/** Puts a value for which {@link fitsPage} holds into a page. @returns where it is there, for {@link pageText} */
export function putInPage({ bytes, start, end }: BytePlace): number {
  const length = end - start;
  if (used + length > page.length) {
    page = new Uint8Array(PAGE_BYTES);
    used = 0;
  }
  const at = used;
  // Not by `set`, which wants a view of the bytes: that costs more than to copy as few as these.
  for (let i = 0; i < length; i += 1) page[at + i] = bytes[start + i] as number;
  used += length;
  return at * PLACE_UNIT + length;
}

/** A value of a page as text, one character per byte. */
export function pageText(of: Uint8Array, place: number): string {
  const at = Math.floor(place / PLACE_UNIT);
  return textAt(of, at, at + (place % PLACE_UNIT));
}
