/*
 * What was done lately, so that it is not done again at once: ids and when, oldest first, of a bounded number.
 */

/** Milliseconds that an id is remembered. */
const RECENT_MS = 30_000;

/** Ids remembered at most. */
export const MAX_RECENT = 4_096;

/** The ids of the last 30 s. */
export class Recent {
  readonly #doneAt = new Map<string, number>();

  /** When the id may be used again, {@link RECENT_MS} after it was used; 0 where it is not remembered. */
  freeAt(id: string): number {
    const doneAt = this.#doneAt.get(id);
    return doneAt === undefined ? 0 : doneAt + RECENT_MS;
  }

  /** Forgets what is over, and says whether one more may be remembered. */
  hasRoom(now: number): boolean {
    for (const [id, doneAt] of this.#doneAt) {
      if (now - doneAt < RECENT_MS) break;
      this.#doneAt.delete(id);
    }
    return this.#doneAt.size < MAX_RECENT;
  }

  add(id: string, now: number): void {
    this.#doneAt.delete(id);
    this.#doneAt.set(id, now);
  }
}
