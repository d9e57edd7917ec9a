import type { Plain, Task } from '../../board.ts';
import type { Aim, Cell, Plot, Report } from '../../report.ts';
import { verdict } from '../../report.ts';
import { median } from '../../statistics.ts';
import type { PartitionInput, PartitionOutcome } from './play.ts';

interface Row {
  readonly input: PartitionInput;
  /** One per seed. */
  readonly outcomes: readonly PartitionOutcome[];
}

/** What all runs say. */
export function reportPartition(tasks: readonly Task[], outcomes: readonly Plain[]): Report {
  const byTitle = new Map<string, { input: PartitionInput; outcomes: PartitionOutcome[] }>();
  for (const [at, { input }] of tasks.entries()) {
    const typed = input as PartitionInput;
    const title = titleOf(typed);
    const row = byTitle.get(title) ?? { input: typed, outcomes: [] };
    row.outcomes.push(outcomes[at] as PartitionOutcome);
    byTitle.set(title, row);
  }
  const rows = [...byTitle.values()];
  const nodes = rows[0]?.input.nodes ?? 0;
  return {
    tables: [
      {
        title: `From the end of the trouble to one view, ${nodes} members, nothing configured, s`,
        columns: ['trouble', 'wire', 'members p50', 'worst', 'tables p50', 'worst ', 'Go', 'aim'],
        rows: rows.map(({ input, outcomes: of }): Cell[] => [
          troubleOf(input),
          wireOf(input),
          ...secondsOf(of.map(({ membersMs }) => membersMs)),
          ...secondsOf(of.map(({ tablesMs }) => tablesMs)),
          input.trouble === 'split' && input.apartMs > 60_000 ? 'never' : null,
          input.isHealing ? limitOf(input) : null,
        ]),
        notes: [
          'Members: all hold all, at their present addresses. Tables: all read what was written last, the deletions included.',
          'Go: memberlist without help from outside, after a split longer than suspicion and 30 s. With rejoining off ours must be',
          'as lost as Go: - is not within 5 min.',
        ],
      },
    ],
    aims: aimsOf(rows),
    plots: [plotOf(rows)],
  };
}

function aimsOf(rows: readonly Row[]): Aim[] {
  return (['protobuf', 'memberlist'] as const).map((wire) => {
    const of = rows.filter(({ input }) => input.wire === wire && input.isHealing);
    const all = of.flatMap(({ outcomes }) => outcomes.flatMap((o) => [o.membersMs, o.tablesMs]));
    const worst = Math.max(...all.map((ms) => ms ?? Infinity)) / 1000;
    const limit = LIMITS_S[wire];
    const isEnough =
      of.some(({ input }) => input.apartMs >= LONGEST_APART_MS) &&
      of.every(({ input }) => input.nodes >= LEAST_NODES);
    return {
      what: `the longest of them, ${wire === 'protobuf' ? 'default wire' : 'memberlist wire'}, s`,
      ours: worst,
      peer: 'never',
      aim: `<= ${limit} s`,
      isMet: of.length === 0 ? null : verdict(worst <= limit, isEnough),
    };
  });
}

function plotOf(rows: readonly Row[]): Plot {
  return {
    name: 'views',
    title: 'Views merged after the end of the trouble',
    x: { label: 'seconds' },
    y: { label: '% of pairs that see each other' },
    curves: rows.map(({ input, outcomes }) => ({
      label: titleOf(input),
      isDashed: input.wire === 'memberlist',
      points: (outcomes[0]?.curve ?? []).map(([ms, share]): readonly [number, number] => {
        return [ms / 1000, 100 * share];
      }),
    })),
  };
}

function titleOf(input: PartitionInput): string {
  return `${troubleOf(input)}, ${wireOf(input)}`;
}

function troubleOf({ trouble, apartMs, isHealing }: PartitionInput): string {
  switch (trouble) {
    case 'split':
      return `split of ${apartMs / 1000} s${isHealing ? '' : ', rejoining off'}`;
    case 'restart':
      return 'restart of all';
    case 'move':
      return 'moved';
  }
}

function wireOf({ wire }: PartitionInput): string {
  return wire === 'protobuf' ? 'default' : 'memberlist';
}

function limitOf({ wire }: PartitionInput): string {
  return `<= ${LIMITS_S[wire]}`;
}

function secondsOf(all: readonly (number | null)[]): Cell[] {
  const values = all.map((ms) => (ms ?? Infinity) / 1000);
  return [median(values), Math.max(...values)];
}

/** What the aims are about: a hundred members, apart for up to an hour. */
const LEAST_NODES = 100;
const LONGEST_APART_MS = 3_600_000;
const LIMITS_S = { protobuf: 30, memberlist: 150 } as const;
