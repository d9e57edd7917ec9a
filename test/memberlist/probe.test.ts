import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { IndirectPingMessage, PingMessage } from '../../src/codec/index.ts';
import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { hostToBytes } from '../../src/runtime/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

/*
 * One real member probes scripted peers. Its ticker is the only thing that moves; gossip and push/pull
 * are off, links take 1 ms.
 */

const NO_BYTES = new Uint8Array(0);
const QUIET: MemberlistOptions = {
  gossip: { intervalMs: false },
  pushPull: { intervalMs: false },
  suspicion: { mult: 100 },
};

interface Scene {
  readonly ring: Ring;
  readonly node: RingNode;
  readonly target: RawPeer;
  readonly helpers: readonly RawPeer[];
  readonly close: () => Promise<void>;
}

/** A member that knows a silent target, and helpers that answer its pings. */
async function scene(helperCount: number, options: MemberlistOptions = {}): Promise<Scene> {
  const ring = new Ring();
  const node = await ring.spawn({ ...QUIET, ...options });
  const target = await RawPeer.start(ring, { host: '10.0.9.1', name: 'target' });
  const helpers: RawPeer[] = [];
  for (let i = 0; i < helperCount; i += 1) {
    const helper = await RawPeer.start(ring, { host: `10.0.8.${i + 1}`, name: `helper${i}` });
    helper.answerPings();
    helpers.push(helper);
  }
  for (const peer of [target, ...helpers]) peer.send(node, peer.alive());
  ring.runFor(2);
  const close = async (): Promise<void> => {
    await ring.close();
    await ring.settle(Promise.all([target, ...helpers].map(async (peer) => peer.close())));
  };
  return { ring, node, target, helpers, close };
}

/** Runs until the target is pinged; returns the ping. */
function untilPinged({ ring, target }: Scene): PingMessage {
  target.heard.length = 0;
  const isPing = (message: { type: string }): message is PingMessage => message.type === 'ping';
  assert.ok(ring.runUntil(() => target.heard.some(isPing), 60_000));
  return target.heard.find(isPing)!;
}

function requestsOf(helpers: readonly RawPeer[]): IndirectPingMessage[] {
  return helpers.flatMap(({ heard }) => heard.filter((message) => message.type === 'indirectPing'));
}

test('a ping says who asks, and an answer in time ends the probe', async () => {
  const s = await scene(2);
  const ping = untilPinged(s);
  assert.equal(ping.node, 'target');
  assert.equal(ping.sourceNode, s.node.member.name);
  assert.deepEqual(ping.sourceAddress, hostToBytes(s.node.host));
  assert.equal(ping.sourcePort, 7946);
  s.target.send(s.node, { type: 'ack', seq: ping.seq, payload: NO_BYTES });
  s.ring.runFor(990);
  assert.equal(requestsOf(s.helpers).length, 0);
  assert.equal(s.node.member.member('target')?.state, 'alive');
  assert.equal(s.node.member.healthScore, 0);
  await s.close();
});

test('without an answer in time helpers are asked, and all of them at once', async () => {
  const s = await scene(5);
  const ping = untilPinged(s);
  s.ring.runFor(490);
  assert.equal(requestsOf(s.helpers).length, 0);
  s.ring.runFor(15);
  const requests = requestsOf(s.helpers);
  assert.equal(requests.length, 3);
  for (const request of requests) {
    assert.equal(request.seq, ping.seq);
    assert.equal(request.node, 'target');
    assert.deepEqual(request.target, hostToBytes('10.0.9.1'));
    assert.equal(request.port, 7946);
    assert.equal(request.wantsNack, true);
  }
  await s.close();
});

test('a relayed answer saves the target', async () => {
  const s = await scene(3);
  const ping = untilPinged(s);
  s.ring.runFor(700);
  s.helpers[0]!.send(s.node, { type: 'ack', seq: ping.seq, payload: NO_BYTES });
  s.ring.runFor(400);
  assert.equal(s.node.member.member('target')?.state, 'alive');
  assert.equal(s.node.member.stats().counters['probes.failed'], undefined);
  await s.close();
});

test('a late direct answer counts until the end of the interval, and not after it', async () => {
  for (const [delayMs, state] of [
    [990, 'alive'],
    [1010, 'suspect'],
  ] as const) {
    const s = await scene(0);
    const ping = untilPinged(s);
    s.ring.runFor(delayMs - 2);
    s.target.send(s.node, { type: 'ack', seq: ping.seq, payload: NO_BYTES });
    s.ring.runFor(20);
    assert.equal(s.node.member.member('target')?.state, state, `${delayMs} ms`);
    await s.close();
  }
});

test('silence of everyone ends in suspicion at the end of the interval', async () => {
  const s = await scene(3);
  untilPinged(s);
  const pingedAt = s.ring.clock.now();
  assert.ok(s.ring.runUntil(() => s.node.member.member('target')?.state === 'suspect', 5000));
  const took = s.ring.clock.now() - pingedAt;
  assert.ok(Math.abs(took - 999) < 3, `${took} ms after the ping arrived`);
  await s.close();
});

test('health: each nack that is missing counts, none missing counts nothing', async () => {
  for (const nacks of [0, 1, 2, 3]) {
    const s = await scene(3);
    const ping = untilPinged(s);
    s.ring.runFor(600);
    for (const helper of s.helpers.slice(0, nacks)) {
      helper.send(s.node, { type: 'nack', seq: ping.seq });
    }
    assert.ok(s.ring.runUntil(() => s.node.member.member('target')?.state === 'suspect', 2000));
    assert.equal(s.node.member.healthScore, 3 - nacks, `${nacks} nacks`);
    await s.close();
  }
});

test('health: a failed probe without helpers that can nack counts one', async () => {
  const s = await scene(0);
  untilPinged(s);
  assert.ok(s.ring.runUntil(() => s.node.member.member('target')?.state === 'suspect', 2000));
  assert.equal(s.node.member.healthScore, 1);
  await s.close();
});

test('health: helpers of old protocols are asked without a nack, and not counted', async () => {
  const s = await scene(2);
  for (const helper of s.helpers) {
    helper.send(
      s.node,
      helper.alive({ incarnation: 2, versions: Uint8Array.of(1, 3, 2, 0, 0, 0) }),
    );
  }
  untilPinged(s);
  assert.ok(s.ring.runUntil(() => s.node.member.member('target')?.state === 'suspect', 2000));
  assert.ok(requestsOf(s.helpers).every(({ wantsNack }) => !wantsNack));
  assert.equal(s.node.member.healthScore, 1);
  await s.close();
});

test('health: a score stretches the next probes, and each answer lowers it by one', async () => {
  const s = await scene(3);
  untilPinged(s);
  assert.ok(s.ring.runUntil(() => s.node.member.healthScore === 3, 5000));
  s.target.answerPings();
  s.target.send(s.node, s.target.alive({ incarnation: 2 }));
  assert.ok(s.ring.runUntil(() => s.node.member.healthScore === 0, 20_000));
  assert.ok(s.node.member.stats().counters['probes.stretched']! >= 3);
  await s.close();
});

test('with a score of one a probe lasts two intervals, its direct part as long as ever', async () => {
  const s = await scene(0, { probe: { intervalMs: 1000, timeoutMs: 500, streamFallback: false } });
  const { name: node } = s.node.member;
  s.target.send(s.node, { type: 'suspect', node, incarnation: 1, from: 'target' });
  s.ring.runFor(2);
  assert.equal(s.node.member.healthScore, 1);
  untilPinged(s);
  const pingedAt = s.ring.clock.now();
  assert.ok(s.ring.runUntil(() => s.node.member.member('target')?.state === 'suspect', 5000));
  assert.ok(Math.abs(s.ring.clock.now() - pingedAt - 1999) < 3);
  await s.close();
});

test('a ping over a stream saves a member whose UDP is cut, and the operator hears it once a minute', async () => {
  const ring = new Ring();
  const options = {
    gossip: { intervalMs: false as const },
    pushPull: { intervalMs: false as const },
  };
  const nodes = [await ring.spawn(options), await ring.spawn(options)] as const;
  await ring.settle(nodes[1].member.join([nodes[0].host]));
  ring.runFor(5000);
  const warnings: string[] = [];
  nodes[0].member.on('warning', ({ code }) => warnings.push(code));
  ring.network.dropPacket = (_from, to) => to.host === nodes[1].host;
  ring.runFor(50_000);
  assert.equal(nodes[0].member.member('n2')?.state, 'alive');
  assert.ok(nodes[0].member.stats().counters['probes.answeredByStream']! > 10);
  assert.deepEqual(warnings, ['WARN_UDP_BLOCKED']);
  assert.equal(nodes[0].member.healthScore, 0);
  await ring.close();
});

test('the fallback can be switched off for single members, and a function that throws switches nothing off', async () => {
  for (const [choice, suspects] of [
    [(name: string) => name !== 'n2', ['n2']],
    [() => true, []],
    [
      () => {
        throw new Error('no answer');
      },
      [],
    ],
  ] as [(name: string) => boolean, string[]][]) {
    const ring = new Ring();
    const a = await ring.spawn({ ...QUIET, probe: { streamFallback: choice } });
    const others = [await ring.spawn(QUIET), await ring.spawn(QUIET)];
    for (const { member } of others) await ring.settle(member.join([a.host]));
    ring.runFor(3000);
    const seen: string[] = [];
    a.member.on('suspect', ({ name }) => seen.push(name));
    ring.network.dropPacket = (_from, to) => to.host !== a.host;
    ring.runFor(4000);
    assert.deepEqual(seen, suspects);
    assert.ok((a.member.stats().counters['probes.answeredByStream'] ?? 0) > 0);
    await ring.close();
  }
});

test('without the fallback, or with streams cut too, the same member is suspected', async () => {
  for (const kind of ['off', 'cut'] as const) {
    const ring = new Ring();
    const options: MemberlistOptions = { ...QUIET, probe: { streamFallback: kind !== 'off' } };
    const [a, b] = [await ring.spawn(options), await ring.spawn(options)];
    await ring.settle(b.member.join([a.host]));
    ring.runFor(3000);
    ring.network.dropPacket = (_from, to) => to.host === b.host;
    if (kind === 'cut') ring.network.cut(a.host, b.host, 'oneWay');
    assert.ok(
      ring.runUntil(() => a.member.member('n2')?.state === 'suspect', 5000),
      kind,
    );
    ring.network.dropPacket = null;
    ring.network.heal();
    await ring.close();
  }
});

test('a direct timeout close to the interval leaves the stream its own time', async () => {
  const ring = new Ring({ latencyMs: 40 });
  const options: MemberlistOptions = { ...QUIET, probe: { intervalMs: 500, timeoutMs: 450 } };
  const [a, b] = [await ring.spawn(options), await ring.spawn(options)];
  await ring.settle(b.member.join([a.host]));
  ring.runFor(3000);
  ring.network.dropPacket = (_from, to) => to.host === b.host;
  ring.runFor(20_000);
  assert.equal(
    a.member.member('n2')?.state,
    'alive',
    'four trips of 40 ms in the 50 that are left',
  );
  assert.ok(a.member.stats().counters['probes.answeredByStream']! > 5);
  await ring.close();
});

test('the wrong process behind the address does not answer for the target', async () => {
  const ring = new Ring();
  const a = await ring.spawn(QUIET);
  const b = await ring.spawn(QUIET);
  const raw = await RawPeer.start(ring, { host: '10.0.9.9', name: 'ghost' });
  raw.send(a, raw.alive({ node: 'ghost', address: hostToBytes(b.host) }));
  assert.ok(ring.runUntil(() => a.member.member('ghost')?.state === 'suspect', 10_000));
  assert.ok(b.member.stats().counters['pings.wrongName']! > 0);
  await ring.close();
  await ring.settle(raw.close());
});

test('a suspect is told of the doubt together with the ping, and nothing else', async () => {
  const s = await scene(0);
  s.target.send(s.node, { type: 'suspect', node: 'target', incarnation: 1, from: 'x' });
  s.ring.runFor(10);
  s.target.heard.length = 0;
  assert.ok(s.ring.runUntil(() => s.target.heard.length > 0, 3000));
  const [ping, doubt] = s.target.heard;
  assert.equal(ping?.type, 'ping');
  assert.deepEqual(doubt, {
    type: 'suspect',
    node: 'target',
    incarnation: 1,
    from: s.node.member.name,
  });
  assert.equal(s.target.heard.length, 2);
  await s.close();
});

test('a failed probe accuses the incarnation it began with', async () => {
  const s = await scene(0);
  untilPinged(s);
  s.ring.runFor(500);
  s.target.send(s.node, s.target.alive({ incarnation: 2 }));
  s.ring.runFor(600);
  assert.equal(s.node.member.member('target')?.state, 'alive');
  await s.close();
});

test('one probe at a time: a stretched probe is followed at once by a single next one', async () => {
  const s = await scene(0, {
    probe: { intervalMs: 200, timeoutMs: 100 },
    suspicion: { mult: 100 },
  });
  s.ring.runFor(18_000);
  const { counters } = s.node.member.stats();
  assert.equal(s.node.member.healthScore, 7);
  const pings = s.target.heard.filter(({ type }) => type === 'ping').length;
  assert.ok(pings >= 12 && pings <= 17, `${pings} pings: seven in 5.6 s, then 1.6 s each`);
  assert.equal(counters['probes.started'], pings);
  await s.close();
});

test('a local failure to send asks the helpers at once and does not raise our health', async () => {
  const ring = new Ring();
  const node = await ring.spawn(QUIET);
  const raw = await RawPeer.start(ring, { host: '10.0.9.9', name: 'helper' });
  raw.answerPings();
  // An IPv4 host cannot send to an IPv6 one.
  raw.send(node, raw.alive(), raw.alive({ node: 'v6', address: hostToBytes('2001:db8::1') }));
  assert.ok(ring.runUntil(() => raw.heard.some(({ type }) => type === 'indirectPing'), 5000));
  const request = raw.heard.find(({ type }) => type === 'indirectPing') as IndirectPingMessage;
  assert.equal(request.target.length, 16);
  raw.send(node, { type: 'ack', seq: request.seq, payload: NO_BYTES });
  ring.runFor(100);
  assert.equal(node.member.member('v6')?.state, 'alive');
  await ring.close();
  await ring.settle(raw.close());
});

/** A raw requester and a live helper, to look at the helper's side. */
async function relay(ring: Ring): Promise<{
  helper: RingNode;
  asker: RawPeer;
  target: RawPeer;
  ask: (o?: Partial<IndirectPingMessage>) => void;
}> {
  const helper = await ring.spawn({ ...QUIET, probe: { intervalMs: false, timeoutMs: 500 } });
  const asker = await RawPeer.start(ring, { host: '10.0.9.1', name: 'asker' });
  const target = await RawPeer.start(ring, { host: '10.0.9.2', name: 'target' });
  const ask = (o: Partial<IndirectPingMessage> = {}): void => {
    asker.send(helper, {
      type: 'indirectPing',
      seq: 4242,
      node: 'target',
      target: hostToBytes('10.0.9.2'),
      port: 7946,
      wantsNack: true,
      sourceAddress: hostToBytes('10.0.9.1'),
      sourcePort: 7946,
      sourceNode: 'asker',
      ...o,
    });
  };
  return { helper, asker, target, ask };
}

test('a helper relays an answer under the asker’s number, and no nack after it', async () => {
  const ring = new Ring();
  const { asker, target, ask } = await relay(ring);
  target.answerPings();
  ask();
  ring.runFor(1000);
  const answers = asker.heard.filter(({ type }) => type === 'ack' || type === 'nack');
  assert.deepEqual(answers, [{ type: 'ack', seq: 4242, payload: NO_BYTES }]);
  const ping = target.heard.find(({ type }) => type === 'ping') as PingMessage;
  assert.notEqual(ping.seq, 4242);
  assert.equal(ping.sourceNode, 'n1', 'the target answers to the helper');
  await ring.close();
  await ring.settle(Promise.all([asker.close(), target.close()]));
});

test('a helper nacks before the asker’s verdict, and still relays a later answer', async () => {
  const ring = new Ring();
  const { asker, target, ask } = await relay(ring);
  const start = ring.clock.now();
  ask();
  assert.ok(ring.runUntil(() => asker.heard.some(({ type }) => type === 'nack'), 1000));
  const took = ring.clock.now() - start;
  assert.ok(took > 395 && took < 410, `${took} ms of the 500 that the asker waits`);
  const ping = target.heard.find(({ type }) => type === 'ping') as PingMessage;
  target.send({ host: '10.0.0.1' }, { type: 'ack', seq: ping.seq, payload: NO_BYTES });
  ring.runFor(50);
  assert.ok(asker.heard.some(({ type }) => type === 'ack'));
  ring.runFor(1000);
  assert.equal(asker.heard.filter(({ type }) => type === 'nack').length, 1);
  await ring.close();
  await ring.settle(Promise.all([asker.close(), target.close()]));
});

test('a helper that was not asked to nack stays silent', async () => {
  const ring = new Ring();
  const { asker, target, ask } = await relay(ring);
  ask({ wantsNack: false });
  ring.runFor(2000);
  assert.ok(!asker.heard.some(({ type }) => type === 'nack' || type === 'ack'));
  assert.ok(target.heard.some(({ type }) => type === 'ping'));
  await ring.close();
  await ring.settle(Promise.all([asker.close(), target.close()]));
});

test('a helper pings nobody who cannot be pinged, and holds no more relays than its cap', async () => {
  const ring = new Ring();
  const helper = await ring.spawn({ ...QUIET, limits: { maxRelayedProbes: 5 } });
  const asker = await RawPeer.start(ring, { host: '10.0.9.1', name: 'asker' });
  const request = (target: string, port: number): IndirectPingMessage => ({
    type: 'indirectPing',
    seq: 1,
    node: 'x',
    target: hostToBytes(target),
    port,
    wantsNack: true,
    sourceAddress: NO_BYTES,
    sourcePort: 0,
    sourceNode: '',
  });
  asker.send(helper, request('224.0.0.1', 1), request('0.0.0.0', 1), request('10.0.9.7', 0));
  for (let i = 0; i < 8; i += 1) asker.send(helper, request('10.0.9.7', 7946));
  ring.runFor(10);
  const { counters } = helper.member.stats();
  assert.equal(counters['pings.badTarget'], 3);
  assert.equal(counters['pings.relayed'], 5);
  assert.equal(counters['pings.relayLimit'], 3);
  ring.runFor(1000);
  asker.send(helper, request('10.0.9.7', 7946));
  ring.runFor(10);
  assert.equal(helper.member.stats().counters['pings.relayed'], 6, 'they make room when they end');
  await ring.close();
  await ring.settle(asker.close());
});

test('an answer goes to the advertised endpoint of the asker, if it can be sent to', async () => {
  const ring = new Ring();
  const node = await ring.spawn(QUIET);
  const asker = await RawPeer.start(ring, { host: '10.0.9.1' });
  const advertised = await RawPeer.start(ring, { host: '10.0.9.2' });
  const ping = (seq: number, sourceAddress: Uint8Array, sourcePort: number): void => {
    asker.send(node, { type: 'ping', seq, node: '', sourceAddress, sourcePort, sourceNode: '' });
  };
  ping(1, hostToBytes('10.0.9.2'), 7946);
  ping(2, NO_BYTES, 0);
  ping(3, hostToBytes('224.0.0.1'), 7946);
  ping(4, hostToBytes('10.0.9.2'), 0);
  ring.runFor(10);
  const acks = (peer: RawPeer): number[] =>
    peer.heard.flatMap((message) => (message.type === 'ack' ? [message.seq] : []));
  assert.deepEqual(acks(advertised), [1]);
  assert.deepEqual(acks(asker), [2, 3, 4]);
  await ring.close();
  await ring.settle(Promise.all([asker.close(), advertised.close()]));
});

test('a ping of several parts is answered part by part', async () => {
  const ring = new Ring();
  const node = await ring.spawn(QUIET);
  const asker = await RawPeer.start(ring, { host: '10.0.9.1' });
  const source = { sourceAddress: NO_BYTES, sourcePort: 0, sourceNode: '' };
  const pings = [7, 8, 9].map((seq) => ({ type: 'ping', seq, node: 'n1', ...source }) as const);
  asker.send(node, ...pings);
  ring.runFor(10);
  const acks = asker.heard.flatMap((message) => (message.type === 'ack' ? [message.seq] : []));
  assert.deepEqual(acks, [7, 8, 9]);
  await ring.close();
  await ring.settle(asker.close());
});

test('with probing off the gone are still forgotten in time', async () => {
  const ring = new Ring();
  const node = await ring.spawn({
    ...QUIET,
    probe: { intervalMs: false },
    gossip: { intervalMs: false, toTheDeadMs: 5000 },
  });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  raw.send(node, raw.alive(), { type: 'dead', node: 'raw', incarnation: 1, from: 'raw' });
  ring.runFor(1000);
  assert.equal(node.member.member('raw')?.state, 'left');
  ring.runFor(10_000);
  assert.equal(node.member.member('raw'), undefined);
  await ring.close();
  await ring.settle(raw.close());
});

test('the dead stay on record for a while, then are forgotten', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4);
  nodes[3]!.runtime.crash();
  const [first] = nodes as [RingNode];
  assert.ok(ring.runUntil(() => first.member.member('n4')?.state === 'dead', 60_000));
  ring.runFor(29_000);
  assert.equal(first.member.member('n4')?.state, 'dead');
  assert.equal(first.member.nodes().length, 4);
  ring.runFor(15_000);
  assert.equal(first.member.member('n4'), undefined);
  await ring.close();
});

test('a probe of a former process says nothing of the one that has its name at the end', async () => {
  const { ring, node, target, close } = await scene(0, { suspicion: { mult: 4 } });
  const second = await RawPeer.start(ring, { host: '10.0.9.2', name: 'target' });
  second.answerPings();
  target.heard.length = 0;
  assert.ok(ring.runUntil(() => target.heard.some(({ type }) => type === 'ping'), 5_000));
  const doubts: string[] = [];
  node.member.on('suspect', ({ host }) => doubts.push(host));
  target.send(node, { type: 'dead', node: 'target', incarnation: 1, from: 'other' });
  ring.runFor(5);
  const address = hostToBytes('10.0.9.2');
  second.send(node, target.alive({ address, startId: Uint8Array.of(1, 2, 3, 4) }));
  ring.runFor(1_500);
  assert.deepEqual(doubts, []);
  assert.equal(node.member.stats().counters['probes.void'], 1);
  await ring.settle(second.close());
  await close();
});

test('a suspect whose answer to the last look is lost, but that has refuted, is not accused again', async () => {
  const { ring, node, target, close } = await scene(0, { suspicion: { mult: 4 } });
  target.answerPings();
  target.send(node, { type: 'suspect', node: 'target', incarnation: 1, from: 'other' });
  ring.runFor(2_000);
  const asked = (): number => node.member.stats().counters['suspicions.asked'] ?? 0;
  assert.equal(asked(), 0);
  target.onMessage = null;
  assert.ok(ring.runUntil(() => asked() === 1, 2_000));
  target.send(node, target.alive({ incarnation: 2 }));
  ring.runFor(5);
  target.answerPings();
  target.heard.length = 0;
  ring.runFor(1_500);
  const doubts = target.heard.filter((heard) => heard.type === 'suspect' && heard.incarnation > 1);
  assert.deepEqual(doubts, []);
  assert.equal(node.member.member('target')?.state, 'alive');
  await close();
});
