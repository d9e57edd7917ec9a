// Corrections 2, 5, 6, 7, 8 and 10 beside a small model of Go's rules: write-after-join, healing in one
// exchange, prompt news, names with slashes, hostile numbers, bounds.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  decodeBulkSync,
  decodeGossip,
  encodeNetworkEvent,
  encodeTableEvent,
  GOSSIP_TYPE,
  wrapGossip,
} from '../../../src/codec/index.ts';
import { MAX_ACCEPTED_TIME } from '../../../src/networkdb/lamport.ts';
import { SeededRandom, Ticker } from '../../../src/runtime/index.ts';
import { VirtualClock } from '../../../src/simulator/index.ts';
import { encode, FakeCluster, view } from '../../support/fake-membership.ts';
import { MixedCluster } from '../../support/go-node.ts';

const at = (key: string) => ({ network: 'prod', table: 't', key });

test('a write that is faster than the news of its owner is lost at Go and waits with ours', () => {
  const cluster = new MixedCluster({ tables: { bulkSyncIntervalMs: false } });
  const [a] = cluster.startOn('prod', ['a']);
  const go = cluster.startGo('go');
  assert.ok(a);
  const address = { host: '10.3.3.3', port: 7946 };
  const { metadata } = a;
  a.engine.events.nodeJoined({ name: 'late', address, metadata, hasLeft: false });
  const first = {
    kind: 'create',
    time: 90,
    owner: 'late',
    ...at('k'),
    value: encode('v'),
  } as const;
  const write = encodeTableEvent({ ...first, residualReapSeconds: 0 });
  const join = encodeNetworkEvent({ kind: 'join', time: 40, node: 'late', network: 'prod' });
  for (const message of [
    wrapGossip(GOSSIP_TYPE.tableEvent, write),
    wrapGossip(GOSSIP_TYPE.networkEvent, join),
  ]) {
    go.message(message);
    a.engine.events.message(message);
  }
  assert.equal(go.view()['k'], undefined, 'refused: the owner was not known to be there');
  assert.deepEqual(view(a), { k: 'v' });
});

test('a write right after a join loses nothing at any member of ours', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const nodes = cluster.startOn('prod', ['a', 'b', 'c']);
  const late = cluster.start('late');
  cluster.join(late);
  late.engine.joinNetwork('prod');
  late.engine.create(at('k'), encode('v'));
  cluster.clock.runFor(500);
  for (const node of nodes) assert.deepEqual(view(node), { k: 'v' });
});

test('halves that meet again make one exchange per node at most, where one per pair would be 50', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const names = Array.from({ length: 10 }, (_, i) => `n${i}`);
  const nodes = cluster.startOn('prod', names);
  cluster.partition(names.slice(5));
  cluster.clock.runFor(60_000);
  for (const node of nodes) node.engine.set(at(node.localName), encode('during'));
  cluster.clock.runFor(60_000);
  assert.equal(Object.keys(view(nodes[0] as (typeof nodes)[0])).length, 5);
  let requests = 0;
  const stream = cluster.stream.bind(cluster);
  cluster.stream = (from, to, message, done) => {
    const { type, data } = decodeGossip(message);
    if (type === GOSSIP_TYPE.bulkSync && decodeBulkSync(data).isRequest) requests += 1;
    stream(from, to, message, done);
  };
  let returns = 0;
  for (const { engine } of nodes) {
    const { events } = engine;
    const joined = events.nodeJoined.bind(events);
    events.nodeJoined = (node) => {
      if (engine.nodes('failed').includes(node.name)) returns += 1;
      joined(node);
    };
  }
  cluster.heal();
  for (const a of nodes.slice(0, 5)) for (const b of nodes.slice(5)) cluster.introduce(a, b);
  cluster.clock.runFor(10_000);
  assert.equal(returns, 50, 'an exchange on each return, as Go does, would be so many');
  assert.ok(requests > 0 && requests <= 10, `${requests}`);
  for (const node of nodes) assert.equal(Object.keys(view(node)).length, 10);
});

test('a burst that takes Go half a minute of ticks is everywhere within a second', () => {
  const value = new Uint8Array(200).fill(1);
  const count = 1_000;
  const waiting = Array.from({ length: count }, (_, i) => {
    const write = { kind: 'create', time: i + 1, owner: 'a', ...at(`k${i}`), value } as const;
    return encodeTableEvent({ ...write, residualReapSeconds: 0 }).length;
  });
  // Section 10.2: each 200 ms one packet of what was sent least, to three peers; here both others have it.
  const clock = new VirtualClock();
  const ticker = new Ticker(
    { clock, random: new SeededRandom(1) },
    {
      intervalMs: () => 200,
      onTick: () => {
        let room = 1_400;
        while (waiting[0] !== undefined && waiting[0] + 2 <= room) {
          room -= 2 + (waiting.shift() ?? 0);
        }
      },
    },
  );
  ticker.start();
  assert.ok(!clock.runUntil(() => waiting.length === 0, 30_000), 'Go is still at it');
  assert.ok(clock.runUntil(() => waiting.length === 0, 30_000));
  ticker.stop();

  const cluster = new FakeCluster();
  const nodes = cluster.startOn('prod', ['a', 'b', 'c']);
  const [writer] = nodes;
  assert.ok(writer);
  for (let i = 0; i < count; i += 1) writer.engine.create(at(`k${i}`), value);
  const isThere = (): boolean => nodes.every(({ engine }) => engine.stats().entries === count);
  assert.ok(cluster.clock.runUntil(isThere, 1_000));
});

test('a hostile time ends the clock of Go for good, and is refused by ours', () => {
  const cluster = new MixedCluster({ tables: { bulkSyncIntervalMs: false } });
  const [a] = cluster.startOn('prod', ['a']);
  const go = cluster.startGo('go');
  go.attached.set('evil', 1);
  assert.ok(a);
  for (const time of [2 ** 53 - 1, MAX_ACCEPTED_TIME + 1]) {
    const event = { kind: 'create', owner: 'evil', time, value: encode('x') } as const;
    const inner = encodeTableEvent({ ...event, ...at('k'), residualReapSeconds: 0 });
    const message = wrapGossip(GOSSIP_TYPE.tableEvent, inner);
    const clockBefore: number = a.engine.stats().clocks.table;
    go.message(message);
    a.engine.events.message(message);
    assert.ok(go.tableClock > time - 1, 'witnessed');
    assert.equal(a.engine.stats().clocks.table, clockBefore);
  }
  assert.equal(a.engine.stats().counters['tables.dropped.time'], 2);
  assert.ok(!Number.isSafeInteger(go.tableClock), 'whatever it counts on from here is lost on us');
});

test('a name with a slash is two names at Go, refused by ours beside it, and whole on our own wire', () => {
  const cluster = new MixedCluster({ tables: { allowSlash: false } });
  const [a] = cluster.startOn('prod', ['a']);
  const go = cluster.startGo('go');
  const late = cluster.startGo('late');
  assert.ok(a);
  go.write('dir/one', 'v', []);
  assert.deepEqual(go.view(), { 'dir/one': 'v' });
  go.sync('late', false);
  cluster.clock.runFor(100);
  assert.deepEqual(late.view(), { dir: 'v' }, 'the exchange has cut the name');
  assert.throws(() => a.engine.create(at('dir/one'), encode('v')), { code: 'ERR_NAME_INVALID' });
  assert.deepEqual(a.engine.stats().networks['prod']?.own, 0);

  const own = new FakeCluster();
  const [first] = own.startOn('prod', ['a']);
  first?.engine.create(at('dir/one'), encode('v'));
  own.clock.runFor(60_000);
  const joiner = own.start('joiner');
  own.join(joiner);
  joiner.engine.joinNetwork('prod');
  own.clock.runFor(1_000);
  assert.deepEqual(
    view(joiner),
    { 'dir/one': 'v' },
    'by an exchange, as nothing is gossiped any more',
  );
});

test('a peer fills the memory of Go without end, and ours up to the cap', () => {
  const { limits } = new FakeCluster().tables;
  const cluster = new MixedCluster({ tables: { limits: { ...limits, maxEntries: 100 } } });
  const [a] = cluster.startOn('prod', ['a']);
  const go = cluster.startGo('go');
  const evil = cluster.startGo('evil');
  assert.ok(a);
  for (let i = 0; i < 1_000; i += 1) evil.write(`k${i}`, 'v', ['go', 'a']);
  cluster.clock.runFor(100);
  assert.equal(go.entries.size, 1_000);
  assert.equal(a.engine.stats().entries, 100);
  assert.ok((a.engine.stats().counters['tables.dropped.limit'] ?? 0) >= 900);
  a.engine.set(at('mine'), encode('v'));
  assert.equal(view(a)['mine'], 'v', 'what is ours has room still');
});
