import type { ReportTable } from '../sim/report.ts';
import { cellText } from '../sim/report.ts';
import type { Failure, Growth, RowResult } from './results.ts';

/** What was measured, and on what. */
export interface BenchReport {
  readonly command: string;
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly cpu: string;
  /** How many processes wanted a processor when it began, and how many processors there are. */
  readonly load: readonly [loadAverage: number, processors: number];
  /** The version of Go or of swim; null when nobody else played. */
  readonly peer: string | null;
  readonly rows: readonly RowResult[];
  readonly growth: readonly Growth[];
  /** Runs that measured nothing. */
  readonly failures: readonly Failure[];
}

/** The rows as a table: ours, the other side's and what is aimed at. */
export function rowsTable({ rows, peer }: BenchReport): ReportTable {
  return {
    title: 'Rows',
    columns: ['row', 'unit', 'ours', peerName(peer), 'ratio', 'least to most', 'at most', 'met'],
    rows: rows.map((row) => [
      row.name,
      row.unit,
      row.ours,
      row.peer,
      row.ratio,
      row.ratioSpread === null ? '' : row.ratioSpread.map(cellText).join(' to '),
      row.target ?? (row.limit === null ? '' : `${row.limit} ${row.unit}`),
      row.isMet === null ? '' : row.isMet ? 'yes' : 'NO',
    ]),
    notes: [
      'Figures are medians over the runs; the ratio is the median of the ratios of runs side by side.',
    ],
  };
}

const peerName = (peer: string | null): string =>
  peer?.startsWith('swim') === true ? 'swim' : 'Go';

/** How figures grow with their size. */
export function growthTable({ growth }: BenchReport): ReportTable {
  return {
    title: 'Growth',
    columns: ['benchmark', 'figure', 'sizes', 'exponent, ours', 'exponent, Go'],
    rows: growth.map(({ bench, figure, from, to, ours, peer }) => {
      return [bench, figure, `${from} to ${to}`, ours, peer];
    }),
  };
}

/** What went wrong, a line for each run; nothing when all measured. */
export function failuresText({ failures }: BenchReport): string {
  return failures
    .map(({ side, bench, size, reason }) => {
      return `failed: ${bench}:${size}, ${side}: ${reason.replaceAll('\n', '\n  ')}\n`;
    })
    .join('');
}
