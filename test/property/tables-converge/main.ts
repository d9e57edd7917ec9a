import { register } from 'node:module';
import { parseArgs } from 'node:util';

import { BREAKAGES } from './breakages.ts';

/*
 * Many runs of the property test of the tables, or the same with a rule taken out.
 */

const HELP = `Usage: npm run test:property -- [options]

  --runs N        seeds to run (default 1000)
  --seed S        the first of them (default 1); a seed always gives the same run
  --failures N    end after so many failures (default 5)
  --no-shrink     show a failure as it came, not the smallest that can be found
  --break NAME    take a rule out whose name contains this: the first seed that notices it ends it
  --list          print the names of the rules that can be taken out
  --help          print this

Exit code 0 when nothing failed, with --break when the missing rule was noticed; 1 otherwise; 2 when the
options are wrong.
`;

interface Settings {
  readonly runs: number;
  readonly seed: number;
  readonly failures: number;
  readonly isShrinking: boolean;
  readonly breakage: (typeof BREAKAGES)[number] | null;
}

function readSettings(): Settings | null {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      failures: { type: 'string', default: '5' },
      'no-shrink': { type: 'boolean', default: false },
      break: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) process.stdout.write(HELP);
  if (values.list) for (const { name } of BREAKAGES) process.stdout.write(`${name}\n`);
  if (values.help || values.list) return null;
  const breakage = BREAKAGES.find(({ name }) => name.includes(values.break ?? '\0')) ?? null;
  if (values.break !== undefined && breakage === null) {
    throw new Error(`no rule is called ${values.break}`);
  }
  return {
    runs: integerOf('--runs', values.runs),
    seed: integerOf('--seed', values.seed),
    failures: breakage === null ? integerOf('--failures', values.failures) : 1,
    isShrinking: !values['no-shrink'] && breakage === null,
    breakage,
  };
}

function integerOf(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new Error(`${option} must be an integer of 1 to 1000000`);
}

async function main({ runs, seed, failures, isShrinking, breakage }: Settings): Promise<boolean> {
  if (breakage !== null)
    register('../../../sim/support/break-hooks.js', import.meta.url, { data: breakage });
  // Loaded after the hooks, so that they see it.
  const { campaign, failureText } = await import('./campaign.ts');
  const startedAt = performance.now();
  let shownAt = startedAt;
  let done = 0;
  const findings = await campaign({
    seeds: Array.from({ length: runs }, (_, i) => seed + i),
    maxFailures: failures,
    shrinkRuns: isShrinking ? 300 : 0,
    onRun: (at, { problems }) => {
      done += 1;
      if (problems.length > 0) process.stdout.write(`seed ${at} fails\n`);
      const now = performance.now();
      if (now - shownAt < 10_000) return;
      shownAt = now;
      const leftS = (((now - startedAt) / done) * (runs - done)) / 1000;
      process.stderr.write(`${done} of ${runs} runs, about ${leftS.toFixed(0)} s left\n`);
    },
  });
  const { counts, longestCalmMs } = findings;
  const elapsedMs = performance.now() - startedAt;
  if (breakage !== null) {
    const [first] = findings.failures;
    const result = first === undefined ? 'NOT noticed' : 'noticed';
    process.stdout.write(`${result} after ${findings.runs} runs: ${breakage.name}\n`);
    if (first !== undefined)
      process.stdout.write(`  ${first.outcome.problems.slice(0, 3).join('\n  ')}\n`);
    return first !== undefined;
  }
  for (const failure of findings.failures) process.stdout.write(`\n${failureText(failure)}\n`);
  const exercised = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
  process.stdout.write(
    `${findings.runs} runs from seed ${seed}, ${findings.failures.length} failed, ` +
      `${(elapsedMs / findings.runs).toFixed(0)} ms each, longest calm ${longestCalmMs} ms\n` +
      `${exercised.join(', ')}\n`,
  );
  return findings.failures.length === 0;
}

try {
  const settings = readSettings();
  if (settings !== null && !(await main(settings))) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
  process.exitCode = 2;
}
