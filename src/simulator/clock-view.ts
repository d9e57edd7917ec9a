import type { Clock, Timer } from '../runtime/index.ts';
import { GossipError } from '../runtime/index.ts';

/*
 * What one process takes for the time. By default that is virtual time itself; a skewed clock runs faster or
 * slower, a jump moves it on at once, as when a virtual machine was suspended.
 *
 * Invariant: a call is due at a reading of this clock, not of the world's, and when it runs the clock shows that
 * reading or a later one. Whenever the relation between the two changes, every pending call is armed anew.
 */

/** A call that waits, in a list with the others of its view: a set of all was a cost of every timer. */
class PendingCall implements Timer {
  readonly #view: PendingCalls;
  /** Reading of the view's clock at which it is due. */
  readonly dueAt: number;
  readonly run: () => void;
  timer: Timer | null = null;
  previous: PendingCall | null = null;
  next: PendingCall | null = null;

  constructor(view: PendingCalls, dueAt: number, run: () => void) {
    this.#view = view;
    this.dueAt = dueAt;
    this.run = run;
  }

  cancel(): void {
    this.#view.remove(this);
    this.timer?.cancel();
  }
}

/** Pending calls in the order in which they were added. */
class PendingCalls {
  #first: PendingCall | null = null;
  #last: PendingCall | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(call: PendingCall): void {
    call.previous = this.#last;
    if (this.#last === null) this.#first = call;
    else this.#last.next = call;
    this.#last = call;
    this.#size += 1;
  }

  /** Harmless for one that is not there any more. */
  remove(call: PendingCall): void {
    const { previous, next } = call;
    if (previous === null && next === null && this.#first !== call) return;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    call.previous = null;
    call.next = null;
    this.#size -= 1;
  }

  clear(): void {
    while (this.#first !== null) this.remove(this.#first);
  }

  *[Symbol.iterator](): Generator<PendingCall> {
    for (let call = this.#first; call !== null; call = call.next) yield call;
  }
}

/** One process's share of a virtual clock. */
export class ClockView implements Clock {
  readonly #clock: Clock;
  readonly #pending = new PendingCalls();
  #isStopped = false;
  #pausedUntil = -Infinity;
  /** This clock showed `shown` when the world's showed `at`, and has run at `rate` since. */
  #skew: { readonly at: number; readonly shown: number; readonly rate: number } | null = null;

  /** What it has shown already: rounding must not show a call less than it was due at, which waits for ever then. */
  #shownAtLeast = -Infinity;

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
    if (skew === null) return now;
    return Math.max(this.#shownAtLeast, skew.shown + (now - skew.at) * skew.rate);
  }

  schedule(delayMs: number, run: () => void): Timer {
    const dueAt = this.now() + Math.max(0, delayMs);
    const pending = new PendingCall(this.#pending, dueAt, run);
    this.#arm(pending, delayMs / this.#rate);
    this.#pending.add(pending);
    return pending;
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

  #arm(pending: PendingCall, delayMs: number): void {
    pending.timer = this.#clock.schedule(delayMs, () => {
      this.#fire(pending);
    });
  }

  #fire(pending: PendingCall): void {
    if (this.#isStopped) return;
    const pausedMs = this.#pausedUntil - this.#clock.now();
    if (pausedMs > 0) {
      this.#arm(pending, pausedMs);
      return;
    }
    this.#pending.remove(pending);
    if (this.#skew !== null) this.#shownAtLeast = Math.max(this.#shownAtLeast, pending.dueAt);
    pending.run();
  }
}
