/*
 * Room for small messages. An array of its own costs several times what is written into it, so small ones
 * are cut one after the other out of larger ones.
 *
 * Invariant: no two pieces overlap and none is given twice. A piece keeps its whole slab in memory, so this is
 * for what is sent soon and then forgotten, never for what is stored. Measured by `table-event` and
 * `creates` in benchmarks/.
 */

const SLAB_BYTES = 32_768;
/** Larger ones get an array of their own: little would be saved, and much of a slab be wasted. */
const MAX_PIECE_BYTES = 2_048;

let slab = new Uint8Array(SLAB_BYTES);
let used = 0;

/** So many bytes to be written whole; what stands in them is zero. */
export function cutBytes(length: number): Uint8Array {
  if (length > MAX_PIECE_BYTES) return new Uint8Array(length);
  // The length is 0 once somebody has transferred a piece, and the slab with it, to a worker.
  if (used + length > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  const piece = slab.subarray(used, used + length);
  used += length;
  return piece;
}
