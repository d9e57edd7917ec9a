import { appendFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

import type { Command, CommandValues } from '../sim/command.ts';
import { numberOf, readValues, UsageError } from '../sim/command.ts';
import { Progress } from '../sim/progress.ts';
import { tableText } from '../sim/report.ts';
import { commitHere } from '../sim/save.ts';
import type { Figures } from './bench.ts';
import { compareText } from './compare.ts';
import type { Side } from './programs.ts';
import { buildGo, fetchSwim, OURS, play } from './programs.ts';
import type { BenchReport } from './report.ts';
import { failuresText, growthTable, rowsTable } from './report.ts';
import type { Failure, PairOfRuns } from './results.ts';
import { growthOf, resultOf } from './results.ts';
import type { Row } from './rows.ts';
import { ROWS } from './rows.ts';
import { SWIM_ROWS } from './swim/rows.ts';

/*
 * What things cost here, and beside Go or the npm package swim in the same run: `npm run bench`. Each side plays each benchmark in a
 * process of its own, in turns, so that whatever else the machine does hits both.
 */

const BENCH: Command = {
  name: 'bench',
  summary: 'What things cost here, and beside Go in the same run.',
  help: `  --against go    also play Go's memberlist and NetworkDB; builds benchmarks/go, needs Go
  --against swim  play rings of processes instead, ours and of the npm package swim, which is fetched
  --rows WORDS    only rows whose name contains one of the words, or whose benchmark it is, alone or with its size
                  (lzw, creates:10000); parted by commas
  --runs N        how often each side plays each benchmark (default: 1 to 5, by how long it takes)
  --budget MS     time for each figure of a small thing that is repeated (default 150)
  --json          print one line of JSON instead of tables
  --out FILE      also write the JSON there
  --list          print the names of the rows
`,
  options: {
    against: { type: 'string' },
    rows: { type: 'string' },
    runs: { type: 'string' },
    budget: { type: 'string' },
    json: { type: 'boolean' },
    out: { type: 'string' },
    list: { type: 'boolean' },
  },
  async run(values) {
    const rows = chosenRows(values);
    if (values['list'] === true) {
      process.stdout.write(rows.map(({ name, bench }) => `${bench.padEnd(16)} ${name}\n`).join(''));
      return 0;
    }
    if (typeof values['out'] === 'string') checkWritable(values['out']);
    const isLine = values['json'] === true;
    const jsonOf = (report: BenchReport): string => JSON.stringify(report, null, isLine ? 0 : 1);
    // Written after every benchmark, so that a run that is ended keeps what it has.
    const report = await measure(rows, values, (soFar) => {
      if (typeof values['out'] === 'string') writeFileSync(values['out'], `${jsonOf(soFar)}\n`);
    });
    process.stdout.write(
      isLine
        ? `${jsonOf(report)}\n`
        : `${headText(report)}\n${tableText(rowsTable(report))}\n${tableText(growthTable(report))}`,
    );
    process.stderr.write(failuresText(report));
    return report.failures.length === 0 ? 0 : 1;
  },
};

function chosenRows(values: CommandValues): readonly Row[] {
  const words = typeof values['rows'] === 'string' ? values['rows'].split(',') : [''];
  const all = values['against'] === 'swim' ? SWIM_ROWS : ROWS;
  const isMeant = ({ name, bench, size }: Row, word: string): boolean =>
    name.includes(word) || bench === word || `${bench}:${size}` === word;
  const unknown = words.filter((word) => !all.some((row) => isMeant(row, word)));
  if (unknown.length > 0) throw new UsageError(`no row is called ${unknown.join(' or ')}`);
  return all.filter((row) => words.some((word) => isMeant(row, word)));
}

/** Tries a file before half an hour is spent. @throws UsageError when it cannot be written */
function checkWritable(path: string): void {
  try {
    appendFileSync(path, '');
  } catch (error) {
    throw new UsageError(`cannot write to ${path}: ${(error as Error).message}`);
  }
}

async function measure(
  rows: readonly Row[],
  values: CommandValues,
  onReport: (soFar: BenchReport) => void,
): Promise<BenchReport> {
  const against = values['against'];
  if (against !== undefined && against !== 'go' && against !== 'swim') {
    throw new UsageError('--against knows only go and swim');
  }
  const runs =
    values['runs'] === undefined ? null : numberOf(values, 'runs', 1, { min: 1, max: 1000 });
  const budgetMs = numberOf(values, 'budget', 150, { min: 1, max: 60_000 });
  const load = [loadavg()[0] ?? 0, cpus().length] as const;
  const peer = against === 'go' ? await buildGo() : against === 'swim' ? await fetchSwim() : null;
  const plays = new Map<string, Row>();
  for (const row of rows) plays.set(`${row.bench} ${row.size}`, row);
  const countOf = (row: Row): number => runs ?? row.runs;
  const total = [...plays.values()].reduce((sum, row) => sum + countOf(row), 0);
  const progress = new Progress(process.stderr, total);
  const found = new Map<string, PairOfRuns[]>();
  const failures: Failure[] = [];
  const reportSoFar = (): BenchReport => {
    const results = rows.flatMap((row) => {
      const pairs = found.get(`${row.bench} ${row.size}`);
      return pairs === undefined ? [] : [resultOf(row, pairs)];
    });
    return {
      command: commandLine(values),
      date: new Date().toISOString().slice(0, 10),
      commit: commitHere(),
      node: process.versions.node,
      cpu: cpus()[0]?.model ?? 'unknown',
      load,
      peer: peer?.version ?? null,
      rows: results,
      growth: growthOf(results),
      failures,
    };
  };
  for (const [key, row] of plays) {
    const pairs: PairOfRuns[] = [];
    for (let at = 0; at < countOf(row); at += 1) {
      const isPeerFirst = at % 2 === 1;
      pairs.push(await playBoth(row, budgetMs, peer?.side ?? null, { isPeerFirst, failures }));
      progress.add(1, key);
    }
    found.set(key, pairs);
    onReport(reportSoFar());
  }
  progress.clear();
  return reportSoFar();
}

/**
 * One run of each side, the other one first every other time. A run that fails does not end the others, which may have
 * taken half an hour; it measures nothing.
 */
async function playBoth(
  { bench, size }: Row,
  budgetMs: number,
  peer: Side | null,
  o: { readonly isPeerFirst: boolean; readonly failures: Failure[] },
): Promise<PairOfRuns> {
  const playOne = async (side: Side): Promise<Figures> => {
    try {
      return await play(side, bench, { size, budgetMs });
    } catch (error) {
      o.failures.push({ side: side.name, bench, size, reason: (error as Error).message.trim() });
      return {};
    }
  };
  if (peer === null) return { ours: await playOne(OURS), peer: null };
  if (o.isPeerFirst) {
    const theirs = await playOne(peer);
    return { ours: await playOne(OURS), peer: theirs };
  }
  return { ours: await playOne(OURS), peer: await playOne(peer) };
}

function headText({ command, date, commit, node, cpu, load, peer }: BenchReport): string {
  const versions = [`Node ${node}`, ...(peer === null ? [] : [peer])].join(', ');
  const [loadAverage, processors] = load;
  return `${command}\n${date}, commit ${commit}, ${versions}, ${processors} x ${cpu}, load ${loadAverage.toFixed(1)}\n`;
}

function commandLine(values: CommandValues): string {
  const words = Object.entries(values)
    .filter(([option, value]) => !['out', 'json'].includes(option) && value !== undefined)
    .map(([option, value]) => (value === true ? `--${option}` : `--${option} ${String(value)}`));
  return ['npm run bench --', ...words].join(' ');
}

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === 'compare') {
    process.stdout.write(compareText(args.slice(1)));
    return 0;
  }
  const { help, ...values } = readValues(BENCH, args);
  if (help !== true) return BENCH.run(values);
  process.stdout.write(
    `${BENCH.summary}\n\nnpm run bench -- [options]\nnpm run bench -- compare OLD.json NEW.json\n\n${BENCH.help}`,
  );
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
