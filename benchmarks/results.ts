import { median } from '../sim/statistics.ts';
import type { Figures } from './bench.ts';
import type { Row, Unit } from './rows.ts';

/* What the runs of a row say together. The ratio is taken within each pair of runs that stood side by side. */

/** One row of a result. */
export interface RowResult {
  readonly name: string;
  readonly unit: Unit;
  /** Median over the runs; null when it was never measured. */
  readonly ours: number | null;
  readonly peer: number | null;
  /** Median of the ratios of the pairs; null without a peer. */
  readonly ratio: number | null;
  /** Least and most of them. */
  readonly ratioSpread: readonly [number, number] | null;
  readonly target: number | null;
  readonly limit: number | null;
  /** Whether target or limit is met; false after a run of ours that failed; null where there is nothing to judge. */
  readonly isMet: boolean | null;
  readonly runs: number;
  /** Where it comes from. */
  readonly bench: string;
  readonly size: number;
  readonly figure: string;
}

/** A run that ended without figures: its check failed, or something never came. */
export interface Failure {
  readonly side: string;
  readonly bench: string;
  readonly size: number;
  readonly reason: string;
}

/** What one run of both sides measured, nothing where it failed; `peer` is null when nobody else played. */
export interface PairOfRuns {
  readonly ours: Figures;
  readonly peer: Figures | null;
}

/** What the runs of a row's benchmark say of it. */
export function resultOf(row: Row, pairs: readonly PairOfRuns[]): RowResult {
  const { name, unit, target, limit = null, bench, size, figure } = row;
  const ours = pairs.flatMap((pair) => pair.ours[figure] ?? []);
  const peer = pairs.flatMap((pair) => pair.peer?.[figure] ?? []);
  const ratios = pairs.flatMap((pair) => {
    const [a, b] = [pair.ours[figure], pair.peer?.[figure]];
    return a === undefined || b === undefined || b === 0 ? [] : [a / b];
  });
  const middle = (values: readonly number[]): number | null =>
    values.length === 0 ? null : median(values);
  const ratio = middle(ratios);
  const own = middle(ours);
  const hasFailed = ours.length < pairs.length && (target ?? limit) !== null;
  return {
    name,
    unit,
    ours: own,
    peer: middle(peer),
    ratio,
    ratioSpread: ratios.length === 0 ? null : [Math.min(...ratios), Math.max(...ratios)],
    target,
    limit,
    isMet: hasFailed ? false : (isMet(ratio, target) ?? isMet(own, limit)),
    runs: pairs.length,
    bench,
    size,
    figure,
  };
}

function isMet(value: number | null, most: number | null): boolean | null {
  return value === null || most === null ? null : value <= most;
}

/** How a figure grows with the size: it goes with size to the power of this. */
export interface Growth {
  readonly bench: string;
  readonly figure: string;
  readonly from: number;
  readonly to: number;
  readonly ours: number | null;
  readonly peer: number | null;
}

/** The growth of every figure that was measured at several sizes, from the least to the largest. */
export function growthOf(results: readonly RowResult[]): Growth[] {
  const groups = new Map<string, RowResult[]>();
  for (const result of results) {
    if (result.limit !== null) continue;
    const key = `${result.bench} ${result.figure}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].flatMap((group) => {
    const bySize = group.toSorted((a, b) => a.size - b.size);
    const [least, most] = [bySize[0], bySize.at(-1)];
    if (least === undefined || most === undefined || least.size === most.size) return [];
    const exponent = (a: number | null, b: number | null): number | null =>
      a === null || b === null || a <= 0
        ? null
        : Math.log(b / a) / Math.log(most.size / least.size);
    return {
      bench: least.bench,
      figure: least.figure,
      from: least.size,
      to: most.size,
      ours: exponent(least.ours, most.ours),
      peer: exponent(least.peer, most.peer),
    };
  });
}
