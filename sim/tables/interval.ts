import { quantile } from '../statistics.ts';

/** A quantile and the interval in which it lies with 95 %. */
export interface QuantileInterval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A quantile of independent samples with its 95 % interval.
 *
 * @remarks Order statistics: how many of n samples lie below the true quantile is binomial, whatever they measure.
 */
export function quantileInterval(samples: readonly number[], share: number): QuantileInterval {
  const sorted = [...samples].sort((a, b) => a - b);
  const half = 1.96 * Math.sqrt(sorted.length * share * (1 - share));
  const at = share * sorted.length;
  const clamp = (rank: number): number => Math.min(sorted.length - 1, Math.max(0, rank));
  return {
    value: quantile(sorted, share),
    low: sorted[clamp(Math.floor(at - half) - 1)] ?? Number.NaN,
    high: sorted[clamp(Math.ceil(at + half))] ?? Number.NaN,
  };
}

/** Points of the share of samples at or below each value, for a curve. */
export function cumulative(
  samples: readonly number[],
  outOf: number = samples.length,
): (readonly [number, number])[] {
  const sorted = [...samples].sort((a, b) => a - b);
  const points = sorted.map((value, at) => [value, (at + 1) / outOf] as const);
  const step = Math.max(1, Math.ceil(points.length / MAX_POINTS));
  return points.filter((_, at) => at % step === 0 || at === points.length - 1);
}

/** A drawing shows no more. */
const MAX_POINTS = 200;
