import assert from 'node:assert/strict';
import { test } from 'node:test';

import { UsageError } from '../../sim/command.ts';
import { CHANGES } from '../../sim/boards/convergence/changes.ts';
import { convergence } from '../../sim/boards/convergence/index.ts';
import type { ConvergenceOutcome } from '../../sim/boards/convergence/play.ts';
import { CHURN_CHANGES, playConvergence } from '../../sim/boards/convergence/play.ts';
import { convergenceReport } from '../../sim/boards/convergence/report.ts';
import { upstreamCell } from '../../sim/boards/convergence/upstream.ts';

/** Three nodes are the least for which every change means something. */
const play = async (change: string, nodes = 3): Promise<ConvergenceOutcome> =>
  playConvergence({ change, nodes, seed: 2 });

for (const { name, key } of CHANGES) {
  test(`${name} reaches all three nodes at once, and is told by what`, async () => {
    const { reachedMs, behind, byGossip, bySync } = await play(name);
    assert.equal(behind, 0);
    assert.equal(reachedMs.length, 3);
    // Who makes the change has it at once, all others after a link's latency at the earliest.
    assert.equal(reachedMs[0], 0);
    assert.ok(reachedMs.slice(1).every((ms) => ms <= 20));
    if (key === null) assert.deepEqual([byGossip, bySync], [0, 0]);
    else if (name === 'join-populated-network') assert.deepEqual([byGossip, bySync], [0, 1]);
    else assert.equal(byGossip + bySync, 2);
    if (name.endsWith('-entry')) assert.equal(byGossip, 2);
  });
}

test('in a busy cluster the node that comes and goes is not waited for', async () => {
  for (const change of CHURN_CHANGES) {
    const { reachedMs, behind } = await play(change, 5);
    assert.deepEqual([reachedMs.length, behind], [4, 0]);
  }
});

test('a change is left out at sizes at which it means nothing, and an unknown one is refused', () => {
  const planned = convergence.plan({ nodes: '2', seeds: '1' }, 1).map(({ title }) => title);
  assert.deepEqual(planned, [
    'create-entry, 2 nodes',
    'update-entry, 2 nodes',
    'delete-entry, 2 nodes',
  ]);
  assert.throws(() => convergence.plan({ changes: 'rename-entry' }, 1), UsageError);
});

test("aims are a tenth of upstream's figure, 10 ms at the least, and whoever stays behind misses them", () => {
  const verdicts = (
    change: string,
    nodes: number,
    ms: number,
    { behind = 0, runs = 5 } = {},
  ): unknown[] => {
    const outcome = { reachedMs: [0, ms], behind, byGossip: 1, bySync: 0 };
    const played = Array.from({ length: runs }, (_, at) => {
      return { input: { change, nodes, seed: at }, outcome };
    });
    return convergenceReport(played).aims.map(({ aim, isMet }) => [aim, isMet]);
  };
  assert.deepEqual(upstreamCell('create-entry', 5), { runs: 30, p50: 161, p99: 316 });
  assert.equal(upstreamCell('create-entry', 100), null);
  assert.deepEqual(verdicts('create-entry', 5, 16), [
    ['at most 16.1', true],
    ['at most 31.6', true],
  ]);
  assert.deepEqual(verdicts('create-entry', 5, 17), [
    ['at most 16.1', false],
    ['at most 31.6', true],
  ]);
  assert.deepEqual(verdicts('join-network', 25, 11), [
    ['at most 10', false],
    ['at most 10', false],
  ]);
  assert.deepEqual(
    verdicts('create-entry', 25, 5, { behind: 1 }).map((each) => (each as unknown[])[1]),
    [false, false],
  );
  assert.deepEqual(verdicts('create-entry', 100, 299), [['below 300', true]]);
  // A few runs can show that an aim is missed, and not that it is met.
  assert.deepEqual(verdicts('create-entry', 5, 17, { runs: 4 }), [
    ['at most 16.1', false],
    ['at most 31.6', null],
  ]);
  assert.deepEqual(verdicts('create-entry', 100, 299, { runs: 1 }), [['below 300', null]]);
  assert.deepEqual(verdicts('create-entry-in-lasting-churn', 10, 1001), [['below 1000', false]]);
});
