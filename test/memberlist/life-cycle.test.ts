import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MemberlistDelegates } from '../../src/memberlist/index.ts';
import { Memberlist } from '../../src/memberlist/index.ts';
import type { Transport } from '../../src/runtime/index.ts';
import { createMemoryRuntime } from '../../src/simulator/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

test('a leave reaches everyone, ends within a second, and is told as a leave', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(8);
  const log: string[] = [];
  for (const { member } of nodes.slice(0, 7)) {
    member.on('leave', ({ name, state }) => log.push(`${name} ${state}`));
    member.on('fail', ({ name }) => log.push(`fail ${name}`));
  }
  const start = ring.clock.now();
  await ring.settle(nodes[7]!.member.leave());
  assert.ok(ring.clock.now() - start < 1000, `${ring.clock.now() - start} ms`);
  assert.deepEqual(
    log,
    Array.from({ length: 7 }, () => 'n8 left'),
  );
  assert.equal(nodes[7]!.member.localMember.state, 'left');
  assert.equal(nodes[7]!.member.memberCount, 7);
  await ring.close();
});

test('where nobody is left to hear it a leave ends at once', async () => {
  const ring = new Ring();
  const alone = await ring.spawn();
  await ring.settle(alone.member.leave());
  assert.equal(ring.clock.now(), 0);
  const [widow, gone] = await ring.spawnJoined(2);
  gone!.runtime.crash();
  assert.ok(ring.runUntil(() => widow!.member.memberCount === 1, 60_000));
  const start = ring.clock.now();
  await ring.settle(widow!.member.leave());
  assert.equal(ring.clock.now(), start);
  await ring.close();
});

test('leaving twice is the same leave, and after it only what a left node may do is allowed', async () => {
  const ring = new Ring();
  const [a, b] = await ring.spawnJoined(2);
  const events: string[] = [];
  a!.member.on('leave', ({ name }) => events.push(name));
  await ring.settle(Promise.all([a!.member.leave(), a!.member.leave()]));
  await ring.settle(a!.member.leave());
  assert.deepEqual(events, ['n1']);
  await assert.rejects(a!.member.join([b!.host]), { code: 'ERR_LEFT' });
  await assert.rejects(a!.member.updateNode(), { code: 'ERR_LEFT' });
  assert.ok((await ring.settle(a!.member.ping('n2'))) > 0);
  assert.ok((await ring.settle(b!.member.ping('n1'))) > 0, 'it still answers');
  assert.equal(a!.member.member('n2')?.state, 'alive');
  await ring.close();
});

test('a leave gives up at its time limit when nobody may hear it', async () => {
  const ring = new Ring();
  const [a] = await ring.spawnJoined(12, { gossip: { intervalMs: 200, retransmitMult: 100 } });
  const leaving = a!.member.leave({ timeoutMs: 100 });
  await assert.rejects(ring.settle(leaving), { code: 'ERR_TIMEOUT' });
  assert.equal(a!.member.localMember.state, 'left', 'it has left all the same');
  await ring.close();
});

test('a close is silent: the others detect a failure', async () => {
  const ring = new Ring();
  const [a, b] = await ring.spawnJoined(2);
  const log: string[] = [];
  a!.member.on('leave', ({ name }) => log.push(`leave ${name}`));
  a!.member.on('fail', ({ name }) => log.push(`fail ${name}`));
  await ring.settle(b!.member.close());
  assert.ok(ring.runUntil(() => log.length > 0, 60_000));
  assert.deepEqual(log, ['fail n2']);
  await ring.close();
});

test('closing is idempotent, and waits for a leave under way', async () => {
  const ring = new Ring();
  const [a, b] = await ring.spawnJoined(2);
  const order: string[] = [];
  const leaving = a!.member.leave().then(() => order.push('left'));
  const closing = a!.member.close().then(() => order.push('closed'));
  const again = a!.member.close();
  await ring.settle(Promise.all([leaving, closing, again]));
  assert.deepEqual(order, ['left', 'closed']);
  assert.equal(b!.member.member('n1')?.state, 'left');
  await ring.settle(a!.member.close());
  await ring.close();
});

test('disposing leaves, for a second at most, then closes', async () => {
  const ring = new Ring();
  const [a, b] = await ring.spawnJoined(2);
  await ring.settle(a!.member[Symbol.asyncDispose]());
  assert.equal(b!.member.member('n1')?.state, 'left');
  await ring.settle(a!.member[Symbol.asyncDispose]());
  const slow = new Ring();
  const [node] = await slow.spawnJoined(12, { gossip: { retransmitMult: 100 } });
  const start = slow.clock.now();
  await slow.settle(node!.member[Symbol.asyncDispose]());
  const took = slow.clock.now() - start;
  assert.ok(took >= 1000 && took < 1100, `${took} ms`);
  assert.throws(() => node!.member.members(), { code: 'ERR_CLOSED' });
  await ring.close();
  await slow.close();
});

test('every public method of a closed member throws ERR_CLOSED', async () => {
  const ring = new Ring();
  const { member } = await ring.spawn();
  await ring.settle(member.close());
  const key = new Uint8Array(32);
  const closed = { code: 'ERR_CLOSED' };
  const waiting: ((m: Memberlist) => Promise<unknown>)[] = [
    async (m) => m.join(['10.0.0.2']),
    async (m) => m.join([]),
    async (m) => m.waitForMembers(1),
    async (m) => m.updateNode(),
    async (m) => m.ping('n1'),
    async (m) => m.sendReliable('n1', key),
    async (m) => m.leave(),
    async (m) => m.rejoin(),
  ];
  for (const call of waiting) await assert.rejects(call(member), closed, call.toString());
  const immediate: ((m: Memberlist) => unknown)[] = [
    (m) => m.members(),
    (m) => m.hasMembers([]),
    (m) => m.nodes(),
    (m) => m.member('n1'),
    (m) => m.stats(),
    (m) => m.packetRoomBytes(),
    (m) => m.sendBestEffort('n1', key),
    (m) => m.sendStream({ host: '10.0.0.2', port: 1 }, key, () => {}),
    (m) => m.hurryGossip(),
    (m) => m.on('join', () => {}),
    (m) => m.keyring.add(key),
    (m) => m.keyring.use(key),
    (m) => m.keyring.remove(key),
    (m) => m.keyring.replaceKeys([key], key),
    (m) => m.keyring.list(),
    (m) => m.setBootstrap([]),
    (m) => m.sendBestEffortToAll(['n1'], key),
    (m) => m.broadcast(key),
    (m) => m.pruneBroadcasts(0),
    (m) => m.events(),
  ];
  for (const call of immediate) assert.throws(() => call(member), closed, call.toString());
  const tested = new Set(['constructor', 'close', 'off', 'nudge', 'name', 'localMember']);
  for (const name of ['healthScore', 'memberCount', 'warn', 'countLostEvent']) tested.add(name);
  // For simulations; what either asks is asked of members that are closed too.
  for (const name of ['watchRecords', 'abandon']) tested.add(name);
  for (const call of [...waiting, ...immediate]) {
    tested.add(/m\.(\w+)/.exec(call.toString())?.[1] ?? '');
  }
  const { prototype } = member.constructor as { prototype: object };
  const untested = Object.getOwnPropertyNames(prototype).filter((name) => !tested.has(name));
  assert.deepEqual(untested, [], 'a new method belongs into this test');
  member.off('join', () => {});
  member.nudge();
  assert.equal(member.name, 'n1');
});

test('after close nothing is pending on the clock, whatever was going on', async () => {
  const ring = new Ring({ lossRate: 0.2 });
  const delegates: MemberlistDelegates = { user: { localState: () => new Uint8Array(500_000) } };
  const nodes: RingNode[] = [];
  for (let i = 0; i < 6; i += 1) nodes.push(await ring.spawn({}, { delegates }));
  for (const { member } of nodes) await ring.settle(member.join(['10.0.0.1']));
  nodes[5]!.runtime.crash();
  ring.runUntil(() => nodes[0]!.member.member('n6')?.state === 'suspect', 20_000);
  const outcomes: Promise<unknown>[] = [];
  for (const { member } of nodes.slice(0, 5)) {
    outcomes.push(
      member.join(['10.0.0.2', '10.0.0.99', '10.0.0.3']).catch((e: unknown) => e),
      member.ping('n6').catch((e: unknown) => e),
      member.waitForMembers(50).catch((e: unknown) => e),
      member.sendReliable('n2', new Uint8Array(1_000_000)).catch((e: unknown) => e),
      member.updateNode().catch((e: unknown) => e),
    );
  }
  ring.runFor(3);
  await Promise.all(nodes.map(async ({ member }) => ring.settle(member.close())));
  const ends = await ring.settle(Promise.all(outcomes));
  // What ended before the close has no error; of 25 waits most are still open then.
  const codes = ends
    .filter((end) => end instanceof Error)
    .map((e) => (e as { code?: string }).code);
  assert.ok(codes.length > 15, `${codes.length} waits were open`);
  assert.ok(
    codes.every((code) => code === 'ERR_CLOSED'),
    codes.join(),
  );
  ring.runFor(2000); // packets and resets that are under way, and retries of dials
  assert.equal(ring.clock.pendingCount, 0);
});

test('what arrives while the transport is still closing is not heard and arms nothing', async () => {
  const ring = new Ring();
  const runtime = createMemoryRuntime({ network: ring.network, host: '10.0.0.1', seed: 5 });
  const inner = runtime.transport;
  const transport: Transport = {
    listen: (...args) => inner.listen(...args),
    sendPacket: (...args) => inner.sendPacket(...args),
    dial: (...args) => inner.dial(...args),
    interfaceAddresses: () => inner.interfaceAddresses(),
    close: (done) => {
      ring.clock.schedule(100, () => inner.close(done));
    },
  };
  const member = await ring.settle(
    Memberlist.create({
      nodeName: 'slow',
      bindAddress: '10.0.0.1',
      runtime: { ...runtime, transport },
    }),
  );
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  raw.send({ host: '10.0.0.1' }, raw.alive());
  ring.runFor(5);
  const before = raw.heard.length;
  const closing = member.close();
  await Promise.resolve();
  raw.send({ host: '10.0.0.1' }, { type: 'suspect', node: 'raw', incarnation: 1, from: 'x' });
  const source = { sourceAddress: new Uint8Array(0), sourcePort: 0, sourceNode: '' };
  raw.send({ host: '10.0.0.1' }, { type: 'ping', seq: 1, node: 'slow', ...source });
  const request = raw.request({ host: '10.0.0.1' }, raw.pushPull());
  assert.equal(await ring.settle(request), null);
  await ring.settle(closing);
  assert.equal(raw.heard.length, before);
  await ring.settle(raw.close());
  ring.runFor(1000);
  assert.equal(ring.clock.pendingCount, 0);
});

test('a listener or hook that throws is counted and harms nobody', async () => {
  const ring = new Ring();
  const fail = (): never => {
    throw new Error('listener');
  };
  const hooks = { onJoin: fail, onLeave: fail, onUpdate: fail };
  const user = { onUserMessage: fail, getBroadcasts: fail, hasBroadcasts: fail };
  const a = await ring.spawn({}, { delegates: { observer: hooks, user } });
  const heard: string[] = [];
  for (const name of ['join', 'leave', 'update', 'suspect', 'fail'] as const) {
    a.member.on(name, fail);
    a.member.on(name, (member) => heard.push(`${name} ${member.name}`));
  }
  const b = await ring.spawn();
  await ring.settle(b.member.join([a.host]));
  b.member.sendBestEffort('n1', Uint8Array.of(1));
  await ring.settle(b.member.sendReliable('n1', Uint8Array.of(1)));
  ring.runFor(2000);
  await ring.settle(b.member.leave());
  assert.deepEqual(heard, ['join n2', 'leave n2']);
  assert.ok(a.member.stats().counters['hooks.failed']! >= 6);
  await ring.close();
});

test('a listener may ask the member anything, and is not called after off', async () => {
  const ring = new Ring();
  const a = await ring.spawn();
  const sizes: number[] = [];
  const listener = (): void => {
    sizes.push(a.member.members().length, a.member.stats().members);
  };
  a.member.on('join', listener);
  const b = await ring.spawn();
  await ring.settle(b.member.join([a.host]));
  a.member.off('join', listener);
  const c = await ring.spawn();
  await ring.settle(c.member.join([a.host]));
  assert.deepEqual(sizes, [2, 2]);
  await ring.close();
});

test('what is handed out is frozen and never changes', async () => {
  const ring = new Ring();
  const [a, b] = await ring.spawnJoined(2);
  const before = a!.member.member('n2')!;
  assert.ok(Object.isFrozen(before));
  await ring.settle(b!.member.leave());
  assert.equal(before.state, 'alive');
  assert.equal(a!.member.member('n2')?.state, 'left');
  before.metadata.fill(1);
  assert.equal(a!.member.member('nobody'), undefined);
  await ring.close();
});

test('a start that fails closes what it opened and can be repeated', async () => {
  const ring = new Ring();
  const a = await ring.spawn();
  await assert.rejects(ring.spawn({}, { host: a.host }), { code: 'ERR_ADDRESS_IN_USE' });
  await assert.rejects(ring.spawn({ bindAddress: '10.9.9.9' }, { host: '10.0.0.50' }), {
    code: 'ERR_ADDRESS_UNAVAILABLE',
  });
  const much = { user: { localMetadata: () => new Uint8Array(513) } };
  const refused = ring.spawn({}, { host: '10.0.0.51', delegates: much });
  await assert.rejects(refused, { code: 'ERR_VALUE_TOO_LARGE' });
  const free = await ring.spawn({}, { host: '10.0.0.51' });
  assert.equal(free.member.memberCount, 1);
  await ring.close();
});

test('doubts about the advertised address are told to whoever listens after the start', async () => {
  const ring = new Ring();
  const cases: [string, object, string[]][] = [
    ['8.8.4.4', {}, ['WARN_PUBLIC_UNENCRYPTED']],
    ['8.8.4.5', { encryption: { keys: [new Uint8Array(32)] } }, []],
    ['10.0.0.60', { advertiseAddress: '8.8.4.6' }, ['WARN_PUBLIC_UNENCRYPTED']],
    ['127.0.0.9', { bindAddress: '0.0.0.0' }, ['WARN_ADVERTISE_LOOPBACK']],
    ['127.0.0.10', {}, []],
    ['10.0.0.61', {}, []],
  ];
  for (const [host, options, expected] of cases) {
    const { member } = await ring.spawn(options, { host });
    const codes: string[] = [];
    member.on('warning', ({ code }) => codes.push(code));
    ring.runFor(1);
    assert.deepEqual(codes, expected, host);
  }
  await ring.close();
});

test('a name is made up where none is given, and differs between nodes', async () => {
  const ring = new Ring();
  const options = { nodeName: undefined } as unknown as { nodeName: string };
  const [a, b] = [await ring.spawn(options), await ring.spawn(options)];
  assert.match(a.member.name, /^[0-9a-f]{12}$/);
  assert.notEqual(a.member.name, b.member.name);
  await ring.close();
});

test('stats count the records by state', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4);
  const [a, b, c] = nodes as [RingNode, RingNode, RingNode];
  await ring.settle(b.member.leave());
  c.runtime.crash();
  assert.ok(ring.runUntil(() => a.member.stats().states.suspect === 1, 10_000));
  assert.deepEqual(a.member.stats().states, { alive: 2, suspect: 1, dead: 0, left: 1 });
  assert.ok(ring.runUntil(() => a.member.stats().states.suspect === 0, 30_000));
  const { states, knownNodes, members } = a.member.stats();
  assert.equal(states.dead, 1);
  assert.equal(members, 2);
  assert.equal(states.alive + states.dead + states.left, knownNodes);
  await ring.close();
});

test('stats show the counters of the transport beside their own, in order', async () => {
  const ring = new Ring();
  const [a, b] = (await ring.spawnJoined(2, { limits: { maxInboundStreams: 1 } })) as [
    RingNode,
    RingNode,
  ];
  const held = [1, 2, 3].map(() =>
    b.runtime.transport.dial(
      { host: a.host, port: 7946 },
      { onData: () => undefined, onClose: () => undefined },
    ),
  );
  ring.runFor(100);
  const { counters } = a.member.stats();
  const refused = a.runtime.transport.counters()['streams.refused'] ?? 0;
  assert.ok(refused >= 2);
  assert.equal(counters['transport.streams.refused'], refused);
  assert.deepEqual(Object.keys(counters), Object.keys(counters).sort());
  for (const connection of held) connection.destroy();
  await ring.close();
});
