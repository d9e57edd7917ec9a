import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ClusterChange, Watch } from '../../src/networkdb/index.ts';
import { json, NODE_TABLE, utf8 } from '../../src/networkdb/index.ts';
import { toChange } from '../../src/networkdb/notices.ts';
import { Cluster } from '../support/cluster.ts';
import { decode, encode, FakeCluster } from '../support/fake-membership.ts';

/*
 * Watches over several tables and over the whole cluster, with the nodes in it.
 */

const told = (change: ClusterChange | undefined): string => {
  switch (change?.kind) {
    case 'create':
    case 'update':
      return `${change.kind} ${change.network}/${change.table}/${change.key}`;
    case 'delete':
      return `delete ${change.network}/${change.table}/${change.key}`;
    case 'nodeJoin':
      return `${change.node} joins at ${change.address.host}:${change.address.port}`;
    case 'nodeUpdate':
      return `${change.node} moves to ${change.address.host} from ${decode(change.previous)}`;
    case 'nodeGone':
      return `${change.node} ${change.hasLeft ? 'leaves' : 'fails'} at ${change.address.host}`;
    case 'resync':
    case undefined:
      return change?.kind ?? 'end';
  }
};

async function takeAll(cluster: Cluster, watch: Watch<ClusterChange>, count: number) {
  const seen: string[] = [];
  for (let i = 0; i < count; i += 1) {
    seen.push(told((await cluster.settle(watch.next())).value));
  }
  return seen;
}

void test('a watch over everything starts with nodes, then entries, each in byte order', async () => {
  const cluster = new Cluster();
  const [a, b] = await cluster.spawnJoinedDbs(3);
  assert.ok(a && b);
  for (const name of ['n2', 'n1']) {
    const [ours, theirs] = [a, b].map(({ db }) => db.joinNetwork(name));
    const network = await cluster.settle(ours ?? assert.fail());
    await cluster.settle(theirs ?? assert.fail());
    for (const table of ['t2', 't1', '\u{1f600}', '\uffff']) {
      for (const key of ['y', 'x']) network.table(table, utf8()).set(key, 'v');
    }
  }
  cluster.clock.runFor(1_000);
  const watch = b.db.watch();
  const expected = ['d1 joins at 10.1.0.1:7946', 'd3 joins at 10.1.0.3:7946'];
  for (const network of ['n1', 'n2']) {
    for (const table of ['t1', 't2', '\uffff', '\u{1f600}']) {
      for (const key of ['x', 'y']) expected.push(`create ${network}/${table}/${key}`);
    }
  }
  assert.deepEqual(await takeAll(cluster, watch, expected.length), expected);
  assert.equal(watch.bufferedCount, 0);
  await cluster.close();
});

void test('nodes that come, fail, return, move and leave are told with their addresses', async () => {
  const cluster = new Cluster();
  const [a] = await cluster.spawnJoinedDbs(2);
  assert.ok(a);
  const watch = a.db.watch();
  const nodes = a.db.watch({ table: NODE_TABLE });
  const late = await cluster.spawnDb();
  await cluster.settle(late.db.join([a.host]));
  cluster.clock.runFor(1_000);
  assert.deepEqual(await takeAll(cluster, watch, 2), [
    'd2 joins at 10.1.0.2:7946',
    'd3 joins at 10.1.0.3:7946',
  ]);
  const [, other] = cluster.dbs;
  assert.ok(other);
  await cluster.settle(other.db.leave());
  await cluster.settle(other.db.close());
  await cluster.settle(late.db.close());
  assert.deepEqual(await takeAll(cluster, watch, 1), ['d2 leaves at 10.1.0.2']);
  cluster.runUntil(() => watch.bufferedCount > 0, 60_000);
  const { value } = await cluster.settle(watch.next());
  assert.ok(value?.kind === 'nodeGone');
  const { previous, ...change } = value;
  assert.deepEqual(change, {
    kind: 'nodeGone',
    network: '',
    table: 'NodeTable',
    key: '',
    node: 'd3',
    address: { host: '10.1.0.3', port: 7946 },
    hasLeft: false,
  });
  assert.equal(decode(previous), '{"Addr":"10.1.0.3"}');
  assert.equal((await takeAll(cluster, nodes, 4)).length, 4);
  assert.equal(nodes.bufferedCount, 0);
  await cluster.close();
});

test('a node is told before what it brings back and takes with it, and where it moved to', async () => {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startOn('n', ['a', 'b']);
  assert.ok(a && b);
  a.engine.set({ network: 'n', table: 't', key: 'k' }, encode('v'));
  cluster.clock.runFor(500);
  const changes: ClusterChange[] = [];
  const watch = b.engine.watchAs({ hasNodes: true }, {}, (notice) => {
    changes.push(toChange(notice));
    return null;
  });
  watch.next().catch(() => undefined);
  const { events } = b.engine;
  events.nodeGone(a.asClusterNode());
  events.nodeJoined(a.asClusterNode());
  events.nodeUpdated(a.asClusterNode());
  events.nodeUpdated({ ...a.asClusterNode(), address: { host: '10.9.9.9', port: 1 } });
  events.nodeGone(a.asClusterNode());
  // Gone once is gone, and a node that leaves while it is failed was told already.
  events.nodeGone(a.asClusterNode(true));
  events.nodeUpdated({ ...a.asClusterNode(), address: { host: '10.8.8.8', port: 1 } });
  assert.deepEqual(changes.map(told), [
    'a joins at 10.0.0.1:7946',
    'create n/t/k',
    'a fails at 10.0.0.1',
    'delete n/t/k',
    'a joins at 10.0.0.1:7946',
    'create n/t/k',
    'a moves to 10.9.9.9 from {"Addr":"10.0.0.1"}',
    'a fails at 10.9.9.9',
    'delete n/t/k',
  ]);
  await watch.return();
});

void test('filters leave the nodes out, whole names and prefixes narrow the entries', async () => {
  const cluster = new Cluster();
  const [a, b] = await cluster.spawnJoinedDbs(2);
  assert.ok(a && b);
  for (const name of ['n', 'n2']) {
    const network = await cluster.settle(a.db.joinNetwork(name));
    await cluster.settle(b.db.joinNetwork(name));
    for (const table of ['t', 'u']) {
      for (const key of ['x1', 'y1']) network.table(table, json()).set(key, 1);
    }
  }
  cluster.clock.runFor(1_000);
  const { db } = b;
  const cases: [Watch<ClusterChange>, string[]][] = [
    [db.watch({ network: 'n', table: 't' }), ['create n/t/x1', 'create n/t/y1']],
    [db.watch({ table: 'u', prefix: 'x' }), ['create n/u/x1', 'create n2/u/x1']],
    [
      db.watch({ prefix: 'y' }),
      ['create n/t/y1', 'create n/u/y1', 'create n2/t/y1', 'create n2/u/y1'],
    ],
    [db.watch({ table: NODE_TABLE }), ['d1 joins at 10.1.0.1:7946']],
  ];
  const update = b.db.watch({ network: 'n', prefix: 'x', batch: { ms: 0 } });
  for (const [watch, expected] of cases) {
    assert.deepEqual(await takeAll(cluster, watch, expected.length), expected);
    assert.equal(watch.bufferedCount, 0);
    const waiting = watch.next();
    await cluster.settle(watch.return());
    assert.equal((await waiting).done, true);
  }
  const batch = (await cluster.settle(update.next())).value;
  assert.deepEqual(batch?.map(told), ['create n/t/x1', 'create n/u/x1']);
  await cluster.close();
});

void test('a network handle watches its own tables', async () => {
  const cluster = new Cluster();
  const [a, b] = await cluster.spawnJoinedDbs(2);
  assert.ok(a && b);
  const [ours, theirs] = [
    await cluster.settle(a.db.joinNetwork('n')),
    await cluster.settle(b.db.joinNetwork('n')),
  ];
  await cluster.settle(b.db.joinNetwork('other'));
  const own = theirs.watch({ local: true, table: 't' });
  const batches = theirs.watch({ prefix: 'k', batch: { max: 2, ms: 60_000 } });
  ours.table('t', utf8()).set('k1', 'v');
  ours.table('u', utf8()).set('k2', 'v');
  cluster.clock.runFor(100);
  theirs.table('t', utf8()).set('mine', 'v');
  const first = (await own.next()).value;
  const second = (await own.next()).value;
  assert.deepEqual([told(first), told(second)], ['create n/t/k1', 'create n/t/mine']);
  const batch = (await batches.next()).value;
  assert.deepEqual(batch?.map(told).sort(), ['create n/t/k1', 'create n/u/k2']);
  assert.equal(b.db.stats().tables.watchers, 2);
  await cluster.settle(b.db.close());
  assert.equal((await own.next()).done, true);
  assert.throws(() => theirs.watch(), { code: 'ERR_CLOSED' });
  assert.throws(() => b.db.watch(), { code: 'ERR_CLOSED' });
  await cluster.close();
});
