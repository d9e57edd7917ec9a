import type { VirtualClock } from '../src/simulator/index.ts';

/*
 * A run tells how far it is while it is played: a share of its work that never falls, and what goes on. Who plays
 * hears of it only now and then, so that a run may tell as often as it likes: what costs something to
 * find out is handed on as a function, which nobody calls who does not ask.
 */

/** Says how far a run is: a share of 0 to 1, or what finds it out; and what goes on, for people. */
export type Tell = (share: number | (() => number), what: string) => void;

/** For runs that nobody listens to. */
export const untold: Tell = () => undefined;

/** What a stage of a run tells, as a part of all of it. @param from - share at its start @param to - at its end */
export function stage(tell: Tell, from: number, to: number): Tell {
  return (share, what) => {
    tell(() => from + (to - from) * valueOf(share), what);
  };
}

/**
 * Passes on the first word, and then one in a while; shares that fall, or leave 0 to 1, are put right.
 *
 * @param pauseMs - real milliseconds between two words
 */
export function nowAndThen(
  pauseMs: number,
  hear: (share: number, what: string) => void,
  now: () => number = () => performance.now(),
): Tell {
  let heardAt = -Infinity;
  let highest = 0;
  return (share, what) => {
    if (now() - heardAt < pauseMs) return;
    heardAt = now();
    highest = Math.max(highest, Math.min(1, valueOf(share)));
    hear(highest, what);
  };
}

/** Lets virtual time pass, and tells of it as it does. */
export function passTelling(clock: VirtualClock, ms: number, tell: Tell, what: string): void {
  const startedAt = clock.now();
  clock.runUntil(() => {
    tell(() => (clock.now() - startedAt) / ms, what);
    return false;
  }, ms);
}

function valueOf(share: number | (() => number)): number {
  return typeof share === 'number' ? share : share();
}
