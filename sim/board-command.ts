import { availableParallelism } from 'node:os';

import type { Board } from './board.ts';
import type { Command } from './command.ts';
import { numberOf } from './command.ts';
import { playAll } from './players.ts';
import { Progress } from './progress.ts';
import { reportText } from './report.ts';
import { commitHere, saveReport } from './save.ts';

const COMMON_HELP = `  --seed S        the first seed (default 1); the same seeds give the same figures
  --jobs N        processes to share the runs out to (default: one per core)
  --json          the report as JSON instead of tables
  --save FOLDER   also write name.json, name.md and the drawings there
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
    },
    async run(values) {
      const seed = numberOf(values, 'seed', 1, { min: 0, max: 2 ** 31 });
      const jobs = numberOf(values, 'jobs', availableParallelism(), { min: 1, max: 256 });
      const tasks = board.plan(values, seed);
      // Now, since files may change while runs go on.
      const commit = commitHere();
      const total = tasks.reduce((sum, { cost = 1 }) => sum + cost, 0);
      const progress = new Progress(process.stderr, total);
      const outcomes = await playAll(board, tasks, jobs, ({ cost = 1, title }) =>
        progress.add(cost, title),
      );
      progress.clear();
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

/** What makes the same report again: the options without where it goes. */
function commandLine(name: string, values: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(values)
    .filter(([option, value]) => !['save', 'json', 'jobs'].includes(option) && value !== undefined)
    .map(([option, value]) => (value === true ? `--${option}` : `--${option} ${String(value)}`));
  return ['npm run sim --', name, ...words].join(' ');
}
