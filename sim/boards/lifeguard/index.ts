import type { Board, Plain } from '../../board.ts';
import type { Tell } from '../../telling.ts';
import type { CrashInput } from './crash.ts';
import { playCrash } from './crash.ts';
import type { DistressInput } from './distress.ts';
import { playDistress } from './distress.ts';
import { planLifeguard } from './plan.ts';
import { reportLifeguard } from './report.ts';

/** False alarms under slow members, and how fast a crash is seen: the Lifeguard paper's tables. */
export const lifeguard: Board = {
  name: 'lifeguard',
  summary: 'false alarms under slow members, and how soon a crash is known',
  help: `  --grid G        quick (4 cells, one seed), every (27, three seeds) or full; default every:
                  about an hour and a half of one core, quick some minutes
  --nodes N       members (default 128)
  --seeds N       seeds per cell
  --rows A,B      rows to play, of SWIM, LHA-Probe, LHA-Suspicion, Buddy, Lifeguard, Lifeguard-4
                  (crashes alone), ours, ours-4, ours-2
  --still A,B     milliseconds that slow members stand still, in place of the grid's
  --run A,B       milliseconds that they run in between
  --distressed A,B  members that are slow at a time
  --seconds S     how long they are slow (default 120)
  --read MS       how long a slow member takes for a packet while others wait behind it (default 0.1)
  --crashes N     crashes to time per row and size (default 100; 0 for none)
  --sizes A,B     sizes of the rings with crashes (default 8,32 and --nodes)
`,
  options: {
    grid: { type: 'string' },
    nodes: { type: 'string' },
    seeds: { type: 'string' },
    rows: { type: 'string' },
    still: { type: 'string' },
    run: { type: 'string' },
    distressed: { type: 'string' },
    seconds: { type: 'string' },
    read: { type: 'string' },
    crashes: { type: 'string' },
    sizes: { type: 'string' },
  },
  plan: planLifeguard,
  async play(input: Plain, tell?: Tell): Promise<Plain> {
    const run = input as CrashInput | DistressInput;
    return run.kind === 'crash' ? playCrash(run, tell) : playDistress(run, tell);
  },
  report: reportLifeguard,
};
