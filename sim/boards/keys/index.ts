import type { Board, Plain, Task } from '../../board.ts';
import type { CommandValues } from '../../command.ts';
import { numberOf } from '../../command.ts';
import type { Cell, Report } from '../../report.ts';
import type { Tell } from '../../telling.ts';
import type { KeysInput, KeysOutcome } from './play.ts';
import { playKeys, sleepMs } from './play.ts';

/** Keys that change every minute while nodes sleep, packets get lost and writes go on. */
export const keys: Board = {
  name: 'keys',
  summary: 'keys that change every minute under sleep, loss and writes',
  help: `  --nodes N       members, each with tables (default 100)
  --minutes M     rotations, one a minute (default 60; an hour of 100 members takes long)
  --asleep S      share of the nodes that sleep at each step, 0 to 0.9: 0.1 is every tenth (default 0.1)
  --loss R        share of the packets that are lost, 0 to 0.9: 0.05 is 5 percent (default 0.05)
  --seeds N       seeds per row (default 1)
`,
  options: {
    nodes: { type: 'string' },
    minutes: { type: 'string' },
    asleep: { type: 'string' },
    loss: { type: 'string' },
    seeds: { type: 'string' },
  },
  plan: planKeys,
  async play(input: Plain, tell?: Tell): Promise<Plain> {
    return playKeys(input as KeysInput, tell);
  },
  report: reportKeys,
};

function planKeys(values: CommandValues, seed: number): Task[] {
  const share = { min: 0, max: 0.9, isWhole: false };
  const common = {
    nodes: numberOf(values, 'nodes', 100, { min: 2, max: 5_000 }),
    minutes: numberOf(values, 'minutes', 60, { min: 1, max: 10_000 }),
    asleepShare: numberOf(values, 'asleep', 0.1, share),
    lossRate: numberOf(values, 'loss', 0.05, share),
  };
  const seeds = numberOf(values, 'seeds', 1, { min: 1, max: 1_000 });
  const tasks: Task[] = [];
  for (let at = 0; at < seeds; at += 1) {
    for (const wire of ['protobuf', 'memberlist'] as const) {
      const input: KeysInput = { ...common, wire, seed: seed + at };
      tasks.push({ title: `${wire} wire, seed ${seed + at}`, input });
    }
  }
  return tasks;
}

/** What all runs say. */
function reportKeys(tasks: readonly Task[], outcomes: readonly Plain[]): Report {
  const runs = tasks.map(({ input }, at) => {
    return { input: input as KeysInput, outcome: outcomes[at] as KeysOutcome };
  });
  const nodes = runs[0]?.input.nodes ?? 0;
  const total = (field: keyof KeysOutcome): number =>
    runs.reduce((sum, { outcome }) => sum + outcome[field], 0);
  const isWhole = runs.every(({ input }) => input.nodes >= 100 && input.minutes >= 60);
  const verdict = (lost: number): boolean | null => (lost > 0 ? false : isWhole ? true : null);
  return {
    tables: [
      {
        title: `Keys change every minute among ${nodes} members`,
        columns: [
          'wire',
          'seed',
          'asleep',
          'loss',
          'rotations',
          'reported dead',
          'pairs apart at the end',
          'writes',
          'lost',
          'slowest to all, s',
          'packets without a key',
        ],
        rows: runs.map(({ input, outcome }): Cell[] => [
          input.wire === 'protobuf' ? 'default' : 'memberlist',
          input.seed,
          input.asleepShare,
          input.lossRate,
          outcome.rotations,
          outcome.deaths,
          outcome.lostPairs,
          outcome.writes,
          outcome.lostWrites,
          outcome.slowestMs / 1000,
          outcome.unopened,
        ]),
        notes: [
          `Add, use and remove are given to all nodes 20 s apart; who sleeps takes its step up to ${sleepMs(nodes) / 1000} s later.`,
        ],
      },
    ],
    aims: [
      {
        what: 'nodes lost: deaths reported, and pairs apart at the end',
        ours: total('deaths') + total('lostPairs'),
        peer: null,
        aim: '0',
        isMet: verdict(total('deaths') + total('lostPairs')),
      },
      {
        what: 'writes lost',
        ours: total('lostWrites'),
        peer: null,
        aim: '0',
        isMet: verdict(total('lostWrites')),
      },
    ],
    plots: [],
  };
}
