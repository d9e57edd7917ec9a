import { availableParallelism } from 'node:os';

import type { Board, Plain, Task } from './board.ts';
import type { Command, CommandValues } from './command.ts';
import { numberOf, UsageError } from './command.ts';
import { KeptOutcomes } from './kept-outcomes.ts';
import { playAll } from './players.ts';
import { Progress } from './progress.ts';
import { reportText } from './report.ts';
import { checkFolder, commitHere, saveReport } from './save.ts';

const COMMON_HELP = `  --seed S        the first seed, 0 to 2147483648 (default 1); the same seeds give the same figures
  --jobs N        processes to share the runs out to, one per run at most (default: one per core)
  --json          the report as JSON instead of tables; \`npm run --silent sim\` prints nothing else
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
      const tasks = tasksOf(board, values, seed);
      // Now, since files may change while runs go on.
      const commit = commitHere();
      const { save: folder, keep } = values;
      if (typeof folder === 'string') checkFolder(folder, board.name);
      const kept = typeof keep === 'string' ? keptOutcomes(keep, board, commit) : null;
      const outcomes = await playRest(board, tasks, jobs, kept);
      const report = board.report(tasks, outcomes);
      const command = commandLine(board.name, values);
      const origin = { command, seed, commit, node: process.versions.node };
      if (values['json'] === true)
        process.stdout.write(`${JSON.stringify({ ...origin, ...report })}\n`);
      else process.stdout.write(reportText(report));
      if (typeof folder === 'string') {
        for (const path of saveReport(folder, board.name, origin, report)) {
          process.stderr.write(`wrote ${path}\n`);
        }
      }
      return 0;
    },
  };
}

/**
 * The runs that the options ask for; what they ask for twice is one sample all the same.
 *
 * @throws UsageError when none is left
 */
export function tasksOf(board: Board, values: CommandValues, seed: number): readonly Task[] {
  const tasks = new Map<string, Task>();
  for (const task of board.plan(values, seed)) {
    const input = JSON.stringify(task.input);
    if (!tasks.has(input)) tasks.set(input, task);
  }
  if (tasks.size > 0) return [...tasks.values()];
  throw new UsageError(`nothing is left to play: ${board.name} has no run that these options fit`);
}

function keptOutcomes(path: string, board: Board, commit: string): KeptOutcomes {
  const keptInput = (input: Plain): Plain => board.keptInput?.(input) ?? input;
  const kept = new KeptOutcomes({ path, board: board.name, commit, keptInput });
  if (!kept.isWriting) {
    const why =
      commit === 'unknown'
        ? 'there is no git, or no clone, to tell the commit'
        : 'files differ from their commit';
    process.stderr.write(
      `all is played, no outcome in ${path} is used and none added: ${why}, so nobody could say of which code they are\n`,
    );
  }
  return kept;
}

/** How much of a file of outcomes is there, and how to go on with it. */
function keptText(path: string, kept: KeptOutcomes, tasks: readonly Task[]): string {
  const count = tasks.filter((task) => kept.find(task) !== undefined).length;
  return `${count} of ${tasks.length} outcomes are in ${path}; the same command goes on with them\n`;
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
  const tellKept = (): void => {
    if (kept?.isWriting === true) process.stderr.write(keptText(kept.path, kept, tasks));
  };
  tellKept();
  const played = await playAll(board, rest, jobs, {
    onBegin() {
      if (rest.length > 0) progress.tell(0, rest.length === 1 ? '1 run' : `${rest.length} runs`);
    },
    onDone(task, outcome) {
      kept?.add(task, outcome);
      progress.add(task.cost ?? 1, task.title, task);
    },
    onTold(task, share, what) {
      progress.reach(task, share * (task.cost ?? 1), `${task.title}: ${what}`);
    },
    onBroken() {
      progress.clear();
      tellKept();
    },
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
