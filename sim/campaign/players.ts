import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { planOf } from './plan.ts';
import type { Outcome } from './run.ts';
import { run } from './run.ts';
import type { Answer } from './worker.ts';

/** Runs the plans of seeds one after the other, in this process. */
export async function* playHere(seeds: Iterable<number>): AsyncGenerator<Answer, void> {
  for (const seed of seeds) yield { seed, outcome: await run(planOf(seed)) };
}

/**
 * The same in several processes; outcomes come as they are ready.
 *
 * @param o - how many processes, one per seed at most; and the rule that they take out, null for none
 */
export async function* playShared(
  seeds: readonly number[],
  o: { readonly jobs: number; readonly broken: string | null },
): AsyncGenerator<Answer, void> {
  const left = seeds[Symbol.iterator]();
  const worker = fileURLToPath(new URL('./worker.js', import.meta.url));
  const children = Array.from({ length: Math.min(o.jobs, seeds.length) }, () =>
    fork(worker, o.broken === null ? [] : [o.broken]),
  );
  try {
    const waiting = new Map<number, Promise<{ readonly at: number; readonly answer: Answer }>>();
    const feed = (at: number): void => {
      const next = left.next();
      const child = children[at];
      waiting.delete(at);
      if (next.done === true || child === undefined) return;
      const answered = answerOf(child, next.value);
      waiting.set(
        at,
        answered.then((answer) => ({ at, answer })),
      );
      child.send(next.value);
    };
    for (const at of children.keys()) feed(at);
    while (waiting.size > 0) {
      const { at, answer } = await Promise.race(waiting.values());
      feed(at);
      yield answer;
    }
  } finally {
    for (const child of children) child.kill();
  }
}

/** What the process answers next. @throws Error when it ends instead */
async function answerOf(child: ChildProcess, seed: number): Promise<Answer> {
  const over = new AbortController();
  const { signal } = over;
  try {
    const ended = once(child, 'exit', { signal }).then(() => {
      throw new Error(`the process that ran seed ${seed} ended`);
    });
    const answered = once(child, 'message', { signal }).then(([answer]: unknown[]) => answer);
    return (await Promise.race([answered, ended])) as Answer;
  } finally {
    // Or each seed would leave listeners behind.
    over.abort();
  }
}

/** What a seed was answered with. */
export type { Answer, Outcome };
