import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PacketMessage } from '../../src/codec/index.ts';
import { MESSAGE_TYPE, splitCompound } from '../../src/codec/index.ts';
import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';
import { alive, RulesBench, startId, suspect } from '../support/rules-bench.ts';

/*
 * Each part of Lifeguard can be switched off by itself, so that what it brings can be measured.
 */

test('local health: with a factor of 1 no accusation stretches the probes', async () => {
  for (const [maxMult, score] of [
    [8, 1],
    [1, 0],
  ] as const) {
    const bench = new RulesBench({ awareness: { maxMult } });
    bench.rules.suspect(suspect('me', 5));
    assert.equal(bench.parts.core.awareness.score, score);
    assert.equal(bench.parts.core.awareness.scale(1000), 1000 * (score + 1));
  }
});

/** A node whose three helpers never answer, after it has probed a dead member once. */
async function failedProbe(probe: { nacks?: boolean }): Promise<{ score: number; asks: string[] }> {
  const ring = new Ring();
  const asks: string[] = [];
  const node = await ring.spawn({ probe: { streamFallback: false, ...probe } });
  const peers: RawPeer[] = [];
  for (let i = 0; i < 4; i += 1) {
    const peer = await RawPeer.start(ring, { host: `10.0.9.${i + 1}`, name: `raw${i}` });
    peer.onMessage = (message): void => {
      if (message.type === 'indirectPing')
        asks.push(message.wantsNack ? 'with nack' : 'without nack');
    };
    peer.send(node, peer.alive({ startId: startId(i + 1) }));
    peers.push(peer);
  }
  const isOver = (): boolean => node.member.stats().counters['probes.failed'] === 1;
  assert.ok(ring.runUntil(isOver, 10_000));
  const score = node.member.healthScore;
  await ring.close();
  for (const peer of peers) await ring.settle(peer.close());
  return { score, asks };
}

test('nacks: switched off, helpers are not asked for them and a failed probe counts 1', async () => {
  assert.deepEqual(await failedProbe({}), { score: 3, asks: Array(3).fill('with nack') });
  const off = await failedProbe({ nacks: false });
  assert.deepEqual(off, { score: 1, asks: Array(3).fill('without nack') });
});

test('confirmations: with a factor of 1 a doubt nobody shares is the shortest', () => {
  const doubtMs = (options: MemberlistOptions): number => {
    const bench = new RulesBench(options);
    for (let i = 0; i < 5; i += 1) bench.rules.alive(alive(`a${i}`, 1));
    const since = bench.clock.now();
    bench.rules.suspect(suspect('a0', 1));
    assert.ok(bench.clock.runUntil(() => bench.stateOf('a0') === 'dead 1', 600_000));
    return bench.clock.now() - since;
  };
  assert.equal(doubtMs({}), 24_000);
  assert.equal(doubtMs({ suspicion: { maxTimeoutMult: 1 } }), 4_000);
});

/** How many of the pings to a silent suspect carry the suspicion, once gossip has told it often enough. */
async function toldWithPing(suspicion: { buddySystem?: boolean }): Promise<[number, number]> {
  const ring = new Ring();
  const node = await ring.spawn({ suspicion: { mult: 100, ...suspicion } });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  raw.send(node, raw.alive());
  assert.ok(ring.runUntil(() => node.member.member('raw')?.state === 'suspect', 10_000));
  ring.runFor(20_000);
  let pings = 0;
  let told = 0;
  ring.network.onPacket = (from, _to, bytes): void => {
    if (from.host !== node.host) return;
    const kinds = messagesOf(raw, bytes).map(({ type }) => type);
    if (kinds.includes('ping')) pings += 1;
    if (kinds.includes('ping') && kinds.includes('suspect')) told += 1;
  };
  ring.runFor(60_000);
  await ring.close();
  await ring.settle(raw.close());
  return [pings, told];
}

function messagesOf(raw: RawPeer, bytes: Uint8Array): PacketMessage[] {
  const { message } = raw.wire.packets.open(bytes);
  const parts = message[0] === MESSAGE_TYPE.compound ? splitCompound(message).parts : [message];
  return parts.map((part) => raw.wire.decodePacketMessage(part));
}

test('buddy system: switched off, a suspect is pinged like any other member', async () => {
  const [pings, told] = await toldWithPing({});
  assert.ok(pings > 5 && told === pings, `${told} of ${pings}`);
  const [plainPings, plainTold] = await toldWithPing({ buddySystem: false });
  assert.ok(plainPings > 5 && plainTold === 0, `${plainTold} of ${plainPings}`);
});

test('buddy system: switched off, a suspect still hears of it by gossip and refutes', async () => {
  const ring = new Ring();
  const off = { suspicion: { buddySystem: false } };
  const [a, b] = (await ring.spawnJoined(3, off)) as [RingNode, RingNode, RingNode];
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  raw.send(a, suspect('n2', b.member.localMember.incarnation, 'n3'));
  const isCleared = (): boolean =>
    a.member.member('n2')?.state === 'alive' && b.member.localMember.incarnation > 1;
  assert.ok(ring.runUntil(isCleared, 3_000));
  await ring.close();
  await ring.settle(raw.close());
});

test('with all four parts off a crash is still noticed', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(5, {
    awareness: { maxMult: 1 },
    probe: { nacks: false },
    suspicion: { maxTimeoutMult: 1, buddySystem: false },
  });
  nodes[4]!.runtime.crash();
  const isSeen = (): boolean =>
    nodes.slice(0, 4).every(({ member }) => member.member('n5')?.state === 'dead');
  assert.ok(ring.runUntil(isSeen, 20_000));
  await ring.close();
});
