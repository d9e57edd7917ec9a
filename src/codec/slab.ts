/*
 * Room for small messages and values. An array of its own costs several times what is written into it, so small ones
 * are cut one after the other out of larger ones.
 *
 * Invariant: no two pieces overlap and none is given twice. A piece keeps its whole slab in memory, so large slabs are
 * for what is sent soon and then forgotten; what somebody may keep is cut out of small ones. Measured by `table-event` and
 * `creates` in benchmarks/.
 */

class Slab {
  readonly #slabBytes: number;
  /** Larger ones get an array of their own: little would be saved, and much of a slab be wasted. */
  readonly #maxPieceBytes: number;
  #slab: Uint8Array;
  #used = 0;

  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
    this.#maxPieceBytes = slabBytes / 16;
    this.#slab = new Uint8Array(slabBytes);
  }

  cut(length: number): Uint8Array {
    if (length > this.#maxPieceBytes) return new Uint8Array(length);
    // The length is 0 once somebody has transferred a piece, and the slab with it, to a worker.
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(this.#slabBytes);
      this.#used = 0;
    }
    const piece = this.#slab.subarray(this.#used, this.#used + length);
    this.#used += length;
    return piece;
  }
}

const messages = new Slab(32_768);
const values = new Slab(4_096);

/** So many bytes to be written whole and sent soon; what stands in them is zero. */
export function cutBytes(length: number): Uint8Array {
  return messages.cut(length);
}

/** A copy of a part of some bytes, for somebody who may keep it: with it up to 4 KiB of others stay. */
export function cutCopy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = values.cut(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}
