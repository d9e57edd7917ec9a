import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Board, Plain, Task } from '../../../sim/board.ts';
import { forecast } from '../../../sim/boards/forecast/index.ts';
import { delivery } from '../../../sim/boards/delivery/index.ts';
import { keys } from '../../../sim/boards/keys/index.ts';
import { partition } from '../../../sim/boards/partition/index.ts';
import { quiet } from '../../../sim/boards/quiet/index.ts';
import { rapid } from '../../../sim/boards/rapid/index.ts';
import { InputError } from '../../../sim/command.ts';
import { playAll } from '../../../sim/players.ts';
import { nowAndThen } from '../../../sim/telling.ts';

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

/** A forecast of seconds. */
const TINY = { nodes: '3', minutes: '0.1', entries: '2', seeds: '1' };

const UNWATCHED = { onDone: () => undefined };

const task = (input: number): Task => ({ title: `run of ${input}`, input });

test('outcomes come in the order of the tasks, and each is told of', async () => {
  const done: string[] = [];
  const outcomes = await playAll(DOUBLING, [task(3), task(1), task(2)], 1, {
    onDone: ({ title }) => done.push(title),
  });
  assert.deepEqual(outcomes, [6, 2, 4]);
  assert.deepEqual(done, ['run of 3', 'run of 1', 'run of 2']);
});

test('an error names its run, and no other run begins after it', async () => {
  const done: string[] = [];
  const playing = playAll(DOUBLING, [task(1), task(-1), task(2)], 1, {
    onDone: ({ title }) => done.push(title),
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
  const alone = await playAll(delivery, tasks, 1, UNWATCHED);
  const shared = await playAll(delivery, tasks, 2, UNWATCHED);
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
  await assert.rejects(playAll(delivery, [good, bad], 2, UNWATCHED), /'no ring' failed: /);
});

test('what a run says of its input is handed on as it is, from another process too', async () => {
  const [task] = forecast.plan({ nodes: '3', latency: '3000', seeds: '1' }, 1) as [Task];
  for (const jobs of [1, 2]) {
    await assert.rejects(
      playAll(forecast, [task], jobs, UNWATCHED),
      (error) => error instanceof InputError && error.message.startsWith('3 members with'),
    );
  }
});

test('a run tells how far it is from its beginning to its end, from another process too', async () => {
  const [task] = forecast.plan(TINY, 1) as [Task];
  for (const jobs of [1, 2]) {
    const told: { share: number; what: string }[] = [];
    let toldAtEnd = 0;
    await playAll(forecast, [task], jobs, {
      onDone: () => (toldAtEnd = told.length),
      onTold: (of, share, what) => {
        assert.equal(of, task);
        told.push({ share, what });
      },
    });
    const shares = told.map(({ share }) => share);
    assert.ok(toldAtEnd >= 1 && toldAtEnd === told.length, `${jobs} jobs: ${toldAtEnd}`);
    assert.ok(shares.every((share, at) => share >= (shares[at - 1] ?? 0) && share <= 1));
    assert.equal(shares[0], 0);
    assert.match(told[0]?.what ?? '', /joined: 0 of 3/);
  }
});

/** What each board tells of a small run. */
const SMALL: readonly (readonly [Board, Record<string, string>])[] = [
  [forecast, TINY],
  [delivery, { nodes: '4', loss: '0', events: '2', seeds: '1', rows: 'default' }],
  [keys, { nodes: '2', minutes: '1' }],
  [partition, { nodes: '4', apart: '2' }],
  [quiet, { nodes: '3', entries: '5' }],
  [rapid, { nodes: '4', faults: 'crash', rules: 'ours', seeds: '1' }],
];

test('what boards tell rises in steps from 0 to 1', async () => {
  for (const [board, values] of SMALL) {
    for (const { title, input } of board.plan(values, 1).slice(0, 1)) {
      const shares: number[] = [];
      const tell = nowAndThen(0, (share) => shares.push(share));
      await board.play(input, tell);
      assert.equal(shares.at(-1), 1, `${board.name}: ${title}`);
      assert.ok((shares[0] ?? 1) < 0.3, `${board.name}: ${title} begins at ${shares[0]}`);
      assert.ok(new Set(shares).size >= 3, `${board.name}: ${title} tells ${shares.join(' ')}`);
    }
  }
});
