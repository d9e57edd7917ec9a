import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Command, CommandValues } from '../command.ts';
import { numberOf, UsageError } from '../command.ts';
import { BREAKAGES } from '../campaign/breakages.ts';
import type { Fault, Plan } from '../campaign/plan.ts';
import { FAULTS } from '../campaign/plan.ts';
import { Progress } from '../progress.ts';
import type { Breakage } from '../support/break-hooks.ts';

/*
 * `npm run sim -- campaign`: clusters under faults drawn from seeds, under the eyes of all checkers.
 */

const HELP = `  --seeds N       seeds to run (default 300)
  --seed S        the first of them (default 1); a seed always gives the same run
  --jobs N        processes to share them out to (default 1)
  --failures N    end after so many failures (default 3)
  --no-shrink     show a failure as it came, not the smallest that can be found
  --nodes N       run one seed with so many nodes
  --keep LIST     run one seed with these steps only: 3,7-9, or none
  --off LIST      run one seed without these faults: loss,jitter
  --break NAME    take a rule out whose name contains this: the first seed that notices it ends the campaign
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
    if (values['list'] === true) {
      for (const { name } of BREAKAGES) process.stdout.write(`${name}\n`);
      return 0;
    }
    const breakage = breakageOf(values['break']);
    const isPart = ['nodes', 'keep', 'off'].some((option) => values[option] !== undefined);
    if (breakage !== null) return notice(values, breakage);
    return isPart ? replay(values) : whole(values);
  },
};

/** Runs all seeds. */
async function whole(values: CommandValues): Promise<number> {
  const { campaign } = await import('../campaign/campaign.ts');
  const { ENOUGH_RUNS, idleOf } = await import('../campaign/exercised.ts');
  const { failureText, findingsText } = await import('../campaign/report.ts');
  const seeds = seedsOf(values);
  const progress = new Progress(process.stderr, seeds.length);
  const startedAt = performance.now();
  let runs = 0;
  const findings = await campaign({
    seeds,
    jobs: numberOf(values, 'jobs', 1, { min: 1, max: 256 }),
    maxFailures: numberOf(values, 'failures', 3, { min: 1, max: 1_000 }),
    shrinkRuns: values['no-shrink'] === true ? 0 : SHRINK_RUNS,
    onRun: (seed, { problem }) => {
      runs += 1;
      const perSecond = (runs * 1_000) / (performance.now() - startedAt);
      progress.add(1, `${runs} seeds, ${perSecond.toFixed(1)} a second`);
      if (problem !== null) process.stderr.write(`seed ${seed} fails\n`);
    },
  });
  progress.clear();
  const elapsedMs = performance.now() - startedAt;
  const idle = findings.runs >= ENOUGH_RUNS ? idleOf(findings.counts, findings.runs) : [];
  const isGood = findings.failures.length === 0 && idle.length === 0;
  if (values['json'] === true) {
    process.stdout.write(`${JSON.stringify({ ...findings, idle, elapsedMs }, null, 2)}\n`);
    return isGood ? 0 : 1;
  }
  for (const failure of findings.failures) process.stdout.write(`${failureText(failure)}\n\n`);
  process.stdout.write(`${findingsText(findings, elapsedMs)}\n`);
  for (const line of idle) process.stdout.write(`too seldom: ${line}\n`);
  return isGood ? 0 : 1;
}

/** Runs a part of one seed's plan. */
async function replay(values: CommandValues): Promise<number> {
  const { planOf, reduced } = await import('../campaign/plan.ts');
  const { run } = await import('../campaign/run.ts');
  const { failureText, rangesOf } = await import('../campaign/report.ts');
  const seed = numberOf(values, 'seed', 1, { min: 0, max: MAX_SEED });
  const whole = planOf(seed);
  const nodes = numberOf(values, 'nodes', whole.settings.nodes, { min: 2, max: 50 });
  const keep = typeof values['keep'] === 'string' ? rangesOf(values['keep']) : undefined;
  if (keep === null) throw new UsageError('--keep must be like 3,7-9, or none');
  const part = { nodes, off: faultsOf(values['off']), ...(keep === undefined ? {} : { keep }) };
  const plan: Plan = reduced(whole, part);
  const outcome = await run(plan);
  if (outcome.problem === null) {
    process.stdout.write(`seed ${seed}: all well after ${outcome.virtualMs.toFixed(0)} ms\n`);
    return 0;
  }
  process.stdout.write(`${failureText({ seed, outcome, smaller: { plan, outcome } })}\n`);
  return 1;
}

/** Runs seeds until one notices that a rule is missing, in a process that has not loaded the rule yet. */
async function notice(values: CommandValues, { name }: Breakage): Promise<number> {
  const seeds = seedsOf(values);
  const main = fileURLToPath(new URL('../campaign/break-main.js', import.meta.url));
  const child = fork(main, [name, `${seeds[0] ?? 1}`, `${seeds.length}`]);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

function seedsOf(values: CommandValues): readonly number[] {
  const count = numberOf(values, 'seeds', 300, { min: 1, max: 1_000_000 });
  const first = numberOf(values, 'seed', 1, { min: 0, max: MAX_SEED });
  return Array.from({ length: count }, (_, i) => first + i);
}

function breakageOf(name: CommandValues[string]): Breakage | null {
  if (typeof name !== 'string') return null;
  const found = BREAKAGES.find((each) => each.name.includes(name));
  if (found === undefined) throw new UsageError(`no rule is called ${name}; see --list`);
  return found;
}

function faultsOf(text: CommandValues[string]): readonly Fault[] {
  if (typeof text !== 'string') return [];
  return text.split(',').map((word) => {
    const fault = FAULTS.find((each) => each === word.trim());
    if (fault === undefined) throw new UsageError(`--off knows ${FAULTS.join(', ')}`);
    return fault;
  });
}

const SHRINK_RUNS = 200;
const MAX_SEED = 2 ** 31;
