import type { Timer } from '../runtime/index.ts';

/*
 * Pending events of virtual time, in an array heap.
 *
 * Order is time, then phase, then insertion: a total order, so that a run depends on nothing but what
 * was scheduled. A cancelled event stays in the heap without its function and is skipped when it comes
 * up; when such husks outnumber the live ones the heap is built anew, so that many long timers that
 * are armed and cancelled (every probe does it) do not pile up.
 *
 * A ring of a thousand nodes has tens of thousands of events pending, and looking into each event on the way
 * through the heap was a cache miss. So what they are ordered by stands in arrays of numbers, four children in a
 * row: half the levels, and no object is touched but the one that runs.
 */

/** `event`: timers and deliveries. `afterInput`: what waits for all of those of its time. */
export type EventPhase = 0 | 1;

/** One pending call; `run` is null once it was cancelled or taken. */
export class QueuedEvent implements Timer {
  readonly #queue: EventQueue;
  run: (() => void) | null;

  constructor(queue: EventQueue, run: () => void) {
    this.#queue = queue;
    this.run = run;
  }

  /** The call will not run; harmless when it has. */
  cancel(): void {
    this.#queue.cancel(this);
  }
}

const LEAST_COMPACTED = 1024;
const CHILDREN = 4;
/** What the phase weighs in a rank: more events than this are never queued. */
const PHASE_RANK = 2 ** 52;

/** Priority queue of calls. */
export class EventQueue {
  #times = new Float64Array(LEAST_COMPACTED);
  /** Phase, then insertion. */
  #ranks = new Float64Array(LEAST_COMPACTED);
  #events: QueuedEvent[] = [];
  #nextOrder = 0;
  #liveCount = 0;

  /** Events that will still run. */
  get size(): number {
    return this.#liveCount;
  }

  add(time: number, phase: EventPhase, run: () => void): QueuedEvent {
    const event = new QueuedEvent(this, run);
    const rank = phase * PHASE_RANK + this.#nextOrder;
    this.#nextOrder += 1;
    this.#liveCount += 1;
    if (this.#events.length === this.#times.length) this.#grow();
    this.#events.push(event);
    this.#siftUp(this.#events.length - 1, time, rank, event);
    return event;
  }

  cancel(event: QueuedEvent): void {
    if (event.run === null) return;
    event.run = null;
    this.#liveCount -= 1;
    const husks = this.#events.length - this.#liveCount;
    if (this.#events.length >= LEAST_COMPACTED && husks > this.#liveCount) this.#compact();
  }

  /** Time of the first event, or null when there is none. */
  nextTime(): number | null {
    while (this.#events[0]?.run === null) this.#removeFirst();
    return this.#events.length === 0 ? null : (this.#times[0] as number);
  }

  /** Takes the first event out and returns its call, or null when there is none. */
  take(): (() => void) | null {
    if (this.nextTime() === null) return null;
    const first = this.#events[0] as QueuedEvent;
    this.#removeFirst();
    const { run } = first;
    first.run = null;
    this.#liveCount -= 1;
    return run;
  }

  #removeFirst(): void {
    const last = this.#events.length - 1;
    const event = this.#events.pop() as QueuedEvent;
    if (last === 0) return;
    this.#siftDown(0, this.#times[last] as number, this.#ranks[last] as number, event);
  }

  #grow(): void {
    const [times, ranks] = [this.#times, this.#ranks];
    this.#times = new Float64Array(2 * times.length);
    this.#ranks = new Float64Array(2 * ranks.length);
    this.#times.set(times);
    this.#ranks.set(ranks);
  }

  #compact(): void {
    const events = this.#events;
    let kept = 0;
    for (const [at, event] of events.entries()) {
      if (event.run === null) continue;
      this.#put(kept, this.#times[at] as number, this.#ranks[at] as number, event);
      kept += 1;
    }
    events.length = kept;
    for (let index = (kept - 2) >> 2; index >= 0; index -= 1) {
      const event = events[index] as QueuedEvent;
      this.#siftDown(index, this.#times[index] as number, this.#ranks[index] as number, event);
    }
  }

  #siftUp(start: number, time: number, rank: number, event: QueuedEvent): void {
    const times = this.#times;
    const ranks = this.#ranks;
    let index = start;
    while (index > 0) {
      const above = (index - 1) >> 2;
      const aboveTime = times[above] as number;
      if (aboveTime < time || (aboveTime === time && (ranks[above] as number) < rank)) break;
      this.#put(index, aboveTime, ranks[above] as number, this.#events[above] as QueuedEvent);
      index = above;
    }
    this.#put(index, time, rank, event);
  }

  #siftDown(start: number, time: number, rank: number, event: QueuedEvent): void {
    const times = this.#times;
    const ranks = this.#ranks;
    const length = this.#events.length;
    let index = start;
    for (;;) {
      const first = CHILDREN * index + 1;
      if (first >= length) break;
      let least = first;
      let leastTime = times[first] as number;
      const end = Math.min(first + CHILDREN, length);
      for (let child = first + 1; child < end; child += 1) {
        const childTime = times[child] as number;
        const isLess =
          childTime < leastTime ||
          (childTime === leastTime && (ranks[child] as number) < (ranks[least] as number));
        if (isLess) {
          least = child;
          leastTime = childTime;
        }
      }
      if (time < leastTime || (time === leastTime && rank < (ranks[least] as number))) break;
      this.#put(index, leastTime, ranks[least] as number, this.#events[least] as QueuedEvent);
      index = least;
    }
    this.#put(index, time, rank, event);
  }

  #put(index: number, time: number, rank: number, event: QueuedEvent): void {
    this.#times[index] = time;
    this.#ranks[index] = rank;
    this.#events[index] = event;
  }
}
