/*
 * The entries of a group, in the order in which they were written. A set of a hundred thousand takes several milliseconds each time
 * that it grows, with the loop standing still; here each entry knows its place, and whichever is taken out leaves a gap. When
 * the gaps are more than half, those behind them move up: one move for each that was taken out.
 *
 * Invariant: the entry at each place has that place. An entry is in one list at most.
 */

/** Fewer are not worth moving. */
const LEAST_PLACES = 32;

/** What may be in a list. */
export interface Listed {
  /** Where it stands; the list's alone, and less than 0 outside. */
  place: number;
}

/** Entries of one group; see the head of the file. */
export class EntryList<T extends Listed> implements Iterable<T> {
  #places: (T | null)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(entry: T): void {
    entry.place = this.#places.length;
    this.#places.push(entry);
    this.#size += 1;
  }

  /** @returns false for an entry that is not here */
  delete(entry: T): boolean {
    if (!this.#has(entry)) return false;
    this.#places[entry.place] = null;
    entry.place = -1;
    this.#size -= 1;
    const { length } = this.#places;
    if (length >= LEAST_PLACES && 2 * this.#size < length) this.#moveUp();
    return true;
  }

  /** Those that are here when it begins and have not been taken out when they are reached. */
  *[Symbol.iterator](): Generator<T, void> {
    for (const entry of this.toArray()) if (this.#has(entry)) yield entry;
  }

  /** A copy. */
  toArray(): T[] {
    return this.#places.filter((entry) => entry !== null);
  }

  #has(entry: T): boolean {
    return this.#places[entry.place] === entry;
  }

  #moveUp(): void {
    this.#places = this.toArray();
    for (let at = 0; at < this.#places.length; at += 1) (this.#places[at] as T).place = at;
  }
}
