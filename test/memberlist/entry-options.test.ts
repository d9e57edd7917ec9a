import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createWire, Keyring, splitLabel, wireKeyLengths } from '../../src/codec/index.ts';
import type { Wire, WireName } from '../../src/codec/index.ts';
import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { resolveMemberlistConfig } from '../../src/memberlist/index.ts';
import { hostToBytes, SeededRandom } from '../../src/runtime/index.ts';
import { seededEntropy } from '../../src/simulator/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';
import { RulesBench, suspect } from '../support/rules-bench.ts';

/*
 * Options for how a node enters its ring: with which number, under whose label, and whether addresses need names.
 */

const KEY = new Uint8Array(32).fill(3);

function refuses(options: unknown): boolean {
  try {
    resolveMemberlistConfig(options as MemberlistOptions);
    return false;
  } catch (error) {
    return (error as { code?: string }).code === 'ERR_CONFIG_INVALID';
  }
}

test('values of another kind are refused, bounds included', () => {
  const wrong = [
    { initialIncarnation: -1 },
    { initialIncarnation: 1.5 },
    { initialIncarnation: 4_294_901_759 },
    { skipInboundLabelCheck: 'yes' },
    { requireNodeNames: 1 },
    { userMessageOrder: 'random' },
    { probe: { streamFallback: 'never' } },
    { probe: { nacks: 0 } },
    { suspicion: { buddySystem: 'on' } },
    { suspicion: { secondChance: 1 } },
    { gossip: { userBroadcastShare: 0.91 } },
    { gossip: { userBroadcastShare: -0.1 } },
    { gossip: { userBroadcastShare: NaN } },
    { limits: { maxWaitingUserMessages: 63 } },
  ];
  for (const options of wrong) assert.ok(refuses(options), JSON.stringify(options));
  const fine = [
    { initialIncarnation: 4_294_901_758 },
    { gossip: { userBroadcastShare: 0.9 } },
    { probe: { streamFallback: () => false } },
  ];
  for (const options of fine) assert.ok(!refuses(options), JSON.stringify(options));
});

test('the first announcement is one above the initial incarnation', async () => {
  const ring = new Ring();
  const [a, b] = [await ring.spawn(), await ring.spawn({ initialIncarnation: 1_700_000_000 })];
  await ring.settle(b.member.join([a.host]));
  assert.equal(a.member.localMember.incarnation, 1);
  assert.equal(a.member.member('n2')?.incarnation, 1_700_000_001);
  await ring.close();
});

test('with the time as initial incarnation old accusations are stale, without it they are refuted (311)', () => {
  for (const [initialIncarnation, refutations] of [
    [0, 3],
    [1_700_000_000, undefined],
  ] as const) {
    const bench = new RulesBench({ initialIncarnation });
    for (const old of [100, 5_000, 1_600_000_000]) bench.rules.suspect(suspect('me', old));
    assert.equal(bench.parts.core.counters.snapshot()['refutations'], refutations);
  }
});

function wireOf(name: WireName, o: { skips?: boolean; label?: string; sealed?: boolean }): Wire {
  return createWire(name, {
    keyring: new Keyring(o.sealed === true ? [KEY] : [], wireKeyLengths(name)),
    label: new TextEncoder().encode(o.label ?? 'ring'),
    skipInboundLabelCheck: o.skips === true,
    entropy: seededEntropy(new SeededRandom(5)),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: false,
  });
}

for (const wire of ['protobuf', 'memberlist'] as const) {
  test(`what lost its label on the way is taken for ours, sealed or not, and a second label is refused (${wire})`, () => {
    for (const sealed of [false, true]) {
      const sender = wireOf(wire, { sealed });
      const behind = wireOf(wire, { sealed, skips: true });
      const message = sender.encodePacketMessage({ type: 'nack', seq: 7 });
      const datagram = sender.packets.seal(message, { peerMaxVersion: 5 });
      const stripped = splitLabel(datagram).rest;
      assert.deepEqual(behind.packets.open(stripped).message, message);
      assert.throws(() => behind.packets.open(datagram), { code: 'ERR_CODEC_MALFORMED' });
      assert.throws(() => sender.packets.open(stripped), { code: 'ERR_LABEL_MISMATCH' });

      const { request } = sender.streams.initiate();
      const user = { type: 'user', payload: Uint8Array.of(1, 2, 3) } as const;
      const bytes: number[] = [];
      for (const piece of sender.encodeStreamMessage(user))
        for (const chunk of request.push(piece)) bytes.push(...chunk);
      for (const chunk of request.finish()) bytes.push(...chunk);
      const stream = Uint8Array.from(bytes);
      const reader = behind.createStreamReader();
      const accepted = behind.streams.accept().request;
      for (const piece of accepted.push(splitLabel(stream).rest)) reader.push(piece);
      assert.deepEqual(reader.message, user);
      assert.throws(() => behind.streams.accept().request.push(stream), {
        code: 'ERR_CODEC_MALFORMED',
      });
    }
  });
}

test('the label is bound to what is sealed also where it was taken off', () => {
  for (const wire of ['protobuf', 'memberlist'] as const) {
    const sender = wireOf(wire, { sealed: true, label: 'other' });
    const behind = wireOf(wire, { sealed: true, skips: true });
    const { rest } = splitLabel(
      sender.packets.seal(sender.encodePacketMessage({ type: 'nack', seq: 7 })),
    );
    assert.throws(() => behind.packets.open(rest), { code: 'ERR_KEY_MISMATCH' });
  }
});

test('a node behind a proxy hears its ring, and sends with the label', async () => {
  const ring = new Ring();
  const behind = await ring.spawn({ label: 'ring', skipInboundLabelCheck: true });
  const proxy = await RawPeer.start(ring, { host: '10.0.9.9', label: 'ring' });
  const alive = proxy.wire.packets.seal(proxy.wire.encodePacketMessage(proxy.alive()));
  proxy.sendBytes(behind, splitLabel(alive).rest);
  ring.runFor(1);
  assert.equal(behind.member.member('raw')?.state, 'alive');
  const heard = (): boolean => proxy.heard.some(({ type }) => type === 'ping');
  assert.ok(ring.runUntil(heard, 3_000), 'and its packets open under the label');
  proxy.sendBytes(behind, alive);
  ring.runFor(1);
  assert.equal(behind.member.stats().counters['packets.dropped.ERR_CODEC_MALFORMED'], 1);
  await ring.close();
  await ring.settle(proxy.close());
});

test('where names are required a join and a message need one, and the ring works with them', async () => {
  const ring = new Ring();
  const named = { requireNodeNames: true };
  const [a, b, c] = [await ring.spawn(named), await ring.spawn(named), await ring.spawn(named)];
  const missing = { code: 'ERR_NODE_NAME_REQUIRED' };
  for (const target of [
    '10.0.0.1',
    '10.0.0.1:7946',
    { host: '10.0.0.1' },
    { host: a.host, name: '' },
  ])
    await assert.rejects(b.member.join(['n1/10.0.0.1', target]), missing);
  assert.equal(b.member.stats().counters['streams.dialled'], undefined, 'nobody was contacted');
  assert.equal(await ring.settle(b.member.join(['n1/10.0.0.1'])), 1);
  assert.equal(await ring.settle(c.member.join([{ name: 'n1', host: a.host, port: 7946 }])), 1);
  ring.runFor(60_000);
  for (const { member } of [a, b, c] as RingNode[]) assert.equal(member.memberCount, 3);
  const to = { host: a.host, port: 7946 };
  assert.throws(() => {
    b.member.sendBestEffort(to, KEY);
  }, missing);
  await assert.rejects(b.member.sendReliable(to, KEY), missing);
  await assert.rejects(b.member.ping(to), missing);
  b.member.sendBestEffort({ ...to, name: 'n1' }, KEY);
  assert.ok((await ring.settle(b.member.ping({ ...to, name: 'n1' }))) >= 0);
  await ring.settle(b.member.leave());
  assert.ok((await ring.settle(b.member.rejoin())) >= 1, 'those last known have names');
  await ring.close();
});

test('where names are required probes without them are not answered', () => {
  for (const requireNodeNames of [true, false]) {
    const { parts } = new RulesBench({ requireNodeNames, wire: 'memberlist' });
    const from = { host: '10.0.9.9', port: 7946 };
    const source = { sourceAddress: hostToBytes('10.0.9.9'), sourcePort: 7946 };
    const target = { target: hostToBytes('10.0.9.8'), port: 7946, wantsNack: false };
    const ask = { type: 'indirectPing', seq: 2, ...source, ...target } as const;
    parts.answers.onPing({ type: 'ping', seq: 1, node: '', ...source, sourceNode: '' }, from);
    parts.answers.onPing({ type: 'ping', seq: 1, node: '', ...source, sourceNode: 'a' }, from);
    parts.answers.onIndirectPing({ ...ask, node: 'x', sourceNode: '' }, from);
    parts.answers.onIndirectPing({ ...ask, node: 'x', sourceNode: 'a' }, from);
    const counters = parts.core.counters.snapshot();
    assert.equal(counters['pings.unnamed'], requireNodeNames ? 2 : undefined);
    assert.equal(counters['pings.answered'], requireNodeNames ? 1 : 2);
    assert.equal(counters['pings.relayed'], requireNodeNames ? 1 : 2);
  }
});
