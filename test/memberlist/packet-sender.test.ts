import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeCompound, MESSAGE_TYPE, splitCompound } from '../../src/codec/index.ts';
import type { MemberlistDelegates, MemberlistOptions } from '../../src/memberlist/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { Ring } from '../support/ring.ts';

const KEY = new Uint8Array(32).fill(3);

/** Broadcasts of all sizes, as many as fit, each time something is sent. */
function chatty(): MemberlistDelegates {
  let next = 0;
  return {
    user: {
      getBroadcasts: (overheadBytes, limitBytes, freshOnly) => {
        if (freshOnly) return [];
        const messages: Uint8Array[] = [];
        let left = limitBytes;
        for (;;) {
          next = (next * 7 + 13) % 97;
          const size = Math.min(next, left - overheadBytes);
          if (size < 1) return messages;
          messages.push(new Uint8Array(size));
          left -= size + overheadBytes;
        }
      },
    },
  };
}

const RINGS: [string, MemberlistOptions][] = [
  ['plain', {}],
  ['labelled', { label: 'a ring of its own' }],
  ['sealed', { encryption: { keys: [KEY] } }],
  ['sealed and labelled', { label: 'é'.repeat(40), encryption: { keys: [KEY] } }],
  [
    'moving to encryption',
    { encryption: { keys: [KEY], verifyIncoming: false, verifyOutgoing: false } },
  ],
];

for (const [kind, options] of RINGS) {
  test(`in a busy ${kind} ring every datagram fills its budget and none exceeds it`, async () => {
    for (const maxPacketBytes of [512, 777, 1400]) {
      const ring = new Ring({ lossRate: 0.1 });
      const sizes: number[] = [];
      ring.network.onPacket = (_from, _to, bytes) => sizes.push(bytes.length);
      const all = { ...options, maxPacketBytes };
      const nodes = [];
      for (let i = 0; i < 5; i += 1) nodes.push(await ring.spawn(all, { delegates: chatty() }));
      for (const { member } of nodes) await ring.settle(member.join(['10.0.0.1']));
      nodes[4]!.runtime.crash();
      ring.runFor(9000);
      await ring.settle(nodes[3]!.member.leave());
      ring.runFor(1000);
      assert.ok(nodes.slice(0, 3).every(({ member }) => member.memberCount === 3));
      assert.ok(sizes.length > 300);
      const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
      assert.ok(largest <= maxPacketBytes, `${largest} of ${maxPacketBytes}`);
      assert.ok(largest > maxPacketBytes - 8, `${largest} of ${maxPacketBytes} wastes room`);
      await ring.close();
    }
  });
}

test('members with long names are probed within small packets', async () => {
  const ring = new Ring();
  const sizes: number[] = [];
  ring.network.onPacket = (_from, _to, bytes) => sizes.push(bytes.length);
  const nodes = [];
  for (let i = 0; i < 5; i += 1) {
    const nodeName = `${i}`.repeat(190);
    nodes.push(await ring.spawn({ nodeName, maxPacketBytes: 512 }));
  }
  for (const { member } of nodes) await ring.settle(member.join(['10.0.0.1']));
  nodes[4]!.runtime.crash();
  const others = nodes.slice(0, 4);
  assert.ok(ring.runUntil(() => others.every(({ member }) => member.memberCount === 4), 60_000));
  assert.ok(sizes.every((size) => size <= 512));
  assert.equal(others[0]!.member.stats().counters['packets.oversized'], undefined);
  await ring.close();
});

test('a message and the news beside it fill one packet exactly', async () => {
  const ring = new Ring();
  const full: MemberlistDelegates = {
    user: {
      getBroadcasts: (overheadBytes, limitBytes, freshOnly) =>
        freshOnly ? [] : [new Uint8Array(limitBytes - overheadBytes)],
    },
  };
  const node = await ring.spawn({ gossip: { intervalMs: false } }, { delegates: full });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const sizes: number[] = [];
  ring.network.onPacket = (from, _to, bytes) => {
    if (from.host === node.host) sizes.push(bytes.length);
  };
  // News goes to members only, so the peer is one.
  raw.send(node, raw.alive());
  ring.runFor(20);
  sizes.length = 0;
  const { address, port } = raw.alive();
  const source = { sourceAddress: address, sourcePort: port, sourceNode: raw.name };
  for (let seq = 1; seq <= 10; seq += 1) {
    raw.send(node, { type: 'ping', seq, node: '', ...source });
    ring.runFor(5);
  }
  assert.equal(sizes.length, 10);
  assert.ok(
    sizes.every((size) => size <= 1400 && size > 1395),
    sizes.join(),
  );
  await ring.close();
  await ring.settle(raw.close());
});

test('more than 255 tiny messages travel as several compounds, none lost', async () => {
  const heard: number[] = [];
  const waiting = Array.from({ length: 600 }, (_, i) => Uint8Array.of(i >> 8, i & 0xff));
  const ring = new Ring();
  const sender = await ring.spawn(
    { maxPacketBytes: 8000, maxDirectPacketBytes: 8000 },
    {
      delegates: {
        user: {
          getBroadcasts: (overheadBytes, limitBytes) =>
            waiting.splice(0, Math.floor(limitBytes / (2 + overheadBytes))),
        },
      },
    },
  );
  const delegates = {
    user: { onUserMessage: (m: Uint8Array) => heard.push((m[0]! << 8) | m[1]!) },
  };
  const receiver = await ring.spawn({}, { delegates });
  await ring.settle(receiver.member.join([sender.host]));
  ring.runFor(2000);
  assert.equal(waiting.length, 0);
  assert.deepEqual(
    [...new Set(heard)].sort((a, b) => a - b),
    Array.from({ length: 600 }, (_, i) => i),
  );
  await ring.close();
});

test('what the layer above offers beyond its room is left out and counted', async () => {
  const ring = new Ring();
  const sizes: number[] = [];
  ring.network.onPacket = (_from, _to, bytes) => sizes.push(bytes.length);
  const greedy = { user: { getBroadcasts: () => [new Uint8Array(1000), new Uint8Array(1000)] } };
  const [a, b] = [await ring.spawn({}, { delegates: greedy }), await ring.spawn()];
  await ring.settle(a.member.join([b.host]));
  ring.runFor(2000);
  assert.ok(sizes.every((size) => size <= 1400));
  assert.ok(a.member.stats().counters['hooks.oversizedBroadcasts']! > 0);
  assert.equal(a.member.memberCount, 2);
  await ring.close();
});

test('a suspect with a long name is told in a second packet where one cannot hold both', async () => {
  const ring = new Ring();
  const name = 'x'.repeat(200);
  const node = await ring.spawn({
    nodeName: 'y'.repeat(150),
    maxPacketBytes: 512,
    probe: { intervalMs: 200, timeoutMs: 100 },
  });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9', name });
  raw.send(node, raw.alive());
  ring.runFor(1200);
  const doubts = raw.heard.filter(({ type }) => type === 'suspect');
  assert.ok(doubts.length > 0);
  await ring.close();
  await ring.settle(raw.close());
});

test('probe answers take news along to members, and a bare message travels bare', async () => {
  const ring = new Ring();
  const node = await ring.spawn({ gossip: { intervalMs: false }, probe: { intervalMs: false } });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const datagrams: Uint8Array[] = [];
  ring.network.onPacket = (from, _to, bytes) => {
    if (from.host === node.host) datagrams.push(raw.wire.packets.open(bytes).message);
  };
  const { address, port } = raw.alive();
  const source = { sourceAddress: address, sourcePort: port, sourceNode: raw.name };
  raw.send(node, { type: 'ping', seq: 1, node: node.member.name, ...source });
  ring.runFor(10);
  assert.equal(datagrams[0]![0], MESSAGE_TYPE.ack, 'a stranger gets no more than it sent');
  raw.send(node, raw.alive());
  ring.runFor(100);
  datagrams.length = 0;
  raw.send(node, { type: 'ping', seq: 1, node: node.member.name, ...source });
  ring.runFor(10);
  assert.equal(datagrams[0]![0], MESSAGE_TYPE.compound);
  const parts = splitCompound(datagrams[0]!).parts.map((part) => part[0]);
  assert.deepEqual(parts, [MESSAGE_TYPE.ack, MESSAGE_TYPE.alive, MESSAGE_TYPE.alive]);
  assert.deepEqual(datagrams[0], encodeCompound(splitCompound(datagrams[0]!).parts));
  for (let seq = 2; seq < 8; seq += 1) {
    raw.send(node, { type: 'ping', seq, node: node.member.name, ...source });
    ring.runFor(10);
  }
  assert.equal(datagrams.at(-1)![0], MESSAGE_TYPE.ack, 'the news has been sent often enough');
  await ring.close();
  await ring.settle(raw.close());
});
