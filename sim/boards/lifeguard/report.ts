import type { Plain, Task } from '../../board.ts';
import type { Aim, Cell, Report, ReportTable } from '../../report.ts';
import type { Share } from '../../statistics.ts';
import { ratioOfSums } from '../../statistics.ts';
import { CONFIGURATIONS, PAPER_SWIM } from './configurations.ts';
import type { CrashInput, CrashOutcome } from './crash.ts';
import type { CrashRun } from './crash-report.ts';
import { crashAims, crashPlot, crashTable, tuningTable } from './crash-report.ts';
import type { DistressInput, DistressOutcome, FalseAlarms } from './distress.ts';

interface DistressRun {
  readonly input: DistressInput;
  readonly outcome: DistressOutcome;
}

/** What all runs say. */
export function reportLifeguard(tasks: readonly Task[], outcomes: readonly Plain[]): Report {
  const distress: DistressRun[] = [];
  const crashes: CrashRun[] = [];
  for (const [at, { input }] of tasks.entries()) {
    const outcome = outcomes[at];
    if ((input as CrashInput | DistressInput).kind === 'crash') {
      crashes.push({ input: input as CrashInput, outcome: outcome as CrashOutcome });
    } else {
      distress.push({ input: input as DistressInput, outcome: outcome as DistressOutcome });
    }
  }
  const messages = distress.filter(({ input }) => input.fault === 'messages');
  const alarmsOf = (row: string): Cell =>
    messages.length === 0 ? null : percent(shareOfSwim(messages, row, 'aboutHealthy'));
  const tables = [
    alarmTable(messages),
    everybodyTable(messages),
    loadTable(messages),
    loopTable(distress.filter(({ input }) => input.fault === 'loop')),
    ...(crashes.length > 0 ? [crashTable(crashes), tuningTable(crashes, alarmsOf)] : []),
    cellTable(messages),
  ];
  return {
    tables: tables.filter(({ rows }) => rows.length > 0),
    aims: aimsOf(messages, crashes),
    plots: crashes.length > 0 ? [crashPlot(crashes)] : [],
  };
}

function alarmTable(runs: readonly DistressRun[]): ReportTable {
  const rows = rowsIn(runs).map(({ name, paper }): Cell[] => [
    name,
    sum(runs, name, 'aboutHealthy'),
    sum(runs, name, 'amongHealthy'),
    percent(shareOfSwim(runs, name, 'aboutHealthy')),
    paper && percentOf(paper.all, PAPER_SWIM.all),
    percent(shareOfSwim(runs, name, 'amongHealthy')),
    paper && percentOf(paper.healthy, PAPER_SWIM.healthy),
    paper && paper.all,
    paper && paper.healthy,
  ]);
  const first = runs[0]?.input;
  return {
    title: `False alarms among ${first?.nodes ?? 0} members, messages held`,
    columns: [
      'row',
      'FP',
      'FP-',
      'FP % of SWIM',
      'paper',
      'FP- %',
      'paper ',
      'paper: FP',
      'paper: FP-',
    ],
    rows,
    notes: [
      'FP: reports of a death of a member that was never slow, by anybody; FP-: those by members that were never slow.',
      'In brackets 95 % intervals over cells and seeds.',
      `A slow member sends and hears nothing while it stands still, then reads one packet in ${first?.readMs ?? 0} ms; its timers run.`,
      "In the paper's rows news leaves with the tick of 200 ms alone, in ours after 2 ms.",
    ],
  };
}

/** The other definition: slow members count as running, so that every report is a false alarm. */
function everybodyTable(runs: readonly DistressRun[]): ReportTable {
  return {
    title: 'The same, counted with the slow ones as members that run',
    columns: ['row', 'FP', '% of SWIM', 'paper'],
    rows: rowsIn(runs).map(({ name, paper }): Cell[] => [
      name,
      sum(runs, name, 'all'),
      percent(shareOfSwim(runs, name, 'all')),
      paper && percentOf(paper.all, PAPER_SWIM.all),
    ]),
    notes: [
      'FP: reports of a death of anybody, by anybody. Whoever is silent for longer than a suspicion is reported by everyone, in each row,',
      'as a crashed one would be; so no detector that finds a crash in 12 s can bring this to the 1.53 % of the paper, which must have counted the other way.',
    ],
  };
}

function loadTable(runs: readonly DistressRun[]): ReportTable {
  const of = (name: string, field: 'packets' | 'bytes'): number =>
    (100 * sum(runs, name, field)) / sum(runs, 'SWIM', field);
  return {
    title: 'Load in the same runs, % of SWIM',
    columns: ['row', 'packets', 'bytes', 'paper: messages', 'paper: bytes', 'overflowed packets'],
    rows: rowsIn(runs).map(({ name }): Cell[] => {
      const paper: Cell[] = name === 'Lifeguard' ? [110.59, 97.97] : [null, null];
      return [
        name,
        of(name, 'packets'),
        of(name, 'bytes'),
        ...paper,
        sum(runs, name, 'overflowed'),
      ];
    }),
    notes: ['Overflowed: what a standing member had no room for, beyond 2 MiB.'],
  };
}

function loopTable(runs: readonly DistressRun[]): ReportTable {
  const first = runs[0]?.input;
  const cell =
    first === undefined ? '' : `D ${first.stillMs}, I ${first.runMs}, C ${first.distressed}`;
  return {
    title: `The same with timers and input frozen together: ${cell}`,
    columns: ['row', 'FP', 'FP-', 'reports of any death'],
    rows: rowsIn(runs).map(({ name }): Cell[] => [
      name,
      sum(runs, name, 'aboutHealthy'),
      sum(runs, name, 'amongHealthy'),
      sum(runs, name, 'all'),
    ]),
    notes: [
      'A Node process is slow in this way: its loop reads what waits before it blames anybody.',
    ],
  };
}

function cellTable(runs: readonly DistressRun[]): ReportTable {
  const rows = rowsIn(runs).map(({ name }) => name);
  const cells = new Map<string, DistressRun[]>();
  for (const run of runs) {
    const { stillMs, runMs, distressed } = run.input;
    const key = `${stillMs} ${runMs} ${distressed}`;
    cells.set(key, [...(cells.get(key) ?? []), run]);
  }
  return {
    title: 'FP by cell: standing still D ms, running I ms, C members',
    columns: ['D', 'I', 'C', ...rows],
    rows: [...cells].map(([key, inCell]): Cell[] => [
      ...key.split(' ').map(Number),
      ...rows.map((name) => sum(inCell, name, 'aboutHealthy')),
    ]),
  };
}

function aimsOf(runs: readonly DistressRun[], crashes: readonly CrashRun[]): Aim[] {
  const aims: Aim[] = [];
  const hasRow = (name: string): boolean => runs.some((r) => r.input.configuration === name);
  const add = (name: string, field: keyof FalseAlarms, what: string, limit: number): void => {
    if (!hasRow(name) || !hasRow('SWIM')) return;
    const base = sum(runs, 'SWIM', field);
    const { share } = shareOfSwim(runs, name, field);
    aims.push({
      what,
      ours: base === 0 ? null : 100 * share,
      peer: field === 'amongHealthy' ? 1.89 : 1.53,
      aim: `<= ${limit} % of SWIM${field === 'amongHealthy' ? ', full grid' : ''}`,
      isMet: isTooSmall(runs, field, base) ? null : 100 * share <= limit,
    });
  };
  add('ours', 'aboutHealthy', 'false alarms about members that were never slow, % of SWIM', 1);
  add('ours', 'all', 'the same, slow members counted as members that run', 1);
  add('ours', 'amongHealthy', 'false alarms among members that were never slow, % of SWIM', 1.9);
  add('ours-4', 'aboutHealthy', 'at alpha 4, about members that were never slow', 1.53);
  add('ours-4', 'all', 'the same, slow members counted as members that run', 1.53);
  return [...aims, ...crashAims(crashes)];
}

/** Fewer false alarms of SWIM than this say nothing about shares of them. */
const LEAST_ALARMS = 20;
/** Cells of the paper's full grid, for which alone the aim among healthy members holds. */
const FULL_GRID_CELLS = 9 * 7 * 5;

function isTooSmall(runs: readonly DistressRun[], field: keyof FalseAlarms, base: number): boolean {
  if (base < LEAST_ALARMS) return true;
  if (field !== 'amongHealthy') return false;
  const cells = runs.map(({ input: i }) => [i.stillMs, i.runMs, i.distressed].join(' '));
  return new Set(cells).size < FULL_GRID_CELLS;
}

function rowsIn(runs: readonly DistressRun[]): typeof CONFIGURATIONS {
  return CONFIGURATIONS.filter(({ name }) => runs.some((r) => r.input.configuration === name));
}

type Counted = Exclude<keyof DistressOutcome, symbol>;

function sum(runs: readonly DistressRun[], name: string, field: Counted): number {
  return runs
    .filter(({ input }) => input.configuration === name)
    .reduce((total, { outcome }) => total + outcome[field], 0);
}

function shareOfSwim(runs: readonly DistressRun[], name: string, field: Counted): Share {
  const trialOf = ({ input: i }: DistressRun): string =>
    [i.stillMs, i.runMs, i.distressed, i.seed].join(' ');
  const bases = new Map(
    runs
      .filter(({ input }) => input.configuration === 'SWIM')
      .map((run) => [trialOf(run), run.outcome[field]]),
  );
  return ratioOfSums(
    runs
      .filter(({ input }) => input.configuration === name)
      .map((run) => ({ ours: run.outcome[field], base: bases.get(trialOf(run)) ?? 0 })),
  );
}

function percent({ share, low, high }: Share): Cell {
  if (!Number.isFinite(share)) return null;
  const shown = [share, low, high].map((each) => (100 * each).toFixed(1));
  return `${shown[0]} (${shown[1]} to ${shown[2]})`;
}

function percentOf(part: number, whole: number): number {
  return (100 * part) / whole;
}
