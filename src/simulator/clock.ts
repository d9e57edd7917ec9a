import type { Clock, Timer } from '../runtime/index.ts';
import { GossipError } from '../runtime/index.ts';
import { ClockView } from './clock-view.ts';
import { EventQueue, QueuedEvent } from './event-queue.ts';
import type { EventClock, EventPhase } from './event-queue.ts';

/*
 * Virtual time: it stands still while code runs and jumps from one pending call to the next.
 *
 * Invariant: calls run in the order of their time, those of one time in the order in which they were
 * scheduled, and `afterPendingInput` after all others of its time, also after those that were added
 * while that time was being worked off. So a run is a function of what was scheduled.
 */

/** More calls than this without time moving on is a loop that would never end. */
const MAX_CALLS_PER_INSTANT = 5_000_000;

/** A call that was scheduled on the clock itself. */
class ScheduledCall extends QueuedEvent implements Timer {
  readonly #queue: EventQueue;
  readonly #run: () => void;

  constructor(queue: EventQueue, run: () => void) {
    super();
    this.#queue = queue;
    this.#run = run;
  }

  override fire(): void {
    this.#run();
  }

  cancel(): void {
    this.#queue.cancel(this);
  }
}

/** A {@link Clock} that the test or simulation moves by hand. */
export class VirtualClock implements Clock, EventClock {
  readonly #queue = new EventQueue();
  #now: number;
  #isRunning = false;
  #callsThisInstant = 0;

  /** @param startMs - the first reading; any finite number */
  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  /** Calls that are still to run. */
  get pendingCount(): number {
    return this.#queue.size;
  }

  schedule(delayMs: number, run: () => void): Timer {
    const call = new ScheduledCall(this.#queue, run);
    this.enqueue(delayMs, 0, call);
    return call;
  }

  afterPendingInput(run: () => void): Timer {
    const call = new ScheduledCall(this.#queue, run);
    this.enqueue(0, 1, call);
    return call;
  }

  /** What `schedule` and `afterPendingInput` do, for a call that is an event itself. @internal */
  enqueue(delayMs: number, phase: EventPhase, event: QueuedEvent): void {
    if (!Number.isFinite(delayMs)) {
      throw new GossipError('ERR_ARGUMENT_INVALID', `a delay must be finite, got ${delayMs}`);
    }
    this.#queue.add(this.#now + Math.max(0, delayMs), phase, event);
  }

  /** Forgets such an event; harmless when it does not wait. @internal */
  dequeue(event: QueuedEvent): void {
    this.#queue.cancel(event);
  }

  /**
   * A clock for one node: the same time, but all that was scheduled through it can be stopped at
   * once, as when the node's process dies.
   *
   * @param options - `tellsStalls`: the node hears of its pauses and jumps from the clock, and need not notice
   * them by late timers as a real one must
   */
  view(options: { readonly tellsStalls?: boolean } = {}): ClockView {
    return new ClockView(this, options.tellsStalls ?? false);
  }

  /** When the next call is due; null when nothing is pending. */
  nextTime(): number | null {
    return this.#queue.nextTime();
  }

  /** Runs the next call, moving time to it; false when nothing is pending. */
  runNext(): boolean {
    const time = this.#queue.nextTime();
    if (time === null) return false;
    this.#step(time);
    return true;
  }

  /** Runs everything due in the next `durationMs`, then stands at the end of it. */
  runFor(durationMs: number): void {
    this.runUntil(() => false, durationMs);
  }

  /**
   * Runs until the condition holds, at most for `maxMs` of virtual time.
   *
   * @param condition - asked before the first and after every call
   * @returns whether it holds; if not, time stands at the end of `maxMs`
   */
  runUntil(condition: () => boolean, maxMs: number): boolean {
    const end = this.#now + maxMs;
    while (!condition()) {
      const time = this.#queue.nextTime();
      if (time === null || time > end) {
        this.#moveTo(end);
        return condition();
      }
      this.#step(time);
    }
    return true;
  }

  #step(time: number): void {
    if (this.#isRunning) {
      throw new GossipError(
        'ERR_INTERNAL',
        'virtual time cannot be run from inside one of its calls',
      );
    }
    this.#moveTo(time);
    this.#callsThisInstant += 1;
    if (this.#callsThisInstant > MAX_CALLS_PER_INSTANT) {
      throw new GossipError('ERR_INTERNAL', `virtual time does not move on from ${time} ms`);
    }
    const event = this.#queue.take();
    this.#isRunning = true;
    try {
      event?.fire();
    } catch (error) {
      throw withVirtualTime(error, time);
    } finally {
      this.#isRunning = false;
    }
  }

  #moveTo(time: number): void {
    if (time <= this.#now) return;
    this.#now = time;
    this.#callsThisInstant = 0;
  }
}

/** The same error, with `virtualTimeMs` on it; what is no error becomes the cause of one. */
function withVirtualTime(thrown: unknown, virtualTimeMs: number): Error {
  const error =
    thrown instanceof Error && Object.isExtensible(thrown)
      ? thrown
      : new Error(`thrown at ${virtualTimeMs} ms of virtual time`, { cause: thrown });
  return Object.assign(error, { virtualTimeMs });
}
