import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AliveMessage } from '../../src/codec/index.ts';
import { ByteBudget } from '../../src/memberlist/byte-budget.ts';
import type { MemberlistDelegates } from '../../src/memberlist/index.ts';
import { VirtualClock } from '../../src/simulator/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

/** Members that do nothing but gossip. */
const QUIET = { probe: { intervalMs: false }, pushPull: { intervalMs: false } } as const;

/** A change of the first member in a ring at rest, and when it sends packets from then on. */
function changed(
  ring: Ring,
  [node]: readonly RingNode[],
): { readonly sentAt: number[]; readonly start: number; readonly updating: Promise<void> } {
  ring.runFor(60_000);
  const sentAt: number[] = [];
  ring.network.onPacket = (from) => {
    if (from.host === node?.host) sentAt.push(ring.clock.now());
  };
  return { sentAt, start: ring.clock.now(), updating: node!.member.updateNode() };
}

test('fresh news leaves within 5 ms, not at the next tick', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(6, { ...QUIET, gossip: { intervalMs: 10_000 } });
  const { sentAt, start, updating } = changed(ring, nodes);
  ring.runFor(5);
  assert.ok(sentAt.length >= 3, 'to as many members as a round goes to');
  assert.ok(sentAt[0]! - start <= 5);
  await ring.settle(updating);
  await ring.close();
});

test('without prompt news a claim waits for the round, and nothing else does', async () => {
  const gossip = { intervalMs: 10_000, prompt: false };
  const ring = new Ring();
  const nodes = await ring.spawnJoined(6, { ...QUIET, gossip });
  const { sentAt, start, updating } = changed(ring, nodes);
  ring.runFor(20_000);
  // The round is at the ticker's own time, within its interval.
  const waits = sentAt.map((at) => at - start);
  assert.ok(waits.length >= 3 && waits.every((ms) => ms > 50), waits.join());
  assert.equal(new Set(waits.slice(0, 3)).size, 1, 'one packet to each of three, together');
  await ring.settle(updating);
  await ring.close();
});

test('fresh news for several members is sealed once', async () => {
  const ring = new Ring();
  const encryption = { keys: [new Uint8Array(32).fill(1)] };
  const nodes = await ring.spawnJoined(6, { ...QUIET, gossip: { intervalMs: false }, encryption });
  ring.runFor(60_000);
  const { member, host } = nodes[0]!;
  const sent = new Map<string, number>();
  ring.network.onPacket = (from, _to, bytes) => {
    const text = bytes.join();
    if (from.host === host) sent.set(text, (sent.get(text) ?? 0) + 1);
  };
  const sealed = (): number => member.keyring.list()[0]?.sealedMessages ?? 0;
  const before = sealed();
  member.broadcast(Uint8Array.of(1, 2, 3));
  ring.runFor(5);
  assert.deepEqual([...sent.values()], [3], 'the same bytes to as many as a round goes to');
  assert.equal(sealed() - before, 1);
  await ring.close();
});

test('a change reaches a ring of fifty within a few hops of a millisecond each', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(50, { ...QUIET, gossip: { intervalMs: 200 } });
  ring.runFor(5000);
  const heard = new Set<string>();
  for (const { member } of nodes) member.on('leave', () => heard.add(member.name));
  const start = ring.clock.now();
  const leaving = nodes[17]!.member.leave();
  assert.ok(ring.runUntil(() => heard.size === 50, 2000));
  assert.ok(ring.clock.now() - start < 500, `${ring.clock.now() - start} ms`);
  await ring.settle(leaving);
  await ring.close();
});

test('a message is sent a bounded number of times, then never again', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(5, QUIET);
  ring.runFor(10_000);
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const claim = raw.alive({ node: 'other', address: Uint8Array.of(10, 0, 9, 9) });
  raw.send(nodes[0]!, claim);
  ring.runFor(30_000);
  const counts = new Map<string, number>();
  ring.network.onPacket = (from, _to, bytes) => {
    if (from.host === raw.address.host) return;
    const text = Buffer.from(bytes).toString('latin1');
    if (text.includes('other')) counts.set(from.host, (counts.get(from.host) ?? 0) + 1);
  };
  raw.send(nodes[0]!, { ...claim, incarnation: 2 });
  ring.runFor(30_000);
  assert.equal(counts.size, 5, 'everyone passes it on');
  const limit = 4 + 3 - 1; // mult x one digit, of which the first goes to three at once
  for (const [host, count] of counts) assert.ok(count >= 4 && count <= limit, `${host}: ${count}`);
  assert.ok(nodes.every(({ member }) => member.stats().queuedBroadcasts === 0));
  await ring.close();
  await ring.settle(raw.close());
});

test('an idle ring gossips nothing', async () => {
  const ring = new Ring();
  await ring.spawnJoined(4, QUIET);
  ring.runFor(10_000);
  let packets = 0;
  ring.network.onPacket = () => (packets += 1);
  ring.runFor(60_000);
  assert.equal(packets, 0);
  await ring.close();
});

test('the dead are still told news for a while, so that they can refute; the left are not', async () => {
  const ring = new Ring();
  // Rounds of probes are so long that nobody is forgotten meanwhile.
  const node = await ring.spawn({
    ...QUIET,
    probe: { intervalMs: 1_000_000 },
    gossip: { toTheDeadMs: 5000, intervalMs: 100 },
  });
  const dead = await RawPeer.start(ring, { host: '10.0.9.1', name: 'dead' });
  const left = await RawPeer.start(ring, { host: '10.0.9.2', name: 'left' });
  const other = (name: string, at: number, incarnation: number): AliveMessage =>
    dead.alive({
      node: name,
      incarnation,
      address: Uint8Array.of(10, 0, 8, at),
      startId: new Uint8Array(4).fill(at),
    });
  dead.send(node, other('one', 1, 1), other('two', 2, 1));
  ring.runFor(5000);
  dead.send(node, dead.alive(), { type: 'dead', node: 'dead', incarnation: 1, from: 'x' });
  left.send(node, left.alive(), { type: 'dead', node: 'left', incarnation: 1, from: 'left' });
  ring.runFor(10);
  const news = (name: string, at: number): void => {
    dead.heard.length = 0;
    dead.send(node, other(name, at, 2));
  };
  news('one', 1);
  ring.runFor(1000);
  const about = (name: string): number =>
    dead.heard.filter((message) => message.type === 'alive' && message.node === name).length;
  assert.ok(about('one') > 0);
  assert.ok(dead.heard.length > 0);
  ring.runFor(5000);
  news('two', 2);
  ring.runFor(3000);
  assert.equal(node.member.member('dead')?.state, 'dead');
  assert.equal(about('two'), 0);
  assert.deepEqual(left.heard, []);
  await ring.close();
  await ring.settle(Promise.all([dead.close(), left.close()]));
});

test('a flood of fresh news is paced: 32 packets per 10 ms and member, and bytes per second', async () => {
  let waiting = 2000;
  const flood: MemberlistDelegates = {
    user: {
      getBroadcasts: (_overhead, limit, freshOnly) => {
        if (!freshOnly || limit < 1200 || waiting === 0) return [];
        waiting -= 1;
        return [new Uint8Array(1200)];
      },
    },
  };
  const ring = new Ring();
  const sender = await ring.spawn(
    { ...QUIET, gossip: { intervalMs: 200, maxBytesPerSecond: 1_000_000 } },
    { delegates: flood },
  );
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  raw.send(sender, raw.alive());
  const sentAt: number[] = [];
  let bytes = 0;
  ring.network.onPacket = (from, _to, datagram) => {
    if (from.host !== sender.host) return;
    sentAt.push(ring.clock.now());
    bytes += datagram.length;
  };
  const start = ring.clock.now();
  sender.member.nudge();
  for (let i = 0; i < 400; i += 1) {
    ring.runFor(5);
    sender.member.nudge();
  }
  const seconds = (ring.clock.now() - start) / 1000;
  assert.ok(bytes <= 1_000_000 * seconds + 100_000 + 1400, `${bytes} bytes in ${seconds} s`);
  assert.ok(bytes > 900_000 * seconds, `${bytes} bytes in ${seconds} s`);
  for (const at of sentAt) {
    const inSlot = sentAt.filter((other) => other >= at && other < at + 10).length;
    assert.ok(inSlot <= 64, `${inSlot} packets within 10 ms`);
  }
  await ring.close();
  await ring.settle(raw.close());
});

test('a pacer lets short bursts pass, then what the rate allows, and saves up no idle time', () => {
  const clock = new VirtualClock();
  const budget = new ByteBudget(clock, 10_000);
  const sendAll = (): number => {
    let sent = 0;
    while (budget.mayPass()) {
      budget.spend(100);
      sent += 100;
    }
    return sent;
  };
  assert.equal(sendAll(), 1000);
  clock.runFor(50);
  assert.equal(sendAll(), 500);
  clock.runFor(100_000);
  assert.equal(sendAll(), 1000);
});

test('a pacer that was overdrawn passes nothing until the debt is paid', () => {
  const clock = new VirtualClock();
  const budget = new ByteBudget(clock, 10_000);
  budget.spend(2000);
  assert.equal(budget.mayPass(), false);
  clock.runFor(100);
  assert.equal(budget.mayPass(), false);
  clock.runFor(1);
  assert.equal(budget.mayPass(), true);
});

test('with gossip off news still travels promptly and beside probes', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4, { gossip: { intervalMs: false } });
  const leaving = nodes[3]!.member.leave();
  const others = nodes.slice(0, 3);
  assert.ok(ring.runUntil(() => others.every(({ member }) => member.memberCount === 3), 10_000));
  await ring.settle(leaving);
  await ring.close();
});
