import type { Board } from '../board.ts';
import { convergence } from './convergence/index.ts';
import { delivery } from './delivery/index.ts';
import { forecast } from './forecast/index.ts';
import { lifeguard } from './lifeguard/index.ts';
import { partition } from './partition/index.ts';
import { quiet } from './quiet/index.ts';

/** Every board that there is, in the order of the scoreboard. */
export const BOARDS: readonly Board[] = [
  lifeguard,
  delivery,
  convergence,
  partition,
  quiet,
  forecast,
];
