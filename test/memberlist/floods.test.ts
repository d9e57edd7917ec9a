// Floods in virtual time: whatever comes too often, too slowly or too large meets the cap that
// docs/limits.md names, and a healthy ring stays whole meanwhile. What somebody with the key can still
// do is held here too, since SECURITY.md says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PacketMessage, PushPullNode } from '../../src/codec/index.ts';
import { encodeCompound } from '../../src/codec/index.ts';
import { expectedConfirmations, suspicionMinMs } from '../../src/memberlist/formulas.ts';
import type { MemberlistLimits, MemberlistOptions } from '../../src/memberlist/index.ts';
import { hostToBytes } from '../../src/runtime/index.ts';
import { noise } from '../codec/support.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

const KEY = new Uint8Array(32).fill(3);
const OTHER_KEY = new Uint8Array(32).fill(4);
const SEALED: MemberlistOptions = { encryption: { keys: [KEY] } };

/** A ring that tells when one of its own was ever doubted to the end. */
async function watchedRing(size: number, options: MemberlistOptions, seed = 1) {
  const ring = new Ring({ seed });
  const nodes = await ring.spawnJoined(size, options);
  const lost: string[] = [];
  const warnings: string[] = [];
  const own = new Set(nodes.map(({ member }) => member.name));
  for (const { member } of nodes) {
    member.on('fail', ({ name }) => own.has(name) && lost.push(name));
    member.on('warning', ({ code }) => warnings.push(code));
  }
  const close = async (...peers: RawPeer[]): Promise<void> => {
    await ring.close();
    for (const peer of peers) await ring.settle(peer.close());
  };
  return { ring, nodes, own, lost, warnings, close };
}

function limited(limits: Partial<MemberlistLimits>, options: MemberlistOptions = {}) {
  return { ...options, limits };
}

function counter(node: RingNode, name: string): number {
  return node.member.stats().counters[name] ?? 0;
}

function isWhole(nodes: readonly RingNode[], own: ReadonlySet<string>): boolean {
  return nodes.every(({ member }) => {
    const alive = member.members().filter(({ name, state }) => own.has(name) && state === 'alive');
    return alive.length === own.size;
  });
}

test('junk and foreign packets from many forged sources are counted, and told of at most 64 a minute', async () => {
  const { ring, nodes, own, lost, warnings, close } = await watchedRing(4, SEALED);
  const peers: RawPeer[] = [];
  for (let i = 0; i < 100; i += 1) {
    const keys = i % 2 === 0 ? [OTHER_KEY] : [];
    peers.push(await RawPeer.start(ring, { host: `10.9.0.${i + 1}`, keys }));
  }
  for (let round = 0; round < 50; round += 1) {
    for (const [i, peer] of peers.entries()) {
      const node = nodes[(round + i) % nodes.length]!;
      peer.sendBytes(node, noise(20 + (round % 30), round * 100 + i));
      peer.send(node, peer.alive({ node: `foreign-${i}` }));
    }
    ring.runFor(200);
  }
  ring.runFor(20_000);
  assert.deepEqual(lost, []);
  assert.ok(isWhole(nodes, own));
  assert.ok(warnings.length > 0 && warnings.length <= 64 * nodes.length, `${warnings.length}`);
  for (const node of nodes) {
    assert.equal(node.member.memberCount, 4);
    assert.ok(counter(node, 'packets.dropped.ERR_KEY_MISMATCH') > 100);
    assert.ok(counter(node, 'packets.dropped.ERR_NOT_SEALED') > 100);
  }
  await close(...peers);
});

test('streams that an outsider holds open make room for members, and end in time', async () => {
  const options = limited({ maxInboundStreams: 16 }, SEALED);
  const { ring, nodes, own, lost, close } = await watchedRing(3, options);
  const [target] = nodes as [RingNode];
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  let open = 0;
  const hold = (first: Uint8Array): void => {
    const connection = raw.transport.dial(
      { host: target.host, port: 7946 },
      { onData: () => undefined, onOpen: () => (open += 1), onClose: () => (open -= 1) },
    );
    if (first.length > 0) connection.write(first);
  };
  const beginning = Uint8Array.of(0x0a, 0xe2, ...noise(16), 0, 0, 4, 0);
  for (let i = 0; i < 40; i += 1) {
    hold(i % 2 === 0 ? new Uint8Array(0) : beginning);
    ring.runFor(20);
  }
  assert.ok(open <= 15, `${open} streams are open`);
  assert.ok(counter(target, 'streams.rejected.crowded') >= 25);
  const late = await ring.spawn(options);
  assert.equal(await ring.settle(late.member.join([target.host])), 1);
  ring.runFor(11_000);
  assert.ok(open <= 0, `${open} streams are still open`);
  assert.deepEqual(lost, []);
  assert.ok(isWhole(nodes, own));
  await close(raw);
});

test('a stream that trickles is dropped when its time is over', async () => {
  const { ring, nodes, lost, close } = await watchedRing(2, {});
  const [target] = nodes as [RingNode];
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  let closedAt = 0;
  const connection = raw.transport.dial(
    { host: target.host, port: 7946 },
    { onData: () => undefined, onClose: () => (closedAt = ring.clock.now()) },
  );
  const startedAt = ring.clock.now();
  connection.write(Uint8Array.of(0x0e, 0, 0, 0x40, 0, 0));
  for (let i = 0; i < 60 && closedAt === 0; i += 1) {
    connection.write(Uint8Array.of(i));
    ring.runFor(500);
  }
  assert.ok(closedAt - startedAt >= 10_000 && closedAt - startedAt < 10_600);
  assert.equal(counter(target, 'streams.rejected.slow'), 1);
  assert.deepEqual(lost, []);
  await close(raw);
});

test('phantom members fill the table to its cap, and a death is still found', async () => {
  const options = limited({ maxMembers: 64 });
  const { ring, nodes, own, lost, close } = await watchedRing(5, options);
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  for (let i = 0; i < 2000; i += 1) {
    const address = Uint8Array.of(10, 99, i >>> 8, i & 255);
    raw.send(nodes[i % 5]!, raw.alive({ node: `phantom-${i}`, address }));
    if (i % 20 === 0) ring.runFor(50);
  }
  for (const node of nodes) {
    assert.equal(node.member.stats().knownNodes, 64);
    assert.ok(counter(node, 'claims.refused.limit') > 100);
  }
  assert.deepEqual(lost, []);
  assert.ok(isWhole(nodes, own));
  const victim = nodes[4]!;
  victim.runtime.crash();
  const others = nodes.slice(0, 4);
  const isFound = (): boolean =>
    others.every(({ member }) => member.member(victim.member.name)?.state !== 'alive');
  // Later than usual: it waits for its turn among the phantoms, whose silence makes the others doubt themselves.
  assert.ok(ring.runUntil(isFound, 600_000));
  own.delete(victim.member.name);
  ring.runFor(120_000);
  assert.ok(isWhole(others, own));
  await close(raw);
});

test('phantoms lengthen a doubt by the logarithm of their number, and no further than the cap', () => {
  const doubtMs = (memberCount: number): number =>
    suspicionMinMs({ mult: 4, memberCount, probeIntervalMs: 1000 });
  assert.equal(doubtMs(5), 4000);
  assert.ok(doubtMs(65_536) < 19_300 && doubtMs(65_536) > 19_000);
  assert.equal(expectedConfirmations(4, 65_536), expectedConfirmations(4, 5));
});

test('accusations of everybody by somebody with the key are refuted, and nobody is lost', async () => {
  const { ring, nodes, own, lost, close } = await watchedRing(5, SEALED);
  const raw = await RawPeer.start(ring, { host: '10.9.0.1', keys: [KEY] });
  for (let round = 0; round < 300; round += 1) {
    const storm = nodes.flatMap(({ member }): PacketMessage[] =>
      ['accuser-1', 'accuser-2', 'accuser-3'].map((from) => {
        return { type: 'suspect', node: member.name, from, incarnation: 1 + (round >> 2) };
      }),
    );
    const parts = storm.map((claim) => raw.wire.encodePacketMessage(claim));
    for (const node of nodes) raw.sendMessage(node, encodeCompound(parts));
    ring.runFor(100);
  }
  ring.runFor(30_000);
  assert.deepEqual(lost, []);
  assert.ok(isWhole(nodes, own));
  for (const node of nodes) {
    assert.ok(counter(node, 'refutations') > 10);
    assert.ok(node.member.stats().queuedBroadcasts <= 10);
    assert.ok(node.member.healthScore <= 7);
  }
  await close(raw);
});

test('deaths that somebody with the key declares are taken back by those who live', async () => {
  const { ring, nodes, own, close } = await watchedRing(4, SEALED);
  const raw = await RawPeer.start(ring, { host: '10.9.0.1', keys: [KEY] });
  for (let round = 0; round < 20; round += 1) {
    for (const node of nodes) {
      for (const { member } of nodes) {
        const incarnation = 1 + 2 * round;
        raw.send(node, { type: 'dead', node: member.name, from: 'accuser', incarnation });
      }
    }
    ring.runFor(500);
  }
  assert.ok(ring.runUntil(() => isWhole(nodes, own), 30_000));
  await close(raw);
});

test('a member floods nobody on behalf of another: fewer bytes leave than came', async () => {
  const options = limited({ maxRelayedProbes: 100 });
  const { ring, nodes, own, lost, close } = await watchedRing(3, options);
  const [relay] = nodes as [RingNode];
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  const victim = await RawPeer.start(ring, { host: '10.8.0.1', name: 'victim' });
  const bytes = { toRelay: 0, toVictim: 0 };
  ring.network.onPacket = (from, to, datagram) => {
    if (from.host === '10.9.0.1') bytes.toRelay += datagram.length;
    else if (to.host === '10.8.0.1') bytes.toVictim += datagram.length;
  };
  const target = hostToBytes('10.8.0.1');
  const noSource = { sourceAddress: new Uint8Array(0), sourcePort: 0, sourceNode: '' };
  const forged = { sourceAddress: target, sourcePort: 7946, sourceNode: 'n2' };
  for (let seq = 0; seq < 2000; seq += 1) {
    // News is there to be taken along all the time.
    if (seq % 50 === 0) raw.send(relay, raw.alive({ node: `phantom-${seq}` }));
    raw.send(relay, {
      ...{ type: 'indirectPing', seq, node: 'victim', target, port: 7946, wantsNack: false },
      ...noSource,
    });
    raw.send(relay, { type: 'ping', seq, node: relay.member.name, ...forged });
    if (seq % 10 === 0) ring.runFor(10);
  }
  ring.runFor(2000);
  assert.ok(bytes.toVictim < bytes.toRelay, `${bytes.toVictim} of ${bytes.toRelay}`);
  assert.ok(counter(relay, 'pings.relayLimit') > 0);
  assert.deepEqual(lost, []);
  assert.ok(isWhole(nodes, own));
  await close(raw, victim);
});

test('relayed probes are as many at once as their cap, whoever asks', async () => {
  const { ring, nodes, close } = await watchedRing(2, limited({ maxRelayedProbes: 5 }));
  const [relay] = nodes as [RingNode];
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  const target = Uint8Array.of(10, 77, 0, 1);
  const noSource = { sourceAddress: new Uint8Array(0), sourcePort: 0, sourceNode: '' };
  for (let seq = 0; seq < 50; seq += 1) {
    raw.send(relay, {
      ...{ type: 'indirectPing', seq, node: 'nobody', target, port: 7946, wantsNack: false },
      ...noSource,
    });
  }
  ring.runFor(50);
  assert.equal(counter(relay, 'pings.relayed'), 5);
  assert.equal(counter(relay, 'pings.relayLimit'), 45);
  await close(raw);
});

function phantoms(raw: RawPeer, count: number): PushPullNode[] {
  return Array.from({ length: count }, (_, i) => {
    const address = Uint8Array.of(10, 99, i >>> 8, i & 255);
    return raw.node({ name: `phantom-${i}`, address });
  });
}

test('a giant push/pull is merged in slices up to the cap, and one of too many records not at all', async () => {
  const { ring, nodes, own, lost, close } = await watchedRing(3, limited({ maxMembers: 3000 }));
  const [target] = nodes as [RingNode];
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  const slicesBefore = counter(target, 'pushPulls.slices');
  const answer = await ring.settle(raw.request(target, raw.pushPull(phantoms(raw, 6000))));
  assert.equal(answer?.type, 'pushPull');
  ring.runFor(1000);
  assert.equal(target.member.stats().knownNodes, 3000);
  // The members' own exchanges may add a slice or two.
  const slices = counter(target, 'pushPulls.slices') - slicesBefore - Math.ceil(6000 / 128);
  assert.ok(slices >= 0 && slices <= 2, `${slices} more than expected`);
  const refused = await ring.settle(
    raw.request(target, raw.pushPull(phantoms(raw, 6001))).catch(() => null),
  );
  assert.notEqual(refused?.type, 'pushPull');
  assert.equal(counter(target, 'streams.rejected.ERR_CODEC_LIMIT'), 1);
  assert.deepEqual(lost, []);
  assert.ok(isWhole(nodes, own));
  await close(raw);
});

test('push/pulls beyond those served at once are refused as busy, and merging counts as serving', async () => {
  const { ring, nodes, own, lost, close } = await watchedRing(
    3,
    limited({ maxConcurrentPushPulls: 4 }),
  );
  const [target] = nodes as [RingNode];
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  const requests = Array.from({ length: 40 }, () => {
    return raw.request(target, raw.pushPull(phantoms(raw, 500), false));
  });
  const answers = await ring.settle(Promise.all(requests));
  const busy = answers.filter((answer) => answer?.type === 'error' && answer.reason === 'busy');
  assert.ok(busy.length > 0 && busy.length < 40, `${busy.length} were refused`);
  assert.equal(counter(target, 'pushPulls.refused'), busy.length);
  ring.runFor(1000);
  const afterwards = await ring.settle(raw.request(target, raw.pushPull([], false)));
  assert.equal(afterwards?.type, 'pushPull');
  assert.deepEqual(lost, []);
  assert.ok(isWhole(nodes, own));
  await close(raw);
});

test('requests that arrive at once hold four times the largest message, and no more', async () => {
  const options = limited({ maxStreamMessageBytes: 65_536 });
  const { ring, nodes, own, lost, close } = await watchedRing(3, options);
  const [target] = nodes as [RingNode];
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  const { request } = raw.wire.streams.initiate();
  const message = { type: 'user', payload: noise(65_000) } as const;
  const chunks = [...raw.wire.encodeStreamMessage(message)].flatMap((p) => request.push(p));
  const whole = new Uint8Array(Buffer.concat([...chunks, ...request.finish()]));
  let closed = 0;
  for (let i = 0; i < 12; i += 1) {
    const connection = raw.transport.dial(
      { host: target.host, port: 7946 },
      { onData: () => undefined, onClose: () => (closed += 1), onEnd: () => connection.end() },
    );
    connection.write(whole.subarray(0, whole.length - 1));
  }
  ring.runFor(1000);
  assert.equal(counter(target, 'streams.rejected.memory'), 8);
  assert.equal(closed, 8);
  ring.runFor(15_000);
  assert.equal(closed, 12);
  assert.equal((await ring.settle(raw.request(target, raw.pushPull([]))))?.type, 'pushPull');
  assert.deepEqual(lost, []);
  assert.ok(isWhole(nodes, own));
  await close(raw);
});

test('a flood of news fills the queue to its cap, and the ring goes on', async () => {
  const options = limited({ maxQueuedBroadcasts: 64, maxMembers: 5000 });
  const { ring, nodes, own, lost, close } = await watchedRing(4, options);
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  let most = 0;
  for (let i = 0; i < 3000; i += 1) {
    const address = Uint8Array.of(10, 99, i >>> 8, i & 255);
    raw.send(nodes[i % 4]!, raw.alive({ node: `phantom-${i}`, address }));
    if (i % 100 !== 0) continue;
    ring.runFor(2);
    most = Math.max(most, ...nodes.map(({ member }) => member.stats().queuedBroadcasts));
  }
  assert.equal(most, 64);
  ring.runFor(5000);
  assert.deepEqual(lost, []);
  assert.ok(isWhole(nodes, own));
  await close(raw);
});
