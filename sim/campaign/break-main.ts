import { register } from 'node:module';

import { BREAKAGES } from './breakages.ts';

/*
 * A process of its own for a campaign with a rule taken out, since the rule must be gone before anything of
 * `src/` is loaded: node break-main.js NAME FIRST_SEED SEEDS. It ends with the first seed that notices.
 */

const [name = '', first = '1', count = '300'] = process.argv.slice(2);
const breakage = BREAKAGES.find((each) => each.name === name);
if (breakage === undefined) throw new Error(`no rule is called ${name}`);
register('../support/break-hooks.js', import.meta.url, { data: breakage });
// Loaded after the hooks, so that they see it.
const { campaign } = await import('./campaign.ts');
const seeds = Array.from({ length: Number(count) }, (_, i) => Number(first) + i);
const { failures, runs } = await campaign({ seeds });
const [failure] = failures;
const result = failure === undefined ? 'NOT noticed' : 'noticed';
process.stdout.write(`${result} after ${runs} runs: ${name}\n`);
if (failure === undefined) process.exitCode = 1;
else {
  const lines = (failure.outcome.problem ?? '').split('\n').slice(0, 3);
  process.stdout.write(`  seed ${failure.seed}: ${lines.join('\n  ')}\n`);
}
