import assert from 'node:assert/strict';
import { test } from 'node:test';

import { partition } from '../../sim/boards/partition/index.ts';
import { playPartition } from '../../sim/boards/partition/play.ts';
import { bytesOf, RevivingCluster } from '../../sim/rings/reviving-cluster.ts';
import { tableOf } from '../../sim/tables/cluster.ts';

const RUN = { wire: 'protobuf', nodes: 6, apartMs: 0, isHealing: true, seed: 1 } as const;

test('halves that were apart for minutes see each other again, and what either side changed', async () => {
  const outcome = await playPartition({ ...RUN, trouble: 'split', apartMs: 120_000 });
  assert.ok((outcome.curve[0]?.[1] ?? 1) < 1, 'they had lost each other');
  assert.ok(outcome.membersMs !== null && outcome.membersMs > 0 && outcome.membersMs < 30_000);
  assert.ok(outcome.tablesMs !== null && outcome.tablesMs >= outcome.membersMs);
});

test("with rejoining off a long split stays, as Go's does", async () => {
  const outcome = await playPartition({
    ...{ ...RUN, trouble: 'split', apartMs: 120_000, wire: 'memberlist', isHealing: false },
  });
  assert.deepEqual([outcome.membersMs, outcome.tablesMs], [null, null]);
  assert.equal(outcome.curve.at(-1)?.[1], 0.5);
});

test('after a restart of all only what the new processes wrote is read', async () => {
  const outcome = await playPartition({ ...RUN, trouble: 'restart' });
  assert.ok(outcome.tablesMs !== null && outcome.tablesMs < 30_000);
});

test('a node that moved is found under its name, later on a wire that cannot tell processes apart', async () => {
  const ours = await playPartition({ ...RUN, trouble: 'move' });
  const beside = await playPartition({ ...RUN, trouble: 'move', wire: 'memberlist' });
  assert.ok(ours.membersMs !== null && ours.membersMs < 10_000);
  assert.ok(beside.membersMs !== null && beside.membersMs > 30_000 && beside.membersMs < 150_000);
});

test('one view is every pair and every entry, no more and no less', async () => {
  const cluster = await RevivingCluster.start({ nodes: 3, seed: 1, config: {} });
  const [first] = cluster.nodes;
  assert.ok(first);
  assert.equal(cluster.seenShare(), 1);
  tableOf(first).set('a', bytesOf('1'));
  assert.equal(cluster.allRead(new Map([['a', '1']])), false, 'the others have not heard of it');
  cluster.clock.runFor(1_000);
  assert.equal(cluster.allRead(new Map([['a', '1']])), true);
  assert.equal(cluster.allRead(new Map()), false, 'there is one too many');
  assert.equal(cluster.allRead(new Map([['a', '2']])), false, 'the value is another');
  await cluster.revive(2, '10.200.0.1');
  assert.equal(
    cluster.seenShare(),
    5 / 9,
    'its old address does not count, and it knows itself alone',
  );
  cluster.crash();
});

test('the slowest run decides whether the aim is met, and what never came is no', () => {
  const verdicts = (values: Record<string, string>): unknown[] => {
    const tasks = partition.plan(values, 1);
    const outcomes = tasks.map((_, at) => ({
      membersMs: at === 1 ? null : 1_000,
      tablesMs: 2_000,
      curve: [[0, 0.5]],
    }));
    const { aims, tables } = partition.report(tasks, outcomes);
    assert.equal(tables[0]?.rows.length, 7);
    return aims.map(({ ours, isMet }) => [ours, isMet]);
  };
  const lost = [Infinity, false];
  assert.deepEqual(verdicts({ nodes: '100', apart: '3600' }), [[2, true], lost]);
  // What the aims are about was not played.
  assert.deepEqual(verdicts({ nodes: '6', apart: '3600' }), [[2, null], lost]);
  assert.deepEqual(verdicts({ nodes: '100', apart: '300' }), [[2, null], lost]);
});
