import type { Board, Plain, Task } from '../../board.ts';
import type { CommandValues } from '../../command.ts';
import { numberOf, numbersOf, UsageError } from '../../command.ts';
import { CHANGES } from './changes.ts';
import type { ConvergenceInput, ConvergenceOutcome } from './play.ts';
import { CHURN_CHANGES, playConvergence } from './play.ts';
import { convergenceReport } from './report.ts';

/* How long one change takes to reach every node: upstream NetworkDB's own convergence test. */

const NAMES: readonly string[] = [...CHANGES.map(({ name }) => name), ...CHURN_CHANGES];

/** Section 4 of the scoreboard. */
export const convergence: Board = {
  name: 'convergence',
  summary: 'one change of a table or network, until all nodes have it',
  help: `  --nodes LIST    cluster sizes (default 2,3,5,10,25,100)
  --changes LIST  which changes (default all: ${NAMES.join(', ')})
  --seeds N       runs of each (default 10; 2 above 25 nodes, and the aims take 5)
`,
  options: {
    nodes: { type: 'string' },
    changes: { type: 'string' },
    seeds: { type: 'string' },
  },
  plan(values: CommandValues, seed: number): readonly Task[] {
    const sizes = numbersOf(values, 'nodes', [2, 3, 5, 10, 25, 100], { min: 2, max: 2000 });
    return chosen(values).flatMap((change) =>
      sizes
        .filter((nodes) => nodes >= minNodes(change))
        .flatMap((nodes) => {
          const range = { min: 1, max: 100_000 };
          const runs = numberOf(values, 'seeds', nodes > 25 ? 2 : 10, range);
          return Array.from({ length: runs }, (_, at) => {
            const input: Plain = { change, nodes, seed: seed + at };
            return { title: `${change}, ${nodes} nodes`, cost: nodes * (10 + nodes), input };
          });
        }),
    );
  },
  async play(input: Plain): Promise<Plain> {
    return (await playConvergence(input as unknown as ConvergenceInput)) as unknown as Plain;
  },
  report(tasks, outcomes) {
    return convergenceReport(
      tasks.map((task, at) => ({
        input: task.input as unknown as ConvergenceInput,
        outcome: outcomes[at] as unknown as ConvergenceOutcome,
      })),
    );
  },
};

function chosen({ changes }: CommandValues): readonly string[] {
  if (typeof changes !== 'string') return NAMES;
  const names = changes.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    throw new UsageError(
      `no change is called '${unknown}': --changes takes some of ${NAMES.join(', ')}`,
    );
  return names;
}

/** Churn needs a writer, one who stays and writes besides, and one who comes and goes. */
function minNodes(change: string): number {
  return CHANGES.find(({ name }) => name === change)?.minNodes ?? 5;
}
