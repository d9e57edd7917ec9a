import type { Task } from '../../board.ts';
import type { CommandValues } from '../../command.ts';
import { numberOf, numbersOf, UsageError } from '../../command.ts';
import { configurationOf, CONFIGURATIONS } from './configurations.ts';
import type { CrashInput } from './crash.ts';
import type { DistressInput, Fault } from './distress.ts';

/** Sizes of the grid. */
interface Grid {
  readonly still: readonly number[];
  readonly run: readonly number[];
  readonly distressed: readonly number[];
  readonly seeds: number;
}

const GRIDS: Readonly<Record<string, Grid>> = {
  quick: { still: [4_096, 32_768], run: [4], distressed: [4, 16], seeds: 1 },
  every: { still: [512, 4_096, 32_768], run: [4, 256, 4_096], distressed: [4, 16, 32], seeds: 3 },
  full: {
    still: [128, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768],
    run: [4, 16, 64, 256, 1_024, 4_096, 16_384],
    distressed: [1, 4, 8, 16, 32],
    seeds: 3,
  },
};

/** Rows that are also played with a frozen loop, in the hardest cell. */
const LOOP_ROWS = ['SWIM', 'Lifeguard', 'ours'];
/** Rows whose detection is timed. */
const CRASH_ROWS = ['SWIM', 'Lifeguard-4', 'ours', 'ours-4', 'ours-2'];

/** The runs that the options ask for. @throws UsageError */
export function planLifeguard(values: CommandValues, seed: number): Task[] {
  const grid = gridOf(values);
  const nodes = numberOf(values, 'nodes', 128, { min: 4, max: 10_000 });
  const tooMany = grid.distressed.find((distressed) => distressed >= nodes);
  if (values['distressed'] !== undefined && tooMany !== undefined) {
    throw new UsageError(`--distressed must be below --nodes, ${nodes}, not ${tooMany}`);
  }
  const forMs = 1000 * numberOf(values, 'seconds', 120, { min: 1, max: 3_600 });
  const rows = rowsOf(values);
  const readMs = numberOf(values, 'read', 0.1, { min: 0, max: 1_000, isWhole: false });
  const hardest = {
    stillMs: Math.max(...grid.still),
    runMs: Math.min(...grid.run),
    distressed: Math.max(...grid.distressed),
  };
  const slowRows = rows.filter((row) => !configurationOf(row).isForCrashes);
  const tasks: Task[] = [];
  const add = (fault: Fault, configuration: string, cell: typeof hardest, at: number): void => {
    if (cell.distressed >= nodes) return;
    const common = { kind: 'distress', fault, configuration, nodes, forMs, readMs } as const;
    tasks.push(distressTask({ ...common, ...cell, seed: seed + at }));
  };
  for (let at = 0; at < grid.seeds; at += 1) {
    for (const stillMs of grid.still) {
      for (const runMs of grid.run) {
        for (const distressed of grid.distressed) {
          for (const row of slowRows) add('messages', row, { stillMs, runMs, distressed }, at);
        }
      }
    }
    for (const row of rows) if (LOOP_ROWS.includes(row)) add('loop', row, hardest, at);
  }
  const crashes = numberOf(values, 'crashes', 100, { min: 0, max: 10_000 });
  const sizes = numbersOf(values, 'sizes', [8, 32, nodes], { min: 3, max: 10_000 });
  for (const size of crashes > 0 ? new Set(sizes) : []) {
    for (const row of rows) {
      if (!CRASH_ROWS.includes(row)) continue;
      const input: CrashInput = { kind: 'crash', configuration: row, nodes: size, crashes, seed };
      const cost = (size * crashes) / 128;
      tasks.push({ title: `${row}: crashes among ${size}`, cost, input });
    }
  }
  return tasks;
}

function distressTask(input: DistressInput): Task {
  const { configuration, fault, stillMs, runMs, distressed, nodes, forMs } = input;
  const cell = `D ${stillMs} I ${runMs} C ${distressed}`;
  const cost = (nodes * forMs) / 128 / 12_000;
  return { title: `${configuration}: ${cell}, ${fault}, seed ${input.seed}`, cost, input };
}

function gridOf(values: CommandValues): Grid {
  const name = values['grid'] ?? 'every';
  const grid = typeof name === 'string' ? GRIDS[name] : undefined;
  if (grid === undefined) throw new UsageError(`--grid is one of ${Object.keys(GRIDS).join(', ')}`);
  const ms = { min: 1, max: 3_600_000 };
  return {
    still: numbersOf(values, 'still', grid.still, ms),
    run: numbersOf(values, 'run', grid.run, ms),
    distressed: numbersOf(values, 'distressed', grid.distressed, { min: 1, max: 10_000 }),
    seeds: numberOf(values, 'seeds', grid.seeds, { min: 1, max: 1_000 }),
  };
}

function rowsOf(values: CommandValues): string[] {
  const known = CONFIGURATIONS.map(({ name }) => name);
  const asked = values['rows'];
  if (typeof asked !== 'string') return known;
  const rows = asked.split(',').map((each) => each.trim());
  const unknown = rows.find((each) => !known.includes(each));
  if (unknown === undefined) return rows;
  throw new UsageError(`--rows takes some of ${known.join(', ')}; there is no ${unknown}`);
}
