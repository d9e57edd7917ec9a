import type { Board, Plain, Task } from '../../board.ts';
import type { CommandValues } from '../../command.ts';
import { numberOf, numbersOf } from '../../command.ts';
import type { Tell } from '../../telling.ts';
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
  async play(input: Plain, tell?: Tell): Promise<Plain> {
    return playPartition(input as PartitionInput, tell);
  },
  report: reportPartition,
};

function planPartition(values: CommandValues, seed: number): Task[] {
  const nodes = numberOf(values, 'nodes', 100, { min: 4, max: 5_000 });
  const seeds = numberOf(values, 'seeds', 1, { min: 1, max: 1_000 });
  const apart = numbersOf(values, 'apart', [10, 300, 3_600], { min: 1, max: 86_400 });
  type Planned = Omit<PartitionInput, 'nodes' | 'seed'>;
  const troubles: { readonly trouble: Trouble; readonly apartMs: number }[] = [
    ...apart.map((seconds) => ({ trouble: 'split' as const, apartMs: 1000 * seconds })),
    { trouble: 'restart', apartMs: 0 },
    { trouble: 'move', apartMs: 0 },
  ];
  const rows = troubles.flatMap((each): Planned[] => [
    { ...each, wire: 'protobuf', isHealing: true },
    { ...each, wire: 'memberlist', isHealing: true },
  ]);
  const long = apart.find((seconds) => seconds > 60);
  if (long !== undefined) {
    const apartMs = 1000 * long;
    rows.push({ trouble: 'split', apartMs, wire: 'memberlist', isHealing: false });
  }
  return Array.from({ length: seeds }, (_, at) => seed + at).flatMap((each) =>
    rows.map((row): Task => {
      const input: PartitionInput = { ...row, nodes, seed: each };
      const length = row.apartMs > 0 ? ` of ${row.apartMs / 1000} s` : '';
      const title = `${row.trouble}${length}, ${row.wire} wire, seed ${each}`;
      return { title, cost: 60 + row.apartMs / 1000, input };
    }),
  );
}
