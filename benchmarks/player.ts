import { BENCHES } from './benches.ts';

/* Plays one benchmark in this process and prints what it measured: `player.js NAME SIZE BUDGET_MS`. */

const [name, size, budgetMs] = process.argv.slice(2);
const bench = BENCHES.find((each) => each.name === name);
if (bench === undefined) throw new Error(`no benchmark is called ${name ?? ''}`);
const extent = { size: Number(size), budgetMs: Number(budgetMs) };
const figures = await bench.play(bench.subject, extent);
process.stdout.write(`${JSON.stringify({ figures })}\n`, () => process.exit());
