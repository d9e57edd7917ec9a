import { CheckError } from './checkers/checker.ts';
import type { Trace } from './trace.ts';

/*
 * What an error of a simulation says on top of its message: where in the scenario the call was made that failed, and
 * which moment of which run it was.
 *
 * It goes into the stack, and there in lines that begin as frames do: of an error a TAP report shows the message and
 * the frames alone.
 */

/** Frames of the stack at this moment, those of the caller's callers; read only when they are needed. */
export function callSite(): () => string {
  const { stack } = new Error();
  return () => {
    const lines = (stack ?? '').split('\n');
    const first = lines.findIndex((line) => line.startsWith(FRAME));
    // This function and the one that asked are not what anybody looks for.
    return lines.slice(first + 2).join('\n');
  };
}

/** Gives an error the frames of the call that it is the failure of. @returns the same error */
export function failedAt<E extends Error>(error: E, site: () => string): E {
  const head = (error.stack ?? '').split('\n').filter((line) => !line.startsWith(FRAME));
  Reflect.set(error, 'stack', [...head, site()].join('\n'));
  return error;
}

/** The finding that there are still problems when all should agree. */
export function notConverged(
  boundMs: number,
  problems: readonly string[],
  site: () => string,
): CheckError {
  const error = new CheckError({
    checker: 'convergence',
    expected: boundMs === 0 ? 'all agree now' : `all agree within ${boundMs.toFixed(0)} ms of calm`,
    found: problems.length === 1 ? '1 disagreement' : `${problems.length} disagreements`,
    history: problems.slice(0, MOST_PROBLEMS),
  });
  return failedAt(error, site);
}

/** What a simulation puts on the error that ends it. */
export interface SimulationNote {
  readonly seed: number;
  readonly virtualTimeMs: number;
  /** The last lines. */
  readonly trace: string;
}

/** The same error, with what it takes to find the fault again; what is no error becomes the cause of one. */
export function withSimulation(
  thrown: unknown,
  o: { readonly seed: number; readonly now: number; readonly trace: Trace },
): Error {
  const { seed, now, trace } = o;
  const lines = trace.toText().split('\n');
  const tail = (count: number): string => lines.slice(-count).join('\n');
  const note: SimulationNote = { seed, virtualTimeMs: now, trace: tail(TAIL_LINES) };
  const error =
    thrown instanceof Error && Object.isExtensible(thrown)
      ? thrown
      : new Error(`thrown in a simulation of seed ${seed}`, { cause: thrown });
  const where = `${FRAME}a simulation of seed ${seed}, after ${shownMs(now)} ms of virtual time; the last of its trace:`;
  const last = tail(STACK_LINES)
    .split('\n')
    .map((line) => `${FRAME}${line.trimStart()}`);
  Reflect.set(error, 'stack', [error.stack ?? String(error), where, ...last].join('\n'));
  return Object.assign(error, { simulation: note });
}

/** With what is below a microsecond left out, which clocks with a skew have. */
function shownMs(ms: number): number {
  return Number(ms.toFixed(3));
}

const FRAME = '    at ';
const TAIL_LINES = 40;
const STACK_LINES = 12;
const MOST_PROBLEMS = 20;
