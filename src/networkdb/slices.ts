import type { Clock, Timer } from '../runtime/index.ts';

/*
 * Long work in short pieces. Node answers probes only between two turns of its loop, so whoever applies
 * or builds a large exchange in one go looks dead meanwhile. All such work of a node shares one line:
 * at most 128 items or 64 KiB run between two turns, job after job in rotation.
 */

/** Most items of one slice. */
export const SLICE_ITEMS = 128;

/** Bytes after which a slice ends. */
export const SLICE_BYTES = 65_536;

/** What was done, for tests and statistics. */
export interface SliceCounts {
  readonly slices: number;
  readonly items: number;
  readonly largestItems: number;
  readonly largestBytes: number;
}

interface Job {
  readonly steps: Iterator<number, void>;
  readonly done: () => void;
}

/** Runs jobs in slices. */
export class Slices {
  readonly #clock: Clock;
  readonly #jobs: Job[] = [];
  #timer: Timer | null = null;
  #slices = 0;
  #items = 0;
  #largestItems = 0;
  #largestBytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Jobs that are not finished. */
  get length(): number {
    return this.#jobs.length;
  }

  counts(): SliceCounts {
    return {
      slices: this.#slices,
      items: this.#items,
      largestItems: this.#largestItems,
      largestBytes: this.#largestBytes,
    };
  }

  /**
   * Adds a job. It begins with a later turn.
   *
   * @param steps - each `next` handles one item and yields the bytes it was
   * @param done - runs after the last step, within the last slice
   */
  run(steps: Iterator<number, void>, done: () => void): void {
    this.#jobs.push({ steps, done });
    this.#arm();
  }

  /**
   * Does the first slice of a job at once, and the rest, if there is any, with later turns.
   *
   * @param done - runs after the last step, at once or within the last slice
   */
  start(steps: Iterator<number, void>, done: () => void): void {
    for (let items = 0, bytes = 0; items < SLICE_ITEMS && bytes < SLICE_BYTES; items += 1) {
      const step = steps.next();
      if (step.done === true) {
        done();
        return;
      }
      bytes += step.value;
    }
    this.run(steps, done);
  }

  /** Drops all jobs; their `done` never runs. */
  stop(): void {
    this.#jobs.length = 0;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(): void {
    if (this.#timer !== null || this.#jobs.length === 0) return;
    this.#timer = this.#clock.afterPendingInput(() => {
      this.#timer = null;
      this.#slice();
      this.#arm();
    });
  }

  #slice(): void {
    const finished: Job[] = [];
    let items = 0;
    let bytes = 0;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      let isFinished = false;
      while (items < SLICE_ITEMS && bytes < SLICE_BYTES) {
        const step = job.steps.next();
        if (step.done === true) {
          isFinished = true;
          break;
        }
        items += 1;
        bytes += step.value;
      }
      if (isFinished) finished.push(job);
      else {
        this.#jobs.push(job);
        break;
      }
    }
    this.#slices += 1;
    this.#items += items;
    this.#largestItems = Math.max(this.#largestItems, items);
    this.#largestBytes = Math.max(this.#largestBytes, bytes);
    for (const job of finished) job.done();
  }
}
