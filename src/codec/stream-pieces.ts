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

/** Raw bytes of an announced length, in an array that grows with what arrives. */
export class RawTail {
  readonly #length: number;
  #bytes = new Uint8Array(0);
  #at = 0;

  constructor(length: number) {
    this.#length = length;
  }

  /** Whether nothing is missing. */
  get isWhole(): boolean {
    return this.#at === this.#length;
  }

  /** All of them, once whole. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /**
   * Takes what belongs to it.
   *
   * @returns number of bytes taken; the rest follows the message
   */
  take(bytes: Uint8Array): number {
    const wanted = Math.min(bytes.length, this.#length - this.#at);
    const end = this.#at + wanted;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#length, Math.max(end, this.#bytes.length * 2)));
      larger.set(this.#bytes.subarray(0, this.#at));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(0, wanted), this.#at);
    this.#at = end;
    return wanted;
  }
}
