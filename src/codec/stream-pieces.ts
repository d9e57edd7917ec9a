import { concatBytes } from './bytes.ts';
import { MAX_STREAM_PIECE_BYTES } from './limits.ts';

/*
 * Stream messages leave in pieces of at most 64 KiB and end in raw bytes of an announced length. Both are
 * the same on every wire.
 */

/** Gathers small records into pieces, and cuts large ones. */
export function* piecesOf(records: Iterable<Uint8Array>): Generator<Uint8Array, void, void> {
  let gathered: Uint8Array[] = [];
  let size = 0;
  for (const record of records) {
    if (size > 0 && size + record.length > MAX_STREAM_PIECE_BYTES) {
      yield* slicesOf(concatBytes(gathered));
      gathered = [];
      size = 0;
    }
    gathered.push(record);
    size += record.length;
  }
  if (size > 0) yield* slicesOf(concatBytes(gathered));
}

/** Cuts bytes into pieces, as views. */
export function* slicesOf(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += MAX_STREAM_PIECE_BYTES) {
    yield bytes.subarray(at, at + MAX_STREAM_PIECE_BYTES);
  }
}
