import type { Clock, Timer } from '../runtime/index.ts';
import { GossipError } from '../runtime/index.ts';

/*
 * What one process takes for the time. By default that is virtual time itself; a skewed clock runs faster or
 * slower, a jump moves it on at once, as when a virtual machine was suspended.
 *
 * Invariant: a call is due at a reading of this clock, not of the world's. Whenever the relation between the
 * two changes, every pending call is armed anew.
 */

interface Pending {
  /** Reading of this clock at which it is due. */
  readonly dueAt: number;
  timer: Timer | null;
  readonly run: () => void;
}

/** One process's share of a virtual clock. */
export class ClockView implements Clock {
  readonly #clock: Clock;
  readonly #pending = new Set<Pending>();
  #isStopped = false;
  #pausedUntil = -Infinity;
  /** This clock showed `shown` when the world's showed `at`, and has run at `rate` since. */
  #skew: { readonly at: number; readonly shown: number; readonly rate: number } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls that are still to run. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  now(): number {
    const now = this.#clock.now();
    const skew = this.#skew;
    return skew === null ? now : skew.shown + (now - skew.at) * skew.rate;
  }

  schedule(delayMs: number, run: () => void): Timer {
    const pending: Pending = { dueAt: this.now() + Math.max(0, delayMs), timer: null, run };
    this.#arm(pending, delayMs / this.#rate);
    this.#pending.add(pending);
    return {
      cancel: () => {
        this.#pending.delete(pending);
        pending.timer?.cancel();
      },
    };
  }

  afterPendingInput(run: () => void): Timer {
    let timer: Timer;
    const guarded = (): void => {
      if (this.#isStopped) return;
      const pausedMs = this.#pausedUntil - this.#clock.now();
      if (pausedMs > 0) timer = this.#clock.schedule(pausedMs, guarded);
      else run();
    };
    timer = this.#clock.afterPendingInput(guarded);
    return { cancel: () => timer.cancel() };
  }

  /**
   * Nothing scheduled through this view runs for so many milliseconds of the world's time; what falls due
   * meanwhile runs at the end, late, as after a blocked event loop.
   */
  pause(durationMs: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + durationMs);
  }

  /** Nothing scheduled through this view runs any more. */
  stop(): void {
    this.#isStopped = true;
    for (const { timer } of this.#pending) timer?.cancel();
    this.#pending.clear();
  }

  /**
   * From now on this clock runs so many times as fast as the world's.
   *
   * @param rate - above 0; 1 is right
   */
  setRate(rate: number): void {
    if (!(rate > 0 && Number.isFinite(rate))) {
      throw new GossipError('ERR_ARGUMENT_INVALID', `a clock's rate must be above 0, got ${rate}`);
    }
    this.#shift(this.now(), rate);
  }

  /** Moves this clock on at once; what falls due by it runs next. @param ms - 0 or more: clocks never go back */
  jump(ms: number): void {
    if (!(ms >= 0 && Number.isFinite(ms))) {
      throw new GossipError('ERR_ARGUMENT_INVALID', `a clock jumps on by 0 ms or more, got ${ms}`);
    }
    this.#shift(this.now() + ms, this.#rate);
  }

  get #rate(): number {
    return this.#skew?.rate ?? 1;
  }

  #shift(shown: number, rate: number): void {
    this.#skew = { at: this.#clock.now(), shown, rate };
    for (const pending of this.#pending) {
      pending.timer?.cancel();
      this.#arm(pending, (pending.dueAt - shown) / rate);
    }
  }

  #arm(pending: Pending, delayMs: number): void {
    pending.timer = this.#clock.schedule(delayMs, () => {
      this.#fire(pending);
    });
  }

  #fire(pending: Pending): void {
    if (this.#isStopped) return;
    const pausedMs = this.#pausedUntil - this.#clock.now();
    if (pausedMs > 0) {
      this.#arm(pending, pausedMs);
      return;
    }
    this.#pending.delete(pending);
    pending.run();
  }
}
