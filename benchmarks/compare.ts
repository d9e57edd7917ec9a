import { readFileSync } from 'node:fs';

import { UsageError } from '../sim/command.ts';
import { tableText } from '../sim/report.ts';
import type { BenchReport } from './report.ts';
import type { RowResult } from './results.ts';

/** Two reports side by side, row by row. @throws UsageError unless two files are named */
export function compareText(paths: readonly string[]): string {
  const [old, fresh] = paths;
  if (old === undefined || fresh === undefined || paths.length > 2) {
    throw new UsageError('compare takes two files that `--out` has written');
  }
  return compareReports(readReport(old), readReport(fresh));
}

function readReport(path: string): BenchReport {
  let report: Partial<BenchReport> | null;
  try {
    report = JSON.parse(readFileSync(path, 'utf8')) as Partial<BenchReport> | null;
  } catch (error) {
    throw new UsageError(`${path} is no report: ${(error as Error).message}`);
  }
  const isReport = typeof report?.commit === 'string' && Array.isArray(report.rows);
  if (!isReport) throw new UsageError(`${path} is no report: it has no commit and rows`);
  return report as BenchReport;
}

/**
 * Two reports side by side. What is to be believed is the change of the ratio, where both were taken beside Go: it
 * was taken within one run each.
 */
export function compareReports(old: BenchReport, fresh: BenchReport): string {
  const names = [...new Set([...old.rows, ...fresh.rows].map(({ name }) => name))];
  const find = (report: BenchReport, name: string): RowResult | undefined =>
    report.rows.find((row) => row.name === name);
  return tableText({
    title: `${old.commit} and ${fresh.commit}`,
    columns: ['row', 'unit', 'ours, old', 'new', 'new / old', 'ratio, old', 'new'],
    rows: names.map((name) => {
      const [a, b] = [find(old, name), find(fresh, name)];
      const [before, after] = [a?.ours ?? null, b?.ours ?? null];
      const change = before === null || after === null || before === 0 ? null : after / before;
      const unit = b?.unit ?? a?.unit ?? '';
      return [name, unit, before, after, change, a?.ratio ?? null, b?.ratio ?? null];
    }),
  });
}
