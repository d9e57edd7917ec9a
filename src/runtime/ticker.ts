import type { Clock, Timer } from './clock.ts';
import type { Random } from './random.ts';
import { randomFraction } from './random.ts';

/** What a {@link Ticker} runs, and how often. */
export interface TickerOptions {
  /** Milliseconds between two ticks; asked before each, so that it may scale with the ring. */
  readonly intervalMs: () => number;
  /** One tick. Runs to its end before the next is due to be scheduled. */
  readonly onTick: () => void;
}

/**
 * A periodic task with a phase of its own.
 *
 * The first tick comes after a uniform random part of the interval, so that nodes started together
 * do not act together. After a stall the missed ticks collapse into one.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: TickerOptions;
  #timer: Timer | null = null;
  #dueAt = 0;

  constructor(ports: { readonly clock: Clock; readonly random: Random }, options: TickerOptions) {
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#options = options;
  }

  /** Begins to tick; harmless when it already does. */
  start(): void {
    if (this.#timer !== null) return;
    this.#dueAt = this.#clock.now() + randomFraction(this.#random) * this.#options.intervalMs();
    this.#arm();
  }

  /** Ends ticking; may be started again, with a new phase. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(): void {
    const delayMs = Math.max(0, this.#dueAt - this.#clock.now());
    this.#timer = this.#clock.schedule(delayMs, this.#tick);
  }

  readonly #tick = (): void => {
    const intervalMs = this.#options.intervalMs();
    const now = this.#clock.now();
    this.#dueAt = Math.max(this.#dueAt + intervalMs, now);
    this.#arm();
    this.#options.onTick();
  };
}
