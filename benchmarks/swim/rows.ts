import type { Row, Unit } from '../rows.ts';
import { STALLS } from './ring-play.ts';

/* What is reported beside the npm package swim. Nothing is aimed at: the two are made for different things. */

const SIZE = 5;

const figuresOf = (size: number): readonly (readonly [string, string, Unit])[] => [
  [`start of ${size} processes, until all know all`, 'start-ms', 'ms'],
  ['killed process known to all', 'killed-ms', 'ms'],
  ['metadata change known to all, median of 5', 'metadata-ms', 'ms'],
  ['idle member, packets sent', 'packets-per-s', '1/s'],
  ['idle member, bytes sent', 'bytes-per-s', 'bytes/s'],
  ['idle member, processor time', 'cpu-ms-per-s', 'ms cpu/s'],
  ['called faulty in 10 s of rest, all wrongly', 'idle-blamed', 'times'],
  ...STALLS.flatMap((ms): readonly (readonly [string, string, Unit])[] => [
    [`loop of one stalls ${ms} ms: others that call it faulty`, `stall-${ms}-blamed`, 'members'],
    [`loop of one stalls ${ms} ms: others that it calls faulty`, `stall-${ms}-blames`, 'members'],
    [`loop of one stalls ${ms} ms: missing 5 s later`, `stall-${ms}-missing`, 'members'],
  ]),
];

const rowsFor = (bench: string, how: string): Row[] =>
  figuresOf(SIZE).map(([what, figure, unit]) => ({
    ...{ name: `${what}, ${how}`, bench, size: SIZE, figure, unit, target: null, runs: 3 },
  }));

/** All rows, in the order in which they are played. */
export const SWIM_ROWS: readonly Row[] = [
  ...rowsFor('beside-swim', 'each by default'),
  ...rowsFor('beside-swim-fast', 'ours at intervals of 20 ms'),
];
