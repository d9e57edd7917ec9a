import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';
import { alive, dead, RulesBench, suspect } from '../support/rules-bench.ts';

/*
 * What we claim of SWIM (Das, Gupta, Motivala: "SWIM: Scalable Weakly-consistent Infection-style
 * Process Group Membership Protocol") and of Lifeguard (Dadgar, Phillips, Currey: "Lifeguard: Local
 * Health Awareness for More Accurate Failure Detection"), sentence by sentence. Each test is named
 * after the section it stands on.
 */

const NO_BYTES = new Uint8Array(0);

test('SWIM 3.1: each protocol period one random member is pinged, and an ack ends the period', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(6);
  ring.runFor(10_000);
  const pings = new Map<string, number>();
  const before = nodes.map(({ member }) => member.stats().counters['probes.started'] ?? 0);
  ring.runFor(60_000);
  for (const [i, { member }] of nodes.entries()) {
    const started = (member.stats().counters['probes.started'] ?? 0) - before[i]!;
    pings.set(member.name, started);
    assert.ok(started >= 59 && started <= 61, `${started} probes in 60 periods`);
    assert.equal(member.stats().counters['probes.indirect'], undefined);
  }
  await ring.close();
});

test('SWIM 3.1: a member that does not ack is asked through k others before it is blamed', async () => {
  for (const k of [1, 2, 4]) {
    const ring = new Ring();
    const probe = { indirectChecks: k, streamFallback: false };
    const node = await ring.spawn({ probe, gossip: { intervalMs: false } });
    const target = await RawPeer.start(ring, { host: '10.0.9.1', name: 'target' });
    const helpers: RawPeer[] = [];
    for (let i = 0; i < 6; i += 1) {
      const helper = await RawPeer.start(ring, { host: `10.0.8.${i + 1}`, name: `h${i}` });
      helper.answerPings();
      helpers.push(helper);
    }
    for (const peer of [target, ...helpers]) peer.send(node, peer.alive());
    assert.ok(ring.runUntil(() => node.member.member('target')?.state === 'suspect', 30_000));
    const asked = helpers.filter(({ heard }) => heard.some(({ type }) => type === 'indirectPing'));
    assert.equal(asked.length, k);
    await ring.close();
    await ring.settle(Promise.all([target, ...helpers].map(async (peer) => peer.close())));
  }
});

test('SWIM 3.1: indirect probing avoids blame for a bad path between two members', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(5, { probe: { streamFallback: false } });
  let blamed = 0;
  for (const { member } of nodes) member.on('suspect', () => (blamed += 1));
  const [a, b] = ['10.0.0.1', '10.0.0.2'];
  ring.network.dropPacket = (from, to) =>
    (from.host === a && to.host === b) || (from.host === b && to.host === a);
  ring.runFor(60_000);
  assert.equal(blamed, 0);
  assert.ok((nodes[0]?.member.stats().counters['probes.indirect'] ?? 0) > 5);
  await ring.close();
});

test('SWIM 4.1: membership updates ride on pings and acks, with no packets of their own', async () => {
  const ring = new Ring();
  const options = {
    gossip: { intervalMs: false as const },
    pushPull: { intervalMs: false as const },
  };
  const nodes = await ring.spawnJoined(5, options);
  ring.runFor(10_000);
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  raw.answerPings();
  let packets = 0;
  ring.network.onPacket = () => (packets += 1);
  ring.runFor(10_000);
  const idle = packets;
  packets = 0;
  // The prompt send is ours; with it lost, only probe traffic can carry the news on.
  raw.send(nodes[0]!, raw.alive());
  const until = ring.clock.now() + 6;
  ring.network.dropPacket = (from) => ring.clock.now() < until && from.host !== raw.address.host;
  assert.ok(ring.runUntil(() => nodes.every(({ member }) => member.memberCount === 6), 20_000));
  assert.ok(idle > 0 && packets > 0);
  await ring.close();
  await ring.settle(raw.close());
});

test('SWIM 4.1: updates that were sent less often go first', async () => {
  const bench = new RulesBench();
  bench.rules.alive(alive('old', 1));
  bench.parts.core.queue.getBroadcasts(2, 1400);
  bench.rules.alive(alive('new', 1, { port: 1 }));
  const { queue, wire } = bench.parts.core;
  const size = wire.encodePacketMessage(alive('old', 1)).length;
  const [first] = queue.getBroadcasts(2, size + 2).map((bytes) => wire.decodePacketMessage(bytes));
  assert.equal(first?.type === 'alive' ? first.node : '', 'new');
});

test('SWIM 4.2: a suspected member may refute, and only itself raises its incarnation', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(5);
  ring.runFor(5000);
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  raw.send(nodes[0]!, { type: 'suspect', node: 'n4', incarnation: 1, from: 'n2' });
  ring.runFor(5);
  assert.equal(nodes[0]!.member.member('n4')?.state, 'suspect');
  ring.runFor(2000);
  for (const { member } of nodes) {
    assert.equal(member.member('n4')?.state, 'alive');
    assert.equal(member.member('n4')?.incarnation, 2);
    for (const name of ['n1', 'n2', 'n3', 'n5']) {
      assert.equal(member.member(name)?.incarnation, 1);
    }
  }
  await ring.close();
  await ring.settle(raw.close());
});

test('SWIM 4.2: alive overrides suspect by a greater incarnation, suspect overrides alive by an equal one', () => {
  const bench = new RulesBench();
  bench.rules.alive(alive('a', 3));
  bench.rules.suspect(suspect('a', 3));
  assert.equal(bench.stateOf('a'), 'suspect 3');
  bench.rules.alive(alive('a', 3));
  assert.equal(bench.stateOf('a'), 'suspect 3');
  bench.rules.alive(alive('a', 4));
  assert.equal(bench.stateOf('a'), 'alive 4');
  bench.rules.suspect(suspect('a', 3));
  assert.equal(bench.stateOf('a'), 'alive 4');
});

test('SWIM 4.2: a confirmed death overrides alive and suspect', () => {
  for (const isSuspect of [false, true]) {
    const bench = new RulesBench();
    bench.rules.alive(alive('a', 3));
    if (isSuspect) bench.rules.suspect(suspect('a', 3));
    bench.rules.dead(dead('a', 3));
    assert.equal(bench.stateOf('a'), 'dead 3');
  }
});

test('SWIM 4.2: a suspect that does not refute in time is declared dead', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(3);
  nodes[2]!.runtime.crash();
  const events: string[] = [];
  const { member } = nodes[0] as RingNode;
  member.on('suspect', ({ name }) => events.push(`suspect ${name} ${ring.clock.now()}`));
  member.on('fail', ({ name }) => events.push(`fail ${name} ${ring.clock.now()}`));
  assert.ok(ring.runUntil(() => events.length === 2, 60_000));
  const [suspected, failed] = events.map((event) => Number(event.split(' ')[2]));
  assert.ok(failed! - suspected! >= 3990 && failed! - suspected! <= 4010);
  await ring.close();
});

test('SWIM 4.3: round-robin probing finds a crash within 2n - 1 periods, whoever looks', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(7, { pushPull: { intervalMs: false } });
  ring.runFor(10_000);
  nodes[6]!.runtime.crash();
  // Without gossip reaching it, each member has to find out alone.
  const found = new Map<string, number>();
  const start = ring.clock.now();
  ring.network.dropPacket = (_from, _to, bytes) => bytes.length > 90;
  for (const { member } of nodes.slice(0, 6)) {
    member.on('suspect', ({ name }) => {
      if (name === 'n7' && !found.has(member.name))
        found.set(member.name, ring.clock.now() - start);
    });
  }
  assert.ok(
    ring.runUntil(() => found.size === 6, 13_000 + 2000),
    `${found.size} found it`,
  );
  await ring.close();
});

test('Lifeguard IV-A: missing nacks, failed probes and refutations raise the score, answers lower it', async () => {
  const bench = new RulesBench();
  bench.rules.suspect(suspect('me', 1));
  assert.equal(bench.parts.core.awareness.score, 1, 'a refutation');
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4);
  ring.runFor(5000);
  const slow = nodes[3] as RingNode;
  ring.network.dropPacket = (from, to) => to.host === slow.host || from.host === slow.host;
  for (const { host } of nodes.slice(0, 3)) ring.network.cut(slow.host, host);
  ring.runFor(6000);
  assert.ok(slow.member.healthScore >= 3, `${slow.member.healthScore}`);
  ring.network.dropPacket = null;
  ring.network.heal();
  ring.runFor(60_000);
  assert.equal(slow.member.healthScore, 0);
  await ring.close();
});

test('Lifeguard IV-A: an unhealthy member probes more slowly, a healthy one does not', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4);
  ring.runFor(5000);
  const [healthy, cut] = [nodes[0] as RingNode, nodes[3] as RingNode];
  for (const { host } of nodes.slice(0, 3)) ring.network.cut(cut.host, host);
  ring.runFor(12_000);
  assert.equal(healthy.member.healthScore, 0);
  assert.ok((cut.member.stats().counters['probes.stretched'] ?? 0) > 0);
  assert.equal(healthy.member.stats().counters['probes.stretched'], undefined);
  await ring.close();
});

test('Lifeguard IV-B: a suspicion starts long and shrinks with each independent confirmation', () => {
  const lengths = [0, 1, 2].map((confirmations) => {
    const bench = new RulesBench();
    for (let i = 0; i < 6; i += 1) bench.rules.alive(alive(`n${i}`, 1, { port: i + 1 }));
    bench.rules.suspect(suspect('n0', 1, 'n1'));
    for (let i = 0; i < confirmations; i += 1) {
      bench.rules.suspect(suspect('n0', 1, `n${i + 2}`));
      bench.rules.suspect(suspect('n0', 1, 'n1'));
    }
    bench.clock.runUntil(() => bench.record('n0').state === 'dead', 100_000);
    return Math.round(bench.clock.now());
  });
  assert.deepEqual(lengths, [24_000, 11_381, 4000]);
});

test('Lifeguard IV-B: new confirmations are gossiped on, up to the expected number', () => {
  const bench = new RulesBench();
  for (let i = 0; i < 8; i += 1) bench.rules.alive(alive(`n${i}`, 1, { port: i + 1 }));
  bench.rules.suspect(suspect('n0', 1, 'n1'));
  const passedOn = ['n2', 'n2', 'n3', 'n4'].map((from) => {
    bench.forget();
    bench.rules.suspect(suspect('n0', 1, from));
    return bench.queued().length;
  });
  assert.deepEqual(passedOn, [1, 0, 1, 0]);
});

test('Lifeguard IV-C: a suspect learns of the suspicion with the next ping, whatever gossip does', async () => {
  const ring = new Ring();
  const quiet = {
    gossip: { intervalMs: false as const },
    pushPull: { intervalMs: false as const },
  };
  const node = await ring.spawn(quiet);
  const target = await RawPeer.start(ring, { host: '10.0.9.1', name: 'target' });
  target.send(node, target.alive());
  ring.runFor(5);
  let refuted = false;
  target.onMessage = (message, from) => {
    if (message.type === 'ping')
      target.send(from, { type: 'ack', seq: message.seq, payload: NO_BYTES });
    if (message.type === 'suspect' && ring.clock.now() > 100) {
      refuted = true;
      target.send(from, target.alive({ incarnation: message.incarnation + 1 }));
    }
  };
  ring.runFor(100);
  target.send(node, { type: 'suspect', node: 'target', incarnation: 1, from: 'x' });
  const until = ring.clock.now() + 10;
  ring.network.dropPacket = (from) => ring.clock.now() < until && from.host === node.host;
  assert.ok(ring.runUntil(() => node.member.member('target')?.incarnation === 2, 2500));
  assert.equal(refuted, true);
  await ring.close();
  await ring.settle(target.close());
});
