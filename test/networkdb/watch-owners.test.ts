import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeTableEvent, GOSSIP_TYPE, wrapGossip } from '../../src/codec/index.ts';
import type { Change } from '../../src/networkdb/index.ts';
import { Network, utf8 } from '../../src/networkdb/index.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import { encode, FakeCluster } from '../support/fake-membership.ts';

/*
 * Owners that fail, return and leave: readers see one step, watchers hear of it in slices.
 */

const COUNT = 3_000;

function withEntries(count: number): { cluster: FakeCluster; a: FakeNode; b: FakeNode } {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startOn('n', ['a', 'b']);
  assert.ok(a && b);
  for (let i = 0; i < count; i += 1) a.engine.set(at(i), encode('v'));
  cluster.clock.runUntil(() => b.engine.tableSize('n', 't') === count, 30_000);
  assert.equal(b.engine.tableSize('n', 't'), count);
  return { cluster, a, b };
}

const at = (i: number): { network: string; table: string; key: string } => ({
  network: 'n',
  table: 't',
  key: `k${String(i).padStart(5, '0')}`,
});

/** Tells `b` at once that `a` is gone or there, with nothing else done in the same turn. */
const lose = ({ a, b }: { a: FakeNode; b: FakeNode }, hasLeft = false): void => {
  b.engine.events.nodeGone(a.asClusterNode(hasLeft));
};
const find = ({ a, b }: { a: FakeNode; b: FakeNode }): void => {
  b.engine.events.nodeJoined(a.asClusterNode());
};

test('an owner of 3,000 entries fails and returns in one step, and is told of in slices', () => {
  const { cluster, a, b } = withEntries(COUNT);
  const watch = b.engine.watch();
  const { slices } = b.engine.stats();
  for (const [change, size] of [
    [lose, 0],
    [find, COUNT],
  ] as const) {
    const told = watch.bufferedCount;
    change({ a, b });
    // Whoever reads finds all of it, while the watch has heard of the first slice.
    assert.equal(b.engine.tableSize('n', 't'), size);
    assert.equal([...b.engine.entries('n', 't')].length, size);
    assert.equal(watch.bufferedCount - told, 128);
    cluster.clock.runFor(0);
    assert.equal(watch.bufferedCount - told, COUNT);
  }
  const after = b.engine.stats().slices;
  assert.ok(after.largestItems <= 128);
  assert.ok(after.slices - slices.slices >= (2 * (COUNT - 128)) / 128);
});

test('with many watchers a slice tells of fewer entries', () => {
  const { cluster, a, b } = withEntries(COUNT);
  const watches = Array.from({ length: 64 }, () => b.engine.watch());
  const before = b.engine.stats().slices;
  lose({ a, b });
  const [first] = watches;
  assert.equal(first?.bufferedCount, 16);
  cluster.clock.runFor(0);
  assert.equal(first.bufferedCount, COUNT);
  const { slices, largestBytes } = b.engine.stats().slices;
  assert.ok(slices - before.slices >= COUNT / 16 - 1);
  assert.ok(largestBytes <= 65_536);
});

test('what happens while a failure is being told is told after it', async () => {
  const { cluster, a, b } = withEntries(COUNT);
  const watch = b.engine.watch({}, { local: true });
  lose({ a, b });
  // The key looks free to everybody, so it can be created; the watch has not heard of its end yet.
  const last = at(COUNT - 1);
  b.engine.create(last, encode('mine'));
  const late = b.engine.watch({}, { local: true });
  cluster.clock.runFor(0);
  b.engine.stop();
  const heard = await readAll(cluster, watch);
  const about = heard.filter((change) => 'key' in change && change.key === last.key);
  assert.deepEqual(
    about.map((change) => change.kind),
    ['create', 'delete', 'create'],
  );
  assert.equal(heard.length, 2 * COUNT + 1);
  // One that starts in between finds the new state, and hears nothing of what led there.
  const found = await readAll(cluster, late);
  assert.deepEqual(
    found.map((change) => [change.kind, 'key' in change ? change.key : '']),
    [['create', last.key]],
  );
});

test('a watch that closes in the middle of a failure was told all of it', async () => {
  const { cluster, a, b } = withEntries(COUNT);
  const watch = b.engine.watch();
  lose({ a, b });
  b.engine.stop();
  assert.equal((await readAll(cluster, watch)).length, 2 * COUNT);
});

test('a node that keeps failing and returning makes no list of untold changes grow without end', () => {
  const { cluster, a, b } = withEntries(COUNT);
  const watch = b.engine.watch({}, { overflow: 'resync' });
  // 400 times 3,000 changes, without a turn of the loop in between.
  for (let i = 0; i < 200; i += 1) {
    lose({ a, b });
    find({ a, b });
  }
  const { slices } = b.engine.stats().slices;
  cluster.clock.runFor(0);
  // Less than a cap of 1,048,576 was left to tell.
  assert.ok((b.engine.stats().slices.slices - slices) * 128 <= 1_048_576 + 128);
  assert.ok(watch.bufferedCount <= 65_536);
});

test('retention counts from the failure, and anew from the next one', () => {
  const cluster = new FakeCluster({ tables: { reapEntryMs: 60_000 } });
  const [a, b] = cluster.startOn('n', ['a', 'b']);
  assert.ok(a && b);
  a.engine.set(at(1), encode('v'));
  cluster.clock.runFor(500);
  a.kill();
  lose({ a, b });
  cluster.clock.runFor(40_000);
  find({ a, b });
  assert.equal(b.engine.tableSize('n', 't'), 1);
  cluster.clock.runFor(40_000);
  // Visible entries do not age.
  assert.equal(b.engine.tableSize('n', 't'), 1);
  lose({ a, b });
  cluster.clock.runFor(50_000);
  assert.equal(b.engine.stats().hidden, 1);
  cluster.clock.runFor(20_000);
  assert.equal(b.engine.stats().hidden, 0);
  find({ a, b });
  assert.equal(b.engine.tableSize('n', 't'), 0);
});

test('what a failed owner is said to have written has its own retention, for that failure only', () => {
  const cluster = new FakeCluster({ tables: { reapEntryMs: 60_000 } });
  const [a, b] = cluster.startOn('n', ['a', 'b']);
  assert.ok(a && b);
  a.kill();
  lose({ a, b });
  cluster.clock.runFor(30_000);
  const event = { ...at(1), kind: 'create', time: 50, owner: 'a', value: encode('v') } as const;
  const inner = encodeTableEvent({ ...event, residualReapSeconds: 0 });
  b.engine.events.message(wrapGossip(GOSSIP_TYPE.tableEvent, inner));
  assert.deepEqual([b.engine.stats().hidden, b.engine.tableSize('n', 't')], [1, 0]);
  cluster.clock.runFor(45_000);
  assert.equal(b.engine.stats().hidden, 1);
  find({ a, b });
  assert.equal(b.engine.tableSize('n', 't'), 1);
  // Older than its retention of then, and hidden anew: it is kept for a whole one.
  cluster.clock.runFor(30_000);
  lose({ a, b });
  cluster.clock.runFor(40_000);
  assert.equal(b.engine.stats().hidden, 1);
  cluster.clock.runFor(30_000);
  assert.equal(b.engine.stats().hidden, 0);
});

test('a walk that is under way when its owners go shows them to its end', () => {
  const { a, b } = withEntries(10);
  const table = new Network(a.engine, 'own').table('t', utf8());
  table.set('k', 'v');
  const walk = b.engine.entries('n', 't');
  walk.next();
  lose({ a, b }, true);
  assert.equal([...walk].length, 9);
  assert.equal([...b.engine.entries('n', 't')].length, 0);
});

async function readAll(cluster: FakeCluster, watch: AsyncIterable<Change>): Promise<Change[]> {
  const heard: Change[] = [];
  const state = { isOver: false };
  const reading = (async () => {
    for await (const change of watch) heard.push(change);
    state.isOver = true;
  })();
  while (!state.isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    cluster.clock.runFor(0);
  }
  await reading;
  return heard;
}
