import type { Board, Plain, Task } from '../../board.ts';
import type { CommandValues } from '../../command.ts';
import { numberOf, numbersOf, UsageError } from '../../command.ts';
import type { Tell } from '../../telling.ts';
import type { FaultInput, FaultKind } from './faults.ts';
import { playFault } from './faults.ts';
import { reportRapid } from './report.ts';
import type { StartupInput } from './startup.ts';
import { playStartup } from './startup.ts';

/** Start-up of many at once, and the three faults: the figures of the Rapid paper. */
export const rapid: Board = {
  name: 'rapid',
  summary: 'start-up of many at once, and members that crash, are deaf or lose most packets',
  help: `  --nodes A,B     sizes of the rings that start (default 200)
  --fault-nodes N  size of the ring with faults (default: the first of --nodes)
  --faulty N      members that are deaf or lossy (default: one of a hundred); ten crash, or as many as fit
  --faults A,B    of crash, deaf, lossyOut, lossyIn (default all; none for none)
  --rules A,B     ours, go (our improvements off), or ours,go (default)
  --seconds S     how long the deaf and lossy ones are so (default 900)
  --join-seeds N  members that the others join through (default 3)
  --seeds N       seeds of the start-ups and the faults, by Go's rules the first alone (default 3)
`,
  options: {
    nodes: { type: 'string' },
    'fault-nodes': { type: 'string' },
    faulty: { type: 'string' },
    faults: { type: 'string' },
    rules: { type: 'string' },
    seconds: { type: 'string' },
    'join-seeds': { type: 'string' },
    seeds: { type: 'string' },
  },
  plan: planRapid,
  async play(input: Plain, tell?: Tell): Promise<Plain> {
    const run = input as FaultInput | StartupInput;
    return run.kind === 'fault' ? playFault(run, tell) : playStartup(run, tell);
  },
  report: reportRapid,
};

const FAULTS: readonly FaultKind[] = ['crash', 'deaf', 'lossyOut', 'lossyIn'];
const CRASH_MS = 60_000;

function planRapid(values: CommandValues, seed: number): Task[] {
  const sizes = numbersOf(values, 'nodes', [200], { min: 4, max: 20_000 });
  const seeds = numberOf(values, 'seeds', 3, { min: 1, max: 1_000 });
  const most = Math.min(100, ...sizes);
  const joinSeeds = numberOf(values, 'join-seeds', 3, { min: 1, max: most });
  const tasks: Task[] = [];
  for (const nodes of sizes) {
    for (let at = 0; at < seeds; at += 1) {
      const input: StartupInput = { kind: 'startup', nodes, seeds: joinSeeds, seed: seed + at };
      const title = `start of ${nodes}, seed ${seed + at}`;
      tasks.push({ title, cost: (nodes / 100) ** 2, input });
    }
  }
  const nodes = numberOf(values, 'fault-nodes', sizes[0] ?? 200, { min: 4, max: 20_000 });
  const few = Math.max(1, Math.round(nodes / 100));
  const faulty = numberOf(values, 'faulty', few, { min: 1, max: Math.floor(nodes / 2) });
  const forMs = 1000 * numberOf(values, 'seconds', 900, { min: 1, max: 86_400 });
  const rules = rulesOf(values);
  const faults = faultsOf(values);
  const idle = ['fault-nodes', 'faulty', 'seconds', 'rules'].find(
    (name) => values[name] !== undefined,
  );
  if (faults.length === 0 && idle !== undefined) {
    throw new UsageError(`--${idle} says nothing with --faults none`);
  }
  for (const fault of faults) {
    const isCrash = fault === 'crash';
    const common = {
      ...({ kind: 'fault', fault, nodes } as const),
      faulty: isCrash ? Math.min(10, Math.floor(nodes / 4)) : faulty,
      forMs: isCrash ? CRASH_MS : forMs,
    };
    const cost = ((nodes / 100) * common.forMs) / 12_000;
    for (const each of rules) {
      for (let at = 0; at < (each === 'go' ? 1 : seeds); at += 1) {
        const input: FaultInput = { ...common, rules: each, seed: seed + at };
        const title = `${fault} among ${nodes}, rules: ${each}, seed ${seed + at}`;
        tasks.push({ title, cost, input });
      }
    }
  }
  return tasks;
}

function rulesOf(values: CommandValues): readonly FaultInput['rules'][] {
  const asked = values['rules'];
  if (typeof asked !== 'string') return ['ours', 'go'];
  return asked.split(',').map((word) => {
    const rules = word.trim();
    if (rules === 'ours' || rules === 'go') return rules;
    throw new UsageError(`--rules takes ours, go or ours,go, not '${rules}'`);
  });
}

function faultsOf(values: CommandValues): readonly FaultKind[] {
  const asked = values['faults'];
  if (typeof asked !== 'string') return FAULTS;
  if (asked === 'none') return [];
  return asked.split(',').map((word) => {
    const found = FAULTS.find((each) => each === word.trim());
    if (found === undefined) {
      throw new UsageError(
        `--faults takes some of ${FAULTS.join(', ')}, or none, not '${word.trim()}'`,
      );
    }
    return found;
  });
}
