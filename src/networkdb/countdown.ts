/*
 * Time for retention. Entries, attachments and nodes that are on their way out are kept for a span,
 * counted in ticks of the reaper and not by the clock on the wall: a process that was suspended for an
 * hour must not forget every tombstone at once, since that would bring deleted entries back.
 */

/** The reaper's own time, in milliseconds that were ticked. */
export class Countdown {
  #now = 0;

  /** One tick of the reaper has passed. */
  advance(tickMs: number): void {
    this.#now += tickMs;
  }

  /** The moment that lies `spanMs` ahead; remember it as `expiresAt`. */
  after(spanMs: number): number {
    return this.#now + spanMs;
  }

  /** Milliseconds until `expiresAt`; zero or less means past. */
  leftMs(expiresAt: number): number {
    return expiresAt - this.#now;
  }
}
