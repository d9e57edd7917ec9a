import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';

import type { BatchOptions, Change, Table, Watch } from '../../src/networkdb/index.ts';
import { Network, utf8 } from '../../src/networkdb/index.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import { FakeCluster } from '../support/fake-membership.ts';

/*
 * How changes are handed over: in batches, in slices, and how a watch ends.
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

/** What a promise came to, if it has. */
function peek<R>(promise: Promise<R>): { value: R | undefined } {
  const seen: { value: R | undefined } = { value: undefined };
  promise.then((value) => (seen.value = value)).catch(() => undefined);
  return seen;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const keysOf = (batch: readonly Change<string>[] | undefined): string[] =>
  (batch ?? []).map((change) => ('key' in change ? change.key : change.kind));

test('a batch is handed over when it is full, and when its time is up', async () => {
  const { cluster, ours, theirs } = pair();
  const watch = theirs.watch({ batch: { max: 3, ms: 100 } });
  const first = watch.next();
  const early = peek(first);
  for (let i = 0; i < 4; i += 1) ours.set(`k${i}`, 'v');
  cluster.clock.runUntil(() => watch.bufferedCount > 0, 1_000);
  await settled();
  assert.equal(early.value?.value?.length, 3);
  const second = watch.next();
  const late = peek(second);
  cluster.clock.runFor(98);
  await settled();
  assert.equal(late.value, undefined);
  cluster.clock.runFor(20);
  const keys = [...keysOf((await first).value), ...keysOf((await second).value)];
  assert.deepEqual(keys.sort(), ['k0', 'k1', 'k2', 'k3']);
  await watch.return();
});

test('the time of a batch counts from when its first change could be read', async () => {
  const { cluster, ours, theirs } = pair();
  const watch = theirs.watch({ batch: { max: 10, ms: 500 } });
  ours.set('k', 'v');
  cluster.clock.runFor(2_000);
  // It has waited for its reader longer than that, so it is not held back again.
  assert.deepEqual(keysOf((await watch.next()).value), ['k']);
  await watch.return();
});

test('batches hold the start too, in key order, and what is left when the node closes', async () => {
  const { cluster, b, ours, theirs } = pair();
  for (const key of ['c', 'a', 'b']) ours.set(key, 'v');
  cluster.clock.runFor(100);
  const watch = theirs.watch({ batch: { max: 2 } });
  assert.deepEqual(keysOf((await watch.next()).value), ['a', 'b']);
  const rest = watch.next();
  ours.set('d', 'v');
  cluster.clock.runFor(50);
  b.engine.stop();
  assert.deepEqual(keysOf((await rest).value), ['c', 'd']);
  assert.equal((await watch.next()).done, true);
});

test('a batch of no time is what is there', async () => {
  const { cluster, ours, theirs } = pair();
  const watch = theirs.watch({ batch: { ms: 0 } });
  for (const key of ['a', 'b']) ours.set(key, 'v');
  cluster.clock.runFor(50);
  const batch = (await watch.next()).value;
  assert.deepEqual(keysOf(batch).sort(), ['a', 'b']);
  assert.ok(Object.isFrozen(batch));
  await watch.return();
});

test('after 128 changes a reader lets the loop have a turn, in batches too', async () => {
  const { cluster, ours, theirs } = pair();
  for (let i = 0; i < 300; i += 1) ours.set(`k${i}`, 'v');
  cluster.clock.runFor(1_000);
  const counts: number[] = [];
  const watch = theirs.watch();
  let count = 0;
  const reading = (async () => {
    for await (const change of watch) {
      assert.equal(change.kind, 'create');
      count += 1;
      if (count === 300) break;
    }
  })();
  while (count < 300) {
    for (let i = 0; i < 3; i += 1) await settled();
    counts.push(count);
    cluster.clock.runFor(0);
  }
  await reading;
  assert.deepEqual(counts, [128, 256, 300]);
  const batches = theirs.watch({ batch: { max: 300 } });
  const all = batches.next();
  const seen = peek(all);
  await settled();
  assert.equal(seen.value, undefined);
  assert.equal((await settling(cluster, all)).value?.length, 300);
  await batches.return();
});

async function settling<R>(cluster: FakeCluster, promise: Promise<R>): Promise<R> {
  const seen = peek(promise);
  for (let i = 0; i < 100 && seen.value === undefined; i += 1) {
    await settled();
    cluster.clock.runFor(0);
  }
  return promise;
}

/** Ends a watch in some way while somebody waits on it, and says what the one who waits gets. */
const ENDINGS: Readonly<Record<string, (o: Pair & Ending) => unknown>> = {
  return: ({ watch }) => watch.return(),
  throw: ({ watch }) => assert.rejects(watch.throw(new Error('mine')), { message: 'mine' }),
  dispose: ({ watch }) => watch[Symbol.asyncDispose](),
  abort: ({ controller }) => {
    controller.abort(new Error('enough'));
  },
  close: ({ b }) => {
    b.engine.stop();
  },
};

type AnyWatch = Pick<
  Watch<unknown>,
  'next' | 'return' | 'throw' | 'bufferedCount' | typeof Symbol.asyncDispose
>;

interface Ending {
  readonly watch: AnyWatch;
  readonly controller: AbortController;
}

for (const [how, end] of Object.entries(ENDINGS)) {
  for (const batch of [undefined, { max: 5, ms: 5_000 }] as (BatchOptions | undefined)[]) {
    const form = batch === undefined ? 'one by one' : 'in batches';
    test(`a watch ${form} that ends by ${how} leaves nothing behind`, async () => {
      const nodes = pair();
      const { cluster, b, ours, theirs } = nodes;
      const controller = new AbortController();
      const { signal } = controller;
      const watch: AnyWatch =
        batch === undefined ? theirs.watch({ signal }) : theirs.watch({ signal, batch });
      if (batch !== undefined) ours.set('k', 'v');
      const waiting = watch.next();
      const outcome = waiting.then(
        (result) => (result.done === true ? 'done' : 'value'),
        (error: unknown) => (error as Error).message,
      );
      cluster.clock.runFor(50);
      assert.equal(b.engine.stats().watchers, 1);
      assert.equal(getEventListeners(signal, 'abort').length, 1);
      const before = cluster.clock.pendingCount;
      await end({ ...nodes, watch, controller });
      // The batch that was begun is still handed over by a close, and by nothing else.
      const whole = how === 'close' && batch !== undefined ? 'value' : 'done';
      assert.equal(await outcome, how === 'abort' ? 'enough' : whole);
      assert.equal(b.engine.stats().watchers, 0);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
      if (how !== 'close') {
        assert.equal(before - cluster.clock.pendingCount, batch === undefined ? 0 : 1);
      }
      ours.set('later', 'v');
      cluster.clock.runFor(50);
      assert.deepEqual(await watch.next(), { done: true, value: undefined });
      assert.equal(watch.bufferedCount, 0);
    });
  }
}

test('await using ends the watch', async () => {
  const { b, theirs } = pair();
  {
    await using watch = theirs.watch();
    assert.ok(watch);
    assert.equal(b.engine.stats().watchers, 1);
  }
  assert.equal(b.engine.stats().watchers, 0);
});

test('watch options that cannot be meant are refused', () => {
  const { b, theirs } = pair();
  const odd = <T>(value: unknown): T => value as T;
  const isInvalid = { code: 'ERR_ARGUMENT_INVALID' };
  for (const options of [
    null,
    { buffer: 0 },
    { buffer: 1.5 },
    { overflow: 'error' },
    { local: 1 },
    { prefix: 5 },
    { batch: null },
    { batch: { max: 0 } },
    { batch: { max: 65_537 } },
    { batch: { ms: -1 } },
    { batch: { ms: 60_001 } },
    { signal: {} },
    { overlow: 'resync' },
    { batch: { size: 5 } },
  ]) {
    assert.throws(() => theirs.watch(odd(options)), isInvalid, JSON.stringify(options));
  }
  assert.throws(() => b.engine.watch({ network: odd(5) }), isInvalid);
  assert.throws(() => b.engine.watch({ table: odd(5) }), isInvalid);
  assert.equal(b.engine.stats().watchers, 0);
});
