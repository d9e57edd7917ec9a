/*
 * Bytes of an announced length, in one array that grows with what arrives.
 *
 * Believing the announcement would hand out memory for nothing; doubling by copying would stop the loop
 * for tens of milliseconds in the middle of a large message. So the array grows fourfold, to sizes
 * counted down from the announced one, and what it held moves over bit by bit with the bytes that
 * arrive next:
 *
 *   sizes   length / 4^k … length / 4, length
 *   take    copies what arrived, and at most twice as much of what waits in the smaller array
 *
 * Invariants: the array is at most four times what has arrived, or 64 KiB; when it is full, everything
 * has moved; no call copies more than three times what it was given.
 */

/** The first array is at most this large. */
const FIRST_BYTES = 65_536;
const GROWTH = 4;
/** Bytes that move over for each byte that arrives; what is to move is a third of what is to come. */
const MOVES_PER_BYTE = 2;

/** Bytes of an announced length; see the head of the file. */
export class GrowingBytes {
  readonly #length: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** The array before the last growth, and how much of it has moved. */
  #smaller: Uint8Array = this.#bytes;
  #movedAt = 0;

  /** @param length - announced, 0 or more */
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

  /** Size of the arrays that are held now, for tests. */
  get heldBytes(): number {
    return this.#bytes.length + this.#smaller.length;
  }

  /**
   * Takes what belongs here, as a copy.
   *
   * @returns number of bytes taken; the rest follows what was announced
   */
  take(bytes: Uint8Array): number {
    const wanted = Math.min(bytes.length, this.#length - this.#at);
    let taken = 0;
    while (taken < wanted) {
      if (this.#at === this.#bytes.length) this.#grow();
      const step = Math.min(wanted - taken, this.#bytes.length - this.#at);
      this.#bytes.set(bytes.subarray(taken, taken + step), this.#at);
      this.#at += step;
      taken += step;
      this.#move(step * MOVES_PER_BYTE);
    }
    return wanted;
  }

  #grow(): void {
    let size = this.#length;
    while (size > FIRST_BYTES && Math.ceil(size / GROWTH) > this.#bytes.length) {
      size = Math.ceil(size / GROWTH);
    }
    this.#smaller = this.#bytes;
    this.#movedAt = 0;
    this.#bytes = new Uint8Array(size);
  }

  #move(bytes: number): void {
    const { length } = this.#smaller;
    if (length === 0) return;
    const end = Math.min(length, this.#movedAt + bytes);
    this.#bytes.set(this.#smaller.subarray(this.#movedAt, end), this.#movedAt);
    this.#movedAt = end;
    if (end === length) this.#smaller = new Uint8Array(0);
  }
}
