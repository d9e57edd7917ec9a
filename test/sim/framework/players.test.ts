import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Board, Plain, Task } from '../../../sim/board.ts';
import { forecast } from '../../../sim/boards/forecast/index.ts';
import { delivery } from '../../../sim/boards/delivery/index.ts';
import { InputError } from '../../../sim/command.ts';
import { playAll } from '../../../sim/players.ts';

/** A board whose runs double a number; -1 cannot be played. */
const DOUBLING: Board = {
  name: 'doubling',
  summary: '',
  help: '',
  options: {},
  plan: () => [],
  async play(input: Plain): Promise<Plain> {
    if (input === -1) throw new RangeError('below zero');
    return Number(input) * 2;
  },
  report: () => ({ tables: [], aims: [], plots: [] }),
};

const task = (input: number): Task => ({ title: `run of ${input}`, input });

test('outcomes come in the order of the tasks, and each is told of', async () => {
  const done: string[] = [];
  const outcomes = await playAll(DOUBLING, [task(3), task(1), task(2)], 1, ({ title }) => {
    done.push(title);
  });
  assert.deepEqual(outcomes, [6, 2, 4]);
  assert.deepEqual(done, ['run of 3', 'run of 1', 'run of 2']);
});

test('an error names its run, and no other run begins after it', async () => {
  const done: string[] = [];
  const playing = playAll(DOUBLING, [task(1), task(-1), task(2)], 1, ({ title }) => {
    done.push(title);
  });
  await assert.rejects(playing, /'run of -1' failed: RangeError: below zero/);
  assert.deepEqual(done, ['run of 1']);
});

/** Events of a small ring; the first ring takes longest. */
function rings(events: readonly number[]): readonly Task[] {
  return events.map((each) => {
    const ring = { way: 'go', wire: 'memberlist', nodes: 3, lossPercent: 0, seed: 1 };
    return { title: `${each} events`, input: { ...ring, events: each } };
  });
}

test('two processes give the same outcomes as one, in the same order', async () => {
  const tasks = rings([40, 1, 2]);
  const alone = await playAll(delivery, tasks, 1, () => undefined);
  const shared = await playAll(delivery, tasks, 2, () => undefined);
  assert.deepEqual(shared, alone);
  assert.deepEqual(
    shared.map((outcome) => (outcome as { readonly events: number }).events),
    [40, 1, 2],
  );
});

test('an error in another process names its run, too', async () => {
  const [good] = rings([1]) as [Task];
  const bad: Task = {
    title: 'no ring',
    input: { way: 'go', nodes: 2, lossPercent: 900, events: 1 },
  };
  await assert.rejects(
    playAll(delivery, [good, bad], 2, () => undefined),
    /'no ring' failed: /,
  );
});

test('what a run says of its input is handed on as it is, from another process too', async () => {
  const [task] = forecast.plan({ nodes: '3', latency: '3000', seeds: '1' }, 1) as [Task];
  for (const jobs of [1, 2]) {
    await assert.rejects(
      playAll(forecast, [task], jobs, () => undefined),
      (error) => error instanceof InputError && error.message.startsWith('3 members with'),
    );
  }
});
