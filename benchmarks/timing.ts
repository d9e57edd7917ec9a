import { median } from '../sim/statistics.ts';

const BATCH_MS = 5;
const MAX_BATCH = 2 ** 24;

/** Holds what was made last, so that no call is optimised away. */
let kept: unknown;

/*
 * What a call costs is measured in processor time of the whole process, collector included, not by the clock: on a
 * machine that does other things too the clock says what they did. `go/timing.go` does the same.
 */

/** Processor time of this process so far, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Nanoseconds that one call takes: the median over batches of some milliseconds, after a warm-up in which the
 * compiler gets as long as the measurement.
 */
export function nanosPer(budgetMs: number, call: () => unknown): number {
  let perBatch = 1;
  while (perBatch < MAX_BATCH && batchMs(perBatch, call) < BATCH_MS) perBatch *= 2;
  repeat(budgetMs, perBatch, call);
  const took = repeat(budgetMs, perBatch, call);
  return (median(took) / perBatch) * 1e6;
}

/** What was made last. */
export function lastMade(): unknown {
  return kept;
}

function repeat(budgetMs: number, perBatch: number, call: () => unknown): number[] {
  const took: number[] = [];
  const end = cpuMs() + budgetMs;
  do took.push(batchMs(perBatch, call));
  while (cpuMs() < end);
  return took;
}

function batchMs(count: number, call: () => unknown): number {
  const before = cpuMs();
  for (let i = 0; i < count; i += 1) kept = call();
  return cpuMs() - before;
}
