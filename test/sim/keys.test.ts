import assert from 'node:assert/strict';
import { test } from 'node:test';

import { keys } from '../../sim/boards/keys/index.ts';
import { playKeys } from '../../sim/boards/keys/play.ts';

const RUN = { nodes: 8, minutes: 2, asleepShare: 0.25, lossRate: 0.05, seed: 1 } as const;

test('a ring changes its keys under sleep and loss, and nobody and no write is lost', async () => {
  const outcome = await playKeys({ ...RUN, wire: 'protobuf' });
  assert.deepEqual(
    [outcome.rotations, outcome.deaths, outcome.lostPairs, outcome.lostWrites],
    [2, 0, 0, 0],
  );
  assert.ok(outcome.writes >= 2 && outcome.slowestMs < 10_000);
});

test('one lost write misses the aim, none of a short run says nothing', () => {
  const verdict = (options: Record<string, string>, lostWrites: number): (boolean | null)[] => {
    const tasks = keys.plan(options, 1);
    const outcome = { rotations: 2, writes: 4, deaths: 0, lostPairs: 0, unopened: 0, slowestMs: 5 };
    const { aims } = keys.report(
      tasks,
      tasks.map(() => ({ ...outcome, lostWrites })),
    );
    return aims.map(({ isMet }) => isMet);
  };
  assert.deepEqual(verdict({ nodes: '8', minutes: '2' }, 0), [null, null]);
  assert.deepEqual(verdict({ nodes: '8', minutes: '2' }, 1), [null, false]);
  assert.deepEqual(verdict({}, 0), [true, true]);
});
