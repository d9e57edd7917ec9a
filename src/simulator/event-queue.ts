/*
 * Pending events of virtual time, in an array heap.
 *
 * Order is time, then phase, then insertion: a total order, so that a run depends on nothing but what
 * was scheduled. A cancelled event stays in the heap under a rank that is its own no more, and is skipped when
 * it comes up; when such husks outnumber the live ones the heap is built anew, so that many long timers
 * that are armed and cancelled (every probe does it) do not pile up.
 *
 * A ring of a thousand nodes has tens of thousands of events pending, and looking into each event on the way
 * through the heap was a cache miss. So what they are ordered by stands in arrays of numbers, four children in a
 * row: half the levels, and no object is touched but the one that runs.
 */

/** `event`: timers and deliveries. `afterInput`: what waits for all of those of its time. */
export type EventPhase = 0 | 1;

/** Something that can wait in an {@link EventQueue}, once at a time. */
export abstract class QueuedEvent {
  /** Where it stands in the order while it waits; for the queue alone. */
  rank: number = NOT_QUEUED;

  /** Its time has come. */
  abstract fire(): void;
}

/** The clock that events wait on. */
export interface EventClock {
  now(): number;
  /** Lets an event wait that does not yet. @param delayMs - below 0 counts as 0 @internal */
  enqueue(delayMs: number, phase: EventPhase, event: QueuedEvent): void;
  /** Forgets an event; harmless when it does not wait. @internal */
  dequeue(event: QueuedEvent): void;
}

const NOT_QUEUED = -1;
const LEAST_COMPACTED = 1024;
const CHILDREN = 4;
/** What the phase weighs in a rank: more events than this are never queued. */
const PHASE_RANK = 2 ** 52;

/** Priority queue of events. */
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

  /** Lets an event wait that does not yet. */
  add(time: number, phase: EventPhase, event: QueuedEvent): void {
    const rank = phase * PHASE_RANK + this.#nextOrder;
    this.#nextOrder += 1;
    this.#liveCount += 1;
    if (this.#events.length === this.#times.length) this.#grow();
    this.#events.push(event);
    event.rank = rank;
    this.#siftUp(this.#events.length - 1, time, rank, event);
  }

  /** It will not be taken; harmless when it was, or never waited. */
  cancel(event: QueuedEvent): void {
    if (event.rank === NOT_QUEUED) return;
    event.rank = NOT_QUEUED;
    this.#liveCount -= 1;
    const husks = this.#events.length - this.#liveCount;
    if (this.#events.length >= LEAST_COMPACTED && husks > this.#liveCount) this.#compact();
  }

  /** Time of the first event, or null when there is none. */
  nextTime(): number | null {
    for (;;) {
      const first = this.#events[0];
      if (first === undefined) return null;
      if (first.rank === this.#ranks[0]) return this.#times[0] as number;
      this.#removeFirst();
    }
  }

  /** Takes the first event out; null when there is none. */
  take(): QueuedEvent | null {
    if (this.nextTime() === null) return null;
    const first = this.#events[0] as QueuedEvent;
    this.#removeFirst();
    first.rank = NOT_QUEUED;
    this.#liveCount -= 1;
    return first;
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
      if (event.rank !== this.#ranks[at]) continue;
      this.#put(kept, this.#times[at] as number, this.#ranks[at], event);
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
