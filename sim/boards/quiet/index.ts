import { pushPullScaleMs } from '../../../src/memberlist/index.ts';
import type { Board, Plain, Task } from '../../board.ts';
import type { CommandValues } from '../../command.ts';
import { numberOf, numbersOf } from '../../command.ts';
import type { Tell } from '../../telling.ts';
import type { QuietInput, QuietOutcome } from './play.ts';
import { playQuiet } from './play.ts';
import { quietReport } from './report.ts';

/* What a cluster sends while nothing changes. */

/** Entries held by all nodes together that a run of minutes has room for. */
const USUAL_ENTRIES = 120_000;

/** Section 6 of the scoreboard. */
export const quiet: Board = {
  name: 'quiet',
  summary: 'bytes and packets that a node sends while nothing changes, by what they are for',
  help: `  --nodes LIST    cluster sizes (default 5,25,100)
  --entries LIST  entries in the table (default 0,1000,10000, the last up to 12 nodes)
  --seeds N       clusters of each (default 1)
`,
  options: {
    nodes: { type: 'string' },
    entries: { type: 'string' },
    seeds: { type: 'string' },
  },
  plan(values: CommandValues, seed: number): readonly Task[] {
    const sizes = numbersOf(values, 'nodes', [5, 25, 100], { min: 2, max: 2000 });
    const counts = numbersOf(values, 'entries', [0, 1000, 10_000], { min: 0, max: 1_000_000 });
    const runs = numberOf(values, 'seeds', 1, { min: 1, max: 1000 });
    const isUsual = values['entries'] === undefined;
    return (['memberlist', 'protobuf'] as const).flatMap((wire) =>
      sizes.flatMap((nodes) =>
        counts
          .filter((entries) => !isUsual || nodes * entries <= USUAL_ENTRIES)
          .flatMap((entries) =>
            Array.from({ length: runs }, (_, at): Task => {
              const seconds = (entries > 1000 ? 1 : 2) * roundSeconds(nodes);
              const input: Plain = { wire, nodes, entries, seed: seed + at, seconds };
              const cost = nodes * (300 + entries);
              return { title: `${nodes} nodes, ${entries} entries, ${wire} wire`, cost, input };
            }),
          ),
      ),
    );
  },
  async play(input: Plain, tell?: Tell): Promise<Plain> {
    return (await playQuiet(input as unknown as QuietInput, tell)) as unknown as Plain;
  },
  report(tasks, outcomes) {
    return quietReport(
      tasks.map((task, at) => ({
        input: task.input as unknown as QuietInput,
        outcome: outcomes[at] as unknown as QuietOutcome,
      })),
    );
  },
};

/** A node begins one push/pull in that time: 30 s, longer above 32 nodes, and in each 30 s of it one bulk sync. */
function roundSeconds(nodes: number): number {
  return pushPullScaleMs(30_000, nodes) / 1000;
}
