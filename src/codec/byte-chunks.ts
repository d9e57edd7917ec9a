import { copyBytes } from './bytes.ts';

/**
 * Bytes in the pieces in which they came.
 *
 * A message of many megabytes is never moved into one array, which would stop the loop for longer than the
 * work on it: whoever needs it takes views of the pieces.
 */
export class ByteChunks {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends a copy of the bytes. */
  push(bytes: Uint8Array): void {
    if (bytes.length > 0) this.pushOwned(copyBytes(bytes));
  }

  /** Appends the array itself, which must not be changed any more. */
  pushOwned(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** Views of what lies between two positions, in order, each of at most so many bytes. */
  *slices(from: number, to: number, maxBytes: number): Generator<Uint8Array, void, void> {
    let chunkAt = 0;
    for (const chunk of this.#chunks) {
      const end = Math.min(chunk.length, to - chunkAt);
      for (let at = Math.max(0, from - chunkAt); at < end; at += maxBytes) {
        yield chunk.subarray(at, Math.min(end, at + maxBytes));
      }
      chunkAt += chunk.length;
      if (chunkAt >= to) return;
    }
  }

  /** A copy of what lies between two positions; for few bytes. */
  copy(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(to, this.#length) - from));
    let at = 0;
    for (const slice of this.slices(from, to, bytes.length || 1)) {
      bytes.set(slice, at);
      at += slice.length;
    }
    return bytes;
  }

  /** Removes and returns the first piece, as it was pushed; null when nothing is left. */
  shift(): Uint8Array | null {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return null;
    this.#length -= chunk.length;
    return chunk;
  }

  /** Drops so many bytes at the end. */
  dropLast(bytes: number): void {
    let left = Math.min(bytes, this.#length);
    this.#length -= left;
    while (left > 0) {
      const last = this.#chunks.pop() as Uint8Array;
      if (last.length > left) this.#chunks.push(last.subarray(0, last.length - left));
      left -= Math.min(left, last.length);
    }
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#length = 0;
  }
}
