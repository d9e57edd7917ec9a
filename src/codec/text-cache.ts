import { equalBytes } from './bytes.ts';

/*
 * Texts that come again and again, such as the names in front of every event: the bytes are compared with those
 * that were read before, and the text made then is given again. Whoever keeps thousands of messages then
 * keeps each name once, and finds it in maps without hashing it anew.
 *
 * One text per slot, the latest; slots are found by the length and three bytes. Bounded by its slots and the
 * longest text that it takes.
 */

const SLOTS = 256;
const MAX_BYTES = 255;

/** Reads bytes as text; null for what cannot be read here. */
export type ReadText = (bytes: Uint8Array) => string | null;

/** A cache of texts by their bytes. */
export class TextCache {
  readonly #bytes: (Uint8Array | undefined)[] = new Array<undefined>(SLOTS);
  readonly #texts: string[] = new Array<string>(SLOTS).fill('');

  /** The text of `bytes`, from the cache or read. */
  get(bytes: Uint8Array, read: ReadText): string | null {
    const { length } = bytes;
    if (length === 0 || length > MAX_BYTES) return read(bytes);
    const middle = bytes[length >>> 1] as number;
    const first = bytes[0] as number;
    const last = bytes[length - 1] as number;
    const slot = (length + 7 * first + 31 * middle + 101 * last) & (SLOTS - 1);
    const held = this.#bytes[slot];
    if (held !== undefined && equalBytes(held, bytes)) return this.#texts[slot] as string;
    const text = read(bytes);
    if (text === null) return null;
    this.#bytes[slot] = new Uint8Array(bytes);
    this.#texts[slot] = text;
    return text;
  }
}
