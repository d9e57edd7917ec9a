// A live write that is older than what a failed owner left at its key: all see it, or nobody does.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeTableEventMessage } from '../../src/codec/index.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import { encode, FakeCluster, view } from '../support/fake-membership.ts';
import { MixedCluster } from '../support/go-node.ts';

const at = (key: string) => ({ network: 'prod', table: 't', key });
const count = (node: FakeNode, name: string): number => node.engine.stats().counters[name] ?? 0;
const views = (nodes: readonly FakeNode[]) => nodes.map((node) => view(node));
const timeOf = (node: FakeNode): number => node.engine.stats().clocks.table;

/** What the failed one does to the keys, after it has written so often elsewhere that it is ahead. */
type Deed = 'sets' | 'deletes';

interface Scene {
  readonly cluster: FakeCluster;
  readonly failed: FakeNode;
  readonly witnesses: readonly FakeNode[];
  readonly newcomer: FakeNode;
}

interface SceneOptions {
  /** What the failed one writes. */
  readonly large?: Uint8Array;
  readonly maxBytesPerSecond?: number;
}

/** One writes keys and dies; one that has written them before, alone, comes when the others know of the death. */
function scene(deed: Deed, keys: readonly string[] = ['k'], options: SceneOptions = {}): Scene {
  const { large = encode('failed'), ...tables } = options;
  const cluster = new FakeCluster({ tables });
  const newcomer = cluster.start('new');
  newcomer.engine.joinNetwork('prod');
  for (const key of keys) newcomer.engine.set(at(key), encode(`new ${key}`));
  const names = ['failed', 'w1', 'w2', 'w3'];
  const [failed, ...witnesses] = names.map((name) => cluster.start(name));
  assert.ok(failed);
  for (const node of witnesses) {
    cluster.introduce(node, failed);
    for (const other of witnesses) if (other !== node) cluster.introduce(node, other);
  }
  for (const node of [failed, ...witnesses]) node.engine.joinNetwork('prod');
  cluster.clock.runFor(5_000);
  while (timeOf(failed) <= timeOf(newcomer))
    failed.engine.set(at('pace'), encode(`${timeOf(failed)}`));
  for (const key of keys) {
    failed.engine.set(at(key), large);
    if (deed === 'deletes') failed.engine.delete(at(key));
  }
  cluster.clock.runFor(5_000);
  cluster.crash(failed);
  cluster.clock.runFor(5_000);
  assert.deepEqual(views(witnesses), [{}, {}, {}]);
  return { cluster, failed, witnesses, newcomer };
}

for (const [deed, name] of [
  ['sets', 'an older write of a newcomer is seen by all where a failed one has written the key'],
  ['deletes', 'an older write of a newcomer is seen by all where a failed one has deleted the key'],
] as const) {
  test(name, () => {
    const { cluster, witnesses, newcomer } = scene(deed);
    cluster.join(newcomer);
    cluster.clock.runFor(3_000);
    assert.deepEqual(views(witnesses), [{}, {}, {}], 'passed over');
    cluster.clock.runFor(37_000);
    const all = [newcomer, ...witnesses];
    assert.deepEqual(views(all), new Array(4).fill({ k: 'new k' }));
    assert.equal(count(newcomer, 'tables.rewrites.written'), 1);
    cluster.clock.runFor(600_000);
    assert.equal(count(newcomer, 'tables.rewrites.written'), 1, 'once is enough');
  });
}

test('who passes over a write tells its owner, once in half a minute', () => {
  const { cluster, witnesses, newcomer } = scene('sets');
  const [w1] = witnesses;
  assert.ok(w1);
  cluster.introduce(newcomer, w1);
  for (let i = 0; i < 5; i += 1) {
    cluster.pushPull(newcomer, w1, true);
    cluster.clock.runFor(2_000);
    newcomer.engine.events.nodeGone(w1.asClusterNode());
    cluster.introduce(newcomer, w1);
  }
  assert.equal(count(w1, 'tables.rewrites.forwarded'), 1);
});

test('the failed one that comes back finds the later write', () => {
  const { cluster, failed, witnesses, newcomer } = scene('sets');
  cluster.join(newcomer);
  cluster.clock.runFor(60_000);
  const again = cluster.start('failed', failed.address);
  again.engine.joinNetwork('prod');
  cluster.join(again);
  cluster.clock.runFor(60_000);
  assert.deepEqual(
    views([again, newcomer, ...witnesses]).map(({ k }) => k),
    new Array(5).fill('new k'),
  );
});

test('a later write of one who is not known yet wins, once it is known', () => {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  a.engine.set(at('k'), encode('of a'));
  cluster.clock.runFor(2_000);
  const late = cluster.start('late');
  cluster.introduce(late, b);
  cluster.pushPull(late, b, true);
  late.engine.joinNetwork('prod');
  cluster.clock.runFor(3_000);
  late.engine.set(at('k'), encode('of late'));
  cluster.clock.runFor(25_000);
  assert.equal(view(a).k, 'of a');
  assert.equal(view(b).k, 'of late');
  cluster.introduce(late, a);
  cluster.clock.runFor(120_000);
  assert.deepEqual(views([a, b, late]), new Array(3).fill({ k: 'of late' }));
  assert.equal(count(a, 'tables.rewrites.written'), 0);
});

test('what a failed one overwrote stays overwritten where its owner knew it', () => {
  const cluster = new FakeCluster();
  const [a, b, c] = cluster.startOn('prod', ['a', 'b', 'c']);
  assert.ok(a && b && c);
  a.engine.set(at('k'), encode('of a'));
  cluster.clock.runFor(2_000);
  cluster.partition(['a']);
  cluster.clock.runFor(5_000);
  c.engine.set(at('k'), encode('of c'));
  cluster.clock.runFor(1_000);
  cluster.crash(c);
  cluster.clock.runFor(5_000);
  cluster.heal();
  cluster.clock.runFor(120_000);
  assert.deepEqual(views([a, b]), [{}, {}]);
  assert.equal(count(a, 'tables.rewrites.written'), 0);
});

test('a write that its owner replaces or deletes meanwhile is let be', () => {
  for (const isDeleted of [false, true]) {
    const { cluster, witnesses, newcomer } = scene('sets');
    cluster.join(newcomer);
    cluster.clock.runFor(10_000);
    if (isDeleted) newcomer.engine.delete(at('k'));
    else newcomer.engine.set(at('k'), encode('newer'));
    cluster.clock.runFor(60_000);
    const expected = isDeleted ? {} : { k: 'newer' };
    assert.deepEqual(views([newcomer, ...witnesses]), new Array(4).fill(expected));
    assert.equal(count(newcomer, 'tables.rewrites.written'), 0);
  }
});

test('thousands of such writes wait within bounds, and all are seen', () => {
  const keys = Array.from({ length: 6_000 }, (_, i) => `k${i}`);
  const { cluster, witnesses, newcomer } = scene('sets', keys);
  cluster.join(newcomer);
  cluster.clock.runFor(20_000);
  assert.equal(newcomer.engine.stats().waitingRewrites, 4_096);
  assert.ok(count(newcomer, 'tables.rewrites.skipped') >= 1_904);
  cluster.clock.runFor(300_000);
  for (const seen of views([newcomer, ...witnesses])) {
    assert.equal(Object.keys(seen).length, keys.length);
  }
  assert.equal(newcomer.engine.stats().waitingRewrites, 0);
});

test('two that refuse each other, with a member between them, do not write in turns', () => {
  const cluster = new FakeCluster();
  const [a, between, z] = ['a', 'between', 'z'].map((name) => cluster.start(name));
  assert.ok(a && between && z);
  for (const node of [a, z]) {
    cluster.introduce(node, between);
    cluster.pushPull(node, between, true);
  }
  for (const node of [a, between, z]) node.engine.joinNetwork('prod');
  cluster.clock.runFor(3_000);
  a.engine.set(at('k'), encode('of a'));
  cluster.clock.runFor(2_000);
  z.engine.set(at('k'), encode('of z'));
  cluster.clock.runFor(300_000);
  assert.deepEqual(views([a, between, z]), [{ k: 'of a' }, { k: 'of z' }, { k: 'of z' }]);
  assert.equal(count(a, 'tables.rewrites.written') + count(z, 'tables.rewrites.written'), 0);
});

test('large ones that are passed over by the hundred are sent to their owner no faster than all else', () => {
  const keys = Array.from({ length: 100 }, (_, i) => `k${i}`);
  const large = new Uint8Array(4_000);
  const { cluster, witnesses, newcomer } = scene('sets', keys, {
    large,
    maxBytesPerSecond: 400_000,
  });
  const [w1] = witnesses;
  assert.ok(w1);
  cluster.introduce(newcomer, w1);
  cluster.pushPull(newcomer, w1, true);
  const before = w1.sent.streams;
  cluster.clock.runFor(100);
  const atOnce = w1.sent.streams - before;
  assert.ok(atOnce > 5 && atOnce < 30, `${atOnce} streams`);
  cluster.clock.runFor(60_000);
  assert.equal(count(newcomer, 'tables.rewrites.written'), keys.length);
});

/** A failed one has written over what is of `a`; it is `e` that never knew it. */
function strangers(deed: Deed): { cluster: FakeCluster; failed: FakeNode; nodes: FakeNode[] } {
  const cluster = new FakeCluster();
  const nodes = cluster.startOn('prod', ['a', 'b', 'e']);
  const [a, b] = nodes;
  assert.ok(a && b);
  a.engine.set(at('k'), encode('of a'));
  cluster.clock.runFor(2_000);
  cluster.partition(['e']);
  cluster.clock.runFor(5_000);
  const failed = cluster.start('failed');
  for (const node of [a, b]) cluster.introduce(failed, node);
  cluster.pushPull(failed, a, true);
  failed.engine.joinNetwork('prod');
  cluster.clock.runFor(5_000);
  assert.equal(view(failed).k, 'of a');
  if (deed === 'sets') failed.engine.set(at('k'), encode('of the failed'));
  else failed.engine.delete(at('k'));
  cluster.clock.runFor(5_000);
  cluster.crash(failed);
  cluster.clock.runFor(5_000);
  assert.deepEqual(views([a, b]), [{}, {}]);
  cluster.heal();
  return { cluster, failed, nodes };
}

test('what a failed one deleted vanishes also for a member that never knew it', () => {
  const { cluster, nodes } = strangers('deletes');
  cluster.clock.runFor(90_000);
  assert.deepEqual(views(nodes), [{}, {}, {}]);
});

test('what a failed one replaced vanishes also for a member that never knew it, until it is back', () => {
  const { cluster, failed, nodes } = strangers('sets');
  cluster.clock.runFor(90_000);
  assert.deepEqual(views(nodes), [{}, {}, {}]);
  const again = cluster.start('failed', failed.address);
  again.engine.joinNetwork('prod');
  again.engine.set(at('k'), encode('again'));
  cluster.join(again);
  cluster.clock.runFor(90_000);
  assert.deepEqual(views([again, ...nodes]), new Array(4).fill({ k: 'again' }));
});

test('of a forged owner as long as a stream allows nothing is remembered', () => {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  a.engine.set(at('k'), encode('of a'));
  for (const [length, waiting] of [
    [100_000, 0],
    [1_000, 1],
  ] as const) {
    const event = { ...at('k'), kind: 'create', time: 1_000, owner: 'o'.repeat(length) } as const;
    const rest = { value: encode('forged'), residualReapSeconds: 600 };
    a.engine.events.message(encodeTableEventMessage({ ...event, ...rest }), b.address);
    cluster.clock.runFor(1_000);
    assert.equal(a.engine.stats().waitingRewrites, waiting);
  }
});

test('what a writer of Go has written is seen by who never knew the failed one, since it cannot be written anew', () => {
  const cluster = new MixedCluster();
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  const go = cluster.startGo('go');
  assert.ok(a && b);
  cluster.clock.runFor(40_000);
  go.write('of go', 'v', ['a', 'b']);
  b.engine.set(at('of b'), encode('v'));
  cluster.clock.runFor(2_000);
  assert.deepEqual(view(a), { 'of go': 'v', 'of b': 'v' });
  for (const key of ['of go', 'of b']) {
    const event = { ...at(key), kind: 'create', time: 1_000, owner: 'x' } as const;
    const rest = { value: encode('of x'), residualReapSeconds: 600 };
    a.engine.events.message(encodeTableEventMessage({ ...event, ...rest }), b.address);
  }
  assert.deepEqual(view(a), { 'of go': 'v' });
});
