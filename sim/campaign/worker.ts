import type { Outcome } from './run.ts';

/* One of the processes that seeds are shared out to. It ends with its parent. */

/** What it answers to a seed. */
export interface Answer {
  readonly seed: number;
  readonly outcome: Outcome;
}

async function play(seed: number): Promise<void> {
  const [{ planOf }, { run }] = await Promise.all([import('./plan.ts'), import('./run.ts')]);
  const answer: Answer = { seed, outcome: await run(planOf(seed)) };
  process.send?.(answer);
}

process.on('message', (seed: number) => {
  void play(seed);
});
process.on('disconnect', () => process.exit());
