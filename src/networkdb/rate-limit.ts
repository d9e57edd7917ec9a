import type { Clock } from '../runtime/index.ts';

/** A budget of actions: `burst` at once, refilled at `perSecond`. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #burst: number;
  #left: number;
  #refilledAt: number;

  constructor(clock: Clock, options: { readonly perSecond: number; readonly burst: number }) {
    this.#clock = clock;
    this.#perMs = options.perSecond / 1000;
    this.#burst = options.burst;
    this.#left = options.burst;
    this.#refilledAt = clock.now();
  }

  /** Takes one action off the budget; false when there is none left. */
  tryTake(): boolean {
    const now = this.#clock.now();
    this.#left = Math.min(this.#burst, this.#left + (now - this.#refilledAt) * this.#perMs);
    this.#refilledAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
