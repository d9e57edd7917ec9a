import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chooseAdvertiseHost } from '../../src/memberlist/advertise.ts';
import { BroadcastQueue } from '../../src/memberlist/broadcast-queue.ts';
import { Memberlist, resolveMemberlistConfig } from '../../src/memberlist/index.ts';
import { createMemoryRuntime } from '../../src/simulator/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';
import { alive, dead, RulesBench, startId, suspect } from '../support/rules-bench.ts';

/*
 * What users of Go's memberlist have reported, each shown not to happen here. Numbers are those of its
 * tracker. What it has besides and nobody reported is in upstream-bugs-unreported.test.ts.
 *
 * Held elsewhere, since that is where the mechanism is tested:
 *
 *   names without a domain, answers cut to a packet (147)    runtime/node/dns-tcp.test.ts
 *   load in rings of thousands (243)                         broadcast-queue.test.ts: steps, not time
 *   membership news starves user broadcasts (299)            user-broadcasts.test.ts
 *   memory follows announced lengths (360, 357)              codec/swim-protobuf.test.ts, codec/stream.test.ts
 */

const note = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a queue that ran empty loses no message to an earlier one of its length (263, 324)', () => {
  const finished: string[] = [];
  const queue = new BroadcastQueue({ nodeCount: () => 100, retransmitMult: 1 });
  const add = (text: string, key: string): void => {
    queue.queue({ message: note(text), key, finished: () => finished.push(text) });
  };
  add('one', 'a');
  queue.getBroadcasts(0, 100);
  queue.drop('a'); // empty now
  add('two', 'b');
  queue.getBroadcasts(0, 100);
  add('six', 'c');
  queue.getBroadcasts(0, 3); // takes `six`, so that both were sent once and are three bytes long
  assert.equal(queue.length, 2);
  for (let round = 0; round < 3; round += 1) queue.getBroadcasts(0, 100);
  assert.deepEqual(finished.sort(), ['one', 'six', 'two']);
});

test('a replaced message is finished, once (323)', () => {
  const finished: string[] = [];
  const queue = new BroadcastQueue({ nodeCount: () => 10, retransmitMult: 4 });
  for (const text of ['old', 'new']) {
    queue.queue({ message: note(text), key: 'a', finished: () => finished.push(text) });
  }
  assert.deepEqual(finished, ['old']);
  queue.clear();
  assert.deepEqual(finished, ['old', 'new']);
});

test('members tell their state, and the gone can be asked for (266)', async () => {
  const ring = new Ring();
  const [a, b, c, d] = await ring.spawnJoined(4);
  await ring.settle(b!.member.leave());
  c!.runtime.crash();
  const isSeen = ring.runUntil(() => a!.member.member('n3')?.state === 'dead', 60_000);
  assert.ok(isSeen);
  const states = (members: readonly { name: string; state: string }[]): string[] =>
    members.map(({ name, state }) => `${name} ${state}`);
  assert.deepEqual(states(a!.member.members()), ['n1 alive', 'n4 alive']);
  assert.deepEqual(states(a!.member.nodes()), ['n1 alive', 'n2 left', 'n3 dead', 'n4 alive']);
  assert.equal(d!.member.member('n2')?.state, 'left');
  await ring.close();
});

test('a listener may ask for the members (237)', async () => {
  const ring = new Ring();
  const { member } = await ring.spawn();
  const seen: string[][] = [];
  member.on('join', () => seen.push(member.members().map(({ name }) => name)));
  const other = await ring.spawn();
  await ring.settle(other.member.join(['10.0.0.1']));
  assert.deepEqual(seen, [['n1', 'n2']]);
  await ring.close();
});

test('halves of a long partition find each other again, with nothing configured (222)', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(6);
  const hosts = nodes.map(({ host }) => host);
  ring.network.partition([hosts.slice(0, 3), hosts.slice(3)]);
  ring.runFor(300_000);
  const counts = (): number[] => nodes.map(({ member }) => member.members().length);
  assert.deepEqual(counts(), [3, 3, 3, 3, 3, 3]);
  const known = nodes.map(({ member }) => member.nodes().length);
  assert.deepEqual(known, [3, 3, 3, 3, 3, 3], 'the other half is forgotten, not only dead');
  ring.network.heal();
  assert.ok(
    ring.runUntil(() => counts().every((count) => count === 6), 60_000),
    counts().join(' '),
  );
  await ring.close();
});

test('a node that left comes back without a restart (140, 217)', async () => {
  const ring = new Ring();
  const [a, b] = await ring.spawnJoined(3);
  await ring.settle(b!.member.leave());
  await assert.rejects(b!.member.join([a!.host]), { code: 'ERR_LEFT' });
  await ring.settle(b!.member.rejoin());
  const isBack = (): boolean => a!.member.member('n2')?.state === 'alive';
  assert.ok(ring.runUntil(isBack, 1_000));
  assert.equal(await ring.settle(b!.member.join([a!.host])), 1);
  ring.runFor(60_000);
  assert.ok(isBack());
  await ring.close();
});

test('a process that moved under its name is taken in before its old self is declared dead (157)', async () => {
  const ring = new Ring();
  const [a, b, old] = await ring.spawnJoined(3);
  old!.runtime.crash();
  const moved = await ring.spawn({ nodeName: 'n3' }, { host: '10.0.7.7' });
  const since = ring.clock.now();
  await ring.settle(moved.member.join([a!.host]));
  const isTaken = (): boolean =>
    [a, b].every((node) => node!.member.member('n3')?.host === '10.0.7.7');
  assert.ok(ring.runUntil(isTaken, 5_000));
  assert.ok(ring.clock.now() - since < 1_500, 'one direct probe, not a whole suspicion');
  assert.equal(a!.member.member('n3')?.state, 'alive');
  await ring.close();
});

test('old news of a high incarnation does not keep fresh processes out (311)', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(5);
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  for (const { member } of nodes) raw.send(nodes[0]!, suspect(member.name, 5_000));
  ring.runFor(3_000);
  assert.ok(nodes.every(({ member }) => member.localMember.incarnation > 5_000));
  for (const { runtime } of nodes.slice(1)) runtime.crash();
  ring.runFor(1_000);
  const fresh: RingNode[] = [];
  for (const { host, member } of nodes.slice(1)) {
    fresh.push(await ring.spawn({ nodeName: member.name }, { host }));
  }
  for (const node of fresh) await ring.settle(node.member.join([nodes[0]!.host]));
  const isWhole = (): boolean =>
    [nodes[0]!, ...fresh].every(({ member }) => member.memberCount === 5);
  assert.ok(ring.runUntil(isWhole, 10_000));
  ring.runFor(30_000);
  assert.ok(isWhole(), 'and nobody is lost to what was said before');
  await ring.close();
  await ring.settle(raw.close());
});

test('a probe timeout that leaves no time for others to ask is refused (149)', () => {
  for (const timeoutMs of [1_000, 1_500]) {
    assert.throws(() => resolveMemberlistConfig({ probe: { timeoutMs } }), {
      code: 'ERR_CONFIG_INVALID',
    });
  }
  assert.equal(resolveMemberlistConfig({ probe: { timeoutMs: 999 } }).probe.timeoutMs, 999);
});

test('the cap of a packet holds for direct messages too (348)', async () => {
  const ring = new Ring();
  const [a, b] = await ring.spawnJoined(2, { label: 'ring', maxPacketBytes: 600 });
  const sizes: number[] = [];
  ring.network.onPacket = (_from, _to, bytes) => sizes.push(bytes.length);
  const room = a!.member.packetRoomBytes();
  a!.member.sendBestEffort(b!.member.name, new Uint8Array(room));
  assert.deepEqual(sizes, [600]);
  assert.throws(() => a!.member.sendBestEffort(b!.member.name, new Uint8Array(room + 1)), {
    code: 'ERR_PACKET_TOO_LARGE',
    fields: { sizeBytes: 601, limitBytes: 600 },
  });
  await ring.close();
});

test('a host without a private address starts, with its other address or with loopback (282)', async () => {
  const ring = new Ring();
  for (const host of ['8.8.4.4', '127.0.0.9']) {
    const { member } = await ring.spawn({ bindAddress: '0.0.0.0' }, { host });
    assert.equal(member.localMember.host, host);
  }
  await ring.close();
});

test('bound to all addresses a node tells a real one, and nonsense to bind to is refused (9241)', () => {
  const interfaces = ['fe80::1', '10.0.0.7', 'fd00::7', '127.0.0.1'].map((host) => {
    return { host, prefixBits: 24, isInternal: host === '127.0.0.1' };
  });
  const told = (host: string): string =>
    chooseAdvertiseHost({ host, port: 7946 }, null, interfaces).host;
  assert.equal(told('::'), 'fd00::7');
  assert.equal(told('0.0.0.0'), '10.0.0.7');
  for (const bindAddress of ['[::', 'eth0', '0.0.0', '']) {
    assert.throws(() => resolveMemberlistConfig({ bindAddress }), { code: 'ERR_CONFIG_INVALID' });
  }
});

test('beside the bridge of a container engine the address of the default route is told', () => {
  const bridge = { host: '172.17.0.1', prefixBits: 16, isInternal: false };
  const card = { host: '192.168.7.5', prefixBits: 24, isInternal: false };
  const told = (hasDefaultRoute: boolean): string => {
    const interfaces = [bridge, { ...card, hasDefaultRoute }];
    return chooseAdvertiseHost({ host: '0.0.0.0', port: 7946 }, null, interfaces).host;
  };
  assert.equal(told(true), card.host);
  assert.equal(told(false), bridge.host, 'where no route is known the larger network');
});

test('a claim is encoded once, however often it is sent (243)', () => {
  const bench = new RulesBench();
  for (let i = 0; i < 50; i += 1) bench.rules.alive(alive(`a${i}`, 1));
  const { core } = bench.parts;
  const sent: Uint8Array[] = [];
  for (let round = 0; round < 3; round += 1) sent.push(...core.queue.getBroadcasts(2, 1_000_000));
  assert.equal(sent.length, 150);
  assert.equal(new Set(sent).size, 50, 'the same bytes, not equal ones');
});

test('too much metadata is a typed error before anything runs, and the port stays free (191)', async () => {
  const ring = new Ring();
  const runtime = createMemoryRuntime({ network: ring.network, host: '10.0.5.5', seed: 5 });
  const delegates = { user: { localMetadata: () => new Uint8Array(513) } };
  const options = { bindAddress: '10.0.5.5', runtime };
  await assert.rejects(ring.settle(Memberlist.create(options, delegates)), {
    code: 'ERR_VALUE_TOO_LARGE',
    fields: { sizeBytes: 513, limitBytes: 512 },
  });
  assert.equal(ring.network.isBound({ host: '10.0.5.5', port: 7946 }), false);
  await ring.close();
});

test('the left are forgotten, and accusations of unknown nodes leave no record (253)', async () => {
  const ring = new Ring();
  const [a, b] = await ring.spawnJoined(3);
  await ring.settle(b!.member.leave());
  await ring.settle(b!.member.close());
  assert.ok(ring.runUntil(() => a!.member.nodes().length === 2, 120_000));
  await ring.close();
  const bench = new RulesBench();
  bench.rules.suspect(suspect('stranger', 3));
  bench.rules.dead(dead('stranger', 3));
  bench.rules.dead(dead('stranger', 3, 'stranger'));
  bench.rules.merge([{ ...alive('stranger', 3), name: 'stranger', state: 'dead' }]);
  assert.equal(bench.parts.core.table.size, 1);
});

test('what few retransmissions miss still reaches everyone (209, 247)', async () => {
  let missedByGossip = 0;
  for (let seed = 1; seed <= 8; seed += 1) {
    const ring = new Ring({ lossRate: 0.6, seed });
    const nodes = await ring.spawnJoined(12, { gossip: { retransmitMult: 1 } });
    let metadata = note('');
    const user = { localMetadata: () => metadata };
    const news = await ring.spawn({}, { host: '10.0.8.8', delegates: { user } });
    await ring.settle(news.member.join([nodes[0]!.host]));
    metadata = note('news');
    await ring.settle(news.member.updateNode());
    const { name } = news.member;
    const has = ({ member }: { member: Memberlist }): boolean =>
      member.member(name)?.metadata.length === 4;
    if (!nodes.every(has)) missedByGossip += 1;
    assert.ok(
      ring.runUntil(() => nodes.every(has), 600_000),
      `seed ${seed}`,
    );
    await ring.close();
  }
  assert.ok(missedByGossip > 0, 'gossip alone is no promise, or this shows nothing');
});

test('a leave ends soon in a ring that is large and busy (8435)', async () => {
  const ring = new Ring();
  const fill = (overhead: number, limit: number, freshOnly: boolean): Uint8Array[] =>
    freshOnly ? [] : [new Uint8Array(limit - overhead)];
  const busy = { user: { getBroadcasts: fill } };
  const nodes: RingNode[] = [];
  for (let i = 0; i < 40; i += 1) nodes.push(await ring.spawn({}, { delegates: busy }));
  for (const { member } of nodes) await ring.settle(member.join(['10.0.0.1']));
  const isWhole = (): boolean => nodes.every(({ member }) => member.memberCount === 40);
  assert.ok(ring.runUntil(isWhole, 30_000));
  const since = ring.clock.now();
  await ring.settle(nodes[39]!.member.leave());
  assert.ok(ring.clock.now() - since < 1_000, `${ring.clock.now() - since} ms`);
  const isSeen = (): boolean =>
    nodes.slice(0, 39).every(({ member }) => member.member('n40')?.state === 'left');
  assert.ok(ring.runUntil(isSeen, 2_000));
  await ring.close();
});

test('a former self elsewhere does not take the name back (157, 311)', () => {
  const bench = new RulesBench();
  bench.rules.alive(alive('a', 900));
  bench.rules.dead(dead('a', 900));
  bench.rules.alive(alive('a', 1, { port: 7999, startId: startId(2) }));
  assert.equal(bench.stateOf('a'), 'alive 1');
  bench.rules.alive(alive('a', 901));
  assert.equal(bench.record('a').address.port, 7999);
});
