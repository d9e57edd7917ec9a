import { Progress } from '../progress.ts';
import { campaign } from './campaign.ts';
import { ENOUGH_RUNS, idleOf } from './exercised.ts';
import type { Orders, Part } from './orders.ts';
import { partOfPlan } from './orders.ts';
import { failureText, findingsText, replayLine } from './report.ts';
import { run } from './run.ts';

/*
 * Does what is ordered and tells what came of it. With a rule taken out the verdict is the other way round: all is
 * well when the campaign notices.
 */

/** Carries the orders out, in a process that has the code they are about. @returns the exit code */
export async function carryOut(orders: Orders): Promise<number> {
  return orders.part === null ? whole(orders) : replay(orders, orders.part);
}

/** Runs all seeds. */
async function whole(orders: Orders): Promise<number> {
  const { seed: first, seeds: count, jobs, maxFailures, shrinkRuns, broken, isJson } = orders;
  const seeds = Array.from({ length: count }, (_, i) => first + i);
  const progress = new Progress(process.stderr, count);
  const startedAt = performance.now();
  let runs = 0;
  const findings = await campaign({
    ...{ seeds, jobs, maxFailures, shrinkRuns, broken },
    onRun: (seed, { problem }) => {
      runs += 1;
      const perSecond = (runs * 1_000) / (performance.now() - startedAt);
      progress.add(1, `${runs} seeds, ${perSecond.toFixed(1)} a second`);
      if (problem !== null) process.stderr.write(`seed ${seed} fails\n`);
    },
  });
  progress.clear();
  const elapsedMs = performance.now() - startedAt;
  const isEnough = broken === null && findings.runs >= ENOUGH_RUNS;
  const idle = isEnough ? idleOf(findings.counts, findings.runs) : [];
  const hasFailed = findings.failures.length > 0;
  const isGood = broken === null ? !hasFailed && idle.length === 0 : hasFailed;
  if (isJson) {
    printJson({ ...findings, idle, elapsedMs, ...verdict(broken, hasFailed) });
    return isGood ? 0 : 1;
  }
  if (broken !== null) {
    print(`${hasFailed ? 'noticed' : 'NOT noticed'} after ${findings.runs} runs: ${broken}`);
  }
  for (const failure of findings.failures) print(`${failureText(failure, broken)}\n`);
  print(findingsText(findings, elapsedMs));
  for (const line of idle) print(`too seldom: ${line}`);
  return isGood ? 0 : 1;
}

/** Runs a part of one seed's plan. */
async function replay({ seed, broken, isJson }: Orders, part: Part): Promise<number> {
  const plan = partOfPlan(seed, part);
  const outcome = await run(plan);
  const hasFailed = outcome.problem !== null;
  if (isJson) {
    const again = replayLine(plan, broken);
    printJson({ seed, again, plan, outcome, ...verdict(broken, hasFailed) });
  } else {
    if (broken !== null) print(`${hasFailed ? 'noticed' : 'NOT noticed'}: ${broken}`);
    if (hasFailed) print(failureText({ seed, outcome, smaller: { plan, outcome } }, broken));
    else print(`seed ${seed}: all well after ${outcome.virtualMs.toFixed(0)} ms`);
  }
  return hasFailed === (broken !== null) ? 0 : 1;
}

function verdict(broken: string | null, isNoticed: boolean): object {
  return broken === null ? {} : { broken, isNoticed };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}
