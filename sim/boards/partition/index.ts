import type { Board, Plain, Task } from '../../board.ts';
import type { CommandValues } from '../../command.ts';
import { numberOf, numbersOf } from '../../command.ts';
import type { PartitionInput, Trouble } from './play.ts';
import { playPartition } from './play.ts';
import { reportPartition } from './report.ts';

/** How long it takes until all see the same again, with nothing configured. */
export const partition: Board = {
  name: 'partition',
  summary: 'one view again after a split, a restart of all, and a node that moved',
  help: `  --nodes N       members, each with tables (default 100)
  --apart A,B     lengths of the splits in seconds (default 10,300,3600; hours of 100 members take minutes)
  --seeds N       seeds per row (default 1)
`,
  options: {
    nodes: { type: 'string' },
    apart: { type: 'string' },
    seeds: { type: 'string' },
  },
  plan: planPartition,
  async play(input: Plain): Promise<Plain> {
    return playPartition(input as PartitionInput);
  },
  report: reportPartition,
};

function planPartition(values: CommandValues, seed: number): Task[] {
  const nodes = numberOf(values, 'nodes', 100, { min: 4, max: 5_000 });
  const seeds = numberOf(values, 'seeds', 1, { min: 1, max: 1_000 });
  const apart = numbersOf(values, 'apart', [10, 300, 3_600], { min: 1, max: 86_400 });
  const troubles: { readonly trouble: Trouble; readonly apartMs: number }[] = [
    ...apart.map((seconds) => ({ trouble: 'split' as const, apartMs: 1000 * seconds })),
    { trouble: 'restart', apartMs: 0 },
    { trouble: 'move', apartMs: 0 },
  ];
  const tasks: Task[] = [];
  for (let at = 0; at < seeds; at += 1) {
    for (const each of troubles) {
      for (const wire of ['protobuf', 'memberlist'] as const) {
        const input: PartitionInput = { ...each, wire, nodes, seed: seed + at };
        const length = each.apartMs > 0 ? ` of ${each.apartMs / 1000} s` : '';
        const title = `${each.trouble}${length}, ${wire} wire, seed ${seed + at}`;
        tasks.push({ title, cost: 60 + each.apartMs / 1000, input });
      }
    }
  }
  return tasks;
}
