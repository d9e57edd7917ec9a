/*
 * Texts that come again and again, such as the names in front of every event: the bytes are compared with those
 * that were read before, and the text made then is given again. Whoever keeps thousands of messages then
 * keeps each name once, and finds it in maps without hashing it anew.
 *
 * One text per slot, the latest; slots are found by all bytes, since names of one cluster often differ in one. Bounded
 * by its slots and the longest text that it takes.
 */

const SLOTS = 256;
const MAX_BYTES = 255;

/** Reads bytes as text; null for what cannot be read here. */
export type ReadText = (bytes: Uint8Array) => string | null;

/** A cache of texts by their bytes. */
export class TextCache {
  readonly #bytes: (Uint8Array | undefined)[];
  readonly #texts: string[];
  readonly #mask: number;

  /** @param slots - a power of two */
  constructor(slots: number = SLOTS) {
    this.#bytes = new Array<undefined>(slots);
    this.#texts = new Array<string>(slots).fill('');
    this.#mask = slots - 1;
  }

  /** The text of `length` bytes of `source` from `start` on, all of them there; from the cache or read. */
  get(source: Uint8Array, start: number, length: number, read: ReadText): string | null {
    if (length === 0 || length > MAX_BYTES) return read(source.subarray(start, start + length));
    let hash = length;
    for (let at = start; at < start + length; at += 1) {
      hash = (Math.imul(hash, 31) + (source[at] as number)) | 0;
    }
    const slot = (hash ^ (hash >>> 8)) & this.#mask;
    const held = this.#bytes[slot];
    if (held?.length === length && startsAt(source, start, held)) {
      return this.#texts[slot] as string;
    }
    const bytes = new Uint8Array(source.subarray(start, start + length));
    const text = read(bytes);
    if (text === null) return null;
    this.#bytes[slot] = bytes;
    this.#texts[slot] = text;
    return text;
  }
}

/** Whether all of `part` stands in `source` at `start`, which has room for it. */
function startsAt(source: Uint8Array, start: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i += 1) if (source[start + i] !== part[i]) return false;
  return true;
}
