import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeCompound } from '../../src/codec/index.ts';
import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { randomBelow, SeededRandom } from '../../src/runtime/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { Ring } from '../support/ring.ts';

/*
 * Whatever arrives from a network: nothing throws (an error in a handler would leave the clock's `run`
 * call), every refusal is counted by its reason, and no member is lost by it.
 */

const KEY = new Uint8Array(32).fill(3);
const RINGS: [string, MemberlistOptions][] = [
  ['plain', {}],
  ['labelled', { label: 'ring' }],
  ['sealed', { encryption: { keys: [KEY] } }],
];

function refusals(counters: Readonly<Record<string, number>>, prefix: string): number {
  const names = Object.keys(counters).filter((name) => name.startsWith(prefix));
  return names.reduce((sum, name) => sum + (counters[name] ?? 0), 0);
}

for (const [kind, options] of RINGS) {
  test(`random and damaged datagrams do a ${kind} ring no harm`, async () => {
    const ring = new Ring();
    const nodes = await ring.spawnJoined(4, options);
    const random = new SeededRandom(7);
    const captured: Uint8Array[] = [];
    ring.network.onPacket = (_from, _to, bytes) => {
      if (captured.length < 400) captured.push(bytes.slice());
    };
    ring.runFor(20_000);
    ring.network.onPacket = null;
    const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
    const aim = (): { host: string } => nodes[randomBelow(random, 4)]!;
    for (let i = 0; i < 1500; i += 1) {
      const noise = Uint8Array.from({ length: randomBelow(random, 60) }, () => random.uint32());
      if (i % 3 === 0) noise[0] = randomBelow(random, 16);
      raw.sendBytes(aim(), noise);
      const damaged = captured[i % captured.length]!.slice();
      const at = randomBelow(random, damaged.length);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << randomBelow(random, 8));
      raw.sendBytes(aim(), damaged);
      raw.sendBytes(aim(), captured[i % captured.length]!.subarray(0, at));
      if (i % 50 === 0) ring.runFor(100);
    }
    ring.runFor(10_000);
    for (const { member } of nodes) {
      assert.equal(member.memberCount, 4);
      assert.ok(member.members().every(({ state }) => state === 'alive'));
      const { counters } = member.stats();
      assert.ok(refusals(counters, 'packets.dropped.') > 500, JSON.stringify(counters));
      assert.equal(counters['packets.dropped.ERR_INTERNAL'], undefined);
    }
    await ring.close();
    await ring.settle(raw.close());
  });
}

test('a damaged part does not take its neighbours with it', async () => {
  const heard: Uint8Array[] = [];
  const ring = new Ring();
  const delegates = { user: { onUserMessage: (m: Uint8Array) => heard.push(m) } };
  const node = await ring.spawn({}, { delegates });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const junk = [Uint8Array.of(200, 1), Uint8Array.of(4, 255, 255), new Uint8Array(0)];
  raw.sendMessage(node, encodeCompound([Uint8Array.of(8, 1), ...junk, Uint8Array.of(8, 2)]));
  ring.runFor(5);
  assert.deepEqual(heard, [Uint8Array.of(1), Uint8Array.of(2)]);
  assert.equal(refusals(node.member.stats().counters, 'packets.dropped.'), 3);
  await ring.close();
  await ring.settle(raw.close());
});

test('a compound that was cut delivers its whole parts, and counts the others', async () => {
  const heard: Uint8Array[] = [];
  const ring = new Ring();
  const delegates = { user: { onUserMessage: (m: Uint8Array) => heard.push(m) } };
  const node = await ring.spawn({}, { delegates });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const whole = encodeCompound([1, 2, 3].map((n) => Uint8Array.of(8, n)));
  raw.sendMessage(node, whole.subarray(0, whole.length - 3));
  ring.runFor(5);
  assert.deepEqual(heard, [Uint8Array.of(1)]);
  assert.equal(node.member.stats().counters['packets.lostParts'], 2);
  await ring.close();
  await ring.settle(raw.close());
});

test('compounds within compounds are followed eight deep, and 512 parts far', async () => {
  let heard = 0;
  const ring = new Ring();
  const delegates = { user: { onUserMessage: () => (heard += 1) } };
  const node = await ring.spawn({}, { delegates });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  let nested: Uint8Array = Uint8Array.of(8, 1);
  for (let depth = 1; depth <= 9; depth += 1) {
    nested = encodeCompound([nested]);
    raw.sendMessage(node, nested);
  }
  ring.runFor(5);
  assert.equal(heard, 8);
  assert.equal(node.member.stats().counters['packets.dropped.ERR_CODEC_LIMIT'], 1);
  heard = 0;
  const inner = encodeCompound(Array.from({ length: 250 }, () => Uint8Array.of(8)));
  raw.sendMessage(node, encodeCompound(Array.from({ length: 40 }, () => inner)));
  ring.runFor(5);
  assert.ok(heard < 512 && heard > 500, `${heard} delivered of 10,000`);
  await ring.close();
  await ring.settle(raw.close());
});

test('foreign traffic is told once per source and minute, noise never', async () => {
  const ring = new Ring();
  const node = await ring.spawn({ encryption: { keys: [KEY] } });
  const told: string[] = [];
  node.member.on('warning', ({ code, message }) => told.push(`${code} ${message}`));
  const plain = await RawPeer.start(ring, { host: '10.0.9.1' });
  const labelled = await RawPeer.start(ring, { host: '10.0.9.2', label: 'x', keys: [KEY] });
  const other = await RawPeer.start(ring, { host: '10.0.9.3', keys: [new Uint8Array(32)] });
  for (let i = 0; i < 5; i += 1) {
    for (const peer of [plain, labelled, other]) peer.send(node, peer.alive());
    plain.sendBytes(node, new Uint8Array(0));
  }
  ring.runFor(5);
  assert.equal(told.length, 3, told.join('\n'));
  const { counters } = node.member.stats();
  assert.equal(counters['packets.dropped.ERR_NOT_SEALED'], 5);
  assert.equal(counters['packets.dropped.ERR_LABEL_MISMATCH'], 5);
  assert.equal(counters['packets.dropped.ERR_KEY_MISMATCH'], 5);
  assert.equal(counters['packets.dropped.ERR_CODEC_TRUNCATED'], 5);
  ring.runFor(60_000);
  plain.send(node, plain.alive());
  ring.runFor(5);
  assert.equal(told.length, 4);
  assert.equal(node.member.memberCount, 1);
  await ring.close();
  await ring.settle(Promise.all([plain, labelled, other].map(async (peer) => peer.close())));
});

for (const [kind, options] of RINGS) {
  test(`random and damaged streams do a ${kind} ring no harm`, async () => {
    const ring = new Ring();
    const nodes = await ring.spawnJoined(3, options);
    const random = new SeededRandom(11);
    const raw = await RawPeer.start(ring, {
      host: '10.0.9.9',
      ...(options.label === undefined ? {} : { label: options.label }),
      ...(options.encryption === undefined ? {} : { keys: [KEY] }),
    });
    const { request } = raw.wire.streams.initiate();
    const pieces = [...raw.wire.encodeStreamMessage(raw.pushPull())];
    const good = [...pieces.flatMap((piece) => request.push(piece)), ...request.finish()];
    const bytes = Uint8Array.from(good.flatMap((chunk) => [...chunk]));
    const dials: Promise<unknown>[] = [];
    for (let i = 0; i < 200; i += 1) {
      const node = nodes[i % 3]!;
      const noise = Uint8Array.from({ length: randomBelow(random, 80) }, () => random.uint32());
      const damaged = bytes.slice();
      const at = randomBelow(random, bytes.length);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << randomBelow(random, 8));
      dials.push(raw.dialBytes(node, noise));
      dials.push(raw.dialBytes(node, bytes.subarray(0, at)));
      if (options.encryption !== undefined) dials.push(raw.dialBytes(node, damaged));
      if (i % 20 === 0) ring.runFor(50);
    }
    await ring.settle(Promise.all(dials));
    ring.runFor(10_000);
    for (const { member } of nodes) {
      assert.equal(member.memberCount, 3);
      const { counters } = member.stats();
      assert.ok(refusals(counters, 'streams.rejected.') > 100, JSON.stringify(counters));
    }
    await ring.close();
    await ring.settle(raw.close());
  });
}

test('random claims of a node that holds the key never break a rule’s bounds', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(3, { limits: { maxMembers: 20 } });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const random = new SeededRandom(3);
  const pick = <T>(items: readonly T[]): T => items[randomBelow(random, items.length)] as T;
  const names = [
    'n1',
    'n2',
    'n3',
    'raw',
    'x',
    '__proto__',
    ...Array.from({ length: 30 }, (_, i) => `y${i}`),
  ];
  for (let i = 0; i < 3000; i += 1) {
    const incarnation = pick([0, 1, 2, 3, 9, 4_294_967_294]);
    const node = pick(names);
    const from = pick(names);
    const type = pick(['alive', 'suspect', 'dead'] as const);
    if (type === 'alive') {
      const address = Uint8Array.of(10, 0, pick([0, 9]), pick([1, 2, 3, 9]));
      raw.send(pick(nodes), raw.alive({ node, incarnation, address }));
    } else {
      raw.send(pick(nodes), { type, node, incarnation, from });
    }
    if (i % 10 === 0) ring.runFor(30);
  }
  ring.runFor(120_000);
  for (const { member } of nodes) {
    assert.ok(member.nodes().length <= 20);
    assert.equal(member.localMember.state, 'alive');
    assert.ok(member.healthScore <= 7);
  }
  await ring.close();
  await ring.settle(raw.close());
});
