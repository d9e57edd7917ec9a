import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { BREAKAGES } from '../campaign/breakages.ts';
import { ordersOf } from '../campaign/orders.ts';
import type { Orders } from '../campaign/orders.ts';
import type { Command, CommandValues } from '../command.ts';
import { UsageError } from '../command.ts';

/*
 * `npm run sim -- campaign`: clusters under faults drawn from seeds, under the eyes of all checkers.
 */

const HELP = `  --seeds N       seeds to run (default 300)
  --seed S        the first of them (default 1); a seed always gives the same run
  --jobs N        processes to share them out to, one per seed at most (default 1)
  --failures N    end after so many failures (default 3; with --break 1)
  --no-shrink     show a failure as it came, not the smallest that can be found
  --nodes N       run one seed with so many nodes
  --keep LIST     run one seed with these steps only: 3,7-9, or none
  --off LIST      run one seed without these faults: loss,jitter
  --break NAME    take the rule out whose name contains this: all is well when some seed notices; goes with all others
  --list          print the names of the rules that can be taken out
  --json          the report as JSON
`;

/** The command. */
export const campaignCommand: Command = {
  name: 'campaign',
  summary: 'random clusters under random faults: checkers watch, then all must agree',
  help: HELP,
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    jobs: { type: 'string' },
    failures: { type: 'string' },
    'no-shrink': { type: 'boolean' },
    nodes: { type: 'string' },
    keep: { type: 'string' },
    off: { type: 'string' },
    break: { type: 'string' },
    list: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  async run(values) {
    if (values['list'] === true) return list(values);
    const orders = ordersOf(values);
    if (orders.broken !== null) return elsewhere(orders);
    const { carryOut } = await import('../campaign/carry-out.ts');
    return carryOut(orders);
  },
};

function list(values: CommandValues): number {
  const other = Object.keys(values).find((name) => name !== 'list' && name !== 'json');
  if (other !== undefined) throw new UsageError(`--list goes with --json alone, not --${other}`);
  const names = BREAKAGES.map(({ name }) => name);
  process.stdout.write(`${values['json'] === true ? JSON.stringify(names) : names.join('\n')}\n`);
  return 0;
}

/** Carries orders out in a process that has not loaded the rule yet that is to be missing. */
async function elsewhere(orders: Orders): Promise<number> {
  const main = fileURLToPath(new URL('../campaign/break-main.js', import.meta.url));
  const child = fork(main, [JSON.stringify(orders)]);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
