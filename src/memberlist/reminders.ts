import type { Clock } from '../runtime/index.ts';

/**
 * Lets the same thing be told once a minute, per subject.
 *
 * What peers send decides how often a subject comes up, and how many there are; so both are bounded:
 * when too many are remembered the memory starts anew.
 */
export class Reminders {
  readonly #clock: Clock;
  readonly #toldAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether to tell now; if so, not again for a minute. */
  isDue(subject: string): boolean {
    const now = this.#clock.now();
    const told = this.#toldAt.get(subject);
    if (told !== undefined && now - told < TELL_AGAIN_MS) return false;
    if (this.#toldAt.size >= MAX_SUBJECTS) this.#toldAt.clear();
    this.#toldAt.set(subject, now);
    return true;
  }
}

const TELL_AGAIN_MS = 60_000;
const MAX_SUBJECTS = 1024;
