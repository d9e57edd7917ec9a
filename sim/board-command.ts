import { availableParallelism } from 'node:os';

import type { Board, Plain, Task } from './board.ts';
import type { Command } from './command.ts';
import { numberOf } from './command.ts';
import { KeptOutcomes } from './kept-outcomes.ts';
import { playAll } from './players.ts';
import { Progress } from './progress.ts';
import { reportText } from './report.ts';
import { commitHere, saveReport } from './save.ts';

const COMMON_HELP = `  --seed S        the first seed (default 1); the same seeds give the same figures
  --jobs N        processes to share the runs out to (default: one per core)
  --json          the report as JSON instead of tables
  --save FOLDER   also write name.json, name.md and the drawings there
  --keep FILE     write down each outcome at once, and take those that are there: to go on after a break
`;

/** The command that plays a board and shows what it says. */
export function boardCommand(board: Board): Command {
  return {
    name: board.name,
    summary: board.summary,
    help: board.help + COMMON_HELP,
    options: {
      ...board.options,
      seed: { type: 'string' },
      jobs: { type: 'string' },
      json: { type: 'boolean' },
      save: { type: 'string' },
      keep: { type: 'string' },
    },
    async run(values) {
      const seed = numberOf(values, 'seed', 1, { min: 0, max: 2 ** 31 });
      const jobs = numberOf(values, 'jobs', availableParallelism(), { min: 1, max: 256 });
      const tasks = board.plan(values, seed);
      // Now, since files may change while runs go on.
      const commit = commitHere();
      const path = values['keep'];
      const kept =
        typeof path === 'string' ? new KeptOutcomes({ path, board: board.name, commit }) : null;
      const outcomes = await playRest(board, tasks, jobs, kept);
      const report = board.report(tasks, outcomes);
      const command = commandLine(board.name, values);
      const origin = { command, seed, commit, node: process.versions.node };
      if (values['json'] === true)
        process.stdout.write(`${JSON.stringify({ ...origin, ...report })}\n`);
      else process.stdout.write(reportText(report));
      if (typeof values['save'] === 'string') {
        for (const path of saveReport(values['save'], board.name, origin, report)) {
          process.stderr.write(`wrote ${path}\n`);
        }
      }
      return 0;
    },
  };
}

/** Plays what is not kept yet; the outcomes of all, in the order of the tasks. */
async function playRest(
  board: Board,
  tasks: readonly Task[],
  jobs: number,
  kept: KeptOutcomes | null,
): Promise<readonly Plain[]> {
  const rest = tasks.filter((task) => kept?.find(task) === undefined);
  const total = rest.reduce((sum, { cost = 1 }) => sum + cost, 0);
  const progress = new Progress(process.stderr, total);
  const played = await playAll(board, rest, jobs, (task, outcome) => {
    kept?.add(task, outcome);
    progress.add(task.cost ?? 1, task.title);
  });
  progress.clear();
  const byTask = new Map(rest.map((task, at) => [task, played[at]]));
  return tasks.map((task) => (byTask.has(task) ? byTask.get(task) : kept?.find(task)) as Plain);
}

/** What makes the same report again: the options without where it goes. */
function commandLine(name: string, values: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(values)
    .filter(
      ([option, value]) =>
        !['save', 'json', 'jobs', 'keep'].includes(option) && value !== undefined,
    )
    .map(([option, value]) => (value === true ? `--${option}` : `--${option} ${String(value)}`));
  return ['npm run sim --', name, ...words].join(' ');
}
