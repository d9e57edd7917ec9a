import { closeSync, openSync, readSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { quantile } from '../../sim/statistics.ts';
import { cpuMs } from '../timing.ts';

const EVERY_MS = 1;
const NANOS_PER_MS = 1e6;

/**
 * How long a timer of 1 ms came too late, in milliseconds: 99 of 100 times at most, and once.
 *
 * By the clock, and the part of it that this process worked meanwhile: on a machine that does other things too the clock
 * says how long others held the processor.
 *
 * What the process worked has the collector's helper threads in it, who work beside the thread of the loop while that waits for
 * them, and when it does not. So there is the work of the loop's own thread too, on Linux alone: where the processors
 * are not to be had it says too little, by what the loop waits for helpers, as the other one says too much.
 */
export interface LoopDelay {
  readonly p99: number;
  readonly longest: number;
  readonly ownP99: number;
  readonly ownLongest: number;
  readonly threadP99: number | null;
  readonly threadLongest: number | null;
}

/** Watches the event loop. @returns ends it and says what it saw */
export function watchLoop(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: EVERY_MS });
  histogram.enable();
  const own: number[] = [];
  const ofThread: number[] = [];
  const thread = ThreadClock.open();
  let at = performance.now();
  let used = cpuMs();
  let usedByThread = thread?.ms() ?? 0;
  const timer = setInterval(() => {
    const [now, usedNow, threadNow] = [performance.now(), cpuMs(), thread?.ms() ?? 0];
    const late = now - at - EVERY_MS;
    own.push(Math.max(0, Math.min(late, usedNow - used)));
    if (thread !== null) ofThread.push(Math.max(0, Math.min(late, threadNow - usedByThread)));
    at = now;
    used = usedNow;
    usedByThread = threadNow;
  }, EVERY_MS);
  return () => {
    histogram.disable();
    clearInterval(timer);
    thread?.close();
    const late = (nanos: number): number => Math.max(0, nanos / NANOS_PER_MS - EVERY_MS);
    return {
      p99: late(histogram.percentile(99)),
      longest: late(histogram.max),
      ownP99: own.length === 0 ? 0 : quantile(own, 0.99),
      ownLongest: Math.max(0, ...own),
      threadP99: ofThread.length === 0 ? null : quantile(ofThread, 0.99),
      threadLongest: ofThread.length === 0 ? null : Math.max(...ofThread),
    };
  };
}

/** Processor time of this thread, as Linux counts it. */
class ThreadClock {
  readonly #file: number;
  readonly #line = Buffer.alloc(128);

  private constructor(file: number) {
    this.#file = file;
  }

  static open(): ThreadClock | null {
    try {
      return new ThreadClock(openSync('/proc/thread-self/schedstat', 'r'));
    } catch {
      return null;
    }
  }

  /** So far, in milliseconds. */
  ms(): number {
    const length = readSync(this.#file, this.#line, 0, this.#line.length, 0);
    return Number.parseInt(this.#line.toString('latin1', 0, length), 10) / NANOS_PER_MS;
  }

  close(): void {
    closeSync(this.#file);
  }
}
