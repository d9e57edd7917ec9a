import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Board, Plain, Task } from './board.ts';
import { InputError } from './command.ts';
import { nowAndThen } from './telling.ts';

/*
 * Plays the runs of a board, in this process or shared out to several.
 */

/** What a player process is told, and what it answers. */
export interface PlayOrder {
  readonly board: string;
  readonly input: Plain;
}

/** An outcome, or why there is none: by the user's doing or not. */
export type PlayAnswer =
  { readonly outcome: Plain } | { readonly refusal: string } | { readonly error: string };

/** How far a player process is with its run. */
export interface PlayWord {
  readonly share: number;
  readonly what: string;
}

/** Who watches runs being played. */
export interface Watcher {
  /** Hears of each run, with what it gave. */
  onDone(task: Task, outcome: Plain): void;
  /** Hears now and then how far a run is, 0 to 1. */
  onTold?(task: Task, share: number, what: string): void;
  /** They are about to begin. */
  onBegin?(): void;
  /** A signal is about to end this process and the others. */
  onBroken?(): void;
}

/**
 * Plays all runs.
 *
 * @param jobs - processes to share them out to; 1 plays them here
 * @returns their outcomes, in the order of the tasks
 * @throws Error that names the run that failed; those that have not begun are not played then
 * @throws InputError as it is when a run says so
 */
export async function playAll(
  board: Board,
  tasks: readonly Task[],
  jobs: number,
  watcher: Watcher,
): Promise<readonly Plain[]> {
  const outcomes: Plain[] = [];
  if (jobs === 1) {
    watcher.onBegin?.();
    for (const task of tasks) {
      const outcome = await playHere(board, task, watcher);
      outcomes.push(outcome);
      watcher.onDone(task, outcome);
    }
    return outcomes;
  }
  const waiting = [...tasks.entries()];
  const children = new Set<ChildProcess>();
  const unwatch = onSignal(() => {
    for (const child of children) child.kill();
    watcher.onBroken?.();
  });
  watcher.onBegin?.();
  const player = async (): Promise<void> => {
    const child = fork(fileURLToPath(new URL('./player.js', import.meta.url)));
    children.add(child);
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [at, task] = next;
        const order: PlayOrder = { board: board.name, input: task.input };
        const outcome = await ask(child, order, { task, watcher });
        outcomes[at] = outcome;
        watcher.onDone(task, outcome);
      }
    } catch (error) {
      // One failed run ends the others, too.
      waiting.length = 0;
      throw error;
    } finally {
      child.kill();
      children.delete(child);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, tasks.length) }, player));
  } finally {
    unwatch();
  }
  return outcomes;
}

/**
 * Runs something before a signal ends this process, which it does all the same.
 *
 * @returns a function that ends the watch
 */
function onSignal(run: () => void): () => void {
  const end = (signal: NodeJS.Signals): void => {
    unwatch();
    run();
    process.kill(process.pid, signal);
  };
  const unwatch = (): void => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
  for (const signal of SIGNALS) process.on(signal, end);
  return unwatch;
}

async function playHere(board: Board, task: Task, watcher: Watcher): Promise<Plain> {
  const { input, title } = task;
  const tell = nowAndThen(TOLD_EACH_MS, (share, what) => watcher.onTold?.(task, share, what));
  try {
    return await board.play(input, tell);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw failure(title, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function failure(title: string, why: string): Error {
  return new Error(`'${title}' failed: ${why}`);
}

async function ask(
  child: ChildProcess,
  order: PlayOrder,
  { task, watcher }: { readonly task: Task; readonly watcher: Watcher },
): Promise<Plain> {
  const { title } = task;
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => {
      reject(new Error(`the player of '${title}' ended with ${code}`));
    };
    const onMessage = (answer: PlayAnswer | PlayWord): void => {
      if ('share' in answer) {
        watcher.onTold?.(task, answer.share, answer.what);
        return;
      }
      child.off('exit', onExit);
      child.off('message', onMessage);
      if ('outcome' in answer) resolve(answer.outcome);
      else if ('refusal' in answer) reject(new InputError(answer.refusal));
      else reject(failure(title, answer.error));
    };
    child.once('exit', onExit);
    child.on('message', onMessage);
    child.send(order);
  });
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Real milliseconds between two words of a run. */
export const TOLD_EACH_MS = 200;
