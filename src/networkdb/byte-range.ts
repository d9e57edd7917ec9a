/**
 * Where an event stands as it came. A view of it is made for those that pass it on or keep it alone: most events of a
 * bulk sync are neither, and one view of each would be a third of all garbage.
 */
export class ByteRange {
  #bytes: Uint8Array;
  #start: number;
  #end: number;

  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** The bytes, a view. */
  view(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Goes to other bytes. */
  move(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }
}
