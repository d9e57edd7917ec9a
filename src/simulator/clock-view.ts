import type { Clock, Timer } from '../runtime/index.ts';
import { GossipError } from '../runtime/index.ts';
import { checkClockRate } from './arguments.ts';
import type { EventClock } from './event-queue.ts';
import { QueuedEvent } from './event-queue.ts';

/*
 * What one process takes for the time. By default that is virtual time itself; a skewed clock runs faster or
 * slower, a jump moves it on at once, as when a virtual machine was suspended.
 *
 * Invariant: a call is due at a reading of this clock, not of the world's, and when it runs the clock shows that
 * reading or a later one. Whenever the relation between the two changes, every pending call is armed anew.
 */

/**
 * A call that waits: itself the event in the queue of the world, and in a list with the others of its view. A
 * set of all, and an object for each purpose, were a cost of every timer.
 */
class PendingCall extends QueuedEvent implements Timer {
  readonly #view: ClockView;
  /** Reading of the view's clock at which it is due. */
  readonly dueAt: number;
  run: () => void;
  previous: PendingCall | null = null;
  next: PendingCall | null = null;

  constructor(view: ClockView, dueAt: number, run: () => void) {
    super();
    this.#view = view;
    this.dueAt = dueAt;
    this.run = run;
  }

  override fire(): void {
    this.#view.fire(this);
  }

  cancel(): void {
    this.#view.cancel(this);
    // What was cancelled may stay in the queue for long, and should not keep what it would have run.
    this.run = NOTHING;
  }
}

/** A call that waits for the end of an instant; whoever stops the view does not look for it. */
class DeferredCall extends QueuedEvent implements Timer {
  readonly #view: ClockView;
  readonly #clock: EventClock;
  run: () => void;

  constructor(view: ClockView, clock: EventClock, run: () => void) {
    super();
    this.#view = view;
    this.#clock = clock;
    this.run = run;
  }

  override fire(): void {
    this.#view.fireDeferred(this);
  }

  cancel(): void {
    this.#clock.dequeue(this);
    this.run = NOTHING;
  }
}

/** The end of a stall, before all that waited for it. */
class StallEnd extends QueuedEvent {
  readonly #view: ClockView;
  readonly beganAt: number;

  constructor(view: ClockView, beganAt: number) {
    super();
    this.#view = view;
    this.beganAt = beganAt;
  }

  override fire(): void {
    this.#view.fireStallEnd(this);
  }
}

const NOTHING = (): void => undefined;

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
  readonly #clock: EventClock;
  readonly #pending = new PendingCalls();
  #isStopped = false;
  /** Neither stopped nor paused: what every timer looks at. */
  #runsFreely = true;
  #pausedUntil = -Infinity;
  /** This clock showed `shown` when the world's showed `at`, and has run at `rate` since. */
  #skew: { readonly at: number; readonly shown: number; readonly rate: number } | null = null;

  /** What it has shown already: rounding must not show a call less than it was due at, which waits for ever then. */
  #shownAtLeast = -Infinity;

  /** Only of a view that tells of stalls. */
  readonly onStall?: NonNullable<Clock['onStall']>;
  readonly #stallHearers: ((beganAt: number, endedAt: number) => void)[] = [];
  #stallEnd: StallEnd | null = null;

  constructor(clock: EventClock, tellsStalls: boolean) {
    this.#clock = clock;
    if (!tellsStalls) return;
    this.onStall = (hear) => {
      this.#stallHearers.push(hear);
    };
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
    const pending = new PendingCall(this, dueAt, run);
    this.#clock.enqueue(delayMs / this.#rate, 0, pending);
    this.#pending.add(pending);
    return pending;
  }

  afterPendingInput(run: () => void): Timer {
    const call = new DeferredCall(this, this.#clock, run);
    this.#clock.enqueue(0, 1, call);
    return call;
  }

  /**
   * Nothing scheduled through this view runs for so many milliseconds of the world's time; what falls due
   * meanwhile runs at the end, late, as after a blocked event loop.
   */
  pause(durationMs: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + durationMs);
    this.#runsFreely = false;
    this.#stall();
  }

  /** Nothing scheduled through this view runs any more. */
  stop(): void {
    this.#isStopped = true;
    this.#runsFreely = false;
    for (const pending of this.#pending) this.#clock.dequeue(pending);
    this.#pending.clear();
  }

  /**
   * From now on this clock runs so many times as fast as the world's.
   *
   * @param rate - from a millionth to a million; 1 is right
   */
  setRate(rate: number): void {
    checkClockRate(rate);
    this.#shift(this.now(), rate);
  }

  /** Moves this clock on at once; what falls due by it runs next. @param ms - 0 or more: clocks never go back */
  jump(ms: number): void {
    if (!(ms >= 0 && Number.isFinite(ms))) {
      throw new GossipError('ERR_ARGUMENT_INVALID', `a clock jumps on by 0 ms or more, got ${ms}`);
    }
    this.#stall();
    this.#shift(this.now() + ms, this.#rate);
  }

  get #rate(): number {
    return this.#skew?.rate ?? 1;
  }

  #shift(shown: number, rate: number): void {
    this.#skew = { at: this.#clock.now(), shown, rate };
    // What a jump makes due at one moment runs in the order in which it was due.
    for (const pending of [...this.#pending].sort((a, b) => a.dueAt - b.dueAt)) {
      this.#clock.dequeue(pending);
      this.#clock.enqueue((pending.dueAt - shown) / rate, 0, pending);
    }
  }

  /** Tells of a stall at its end; of one that goes on when the next begins, at the end of both. */
  #stall(): void {
    if (this.#stallHearers.length === 0) return;
    this.#stallEnd ??= new StallEnd(this, this.now());
    this.#clock.dequeue(this.#stallEnd);
    const leftMs = Math.max(0, this.#pausedUntil - this.#clock.now());
    this.#clock.enqueue(leftMs, 0, this.#stallEnd);
  }

  /** Whether this process may run now; if it only stands still, the event waits for its end. */
  #mayRun(event: QueuedEvent): boolean {
    if (this.#isStopped) return false;
    const pausedMs = this.#pausedUntil - this.#clock.now();
    if (pausedMs > 0) {
      this.#clock.enqueue(pausedMs, 0, event);
      return false;
    }
    this.#runsFreely = true;
    return true;
  }

  /** A call's time has come. @internal */
  fire(pending: PendingCall): void {
    if (!this.#runsFreely && !this.#mayRun(pending)) return;
    this.#pending.remove(pending);
    if (this.#skew !== null) this.#shownAtLeast = Math.max(this.#shownAtLeast, pending.dueAt);
    pending.run();
  }

  /** The end of an instant has come. @internal */
  fireDeferred(call: DeferredCall): void {
    if (this.#runsFreely || this.#mayRun(call)) call.run();
  }

  /** A stall is over, unless another one is not. @internal */
  fireStallEnd(end: StallEnd): void {
    if (!this.#runsFreely && !this.#mayRun(end)) return;
    this.#stallEnd = null;
    for (const hear of this.#stallHearers) hear(end.beganAt, this.now());
  }

  /** A call shall not run. @internal */
  cancel(pending: PendingCall): void {
    this.#pending.remove(pending);
    this.#clock.dequeue(pending);
  }
}
