import type { Clock, Timer } from '../runtime/index.ts';
import type { BatchSize } from './watch-options.ts';

/*
 * Gathers changes into arrays. A batch is handed over when it is full, when its time is up, or when
 * nothing more will come; never empty.
 */

/** What a reader of a watch looks at besides the changes. */
export interface ReadStatus {
  /** Whether nothing more will come than what can be taken now. */
  readonly isEnded: boolean;
  /** Whether there is more to take, but not in this turn of the loop. */
  readonly isPaused: boolean;
  /** When what waits came, or earlier. */
  readonly readableSince: number;
}

/** How single changes become what the reader gets. */
export interface Gatherer<C, R> {
  /**
   * @param take - the next change, or null when there is none to take now
   * @returns what the reader gets, or null if that has to wait
   */
  gather(take: () => C | null, status: () => ReadStatus): R | null;
  /** The reader wants nothing more. */
  cancel(): void;
}

/** Each change by itself. */
export function oneByOne<C>(): Gatherer<C, C> {
  return { gather: (take) => take(), cancel: () => undefined };
}

/** Arrays of changes. */
export class Batcher<C> implements Gatherer<C, readonly C[]> {
  readonly #clock: Clock;
  readonly #size: BatchSize;
  readonly #onTimeUp: () => void;
  #held: C[] = [];
  #dueAt = 0;
  #timer: Timer | null = null;

  /** @param onTimeUp - asks to gather again */
  constructor(clock: Clock, size: BatchSize, onTimeUp: () => void) {
    this.#clock = clock;
    this.#size = size;
    this.#onTimeUp = onTimeUp;
  }

  gather(take: () => C | null, status: () => ReadStatus): readonly C[] | null {
    while (this.#held.length < this.#size.max) {
      const { readableSince } = status();
      const change = take();
      if (change === null) break;
      if (this.#held.length === 0) this.#dueAt = readableSince + this.#size.ms;
      this.#held.push(change);
    }
    if (this.#held.length === 0) return null;
    const { isEnded, isPaused } = status();
    if (this.#held.length < this.#size.max && !isEnded) {
      if (isPaused) return null;
      const leftMs = this.#dueAt - this.#clock.now();
      if (leftMs > 0) {
        this.#arm(leftMs);
        return null;
      }
    }
    const batch = Object.freeze(this.#held);
    this.cancel();
    return batch;
  }

  cancel(): void {
    this.#held = [];
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(leftMs: number): void {
    this.#timer ??= this.#clock.schedule(leftMs, () => {
      this.#timer = null;
      this.#onTimeUp();
    });
  }
}
