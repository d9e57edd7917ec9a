import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KeyRange, Table } from '../../src/networkdb/index.ts';
import { Network, utf8 } from '../../src/networkdb/index.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import { encode, FakeCluster } from '../support/fake-membership.ts';

/*
 * What readers of a table see: order, ranges, sizes, snapshots; and who may write.
 */

interface Pair {
  readonly cluster: FakeCluster;
  readonly a: FakeNode;
  readonly b: FakeNode;
  readonly ours: Table<string>;
  readonly theirs: Table<string>;
}

function pair(): Pair {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startAll(['a', 'b']);
  assert.ok(a && b);
  const [ours, theirs] = [a, b].map((node) => new Network(node.engine, 'n').table('t', utf8()));
  assert.ok(ours && theirs);
  cluster.clock.runFor(2_000);
  return { cluster, a, b, ours, theirs };
}

const keysOf = (entries: Iterable<{ readonly key: string }>): string =>
  [...entries].map(({ key }) => key).join(' ');

test('entries come in the order of their UTF-8 bytes, within bounds, forward and back', () => {
  const { ours } = pair();
  for (const key of ['b', 'a', 'a/2', 'a/1', '\u{1f600}', '\uffff', 'a/10']) ours.set(key, 'v');
  const cases: [KeyRange, string][] = [
    [{}, 'a a/1 a/10 a/2 b \uffff \u{1f600}'],
    [{ reverse: true }, '\u{1f600} \uffff b a/2 a/10 a/1 a'],
    [{ prefix: 'a/' }, 'a/1 a/10 a/2'],
    [{ prefix: 'a/', reverse: true, limit: 2 }, 'a/2 a/10'],
    [{ from: 'a/10' }, 'a/10 a/2 b \uffff \u{1f600}'],
    [{ from: 'a/1', to: 'b' }, 'a/1 a/10 a/2'],
    [{ to: 'a/10' }, 'a a/1'],
    [{ from: 'a/11', to: '\u{1f600}', reverse: true }, '\uffff b a/2'],
    [{ limit: 0 }, ''],
    [{ limit: 1 }, 'a'],
    [{ from: 'z', prefix: 'a' }, ''],
    [{ from: 'b', to: 'a' }, ''],
  ];
  for (const [range, expected] of cases) {
    assert.equal(keysOf(ours.entries(range)), expected, JSON.stringify(range));
    assert.equal(keysOf(ours.ownEntries(range)), expected, JSON.stringify(range));
    assert.equal(keysOf(ours.snapshot().entries(range)), expected, JSON.stringify(range));
  }
});

test('a range that cannot be meant is refused', () => {
  const { ours } = pair();
  const odd = (value: unknown): KeyRange => value as KeyRange;
  for (const range of [
    null,
    { limit: -1 },
    { limit: 1.5 },
    { prefix: 5 },
    { from: 5 },
    { to: null },
    { reverse: 1 },
    { max: 1 },
  ]) {
    const isInvalid = { code: 'ERR_ARGUMENT_INVALID' };
    assert.throws(() => ours.entries(odd(range)), isInvalid, JSON.stringify(range));
    assert.throws(() => ours.ownEntries(odd(range)), isInvalid, JSON.stringify(range));
  }
});

test('a limit counts what is read, not what cannot be', () => {
  const { a, ours } = pair();
  ours.set('a', 'v');
  a.engine.set({ network: 'n', table: 't', key: 'b' }, new Uint8Array([0xff]));
  ours.set('c', 'v');
  assert.equal(keysOf(ours.entries({ limit: 2 })), 'a c');
  assert.equal(a.engine.stats().counters['tables.unreadable'], 1);
});

test('a snapshot stays as it was while writes, failures and leaves go on', () => {
  const { cluster, a, b, ours, theirs } = pair();
  for (const key of ['k1', 'k2', 'k3']) ours.set(key, 'old');
  theirs.set('mine', 'old');
  cluster.clock.runFor(500);
  const snapshot = theirs.snapshot();
  const half = theirs.entries();
  assert.equal(half.next().value?.key, 'k1');
  theirs.set('k2', 'new');
  theirs.set('k4', 'new');
  ours.delete('k3');
  cluster.clock.runFor(500);
  b.engine.events.nodeGone(a.asClusterNode());
  assert.equal(keysOf(theirs.entries()), 'k2 k4 mine');
  for (const end of [() => undefined, () => cluster.leave(a), () => b.engine.leaveNetwork('n')]) {
    end();
    cluster.clock.runFor(6_000);
    assert.equal(snapshot.size, 4);
    assert.equal(keysOf(snapshot.entries()), 'k1 k2 k3 mine');
    assert.equal(snapshot.get('k2'), 'old');
    assert.deepEqual([snapshot.has('k3'), snapshot.has('k4')], [true, false]);
    assert.equal(snapshot.get('k1', { detail: true })?.owner, 'a');
    assert.equal(snapshot.get('k4'), undefined);
  }
  assert.equal(keysOf(half), 'k2 k3 mine');
  assert.equal(theirs.size, 0);
});

test('the size of a table counts what can be seen, whoever comes and goes', () => {
  const { cluster, a, b, ours, theirs } = pair();
  const sizes = (): number[] => [ours.size, theirs.size];
  for (const key of ['k1', 'k2', 'k3']) ours.set(key, 'v');
  new Network(a.engine, 'n2').table('t', utf8()).set('elsewhere', 'v');
  a.engine.set({ network: 'n', table: 'other', key: 'k' }, encode('v'));
  theirs.set('mine', 'v');
  cluster.clock.runFor(500);
  assert.deepEqual(sizes(), [4, 4]);
  ours.delete('k1');
  ours.update('k2', 'w');
  theirs.set('k3', 'taken over');
  cluster.clock.runFor(500);
  assert.deepEqual(sizes(), [3, 3]);
  b.engine.events.nodeGone(a.asClusterNode());
  assert.equal(theirs.size, 2);
  b.engine.events.nodeJoined(a.asClusterNode());
  assert.equal(theirs.size, 3);
  a.engine.leaveNetwork('n');
  cluster.clock.runFor(500);
  assert.deepEqual(sizes(), [0, 2]);
});

test('whoever writes a key owns it, with its time', () => {
  const { cluster, ours, theirs } = pair();
  ours.set('k', 'one');
  cluster.clock.runFor(500);
  const first = theirs.get('k', { detail: true });
  theirs.set('k', 'two');
  cluster.clock.runFor(500);
  const second = ours.get('k', { detail: true });
  assert.deepEqual([first?.owner, second?.owner], ['a', 'b']);
  assert.ok((second?.time ?? 0) > (first?.time ?? Infinity));
  assert.equal(keysOf(ours.ownEntries()), '');
  assert.equal(keysOf(theirs.ownEntries()), 'k');
});

test('an equal value is not written again, unless it was somebody else who wrote it', () => {
  const { cluster, a, ours, theirs } = pair();
  ours.create('k', 'v');
  const time = ours.get('k', { detail: true })?.time;
  ours.set('k', 'v');
  ours.update('k', 'v');
  assert.equal(ours.get('k', { detail: true })?.time, time);
  assert.equal(a.engine.stats().clocks.table, time);
  cluster.clock.runFor(500);
  theirs.update('k', 'v');
  assert.equal(theirs.get('k', { detail: true })?.owner, 'b');
  assert.throws(() => ours.create('k', 'v'), { code: 'ERR_ENTRY_EXISTS' });
});
