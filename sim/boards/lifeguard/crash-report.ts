import type { Aim, Cell, Plot, ReportTable } from '../../report.ts';
import { verdict } from '../../report.ts';
import { median, quantile } from '../../statistics.ts';
import type { QuantileInterval } from '../../tables/interval.ts';
import { quantileInterval } from '../../tables/interval.ts';
import type { CrashInput, CrashOutcome } from './crash.ts';

/* What the runs say in which members die: how soon that is known, and what a shorter suspicion buys. */

/** One run with crashes. */
export interface CrashRun {
  readonly input: CrashInput;
  readonly outcome: CrashOutcome;
}

/** How soon the first and the last member know. */
export function crashTable(runs: readonly CrashRun[]): ReportTable {
  return {
    title: 'A crashed member is known to the first and to all, s',
    columns: [
      'row',
      'N',
      'first p50 (95 %)',
      'Go model',
      'first p99 (95 %)',
      'Go model ',
      'all p50',
      'all p99',
    ],
    rows: runs.map(({ input, outcome }): Cell[] => {
      const model = modelOf(input);
      return [
        input.configuration,
        input.nodes,
        secondsWithin(quantileInterval(outcome.firstMs, 0.5)),
        model?.[0] ?? null,
        secondsWithin(quantileInterval(outcome.firstMs, 0.99)),
        model?.[1] ?? null,
        seconds(median(outcome.fullMs)),
        seconds(quantile(outcome.fullMs, 0.99)),
      ];
    }),
    notes: [
      `${runs[0]?.outcome.fullMs.length ?? 0} crashes each. SWIM and ours: alpha 5. SWIM and Lifeguard-4 have Go's rules alone, as the model has.`,
    ],
  };
}

/**
 * What a shorter suspicion buys and costs; the paper's pairs are read off a figure.
 *
 * @param alarmsOf - false alarms of a row, % of SWIM
 */
export function tuningTable(
  crashes: readonly CrashRun[],
  alarmsOf: (row: string) => Cell,
): ReportTable {
  const { largest, msOf } = medians(crashes);
  const swim = msOf('SWIM');
  const rows = TUNED.map(([name, alpha, latency, alarms]): Cell[] => {
    const ms = msOf(name);
    const share = ms === null || swim === null ? null : (100 * ms) / swim;
    return [name, alpha, share, latency, alarmsOf(name), alarms];
  });
  return {
    title: `Tuned: time until all of ${largest} know of a crash, and false alarms, % of SWIM`,
    columns: ['row', 'alpha', 'median of all', 'paper', 'FP % of SWIM', 'paper '],
    rows: swim === null ? [] : rows.filter(([, , ms]) => ms !== null),
    notes: ["The paper's Lifeguard at the same alpha."],
  };
}

/** Rows by alpha, with the paper's median of full detection and its false alarms, % of SWIM. */
const TUNED: readonly (readonly [string, number, number, number])[] = [
  ['ours', 5, 100, 2],
  ['ours-4', 4, 84.5, 4.8],
  ['ours-2', 2, 56.8, 13.8],
];

/** Median and 99th percentile in seconds of the first report, computed from Go's rules. */
function modelOf({ configuration, nodes }: CrashInput): readonly [number, number] | undefined {
  if (configuration.endsWith('-4')) return ALPHA_4[nodes];
  return configuration === 'ours-2' || nodes !== 128 ? undefined : [12.2, 16];
}

const ALPHA_4: Readonly<Record<number, readonly [number, number]>> = {
  8: [5.7, 8.4],
  32: [7.7, 11.5],
  128: [10.1, 14],
  1000: [13.7, 17.6],
  2000: [14.9, 19],
};

/** How soon the last member of the largest ring knows. */
export function crashPlot(runs: readonly CrashRun[]): Plot {
  const largest = Math.max(...runs.map(({ input }) => input.nodes));
  const shown = runs.filter(({ input }) => input.nodes === largest);
  return {
    name: 'detection',
    title: `All of ${largest} know of a crash`,
    x: { label: 'seconds since the crash' },
    y: { label: '% of crashes' },
    curves: shown.map(({ input, outcome }) => {
      const sorted = [...outcome.fullMs].sort((a, b) => a - b);
      const points = sorted.map((ms, at): readonly [number, number] => {
        return [ms / 1000, (100 * (at + 1)) / sorted.length];
      });
      return { label: input.configuration, points };
    }),
  };
}

/** What is aimed at. */
export function crashAims(runs: readonly CrashRun[]): readonly Aim[] {
  const { largest, msOf } = medians(runs);
  const [swim, tuned] = [msOf('SWIM'), msOf('ours-4')];
  if (swim === null || tuned === null) return [];
  const ours = (100 * tuned) / swim;
  const what = `median of full detection at alpha 4, N = ${largest}, % of SWIM`;
  const isEnough = runs.every(({ outcome }) => outcome.fullMs.length >= LEAST_CRASHES);
  return [{ what, ours, peer: 84.5, aim: '<= 84 %', isMet: verdict(ours <= 84, isEnough) }];
}

/** Median of full detection by row, in the largest ring. */
function medians(runs: readonly CrashRun[]): {
  readonly largest: number;
  readonly msOf: (row: string) => number | null;
} {
  const largest = Math.max(...runs.map(({ input }) => input.nodes));
  const msOf = (row: string): number | null => {
    const run = runs.find((r) => r.input.configuration === row && r.input.nodes === largest);
    return run === undefined ? null : median(run.outcome.fullMs);
  };
  return { largest, msOf };
}

function secondsWithin({ value, low, high }: QuantileInterval): Cell {
  const [shown, from, to] = [value, low, high].map((ms) => seconds(ms).toFixed(2));
  return `${shown} (${from} to ${to})`;
}

function seconds(ms: number): number {
  return ms / 1000;
}

/** Fewer crashes say nothing of a median. */
const LEAST_CRASHES = 20;
