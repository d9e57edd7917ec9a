import { ringOf } from './beside-swim.bench.ts';
import { PACE, playRings } from './ring-play.ts';

/* Plays swim's side of the rows in this process: `player.js FOLDER NAME SIZE BUDGET_MS`. */

const [folder = '', , size] = process.argv.slice(2);
const figures = await playRings(ringOf('swim', Number(size), folder), PACE);
process.stdout.write(`${JSON.stringify({ figures })}\n`, () => process.exit());
