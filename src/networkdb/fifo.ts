/** Copied to the front once so many have been taken, or taken ones would stay in memory. */
const COMPACT_AT = 1024;

/** First in, first out; unlike `shift` of an array, taking one never moves the others. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The one that waits longest, left where it is. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** The one that waits longest. */
  take(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= COMPACT_AT && 2 * this.#head >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
