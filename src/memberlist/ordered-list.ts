/*
 * A sorted sequence cut into chunks of at most CHUNK_MAX items.
 *
 * Idea: two binary searches (for the chunk, then within it) find a place, and an insertion or a
 * removal moves the items of one chunk only. Invariants: no chunk is empty, chunks and the items in
 * them ascend by `compare`, and no two items compare equal. At 100,000 items that is some twenty
 * comparisons and at most a few hundred moved pointers, with nearly no memory beyond the items.
 *
 * Left out: balancing of small neighbours. Chunks that have thinned out go once they are empty.
 */

const CHUNK_MAX = 256;

/** A place in an {@link OrderedList}; valid until the list changes other than through it. */
export interface Cursor {
  chunk: number;
  index: number;
}

/** Items in a total order; see the head of the file. */
export class OrderedList<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #chunks: T[][] = [];
  #length = 0;
  #work = 0;

  /** @param compare - negative when `a` comes first; zero only for the same item */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  /** Items held. */
  get length(): number {
    return this.#length;
  }

  /** Comparisons made and pointers moved so far: what the tests bound instead of time. */
  get work(): number {
    return this.#work;
  }

  /** Adds an item that is not in the list. */
  insert(item: T): void {
    this.#length += 1;
    const last = this.#chunks.at(-1);
    if (last === undefined) {
      this.#chunks.push([item]);
      return;
    }
    const cursor = this.lowerBound(item);
    const at = Math.min(cursor.chunk, this.#chunks.length - 1);
    const chunk = this.#chunks[at] as T[];
    const index = at === cursor.chunk ? cursor.index : chunk.length;
    this.#work += chunk.length - index;
    chunk.splice(index, 0, item);
    if (chunk.length > CHUNK_MAX) this.#split(at);
  }

  /** Removes an item; false if it was not there. */
  delete(item: T): boolean {
    const cursor = this.lowerBound(item);
    if (this.at(cursor) !== item) return false;
    this.removeAt(cursor);
    return true;
  }

  /** The place of the first item that does not come before `probe`. */
  lowerBound(probe: T): Cursor {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.#chunks[middle] as T[];
      if (this.#isBefore(chunk[chunk.length - 1] as T, probe)) low = middle + 1;
      else high = middle;
    }
    return { chunk: low, index: this.#lowerBoundIn(this.#chunks[low], probe) };
  }

  /** The item at a place, or undefined past the end. */
  at(cursor: Cursor): T | undefined {
    return this.#chunks[cursor.chunk]?.[cursor.index];
  }

  /** Removes the item at a place; the cursor then stands on the one that followed it. */
  removeAt(cursor: Cursor): void {
    const chunk = this.#chunks[cursor.chunk];
    if (chunk === undefined || cursor.index >= chunk.length) return;
    this.#work += chunk.length - cursor.index;
    chunk.splice(cursor.index, 1);
    this.#length -= 1;
    if (chunk.length === 0) this.#chunks.splice(cursor.chunk, 1);
    else if (cursor.index < chunk.length) return;
    else cursor.chunk += 1;
    cursor.index = 0;
  }

  /** Removes and returns the last item. */
  pop(): T | undefined {
    const chunk = this.#chunks.at(-1);
    if (chunk === undefined) return undefined;
    const item = chunk.pop();
    this.#length -= 1;
    if (chunk.length === 0) this.#chunks.pop();
    return item;
  }

  /** Removes everything and returns it, in order. */
  drain(): T[] {
    const items = this.#chunks.flat();
    this.#chunks.length = 0;
    this.#length = 0;
    return items;
  }

  #isBefore(a: T, b: T): boolean {
    this.#work += 1;
    return this.#compare(a, b) < 0;
  }

  #lowerBoundIn(chunk: readonly T[] | undefined, probe: T): number {
    if (chunk === undefined) return 0;
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isBefore(chunk[middle] as T, probe)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #split(at: number): void {
    const chunk = this.#chunks[at] as T[];
    const upper = chunk.splice(chunk.length >>> 1);
    this.#work += upper.length + this.#chunks.length - at;
    this.#chunks.splice(at + 1, 0, upper);
  }
}
