import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sealEnvelope } from '../../src/codec/aes-gcm.ts';
import { compressMessage } from '../../src/codec/compress-message.ts';
import {
  createWire,
  encodeCompound,
  Keyring,
  MESSAGE_TYPE,
  wireKeyLengths,
} from '../../src/codec/index.ts';
import { BroadcastQueue } from '../../src/memberlist/broadcast-queue.ts';
import { resolveMemberlistConfig } from '../../src/memberlist/index.ts';
import { MAX_INCARNATION } from '../../src/memberlist/precedence.ts';
import { hostToBytes, SeededRandom } from '../../src/runtime/index.ts';
import { seededEntropy } from '../../src/simulator/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { Ring } from '../support/ring.ts';
import { RulesBench, suspect } from '../support/rules-bench.ts';

/*
 * Faults of Go's memberlist that were found by reading and measuring it, each shown not to happen here.
 *
 * Held elsewhere, since that is where the mechanism is tested:
 *
 *   any other junk crashes nobody                                         junk.test.ts
 *   what streams may inflate to                            codec/stream.test.ts, codec/go-stream.test.ts
 *   checksum and lengths count in the packet budget                       packet-sender.test.ts
 */

const KEY = new Uint8Array(32).fill(3);

test('helpers that heard nothing say so before the verdict, so a dead member costs no health', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(6);
  const watchers = nodes.slice(0, 5).map(({ member }) => member);
  nodes[5]!.runtime.crash();
  let worst = 0;
  const isSuspect = (): boolean => {
    for (const { healthScore } of watchers) worst = Math.max(worst, healthScore);
    return watchers.every((member) => member.member('n6')?.state === 'dead');
  };
  assert.ok(ring.runUntil(isSuspect, 60_000));
  assert.equal(worst, 0);
  await ring.close();
});

test('members started together do not probe together', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(8);
  ring.runFor(20_000); // all news has been told, so that a ping stands alone behind its checksum
  const start = ring.clock.now();
  const phases = new Map<string, number>();
  ring.network.onPacket = (from, _to, bytes) => {
    if (bytes[5] !== MESSAGE_TYPE.ping || phases.has(from.host)) return;
    phases.set(from.host, ring.clock.now() - start);
  };
  ring.runFor(1_000);
  assert.equal(phases.size, nodes.length);
  const tenths = new Set([...phases.values()].map((phase) => Math.floor(phase / 100)));
  assert.ok(tenths.size >= 4, [...phases.values()].join(' '));
  await ring.close();
});

test('a refutation replaces the older news about us', () => {
  const bench = new RulesBench();
  bench.rules.announce(new Uint8Array(0));
  bench.rules.suspect(suspect('me', 2));
  bench.rules.suspect(suspect('me', 7));
  assert.deepEqual(bench.queued(), ['alive me 8']);
});

test('a forged accusation of the last incarnation does not silence a member for good', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4);
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const codes: string[] = [];
  nodes[1]!.member.on('warning', ({ code }) => codes.push(code));
  raw.send(nodes[0]!, suspect('n2', MAX_INCARNATION, 'n3'));
  assert.ok(ring.runUntil(() => nodes[0]!.member.member('n2')?.state === 'dead', 60_000));
  assert.ok(codes.includes('WARN_INCARNATION_EXHAUSTED'));
  const isBack = (): boolean => nodes.every(({ member }) => member.memberCount === 4);
  assert.ok(ring.runUntil(isBack, 600_000), 'once the others have forgotten the number');
  await ring.close();
  await ring.settle(raw.close());
});

test('every plain packet has its checksum, pings and acks too', async () => {
  const ring = new Ring();
  const first: (number | undefined)[] = [];
  ring.network.onPacket = (_from, _to, bytes) => first.push(bytes[0]);
  await ring.spawnJoined(3);
  ring.runFor(5_000);
  assert.ok(first.length > 20);
  assert.deepEqual(new Set(first), new Set([MESSAGE_TYPE.checksum]));
  await ring.close();
});

test('counters of bytes are bytes', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(3, { encryption: { keys: [KEY] }, label: 'ring' });
  ring.runFor(60_000);
  const sum = (name: string): number =>
    nodes.reduce((total, { member }) => total + (member.stats().counters[name] ?? 0), 0);
  const network = ring.network.counters();
  assert.equal(sum('packets.sentBytes'), network['packets.bytes']);
  assert.equal(sum('streams.sentBytes'), network['streams.bytes']);
  assert.equal(sum('streams.receivedBytes'), network['streams.bytes']);
  await ring.close();
});

test('neither a ring without keys, nor pruning an unused queue, nor a leave after the end crashes', async () => {
  const ring = new Ring();
  const plain = await ring.spawn();
  const sealed = await RawPeer.start(ring, { host: '10.0.9.9', keys: [KEY] });
  sealed.send(plain, sealed.alive());
  const refused = await ring.settle(sealed.request(plain, sealed.pushPull()).catch(() => null));
  assert.ok(refused === null || refused.type === 'error');
  assert.deepEqual(plain.member.keyring.list(), []);
  assert.throws(() => plain.member.keyring.use(KEY), { code: 'ERR_KEY_UNKNOWN' });
  const queue = new BroadcastQueue({ nodeCount: () => 3, retransmitMult: 4 });
  queue.prune(5);
  queue.clear();
  assert.equal(queue.length, 0);
  await ring.settle(plain.member.close());
  await assert.rejects(plain.member.leave(), { code: 'ERR_CLOSED' });
  await ring.settle(sealed.close());
});

test('a plain stream has a limit as a whole, and compounds nest so deep only', async () => {
  const ring = new Ring();
  let heard = 0;
  const delegates = { user: { onUserMessage: () => (heard += 1) } };
  const limits = { maxStreamMessageBytes: 100_000 };
  const node = await ring.spawn({ limits }, { delegates });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const payload = new Uint8Array(100_001);
  const reply = await ring.settle(raw.request(node, { type: 'user', payload }));
  assert.equal(reply?.type, 'error');
  assert.equal(node.member.stats().counters['streams.rejected.ERR_CODEC_LIMIT'], 1);
  let nested: Uint8Array = Uint8Array.of(MESSAGE_TYPE.user);
  for (let depth = 0; depth < 60; depth += 1) nested = encodeCompound([nested]);
  raw.sendMessage(node, nested);
  ring.runFor(5);
  assert.equal(heard, 0);
  assert.equal(node.member.stats().counters['packets.dropped.ERR_CODEC_LIMIT'], 1);
  await ring.close();
  await ring.settle(raw.close());
});

test('acks go to nobody but one host, and their numbers cannot be counted up', async () => {
  const ring = new Ring();
  const { member, host } = await ring.spawn();
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const targets = new Set<string>();
  ring.network.onPacket = (from, to) => {
    if (from.host === host) targets.add(to.host);
  };
  for (const source of ['255.255.255.255', '224.0.0.1', '0.0.0.0', 'ff02::1', '::']) {
    const origin = { sourceAddress: hostToBytes(source), sourcePort: 7946, sourceNode: 'x' };
    raw.send({ host }, { type: 'ping', seq: 1, node: member.name, ...origin });
  }
  ring.runFor(10);
  assert.deepEqual([...targets], [raw.address.host]);
  await ring.close();
  await ring.settle(raw.close());
  const firstNumbers = new Set<number>();
  for (let seed = 1; seed <= 5; seed += 1) {
    const other = new Ring({ seed });
    const node = await other.spawn();
    const peer = await RawPeer.start(other, { host: '10.0.9.9' });
    await other.settle(peer.request(node, peer.pushPull()));
    other.runUntil(() => peer.heard.some(({ type }) => type === 'ping'), 5_000);
    for (const message of peer.heard) if (message.type === 'ping') firstNumbers.add(message.seq);
    await other.close();
    await other.settle(peer.close());
  }
  assert.ok(firstNumbers.size >= 5);
  assert.ok([...firstNumbers].every((seq) => seq > 1_000));
});

test('of two updates in a row both promises end', async () => {
  const ring = new Ring();
  let count = 0;
  const delegates = { user: { localMetadata: () => Uint8Array.of((count += 1)) } };
  const node = await ring.spawn({}, { delegates });
  await ring.spawn();
  await ring.settle(node.member.join(['10.0.0.2']));
  await ring.settle(Promise.all([node.member.updateNode(), node.member.updateNode()]));
  assert.equal(count, 3);
  await ring.close();
});

test('a factor of zero for local health is refused, and one stretches nothing', async () => {
  assert.throws(() => resolveMemberlistConfig({ awareness: { maxMult: 0 } }), {
    code: 'ERR_CONFIG_INVALID',
  });
  const bench = new RulesBench({ awareness: { maxMult: 1 } });
  bench.rules.suspect(suspect('me', 5));
  assert.equal(bench.parts.core.awareness.score, 0);
});

test('a join with another label is told why', async () => {
  const ring = new Ring();
  await ring.spawn({ label: 'blue' });
  const red = await ring.spawn({ label: 'red' });
  await assert.rejects(ring.settle(red.member.join(['10.0.0.1'])), (error: Error) => {
    assert.match(error.message, /10\.0\.0\.1:7946 uses another label/);
    return true;
  });
  await ring.close();
});

test('a wrong padding inside a good seal crashes nobody, and what follows is heard', async () => {
  const ring = new Ring();
  const key = new Uint8Array(16).fill(5);
  const node = await ring.spawn({ wire: 'memberlist', encryption: { keys: [key] } });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const wire = createWire('memberlist', {
    keyring: new Keyring([key], wireKeyLengths('memberlist')),
    label: new Uint8Array(0),
    entropy: seededEntropy(new SeededRandom(1)),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: false,
  });
  const seal = (plaintext: Uint8Array, nonce: number): Uint8Array => {
    const secret = { key, nonce: new Uint8Array(12).fill(nonce), bound: new Uint8Array(0) };
    const sealed = sealEnvelope(1, plaintext, secret);
    sealed[0] = 0; // padded, says the version; nothing else differs
    return sealed;
  };
  // No block of 16, no padding, more than there is, and nothing but padding.
  const bad = [
    new Uint8Array(0),
    new Uint8Array(15).fill(15),
    new Uint8Array(16),
    new Uint8Array(16).fill(17),
    new Uint8Array(32).fill(255),
    new Uint8Array(16).fill(16),
  ];
  for (const [at, plaintext] of bad.entries()) raw.sendBytes(node, seal(plaintext, at));
  const accusation = suspect(node.member.name, 9);
  raw.sendBytes(node, wire.packets.seal(wire.encodePacketMessage(accusation)));
  ring.runFor(10);
  const { counters } = node.member.stats();
  const dropped = Object.entries(counters).filter(([name]) => name.startsWith('packets.dropped.'));
  assert.equal(
    dropped.reduce((sum, [, count]) => sum + count, 0),
    bad.length,
  );
  assert.equal(counters['packets.dropped.ERR_INTERNAL'], undefined);
  assert.equal(node.member.localMember.incarnation, 10, 'it refuted what came after');
  await ring.close();
  await ring.settle(raw.close());
});

test('one packet inflates to a mebibyte in all, however its bytes are spread', async () => {
  const ring = new Ring();
  const heard: number[] = [];
  const delegates = { user: { onUserMessage: (bytes: Uint8Array) => heard.push(bytes.length) } };
  const node = await ring.spawn({ wire: 'memberlist' }, { delegates });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const message = (bytes: number): Uint8Array => {
    return compressMessage(new Uint8Array(bytes).fill(MESSAGE_TYPE.user));
  };
  const bomb = message(1_048_577);
  raw.sendBytes(node, bomb);
  raw.sendBytes(node, encodeCompound([message(500_000), message(500_000), message(500_000)]));
  raw.sendBytes(node, message(1_048_576));
  ring.runFor(50);
  assert.ok(bomb.length < 2_500, 'it fits into a packet');
  assert.deepEqual(heard, [499_999, 499_999, 1_048_575]);
  assert.equal(node.member.stats().counters['packets.dropped.ERR_CODEC_LIMIT'], 2);
  await ring.close();
  await ring.settle(raw.close());
});

test('a stream that holds nothing once it is opened or inflated crashes nobody', async () => {
  const ring = new Ring();
  const key = new Uint8Array(16).fill(5);
  const sealed = await ring.spawn({ wire: 'memberlist', encryption: { keys: [key] } });
  const plain = await ring.spawn({ wire: 'memberlist' });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const frame = Uint8Array.of(10, 0, 0, 0, 29); // the mark and length of an envelope around no bytes
  const secret = { key, nonce: new Uint8Array(12).fill(1), bound: frame };
  const empty = sealEnvelope(1, new Uint8Array(0), secret);
  assert.equal(empty.length, 29);
  await ring.settle(raw.dialBytes(sealed, Uint8Array.of(...frame, ...empty)));
  await ring.settle(raw.dialBytes(plain, compressMessage(new Uint8Array(0))));
  for (const { member } of [sealed, plain]) {
    const { counters } = member.stats();
    const names = Object.keys(counters).filter((name) => name.startsWith('streams.rejected.'));
    assert.equal(names.length, 1, JSON.stringify(counters));
    assert.match(names[0] as string, /ERR_CODEC_/);
  }
  await ring.close();
  await ring.settle(raw.close());
});

test('an empty list of allowed networks is refused, since it could mean all or none', () => {
  assert.throws(() => resolveMemberlistConfig({ allowedNetworks: [] }), {
    code: 'ERR_CONFIG_INVALID',
  });
  assert.equal(resolveMemberlistConfig({}).allowedNetworks, null, 'left out it means all');
});
