import type { AnyBench } from '../bench.ts';
import { benchOf } from '../bench.ts';
import { NodeProcess } from './node-process.ts';
import type { Kind } from './node.ts';
import type { MakeRing } from './ring-play.ts';
import { PACE, playRings } from './ring-play.ts';

/** A ring of so many processes of one kind. */
export function ringOf(kind: Kind, size: number, folder = ''): MakeRing {
  return async () =>
    Promise.all(Array.from({ length: size }, async () => NodeProcess.start(kind, folder)));
}

const benchFor = (name: string, kind: Kind): AnyBench =>
  benchOf({
    name,
    subject: {},
    play: async (_, { size }) => playRings(ringOf(kind, size), PACE),
  });

/* A ring of ours beside one of swim: as each is by default, and ours at the intervals that swim has by default. */
export const besideSwim: AnyBench = benchFor('beside-swim', 'ours');
export const besideSwimFast: AnyBench = benchFor('beside-swim-fast', 'ours-fast');
