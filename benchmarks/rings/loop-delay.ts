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
 */
export interface LoopDelay {
  readonly p99: number;
  readonly longest: number;
  readonly ownP99: number;
  readonly ownLongest: number;
}

/** Watches the event loop. @returns ends it and says what it saw */
export function watchLoop(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: EVERY_MS });
  histogram.enable();
  const own: number[] = [];
  let at = performance.now();
  let used = cpuMs();
  const timer = setInterval(() => {
    const [now, usedNow] = [performance.now(), cpuMs()];
    own.push(Math.max(0, Math.min(now - at - EVERY_MS, usedNow - used)));
    at = now;
    used = usedNow;
  }, EVERY_MS);
  return () => {
    histogram.disable();
    clearInterval(timer);
    const late = (nanos: number): number => Math.max(0, nanos / NANOS_PER_MS - EVERY_MS);
    return {
      p99: late(histogram.percentile(99)),
      longest: late(histogram.max),
      ownP99: own.length === 0 ? 0 : quantile(own, 0.99),
      ownLongest: Math.max(0, ...own),
    };
  };
}
