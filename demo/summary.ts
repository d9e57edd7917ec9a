import type { Figures, Times } from './figures.ts';
import { seconds } from './frame.ts';
import { TABLES } from './messages.ts';

const TIME_TEXTS: Readonly<Record<keyof Times, string>> = {
  startedMs: 'five processes listen',
  formedMs: 'first join, until all see five alive',
  endpointsConvergedMs: 'five endpoint records, until all hold them',
  datasetConvergedMs: 'the data set, until all hold it',
  rotationMs: 'key rotated, until the old one is gone',
  detectedMs: 'SIGKILL, until the last member knows',
  vanishedMs: 'SIGKILL, until its entries are gone everywhere',
  returnedMs: 'started again, until all agree again',
  leftMs: 'leave, until all know and its entries are gone',
  totalMs: 'in all',
};

/** The end of the demo for people: times, what was compared, and whether all held. */
export function summarize(figures: Figures): string {
  const { failed } = figures;
  const lines = ['', 'times', ...timeLines(figures.times), '', ...tableLines(figures), ''];
  for (const { stage, members, compared, lost, ghosts } of figures.comparisons) {
    const result = `${compared} entries on ${members} members, ${lost} lost, ${ghosts} too many`;
    lines.push(`  ${`compared when ${stage}`.padEnd(24)} ${result}`);
  }
  lines.push('', 'processes');
  for (const [name, { pid, rssBytes, cpuMs }] of Object.entries(figures.processes)) {
    const memory = `${Math.round(rssBytes / 1e6)} MB`;
    lines.push(`  ${name}  pid ${pid}  memory ${memory}  cpu ${cpuMs} ms`);
  }
  lines.push(
    '',
    `writes under rotation ${figures.writesUnderRotation}, compared ${figures.compared}, ` +
      `lost = ${figures.lost}, ghosts = ${figures.ghosts}`,
    failed === undefined
      ? `ok: all ${figures.expectations} expectations hold`
      : `FAILED: ${failed.expectation}\n  seen after ${seconds(failed.waitedMs)}: ${failed.seen}`,
    '',
  );
  return lines.join('\n');
}

function timeLines(times: Times): readonly string[] {
  const texts = Object.entries(TIME_TEXTS) as [keyof Times, string][];
  return texts.map(([name, text]) => {
    const ms = times[name];
    return `  ${text.padEnd(48)} ${ms === null ? '-' : seconds(ms).padStart(8)}`;
  });
}

function tableLines({ entries, hashes, failed, comparisons }: Figures): readonly string[] {
  const rows = TABLES.map(
    (table) => `  ${table.padEnd(12)} ${`${entries[table]}`.padStart(7)}   ${hashes[table]}`,
  );
  if (comparisons.length === 0) return ['no tables were compared'];
  const title = failed === undefined ? 'alike on every member' : 'as they must be';
  return [`tables at the end, ${title}`, ...rows];
}
