import type { Clock, Timer } from './clock.ts';
import type { Random } from './random.ts';
import { randomFraction } from './random.ts';

/** What a {@link Ticker} runs, and how often. */
export interface TickerOptions {
  /** Milliseconds between two ticks; asked before each, so that it may scale with the ring. */
  readonly intervalMs: () => number;
  /** One tick. Runs to its end before the next is due to be scheduled. */
  readonly onTick: () => void;
  /**
   * Whether a tick would find nothing to do; asked before each. While it would not, the ticker rests and costs
   * nothing, until {@link Ticker.wake}. Left out: it never rests.
   */
  readonly isIdle?: () => boolean;
}

/**
 * A periodic task with a phase of its own.
 *
 * The first tick comes after a uniform random part of the interval, so that nodes started together
 * do not act together. After a stall the missed ticks collapse into one.
 *
 * One that may rest keeps its phase: it wakes to the tick that would have come next. So resting changes nothing but
 * what ticking costs, which counts where a thousand members tick in one process.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: TickerOptions;
  #timer: Timer | null = null;
  #isResting = false;
  #dueAt = 0;

  constructor(ports: { readonly clock: Clock; readonly random: Random }, options: TickerOptions) {
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#options = options;
  }

  /** Begins to tick; harmless when it already does. */
  start(): void {
    if (this.#timer !== null || this.#isResting) return;
    this.#dueAt = this.#clock.now() + randomFraction(this.#random) * this.#options.intervalMs();
    this.#arm();
  }

  /** Ends ticking; may be started again, with a new phase. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#isResting = false;
  }

  /** There is something to do again; harmless when it does not rest, or does not tick at all. */
  wake(): void {
    if (!this.#isResting) return;
    this.#isResting = false;
    const intervalMs = this.#options.intervalMs();
    const missedCount = Math.floor((this.#clock.now() - this.#dueAt) / intervalMs) + 1;
    this.#dueAt += Math.max(0, missedCount) * intervalMs;
    this.#arm();
  }

  #arm(): void {
    const delayMs = Math.max(0, this.#dueAt - this.#clock.now());
    this.#timer = this.#clock.schedule(delayMs, this.#tick);
  }

  readonly #tick = (): void => {
    const intervalMs = this.#options.intervalMs();
    const now = this.#clock.now();
    this.#dueAt = Math.max(this.#dueAt + intervalMs, now);
    if (this.#options.isIdle?.() === true) {
      this.#timer = null;
      this.#isResting = true;
      return;
    }
    this.#arm();
    this.#options.onTick();
  };
}
