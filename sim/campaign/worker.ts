import { breakRule } from './break-rule.ts';
import type { Outcome } from './run.ts';

/*
 * One of the processes that seeds are shared out to: node worker.js [RULE], the rule to be taken out first. It ends
 * with its parent.
 */

/** What it answers to a seed. */
export interface Answer {
  readonly seed: number;
  readonly outcome: Outcome;
}

const [broken] = process.argv.slice(2);
if (broken !== undefined) breakRule(broken);

async function play(seed: number): Promise<void> {
  const [{ planOf }, { run }] = await Promise.all([import('./plan.ts'), import('./run.ts')]);
  const answer: Answer = { seed, outcome: await run(planOf(seed)) };
  process.send?.(answer);
}

process.on('message', (seed: number) => {
  void play(seed);
});
process.on('disconnect', () => process.exit());
