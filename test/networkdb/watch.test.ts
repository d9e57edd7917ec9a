import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Change } from '../../src/networkdb/index.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import { decode, encode, FakeCluster } from '../support/fake-membership.ts';

/*
 * Watches: the start and the changes must add up to what readers see, whatever happens in between.
 */

const at = (
  key: string,
  table = 't',
  network = 'prod',
): { network: string; table: string; key: string } => ({ network, table, key });

const text = (change: Change): string => {
  switch (change.kind) {
    case 'resync':
      return 'resync';
    case 'create':
      return `create ${change.key}=${decode(change.value)} by ${change.owner}`;
    case 'update':
      return `update ${change.key}=${decode(change.value)} was ${decode(change.previous)}`;
    case 'delete':
      return `delete ${change.key} was ${decode(change.previous)}`;
  }
};

/** Reads what can be read without waiting: the start, and what is buffered. */
async function take(watch: AsyncIterator<Change>, count: number): Promise<string[]> {
  const seen: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const result = await watch.next();
    seen.push(result.done === true ? 'end' : text(result.value));
  }
  return seen;
}

function pair(): { cluster: FakeCluster; a: FakeNode; b: FakeNode } {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  return { cluster, a, b };
}

test('a watch starts with what is there and goes on with what changes, as readers see it', async () => {
  const { cluster, a, b } = pair();
  a.engine.create(at('k1'), encode('1'));
  a.engine.create(at('k2'), encode('2'));
  cluster.clock.runFor(100);
  const watch = b.engine.watch();
  a.engine.update(at('k1'), encode('1b'));
  a.engine.delete(at('k2'));
  a.engine.create(at('k3'), encode(''));
  cluster.clock.runFor(100);
  assert.deepEqual(await take(watch, 2), ['create k1=1 by a', 'create k2=2 by a']);
  const rest = await take(watch, 3);
  assert.deepEqual(rest.sort(), ['create k3= by a', 'delete k2 was 2', 'update k1=1b was 1']);
  cluster.leave(a);
  cluster.clock.runFor(6_000);
  assert.deepEqual((await take(watch, 2)).sort(), ['delete k1 was 1b', 'delete k3 was ']);
  b.engine.stop();
  assert.deepEqual(await take(watch, 1), ['end']);
});

test('the start is what was there when the watch was made, however late it is read', async () => {
  const { cluster, a, b } = pair();
  a.engine.create(at('k1'), encode('1'));
  a.engine.create(at('k2'), encode('2'));
  cluster.clock.runFor(100);
  const watch = b.engine.watch();
  cluster.crash(a);
  cluster.clock.runFor(3_000);
  assert.deepEqual(await take(watch, 2), ['create k1=1 by a', 'create k2=2 by a']);
  assert.deepEqual((await take(watch, 2)).sort(), ['delete k1 was 1', 'delete k2 was 2']);
});

test('own entries and writes are told on request only', async () => {
  const { a, b } = pair();
  a.engine.create(at('before'), encode('1'));
  const remote = a.engine.watch();
  const local = a.engine.watch({}, { local: true });
  a.engine.create(at('after'), encode('2'));
  a.engine.set(at('after'), encode('3'));
  a.engine.delete(at('before'));
  assert.deepEqual(await take(local, 4), [
    'create before=1 by a',
    'create after=2 by a',
    'update after=3 was 2',
    'delete before was 1',
  ]);
  assert.equal(remote.bufferedCount, 0);
  a.engine.leaveNetwork('prod');
  assert.deepEqual(await take(local, 1), ['delete after was 3']);
  assert.ok(b.isUp);
});

test('filters match whole names and key prefixes', async () => {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  for (const node of [a, b]) node.engine.joinNetwork('prod2');
  cluster.clock.runFor(500);
  for (const network of ['prod', 'prod2']) {
    for (const table of ['t', 't2']) {
      a.engine.create(at('x/1', table, network), encode('1'));
      a.engine.create(at('y/1', table, network), encode('1'));
    }
  }
  cluster.clock.runFor(500);
  const cases: [object, number][] = [
    [{}, 8],
    [{ network: 'prod' }, 4],
    [{ table: 't' }, 4],
    [{ network: 'prod', table: 't' }, 2],
    [{ prefix: 'x/' }, 4],
    [{ network: 'prod2', table: 't2', prefix: 'y' }, 1],
    [{ network: 'pro' }, 0],
  ];
  const watches = cases.map(([filter]) => b.engine.watch(filter));
  for (const network of ['prod', 'prod2']) {
    for (const table of ['t', 't2']) {
      a.engine.update(at('x/1', table, network), encode('2'));
      a.engine.update(at('y/1', table, network), encode('2'));
    }
  }
  cluster.clock.runFor(500);
  b.engine.stop();
  for (const [i, [filter, count]] of cases.entries()) {
    const watch = watches[i];
    assert.ok(watch);
    const seen = await take(watch, 2 * count + 1);
    const kinds = seen.map((line) => line.split(' ')[0]);
    const expected = [
      ...Array.from({ length: count }, () => 'create'),
      ...Array.from({ length: count }, () => 'update'),
      'end',
    ];
    assert.deepEqual(kinds, expected, JSON.stringify(filter));
  }
});

test('a reader that is too slow is told by an error', async () => {
  const { cluster, a, b } = pair();
  const watch = b.engine.watch({}, { buffer: 3 });
  for (let i = 0; i < 4; i += 1) a.engine.create(at(`k${i}`), encode('v'));
  cluster.clock.runFor(100);
  await assert.rejects(watch.next(), { code: 'ERR_WATCH_OVERFLOW' });
  assert.deepEqual(await take(watch, 1), ['end']);
  assert.equal(b.engine.stats().watchers, 0);
});

test('or starts over with what is there, after a word of it', async () => {
  const { cluster, a, b } = pair();
  const watch = b.engine.watch({}, { buffer: 3, overflow: 'resync' });
  for (let i = 0; i < 5; i += 1) {
    a.engine.create(at(`k${i}`), encode('v'));
    cluster.clock.runFor(50);
  }
  assert.deepEqual(await take(watch, 6), [
    'resync',
    'create k0=v by a',
    'create k1=v by a',
    'create k2=v by a',
    'create k3=v by a',
    'create k4=v by a',
  ]);
});

test('a resync in the middle of a departure holds nothing of the departed', async () => {
  const { cluster, a, b } = pair();
  for (let i = 0; i < 10; i += 1) a.engine.create(at(`k${i}`), encode('v'));
  cluster.clock.runFor(200);
  const watch = b.engine.watch({}, { buffer: 4, overflow: 'resync' });
  cluster.crash(a);
  cluster.clock.runFor(3_000);
  b.engine.stop();
  assert.deepEqual(await take(watch, 2), ['resync', 'end']);
});

test('an abort ends the wait with its reason and leaves nothing behind', async () => {
  const { b } = pair();
  const controller = new AbortController();
  const watch = b.engine.watch({}, { signal: controller.signal });
  const waiting = watch.next();
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  assert.deepEqual(await take(watch, 1), ['end']);
  assert.equal(b.engine.stats().watchers, 0);
  const late = b.engine.watch({}, { signal: controller.signal });
  await assert.rejects(late.next(), reason);
  assert.equal(b.engine.stats().watchers, 0);
});

test('leaving the loop ends the watch', async () => {
  const { cluster, a, b } = pair();
  a.engine.create(at('k'), encode('v'));
  cluster.clock.runFor(100);
  for await (const change of b.engine.watch()) {
    assert.equal(change.kind, 'create');
    break;
  }
  assert.equal(b.engine.stats().watchers, 0);
});

test('what a reader does to the bytes it got changes nothing here', async () => {
  const { cluster, a, b } = pair();
  // A Buffer, whose slices share its memory.
  const mine = Buffer.from('v');
  a.engine.create(at('k'), mine);
  mine.fill(0);
  cluster.clock.runFor(100);
  const { value } = (await b.engine.watch().next()) as { value: Change };
  assert.ok(value.kind === 'create');
  value.value.fill(0);
  b.engine.get(at('k'))?.value.fill(0);
  a.engine.get(at('k'))?.value.fill(0);
  const { value: own } = (await a.engine.watch({}, { local: true }).next()) as { value: Change };
  assert.ok(own.kind === 'create');
  own.value.fill(0);
  assert.equal(decode(b.engine.get(at('k'))?.value ?? mine), 'v');
  assert.equal(decode(a.engine.get(at('k'))?.value ?? mine), 'v');
});
