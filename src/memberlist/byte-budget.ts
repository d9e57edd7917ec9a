import type { Clock } from '../runtime/index.ts';

/**
 * A cap on bytes per second that allows short bursts.
 *
 * Spending may overdraw by one item; nothing passes again until the debt is paid. The balance never
 * exceeds a tenth of a second's worth, so that idle time is not saved up.
 */
export class ByteBudget {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  readonly #maxBalance: number;
  #balance: number;
  #countedAt: number;

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#maxBalance = bytesPerSecond / 10;
    this.#balance = this.#maxBalance;
    this.#countedAt = clock.now();
  }

  /** Whether something may be sent now. */
  mayPass(): boolean {
    const now = this.#clock.now();
    const earned = (now - this.#countedAt) * this.#bytesPerMs;
    this.#balance = Math.min(this.#maxBalance, this.#balance + earned);
    this.#countedAt = now;
    return this.#balance > 0;
  }

  /** Takes bytes from the balance, below zero if need be. */
  spend(bytes: number): void {
    this.#balance -= bytes;
  }
}
