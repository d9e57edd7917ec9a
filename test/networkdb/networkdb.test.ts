import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { GossipError } from '../../src/index.ts';
import { json, NetworkDB } from '../../src/index.ts';
import { Cluster } from '../support/cluster.ts';

/*
 * The public class over the real membership, codec and tables, in virtual time. What the parts do in
 * detail is tested beside them; here is what only their sum can show.
 */

interface Service {
  readonly port: number;
}

const KEY_A = new Uint8Array(32).fill(1);
const KEY_B = new Uint8Array(32).fill(2);

async function servicesOf(cluster: Cluster, count: number, options = {}) {
  const nodes = await cluster.spawnJoinedDbs(count, options);
  const tables = [];
  for (const { db } of nodes) {
    const network = await cluster.settle(db.joinNetwork('prod'));
    tables.push(network.table('services', json<Service>()));
  }
  return { nodes, tables };
}

void test('whoever does not wait for the first exchange of a network gets it nevertheless', async () => {
  const cluster = new Cluster();
  const { nodes } = await servicesOf(cluster, 12);
  cluster.runFor(2_000);
  const late = await cluster.spawnDb();
  await cluster.settle(late.db.join([nodes[0]?.host ?? '']));
  await cluster.settle(late.db.joinNetwork('prod', { waitForSync: false }));
  cluster.runFor(1_000);
  const { counters } = late.db.stats().tables;
  assert.equal(counters['tables.sync.ok'], 12, 'every member was asked');
  await cluster.close();
});

void test('what one node publishes is read by all others within 50 ms', async () => {
  const cluster = new Cluster();
  const { tables } = await servicesOf(cluster, 5, { encryption: { keys: [KEY_A] } });
  tables[0]?.create('api-1', { port: 8080 });
  assert.ok(cluster.runUntil(() => tables.every((t) => t.get('api-1')?.port === 8080), 50));
  await cluster.close();
});

void test('all know the networks that anybody is on, until nobody is', async () => {
  const cluster = new Cluster();
  const nodes = await cluster.spawnJoinedDbs(3);
  const [a, b, c] = nodes.map(({ db }) => db);
  assert.deepEqual(a?.knownNetworks(), []);
  await cluster.settle(b!.joinNetwork('prod'));
  const test = await cluster.settle(c!.joinNetwork('test'));
  await cluster.settle(b!.joinNetwork('test'));
  const known = (): string => nodes.map(({ db }) => db.knownNetworks().join()).join(' ');
  assert.ok(cluster.runUntil(() => known() === 'prod,test prod,test prod,test', 1000));
  assert.deepEqual(a.networks(), []);
  test.leave();
  cluster.clock.runFor(1000);
  assert.equal(known(), 'prod,test prod,test prod,test');
  await cluster.settle(b!.leave());
  assert.ok(
    cluster.runUntil(
      () => nodes.every(({ db }) => db.knownNetworks().length === 0 || db === b),
      1000,
    ),
    known(),
  );
  await cluster.close();
});

void test('a write right after joining a network is lost for nobody', async () => {
  const cluster = new Cluster({ lossRate: 0.05 });
  const { tables, nodes } = await servicesOf(cluster, 4);
  const late = await cluster.spawnDb();
  await cluster.settle(late.db.join([nodes[0]?.host ?? '']));
  const joining = late.db.joinNetwork('prod', { waitForSync: false });
  const table = (await cluster.settle(joining)).table('services', json<Service>());
  table.create('late', { port: 1 });
  assert.ok(cluster.runUntil(() => tables.every((t) => t.get('late')?.port === 1), 5000));
  await cluster.close();
});

void test('a key rotates under writes without losing a member or a write', async () => {
  const cluster = new Cluster({ lossRate: 0.02 });
  const { nodes, tables } = await servicesOf(cluster, 5, { encryption: { keys: [KEY_A] } });
  let failures = 0;
  for (const { db } of nodes) db.on('fail', () => (failures += 1));
  let written = 0;
  const write = (): void => {
    for (const table of tables) table.create(`k${(written += 1)}`, { port: written });
  };
  const steps = [
    (db: NetworkDB) => db.keyring.add(KEY_B),
    (db: NetworkDB) => db.keyring.use(KEY_B),
    (db: NetworkDB) => db.keyring.remove(KEY_A),
  ];
  for (const step of steps) {
    for (const { db } of nodes) {
      step(db);
      write();
      cluster.runFor(700);
    }
    cluster.runFor(2000);
  }
  const expected = [...(tables[0]?.entries() ?? [])].length;
  assert.equal(expected, written);
  const isComplete = (): boolean => tables.every((t) => [...t.entries()].length === written);
  assert.ok(cluster.runUntil(isComplete, 31_000));
  assert.equal(failures, 0);
  for (const { db } of nodes) {
    const [only, ...rest] = db.keyring.list();
    assert.deepEqual(rest, []);
    assert.equal(only?.heardMembers, 4);
  }
  await cluster.close();
});

void test('seeds and keys are replaced while nodes run', async () => {
  const cluster = new Cluster();
  const [old, next] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const [a, b] = await cluster.spawnJoinedDbs(2, { encryption: { keys: [old] } });
  const late = await cluster.spawnDb({ encryption: { keys: [next] } });
  assert.ok(a && b);
  late.db.setBootstrap([a.host]);
  cluster.runFor(5_000);
  assert.equal(late.db.members().length, 1, 'no key in common');
  for (const { db } of [a, b]) db.keyring.replaceKeys([old, next], old);
  for (const { db } of [a, b]) db.keyring.replaceKeys([next], next);
  late.db.setBootstrap([a.host]);
  assert.ok(cluster.runUntil(() => b.db.members().length === 3, 5_000));
  assert.deepEqual(a.db.keyring.list().length, 1);
  assert.throws(() => late.db.setBootstrap([''] as string[]), { code: 'ERR_ARGUMENT_INVALID' });
  await cluster.close();
});

void test('entries of a crashed node vanish, and return with it', async () => {
  const cluster = new Cluster();
  const { nodes, tables } = await servicesOf(cluster, 4, { profile: 'local' });
  tables[3]?.create('doomed', { port: 4 });
  const rest = tables.slice(0, 3);
  assert.ok(cluster.runUntil(() => rest.every((t) => t.get('doomed') !== undefined), 1000));
  nodes[3]?.runtime.crash();
  assert.ok(cluster.runUntil(() => rest.every((t) => t.get('doomed') === undefined), 30_000));

  const back = await cluster.spawnDb({ nodeName: 'd4', profile: 'local' }, nodes[3]?.host);
  await cluster.settle(back.db.join([nodes[0]?.host ?? '']));
  const table = (await cluster.settle(back.db.joinNetwork('prod'))).table(
    'services',
    json<Service>(),
  );
  table.create('reborn', { port: 5 });
  const isBack = (): boolean => rest.every((t) => t.get('reborn')?.port === 5);
  assert.ok(cluster.runUntil(isBack, 10_000));
  // What its former life had published was never withdrawn, and is gone all the same.
  cluster.runFor(60_000);
  assert.deepEqual(
    [...rest, table].map((t) => t.get('doomed')),
    [undefined, undefined, undefined, undefined],
  );
  await cluster.close();
});

void test('a graceful leave is known as such, and takes its entries along at once', async () => {
  const cluster = new Cluster();
  const { nodes, tables } = await servicesOf(cluster, 4);
  tables[3]?.create('mine', { port: 4 });
  cluster.runFor(1000);
  const heard: string[] = [];
  for (const { db } of nodes.slice(0, 3)) {
    db.on('leave', ({ name }) => heard.push(`leave ${name}`));
    db.on('fail', ({ name }) => heard.push(`fail ${name}`));
  }
  await cluster.settle(nodes[3]?.db.leave() ?? Promise.reject(new Error('no such node')));
  cluster.runFor(500);
  assert.deepEqual(heard, ['leave d4', 'leave d4', 'leave d4']);
  for (const table of tables.slice(0, 3)) assert.equal(table.get('mine'), undefined);
  await cluster.close();
});

void test('one error names everything that is wrong with the options of both layers', async () => {
  const wrong = {
    nodeName: '',
    bindPort: 70_000,
    tables: { reapEntryMs: 1000, oversize: 'ignore' },
    limits: { maxEntries: 0, maxMembers: 0, nonsense: 1 },
    rejoin: { reconnectIntervalMs: 0 },
    gossip: { intervalMs: false },
    colour: 'red',
  };
  await assert.rejects(NetworkDB.create(wrong as object), (error: GossipError) => {
    assert.equal(error.code, 'ERR_CONFIG_INVALID');
    const { problems } = error as unknown as { problems: { path: string }[] };
    assert.deepEqual(problems.map(({ path }) => path).sort(), [
      'bindPort',
      'colour',
      'gossip.intervalMs',
      'limits.maxEntries',
      'limits.maxMembers',
      'limits.nonsense',
      'nodeName',
      'rejoin.reconnectIntervalMs',
      'tables.oversize',
      'tables.reapEntryMs',
    ]);
    return true;
  });
});

void test('after close every call is refused with ERR_CLOSED, and closing again is harmless', async () => {
  const cluster = new Cluster();
  const { nodes, tables } = await servicesOf(cluster, 2);
  const [node] = nodes;
  const [table] = tables;
  if (node === undefined || table === undefined) throw new Error('no node');
  await cluster.settle(node.db.close());
  await cluster.settle(node.db.close());
  const isClosed = { code: 'ERR_CLOSED' };
  await assert.rejects(node.db.join(['10.1.0.2']), isClosed);
  await assert.rejects(node.db.joinNetwork('x'), isClosed);
  await assert.rejects(node.db.waitForMembers(1), isClosed);
  await assert.rejects(node.db.leave(), isClosed);
  const ignore = (): void => undefined;
  assert.throws(() => node.db.on('fail', ignore), isClosed);
  assert.doesNotThrow(() => node.db.off('fail', ignore));
  assert.throws(() => node.db.members(), isClosed);
  assert.throws(() => node.db.peers('prod'), isClosed);
  assert.throws(() => node.db.networks(), isClosed);
  assert.throws(() => node.db.knownNetworks(), isClosed);
  assert.throws(() => {
    node.db.keyring.list();
  }, isClosed);
  assert.throws(() => node.db.stats(), isClosed);
  assert.throws(() => table.set('a', { port: 1 }), isClosed);
  assert.throws(() => table.get('a'), isClosed);
  assert.throws(() => table.watch(), isClosed);
  await cluster.close();
});

void test('a close leaves no timer, not even one of a farewell that it cut short', async () => {
  const cluster = new Cluster();
  const { nodes, tables } = await servicesOf(cluster, 3);
  tables[0]?.create('k', { port: 1 });
  const [one, two, three] = nodes.map(({ db }) => db);
  if (one === undefined || two === undefined || three === undefined) throw new Error('no node');
  const waiting = assert.rejects(two.waitForMembers(9), { code: 'ERR_CLOSED' });
  const farewell = assert.rejects(one.leave({ timeoutMs: 1 }), { code: 'ERR_TIMEOUT' });
  await cluster.settle(farewell);
  await cluster.settle(Promise.all([one.close(), two.close(), three.close()]));
  await waiting;
  cluster.runFor(10);
  assert.equal(cluster.clock.pendingCount, 0);
  await cluster.close();
});

void test('joining a network waits for its tables, gives up on abort and stays joined', async () => {
  const cluster = new Cluster();
  const { nodes, tables } = await servicesOf(cluster, 3);
  for (let i = 0; i < 500; i += 1) tables[0]?.create(`k${i}`, { port: i });
  const late = await cluster.spawnDb();
  await cluster.settle(late.db.join([nodes[0]?.host ?? '']));
  const network = await cluster.settle(late.db.joinNetwork('prod'));
  assert.equal([...network.table('services', json<Service>()).entries()].length, 500);
  await assert.rejects(late.db.joinNetwork('prod'), { code: 'ERR_NETWORK_JOINED' });

  const aborted = late.db.joinNetwork('other', { signal: AbortSignal.abort(new Error('enough')) });
  await assert.rejects(aborted, { message: 'enough' });
  await cluster.close();
});

void test('two processes under one name are reported, and do not fight over entries', async () => {
  const cluster = new Cluster();
  const { nodes, tables } = await servicesOf(cluster, 3);
  tables[1]?.create('mine', { port: 2 });
  cluster.runFor(1000);
  const conflicts: string[] = [];
  for (const { db } of nodes) {
    db.on('nameConflict', ({ existing, claimed }) => {
      conflicts.push(`${existing.name} ${claimed.host}`);
    });
  }
  const twin = await cluster.spawnDb({ nodeName: 'd2' });
  await cluster.settle(twin.db.join([nodes[0]?.host ?? '']));
  const joining = twin.db.joinNetwork('prod', { waitForSync: false });
  await cluster.settle(joining);
  const isLost = (): boolean => [tables[0], tables[2]].some((t) => t?.get('mine') === undefined);
  assert.equal(cluster.runUntil(isLost, 60_000), false, 'the entries of the first stay');
  assert.ok(conflicts.includes(`d2 ${twin.host}`), conflicts.join());
  await cluster.close();
});

void test('after a leave writes are refused with ERR_LEFT, and reads still work', async () => {
  const cluster = new Cluster();
  const { nodes, tables } = await servicesOf(cluster, 2);
  tables[0]?.create('a', { port: 1 });
  await cluster.settle(nodes[0]?.db.leave() ?? assert.fail());
  assert.throws(() => tables[0]?.set('a', { port: 2 }), { code: 'ERR_LEFT' });
  assert.throws(() => tables[0]?.delete('a'), { code: 'ERR_LEFT' });
  assert.equal(tables[0]?.get('a')?.port, 1);
  await cluster.close();
});

void test('arguments that cannot be meant are refused, and change nothing', async () => {
  const cluster = new Cluster();
  const { nodes, tables } = await servicesOf(cluster, 2);
  const { db } = nodes[0] ?? assert.fail();
  const table = tables[0] ?? assert.fail();
  const network = await cluster.settle(db.joinNetwork('other'));
  const isInvalid = { code: 'ERR_ARGUMENT_INVALID' };
  const odd = (value: unknown): never => value as never;
  for (const timeoutMs of [Infinity, NaN, -1, odd('5')]) {
    await assert.rejects(db.waitForMembers(9, { timeoutMs }), isInvalid);
    await assert.rejects(db.leave({ timeoutMs }), isInvalid);
    await assert.rejects(db.join(['10.1.0.2'], { timeoutMs }), isInvalid);
  }
  await assert.rejects(db.waitForMembers(9, { signal: odd(new AbortController()) }), isInvalid);
  await assert.rejects(db.waitForMembers(odd('x')), isInvalid);
  for (const targets of [
    '10.1.0.2',
    undefined,
    [5],
    [null],
    ['127.0.0.1:1:2'],
    ['a b'],
    ['[::1'],
  ]) {
    await assert.rejects(db.join(odd(targets)), isInvalid, JSON.stringify(targets));
  }
  assert.throws(() => db.on(odd('nope'), () => undefined), isInvalid);
  assert.throws(() => db.on('join', odd(undefined)), isInvalid);
  assert.throws(() => network.table('t', odd({})), isInvalid);
  assert.throws(() => network.table('t', json(), { writers: odd('me') }), isInvalid);
  assert.throws(() => network.table('t', json(), odd({ writer: 'owner' })), /no option 'writer'/);
  assert.throws(() => table.watch({ buffer: -1 }), isInvalid);
  assert.throws(() => table.watch({ overflow: odd('zz') }), isInvalid);
  assert.throws(() => table.watch({ signal: odd(5) }), isInvalid);
  assert.throws(() => table.get(odd(5)), { code: 'ERR_NAME_INVALID' });
  await cluster.settle(db.leave());
  await cluster.close();
});

void test('beside Go names hold no slash, on our own wire they may', async () => {
  const cluster = new Cluster();
  const isRefused = { code: 'ERR_NAME_INVALID' };
  const go = await cluster.spawnDb({ wire: 'memberlist' });
  await assert.rejects(go.db.joinNetwork('a/b'), isRefused);
  const beside = await cluster.settle(go.db.joinNetwork('prod'));
  assert.throws(() => beside.table('t', json()).create('a/b', 1), isRefused);
  assert.throws(() => beside.table('a/b', json()).create('k', 1), isRefused);
  const own = await cluster.spawnDb();
  const network = await cluster.settle(own.db.joinNetwork('a/b'));
  network.table('c/d', json()).create('e/f', 1);
  assert.equal(network.table('c/d', json()).get('e/f'), 1);
  await cluster.close();
});
