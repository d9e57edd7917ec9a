import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { TableCodec, Unreadable } from '../../src/networkdb/index.ts';
import { bytes, json, Network, utf8 } from '../../src/networkdb/index.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import { encode, FakeCluster } from '../support/fake-membership.ts';

/*
 * The handles that users hold: networks and typed tables.
 */

interface Service {
  readonly port: number;
}

function members(): { cluster: FakeCluster; a: FakeNode; nets: readonly [Network, Network] } {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startAll(['a', 'b']);
  assert.ok(a && b);
  const nets = [new Network(a.engine, 'prod'), new Network(b.engine, 'prod')] as const;
  cluster.clock.runFor(1_000);
  return { cluster, a, nets };
}

test('values of a codec travel as its bytes', async () => {
  const { cluster, nets } = members();
  const [ours, theirs] = nets.map((net) => net.table('services', json<Service>()));
  assert.ok(ours && theirs);
  const watch = theirs.watch({ prefix: 'api' });
  ours.create('api-1', { port: 8080 });
  ours.set('web-1', { port: 80 });
  cluster.clock.runFor(50);
  assert.deepEqual(theirs.get('api-1'), { port: 8080 });
  assert.deepEqual(theirs.get('api-1', { detail: true }), {
    key: 'api-1',
    value: { port: 8080 },
    owner: 'a',
    time: theirs.get('api-1', { detail: true })?.time,
  });
  assert.equal(theirs.get('none'), undefined);
  assert.deepEqual(
    [...theirs.entries()].map(({ key }) => key),
    ['api-1', 'web-1'],
  );
  assert.deepEqual([...theirs.ownEntries()], []);
  assert.equal([...ours.ownEntries({ prefix: 'web' })].length, 1);
  const change = await watch.next();
  assert.ok(change.done !== true && change.value.kind === 'create');
  assert.deepEqual(change.value.value, { port: 8080 });
  await watch.return();
});

test('each misuse of a table has its code and changes nothing', () => {
  const { cluster, a, nets } = members();
  const table = nets[0].table('t', utf8());
  const careful = nets[1].table('t', utf8(), { writers: 'owner' });
  table.create('k', 'v');
  cluster.clock.runFor(50);
  const before = a.engine.stats().clocks.table;
  const cases: [string, () => void][] = [
    ['ERR_ENTRY_EXISTS', () => table.create('k', 'w')],
    ['ERR_ENTRY_NOT_FOUND', () => table.update('none', 'w')],
    ['ERR_ENTRY_NOT_FOUND', () => table.delete('none')],
    ['ERR_NAME_INVALID', () => table.set('', 'w')],
    ['ERR_NAME_INVALID', () => nets[0].table('')],
    ['ERR_TABLE_CODEC', () => table.set('k', 5 as unknown as string)],
    ['ERR_ENTRY_NOT_OWNED', () => careful.set('k', 'w')],
    ['ERR_ENTRY_NOT_OWNED', () => careful.update('k', 'w')],
    ['ERR_ENTRY_NOT_OWNED', () => careful.delete('k')],
    ['ERR_NETWORK_JOINED', () => new Network(a.engine, 'prod')],
    ['ERR_NAME_INVALID', () => new Network(a.engine, 'x'.repeat(256))],
  ];
  for (const [code, run] of cases) assert.throws(run, { code }, code);
  assert.equal(table.get('k'), 'v');
  assert.equal(a.engine.stats().clocks.table, before);
  careful.create('own', 'x');
  careful.set('own', 'y');
  careful.delete('own');
});

test('a value beyond its limit is refused with both sizes', () => {
  const cluster = new FakeCluster({ tables: { oversize: 'reject' } });
  const node = cluster.start('a');
  const table = new Network(node.engine, 'prod').table('t');
  assert.throws(() => table.set('k', new Uint8Array(1_048_577)), {
    code: 'ERR_VALUE_TOO_LARGE',
    fields: {
      network: 'prod',
      table: 't',
      key: 'k',
      sizeBytes: 1_048_577,
      limitBytes: 1_048_576,
    },
  });
  assert.throws(() => table.set('k', new Uint8Array(1_400)), { code: 'ERR_VALUE_TOO_LARGE' });
  assert.equal(table.get('k'), undefined);
  table.set('k', new Uint8Array(1_300));
  table.delete('k');
});

test('setting the value that we hold sends nothing', () => {
  const { cluster, a, nets } = members();
  const table = nets[0].table('t', utf8());
  table.set('k', 'v');
  cluster.clock.runFor(5_000);
  const before = a.engine.stats().counters['tables.sent.events'];
  const time = table.get('k', { detail: true })?.time;
  table.set('k', 'v');
  cluster.clock.runFor(1_000);
  assert.equal(a.engine.stats().counters['tables.sent.events'], before);
  assert.equal(table.get('k', { detail: true })?.time, time);
  table.set('k', 'w');
  cluster.clock.runFor(50);
  assert.equal(nets[1].table('t', utf8()).get('k'), 'w');
});

test('after leaving, writes are refused and the others see our entries go', async () => {
  const { cluster, nets } = members();
  const [ours, theirs] = nets.map((net) => net.table('t', utf8()));
  assert.ok(ours && theirs);
  await nets[0].synced;
  ours.set('mine', 'a');
  theirs.set('yours', 'b');
  cluster.clock.runFor(50);
  assert.deepEqual(nets[1].peers(), ['a', 'b']);
  nets[0].leave();
  cluster.clock.runFor(500);
  assert.throws(() => ours.set('mine', 'c'), { code: 'ERR_NETWORK_NOT_JOINED' });
  assert.throws(
    () => {
      nets[0].leave();
    },
    { code: 'ERR_NETWORK_NOT_JOINED' },
  );
  assert.deepEqual([...ours.entries()], []);
  assert.deepEqual(
    [...theirs.entries()].map(({ key }) => key),
    ['yours'],
  );
  assert.deepEqual(nets[1].peers(), ['b']);
});

test('a join that is aborted says so, and the network stays joined', async () => {
  const cluster = new FakeCluster();
  const [a] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a);
  const late = cluster.start('late');
  cluster.join(late);
  const controller = new AbortController();
  const network = new Network(late.engine, 'prod', { signal: controller.signal });
  const reason = new Error('no patience');
  controller.abort(reason);
  await assert.rejects(network.synced, reason);
  network.table('t', utf8()).set('k', 'v');
  cluster.clock.runFor(1_000);
  assert.ok(a.engine.get({ network: 'prod', table: 't', key: 'k' }) !== undefined);
});

test('a join that is under way when the node closes says so', async () => {
  const cluster = new FakeCluster();
  cluster.startOn('prod', ['a', 'b']);
  const late = cluster.start('late');
  cluster.join(late);
  const network = new Network(late.engine, 'prod');
  late.kill();
  await assert.rejects(network.synced, { code: 'ERR_CLOSED' });
});

test('values that the codec cannot read count as absent for every reader, and are reported', async () => {
  const { cluster, a, nets } = members();
  const raw = nets[0].table('t');
  const heard: Unreadable[] = [];
  const typed = nets[1].table('t', json<Service>(), {
    onUnreadable: (unreadable) => {
      heard.push(unreadable);
      throw new Error('no matter');
    },
  });
  const watch = typed.watch();
  for (const value of ['{', '{"port":1}', '{"port":2}', '[']) {
    raw.set('k', encode(value));
    cluster.clock.runFor(50);
  }
  assert.equal(typed.get('k'), undefined);
  assert.equal(typed.get('k', { detail: true }), undefined);
  assert.deepEqual([...typed.entries()], []);
  assert.equal(typed.snapshot().get('k'), undefined);
  assert.equal(heard.length, 4);
  const [{ error, ...about } = assert.fail()] = heard;
  assert.equal(error.code, 'ERR_TABLE_CODEC');
  assert.ok(error.cause instanceof SyntaxError);
  const address = { network: 'prod', table: 't', key: 'k' };
  assert.deepEqual(about, { ...address, owner: 'a', bytes: encode('[') });
  // It exists all the same, and can be overwritten.
  assert.deepEqual([typed.has('k'), typed.size, typed.snapshot().has('k')], [true, 1, true]);
  assert.throws(() => typed.create('k', { port: 3 }), { code: 'ERR_ENTRY_EXISTS' });
  const kinds: string[] = [];
  for (let i = 0; i < 3; i += 1) {
    const { value } = await watch.next();
    kinds.push(value?.kind ?? 'end');
  }
  assert.deepEqual(kinds, ['create', 'update', 'delete']);
  assert.equal(watch.bufferedCount, 0);
  // Each was reported once as it came, not again as what was before.
  assert.equal(heard.length, 6);
  assert.ok(a.isUp);
});

test('codecs refuse what they cannot carry', () => {
  const roundTrip = <T>(codec: TableCodec<T>, value: T): T => codec.decode(codec.encode(value));
  assert.equal(roundTrip(utf8(), '\ufeff😀'), '\ufeff😀');
  assert.deepEqual(roundTrip(json<unknown>(), [1, null, 'x']), [1, null, 'x']);
  assert.deepEqual(roundTrip(bytes, encode('x')), encode('x'));
  assert.throws(() => json<unknown>().encode(undefined), { code: 'ERR_TABLE_CODEC' });
  assert.throws(() => bytes.encode('x' as unknown as Uint8Array), { code: 'ERR_TABLE_CODEC' });
  assert.throws(() => utf8().decode(new Uint8Array([0xff])));
});
