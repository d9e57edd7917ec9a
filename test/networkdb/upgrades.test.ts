// A cluster in the middle of an upgrade: a node that can more than the others stands beside them. What
// they do not know they count and drop, or pass on untouched; nothing that they do know suffers.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  compoundParts,
  decodeBulkSync,
  decodeGossip,
  decodePacketMessage,
  decodeTableEvent,
  encodeBulkSync,
  encodeCompoundMessage,
  encodeNetworkEvent,
  encodePacketMessage,
  encodeTableEvent,
  GOSSIP_TYPE,
  wrapGossip,
} from '../../src/codec/index.ts';
import { LOCAL_FEATURES } from '../../src/networkdb/capabilities.ts';
import { decodeCapabilities, encodeCapabilities, utf8 as text } from '../../src/networkdb/index.ts';
import { Cluster } from '../support/cluster.ts';
import { FakeCluster } from '../support/fake-membership.ts';
import { joinBytes } from '../codec/support.ts';

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Field 14 as bytes, and field 15 as a number: neither is in any schema of ours. */
const LATER_FIELDS = Uint8Array.of(0x72, 3, 7, 7, 7, 0x78, 0xac, 0x02);
const ALL_FEATURES = 0xffff_ffff;

/** Two nodes of this version on network `prod`, and one that announces every feature bit there is. */
async function mixedCluster() {
  const cluster = new Cluster();
  const [a, b] = await cluster.spawnJoinedDbs(2);
  assert.ok(a && b);
  const tables = [];
  for (const { db } of [a, b]) {
    tables.push((await cluster.settle(db.joinNetwork('prod'))).table('t', text()));
  }
  const metadata = encodeCapabilities(ALL_FEATURES, utf8('of a later version'));
  const warnings: unknown[] = [];
  for (const { db } of [a, b]) db.on('warning', (warning) => warnings.push(warning));
  const heard: Uint8Array[] = [];
  const later = await cluster.spawn(
    { nodeName: 'later' },
    {
      delegates: {
        user: {
          localMetadata: () => metadata,
          onUserMessage: (message) => heard.push(message),
        },
      },
    },
  );
  await cluster.settle(later.member.join([a.host]));
  const isWhole = cluster.runUntil(
    () => [a, b].every(({ db }) => db.members().length === 3),
    10_000,
  );
  assert.ok(isWhole);
  return { cluster, a, b, tables, later: later.member, heard, warnings };
}

function tableEvent(fields: { key: string; time: number }): Uint8Array {
  return encodeTableEvent({
    ...{ kind: 'create', owner: 'later', network: 'prod', table: 't' },
    ...{ value: utf8('v'), residualReapSeconds: 0 },
    ...fields,
  });
}

const attachment = wrapGossip(
  GOSSIP_TYPE.networkEvent,
  encodeNetworkEvent({ kind: 'join', time: 50, node: 'later', network: 'prod' }),
);

test('unknown feature bits are ignored: the node is a member, and tables work beside it', async () => {
  const { cluster, a, b, tables, warnings } = await mixedCluster();
  const seen = decodeCapabilities(a.db.member('later')?.metadata ?? new Uint8Array(0));
  assert.equal(seen.features, ALL_FEATURES);
  assert.equal(seen.isOurs, true);
  const [inA, inB] = tables;
  inA?.set('k', 'v');
  assert.ok(cluster.runUntil(() => inB?.get('k') === 'v', 1000));
  cluster.runFor(60_000);
  assert.equal(b.db.member('later')?.state, 'alive');
  assert.deepEqual(warnings, []);
  await cluster.close();
});

test('message types from 16 up are counted and dropped, their neighbours are not', async () => {
  const { cluster, a, b, later, tables } = await mixedCluster();
  const { db } = a;
  const droppedTypes = (): number => db.stats().tables.counters['tables.dropped.type'] ?? 0;
  for (const type of [16, 17, 255, 70_000, 0xffff_ffff]) {
    const before = droppedTypes();
    later.sendBestEffort(db.name, wrapGossip(type, utf8('for those who know')));
    cluster.runFor(100);
    assert.equal(droppedTypes() - before, 1, `type ${type}`);
  }
  const before = droppedTypes();
  later.sendBestEffort(
    db.name,
    encodeCompoundMessage([
      wrapGossip(16, new Uint8Array(300)),
      attachment,
      wrapGossip(17, new Uint8Array(0)),
      wrapGossip(GOSSIP_TYPE.tableEvent, tableEvent({ key: 'beside', time: 60 })),
      wrapGossip(0x7fff_ffff, utf8('x')),
    ]),
  );
  cluster.runFor(1000);
  assert.equal(droppedTypes() - before, 3);
  assert.ok(tables.every((table) => table.get('beside') === 'v'));
  assert.equal(b.db.stats().tables.counters['tables.dropped.type'] ?? 0, 0, 'never relayed');
  await cluster.close();
});

test('unknown fields of a table event are passed on by nodes that do not know them', async () => {
  const { cluster, a, later, heard, tables } = await mixedCluster();
  later.sendBestEffort(a.db.name, attachment);
  cluster.runFor(1000);
  heard.length = 0;
  const inner = joinBytes([tableEvent({ key: 'more', time: 70 }), LATER_FIELDS]);
  assert.deepEqual(
    decodeTableEvent(inner),
    decodeTableEvent(tableEvent({ key: 'more', time: 70 })),
  );
  later.sendBestEffort(a.db.name, wrapGossip(GOSSIP_TYPE.tableEvent, inner));
  cluster.runFor(5000);
  assert.ok(tables.every((table) => table.get('more') === 'v'));
  const relayed = heard
    .flatMap(innermost)
    .filter(({ type, data }) => type === GOSSIP_TYPE.tableEvent && includes(data, utf8('more')));
  assert.ok(relayed.length > 0, 'the others passed it on, to its writer too');
  for (const { data } of relayed) assert.deepEqual(data, inner);
  await cluster.close();
});

function innermost(message: Uint8Array): { type: number; data: Uint8Array }[] {
  const { type, data } = decodeGossip(message);
  if (type !== GOSSIP_TYPE.compound) return [{ type, data: new Uint8Array(data) }];
  return [...compoundParts(data)].flatMap(innermost);
}

function includes(bytes: Uint8Array, part: Uint8Array): boolean {
  return Buffer.from(bytes).includes(Buffer.from(part));
}

test('unknown fields of membership messages are passed over', () => {
  const alive = encodePacketMessage({
    ...{ type: 'alive', incarnation: 3, node: 'n1', port: 7946 },
    address: Uint8Array.of(10, 0, 0, 1),
    metadata: utf8('m'),
    versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
    startId: new Uint8Array(4),
  });
  const extended = joinBytes([alive, LATER_FIELDS]);
  assert.deepEqual(decodePacketMessage(extended), decodePacketMessage(alive));
});

/** The bulk syncs among some messages. */
function syncsIn(messages: readonly Uint8Array[]): ReturnType<typeof decodeBulkSync>[] {
  const opened = messages.map((message) => decodeGossip(message));
  return opened
    .filter(({ type }) => type === GOSSIP_TYPE.bulkSync)
    .map(({ data }) => decodeBulkSync(data));
}

test('what is ours is told to peers that announced it, and to no other', () => {
  const cases = [
    { metadata: new Uint8Array(0), isTold: false },
    { metadata: utf8('of a user'), isTold: false },
    { metadata: encodeCapabilities(0, new Uint8Array(0)), isTold: false },
    { metadata: encodeCapabilities(LOCAL_FEATURES, new Uint8Array(0)), isTold: true },
    { metadata: encodeCapabilities(ALL_FEATURES, utf8('of a user')), isTold: true },
  ];
  for (const { metadata, isTold } of cases) {
    const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
    const names = ['a', 'b', 'c'];
    const peers = names.map((name) => {
      const node = cluster.start(name);
      node.metadata = metadata;
      cluster.join(node);
      return node;
    });
    for (const { engine, localName } of peers) {
      engine.joinNetwork('prod');
      cluster.clock.runFor(1_000);
      engine.set({ network: 'prod', table: 't', key: localName }, utf8(localName));
    }
    cluster.clock.runFor(1_000);
    const sent: { from: string; message: Uint8Array }[] = [];
    const stream = cluster.stream.bind(cluster);
    cluster.stream = (from, to, message, done) => {
      sent.push({ from: from.localName, message });
      stream(from, to, message, done);
    };
    const joiner = cluster.start('joiner');
    cluster.join(joiner);
    let isDone = false;
    joiner.engine.joinNetwork('prod', { done: () => (isDone = true) });
    cluster.clock.runFor(1_000);
    assert.ok(isDone);
    assert.deepEqual([...joiner.engine.entries('prod', 't')].map(({ key }) => key).join(), 'a,b,c');
    const ours = sent.filter(({ from }) => from === 'joiner').map(({ message }) => message);
    const requests = syncsIn(ours).filter(({ isRequest }) => isRequest);
    assert.equal(requests.length, 3);
    const wishes = requests.filter(({ ownOnly }) => ownOnly === true);
    assert.equal(wishes.length, isTold ? 2 : 0);
    // The bytes of a request that wishes for nothing are those of Go: its field is not there at all.
    for (const request of requests) {
      const { ownOnly, ...plain } = request;
      const again = encodeBulkSync({ ...plain, time: Number(plain.time) });
      const length = encodeBulkSync({ ...request, time: Number(request.time) }).length;
      assert.equal(length - again.length, ownOnly === true ? 3 : 0);
    }
    for (const node of [...peers, joiner]) node.kill();
  }
});

test('a request with the field of ours is answered by who does not know it, with all', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const [node] = cluster.startOn('prod', ['a']);
  assert.ok(node);
  node.engine.set({ network: 'prod', table: 't', key: 'k' }, utf8('v'));
  const sent: Uint8Array[] = [];
  cluster.stream = (_from, _to, message, done) => {
    sent.push(message.slice());
    done(null);
  };
  const address = { host: '10.9.9.9', port: 7946 };
  const unannounced = new Uint8Array(0);
  node.engine.events.nodeJoined({ name: 'p', address, metadata: unannounced, hasLeft: false });
  const payload = encodeCompoundMessage([]);
  const body = { time: 9, isRequest: true, node: 'p', networks: ['prod'], ownOnly: true, payload };
  node.engine.events.message(wrapGossip(GOSSIP_TYPE.bulkSync, encodeBulkSync(body)));
  cluster.clock.runFor(100);
  const [answer] = syncsIn(sent);
  assert.ok(answer);
  assert.equal(answer.ownOnly, undefined, 'it did not announce the field, so it does not get it');
  assert.equal(answer.isRequest, false);
});

test('a node announces what this version can', async () => {
  const cluster = new Cluster();
  const [a, b] = await cluster.spawnJoinedDbs(2);
  const metadata = a?.db.member(b?.db.name ?? '')?.metadata ?? new Uint8Array(0);
  assert.deepEqual(decodeCapabilities(metadata), {
    features: LOCAL_FEATURES,
    goLevel: 0,
    user: new Uint8Array(0),
    isOurs: true,
  });
  await cluster.close();
});
