/*
 * Pending events of virtual time, in an array heap.
 *
 * Order is time, then phase, then insertion: a total order, so that a run depends on nothing but what
 * was scheduled. A cancelled event stays in the heap without its function and is skipped when it comes
 * up; when such husks outnumber the live ones the heap is built anew, so that many long timers that
 * are armed and cancelled (every probe does it) do not pile up.
 */

/** `event`: timers and deliveries. `afterInput`: what waits for all of those of its time. */
export type EventPhase = 0 | 1;

/** One pending call; `run` is null once it was cancelled or taken. */
export interface QueuedEvent {
  readonly time: number;
  readonly phase: EventPhase;
  readonly order: number;
  run: (() => void) | null;
}

const LEAST_COMPACTED = 1024;

/** Priority queue of calls. */
export class EventQueue {
  #heap: QueuedEvent[] = [];
  #nextOrder = 0;
  #liveCount = 0;

  /** Events that will still run. */
  get size(): number {
    return this.#liveCount;
  }

  add(time: number, phase: EventPhase, run: () => void): QueuedEvent {
    const event: QueuedEvent = { time, phase, order: this.#nextOrder, run };
    this.#nextOrder += 1;
    this.#liveCount += 1;
    this.#heap.push(event);
    this.#siftUp(this.#heap.length - 1);
    return event;
  }

  cancel(event: QueuedEvent): void {
    if (event.run === null) return;
    event.run = null;
    this.#liveCount -= 1;
    const husks = this.#heap.length - this.#liveCount;
    if (this.#heap.length >= LEAST_COMPACTED && husks > this.#liveCount) this.#compact();
  }

  /** Time of the first event, or null when there is none. */
  nextTime(): number | null {
    this.#dropHusks();
    return this.#heap[0]?.time ?? null;
  }

  /** Takes the first event out and returns its call, or null when there is none. */
  take(): (() => void) | null {
    this.#dropHusks();
    const first = this.#heap[0];
    if (first === undefined) return null;
    this.#removeFirst();
    const { run } = first;
    first.run = null;
    this.#liveCount -= 1;
    return run;
  }

  #dropHusks(): void {
    while (this.#heap[0]?.run === null) this.#removeFirst();
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown(0);
  }

  #compact(): void {
    this.#heap = this.#heap.filter((event) => event.run !== null);
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index -= 1) this.#siftDown(index);
  }

  #siftUp(start: number): void {
    const heap = this.#heap;
    const event = heap[start] as QueuedEvent;
    let index = start;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above] as QueuedEvent;
      if (!isBefore(event, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = event;
  }

  #siftDown(start: number): void {
    const heap = this.#heap;
    const event = heap[start] as QueuedEvent;
    let index = start;
    for (;;) {
      let below = 2 * index + 1;
      const left = heap[below];
      if (left === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && isBefore(right, left)) below += 1;
      const child = heap[below] as QueuedEvent;
      if (!isBefore(child, event)) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = event;
  }
}

function isBefore(a: QueuedEvent, b: QueuedEvent): boolean {
  if (a.time !== b.time) return a.time < b.time;
  if (a.phase !== b.phase) return a.phase < b.phase;
  return a.order < b.order;
}
