import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Board, Plain, Task } from './board.ts';
import { InputError } from './command.ts';

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

/**
 * Plays all runs.
 *
 * @param jobs - processes to share them out to; 1 plays them here
 * @param onDone - called after each run, with what it gave
 * @returns their outcomes, in the order of the tasks
 * @throws Error that names the run that failed; those that have not begun are not played then
 * @throws InputError as it is when a run says so
 */
export async function playAll(
  board: Board,
  tasks: readonly Task[],
  jobs: number,
  onDone: (task: Task, outcome: Plain) => void,
): Promise<readonly Plain[]> {
  const outcomes: Plain[] = [];
  if (jobs === 1) {
    for (const task of tasks) {
      const outcome = await playHere(board, task);
      outcomes.push(outcome);
      onDone(task, outcome);
    }
    return outcomes;
  }
  const waiting = [...tasks.entries()];
  const player = async (): Promise<void> => {
    const child = fork(fileURLToPath(new URL('./player.js', import.meta.url)));
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [at, task] = next;
        const order: PlayOrder = { board: board.name, input: task.input };
        const outcome = await ask(child, order, task.title);
        outcomes[at] = outcome;
        onDone(task, outcome);
      }
    } catch (error) {
      // One failed run ends the others, too.
      waiting.length = 0;
      throw error;
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, tasks.length) }, player));
  return outcomes;
}

async function playHere(board: Board, { input, title }: Task): Promise<Plain> {
  try {
    return await board.play(input);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw failure(title, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function failure(title: string, why: string): Error {
  return new Error(`'${title}' failed: ${why}`);
}

async function ask(
  child: ReturnType<typeof fork>,
  order: PlayOrder,
  title: string,
): Promise<Plain> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => {
      reject(new Error(`the player of '${title}' ended with ${code}`));
    };
    child.once('exit', onExit);
    child.once('message', (answer: PlayAnswer) => {
      child.off('exit', onExit);
      if ('outcome' in answer) resolve(answer.outcome);
      else if ('refusal' in answer) reject(new InputError(answer.refusal));
      else reject(failure(title, answer.error));
    });
    child.send(order);
  });
}
