/*
 * The entries of a group, in any order. A set of a hundred thousand takes tens of milliseconds each time that it
 * grows, with the loop standing still; here each entry knows its place, and whichever is taken out leaves its place to the
 * last one.
 *
 * Invariant: the entry at each place has that place. An entry is in one list at most.
 */

/** What may be in a list. */
export interface Listed {
  /** Where it stands; the list's alone, and less than 0 outside. */
  place: number;
}

/** Entries of one group; see the head of the file. */
export class EntryList<T extends Listed> implements Iterable<T> {
  readonly #entries: T[] = [];

  get size(): number {
    return this.#entries.length;
  }

  add(entry: T): void {
    entry.place = this.#entries.length;
    this.#entries.push(entry);
  }

  /** @returns false for an entry that is not here */
  delete(entry: T): boolean {
    const { place } = entry;
    if (place < 0 || this.#entries[place] !== entry) return false;
    entry.place = -1;
    const last = this.#entries.pop() as T;
    if (last === entry) return true;
    this.#entries[place] = last;
    last.place = place;
    return true;
  }

  /**
   * From the last one to the first. An entry that is here all the while is met, whatever is added and deleted
   * meanwhile, and perhaps twice.
   */
  *[Symbol.iterator](): Generator<T, void> {
    for (let at = this.#entries.length - 1; at >= 0; at -= 1) {
      at = Math.min(at, this.#entries.length - 1);
      if (at < 0) return;
      yield this.#entries[at] as T;
    }
  }

  /** A copy. */
  toArray(): T[] {
    return this.#entries.slice();
  }
}
