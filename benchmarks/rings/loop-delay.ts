import { monitorEventLoopDelay } from 'node:perf_hooks';

const EVERY_MS = 1;
const NANOS_PER_MS = 1e6;

/** How long a timer of 1 ms came too late, in milliseconds: 99 of 100 times at most, and once. */
export interface LoopDelay {
  readonly p99: number;
  readonly longest: number;
}

/** Watches the event loop. @returns ends it and says what it saw */
export function watchLoop(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: EVERY_MS });
  histogram.enable();
  return () => {
    histogram.disable();
    const late = (nanos: number): number => Math.max(0, nanos / NANOS_PER_MS - EVERY_MS);
    return { p99: late(histogram.percentile(99)), longest: late(histogram.max) };
  };
}
