import assert from 'node:assert/strict';
import { test } from 'node:test';

import { UsageError } from '../../sim/command.ts';
import { CHANGES } from '../../sim/boards/convergence/changes.ts';
import { convergence } from '../../sim/boards/convergence/index.ts';
import type { ConvergenceOutcome } from '../../sim/boards/convergence/play.ts';
import { CHURN_CHANGES, playConvergence } from '../../sim/boards/convergence/play.ts';
import { convergenceReport, upstreamMs } from '../../sim/boards/convergence/report.ts';

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

test("aims are a tenth of upstream's figure where it is known, and whoever stays behind misses them", () => {
  assert.deepEqual(upstreamMs(3, false), { low: 200, high: 200 });
  assert.deepEqual(upstreamMs(25, true), { low: 1400, high: 1400 });
  assert.equal(upstreamMs(100, false), null);
  const verdict = (nodes: number, ms: number, behind: number): boolean | null | undefined => {
    const outcome = { reachedMs: [0, ms], behind, byGossip: 1, bySync: 0 };
    const input = { change: 'create-entry', nodes, seed: 1 };
    return convergenceReport([{ input, outcome }]).aims[0]?.isMet;
  };
  assert.equal(verdict(3, 20, 0), true);
  assert.equal(verdict(3, 21, 0), false);
  assert.equal(verdict(25, 80, 0), true);
  assert.equal(verdict(25, 5, 1), false);
  // Between the sizes that upstream names only its ends are known.
  assert.equal(verdict(10, 50, 0), null);
  assert.equal(verdict(100, 299, 0), true);
});
