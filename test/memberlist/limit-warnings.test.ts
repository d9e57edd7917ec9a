import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeNodeEvent, GOSSIP_TYPE, wrapGossip } from '../../src/codec/index.ts';
import type { MemberlistDelegates, Warning } from '../../src/memberlist/index.ts';
import { watchStateSize } from '../../src/memberlist/state-size.ts';
import { createMemoryRuntime } from '../../src/simulator/index.ts';
import { Cluster } from '../support/cluster.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { Ring } from '../support/ring.ts';
import { alive, RulesBench } from '../support/rules-bench.ts';

/** `WARN_LIMIT limits.maxMembers` and the like. */
const shown = ({ code, fields: { option } }: Warning): string =>
  typeof option === 'string' ? `${code} ${option}` : code;

function benchWith(options: object, delegates: MemberlistDelegates = {}): [RulesBench, string[]] {
  const bench = new RulesBench(options, delegates);
  const told: string[] = [];
  bench.parts.core.events.listeners.on('warning', (warning) => told.push(shown(warning)));
  return [bench, told];
}

test('a full member table is told of once a minute, and counted each time', () => {
  const [bench, told] = benchWith({ limits: { maxMembers: 3 } });
  for (let i = 0; i < 6; i += 1) bench.rules.alive(alive(`a${i}`, 1));
  assert.deepEqual(told, ['WARN_LIMIT limits.maxMembers']);
  bench.clock.runFor(59_000);
  bench.rules.alive(alive('late', 1));
  assert.equal(told.length, 1);
  bench.clock.runFor(1_000);
  bench.rules.alive(alive('later', 1));
  assert.equal(told.length, 2);
  const counters = bench.parts.core.counters.snapshot();
  assert.equal(counters['claims.refused.limit'], 6);
  assert.equal(counters['warnings.WARN_LIMIT'], 2);
});

test('claims that a full queue drops are told of and counted', () => {
  const [bench, told] = benchWith({ limits: { maxQueuedBroadcasts: 64 } });
  for (let i = 0; i < 70; i += 1) bench.rules.alive(alive(`a${i}`, 1));
  assert.deepEqual(told, ['WARN_LIMIT limits.maxQueuedBroadcasts']);
  // The seventh is our own, told to our neighbours besides.
  assert.equal(bench.parts.core.counters.snapshot()['claims.dropped'], 7);
});

test('a record that no packet can hold is told of by name', () => {
  const [bench] = benchWith({});
  const warnings: Warning[] = [];
  bench.parts.core.events.listeners.on('warning', (warning) => warnings.push(warning));
  for (const incarnation of [1, 2])
    bench.rules.alive(alive('big', incarnation, { metadata: new Uint8Array(5_000) }));
  assert.equal(warnings.length, 1);
  assert.equal(warnings[0]?.code, 'WARN_OVERSIZE');
  assert.equal(warnings[0].fields['node'], 'big');
  assert.ok(Number(warnings[0].fields['sizeBytes']) > Number(warnings[0].fields['limitBytes']));
});

test('a delegate that offers more than the room it was told is told of', () => {
  const getBroadcasts = (): Uint8Array[] => [new Uint8Array(3_000)];
  const [bench, told] = benchWith({}, { user: { getBroadcasts } });
  assert.deepEqual(bench.parts.sender.collectNews(1_000, false), []);
  bench.parts.sender.collectNews(1_000, false);
  assert.deepEqual(told, ['WARN_OVERSIZE']);
  assert.equal(bench.parts.core.counters.snapshot()['hooks.oversizedBroadcasts'], 2);
});

test('user state above 60 % of what a push/pull carries is told of by both sides', async () => {
  for (const [sizeBytes, expected] of [
    [12_582_912, []],
    [12_582_913, ['sent', 'received']],
  ] as const) {
    const ring = new Ring();
    const big = { user: { localState: () => new Uint8Array(sizeBytes) } };
    const a = await ring.spawn({}, { delegates: big });
    const b = await ring.spawn();
    const told: string[] = [];
    for (const { member } of [a, b]) {
      member.on('warning', ({ code, fields }) => {
        assert.equal(code, 'WARN_LIMIT');
        assert.equal(fields['limit'], 20_971_520);
        told.push(String(fields['way']));
      });
    }
    await ring.settle(b.member.join([a.host]));
    await ring.close();
    assert.deepEqual(told, expected);
  }
});

test('records near the cap are told of before it is reached', async () => {
  const ring = new Ring();
  const nodes = [];
  for (let i = 0; i < 5; i += 1) nodes.push(await ring.spawn({ limits: { maxMembers: 8 } }));
  const told: string[] = [];
  nodes[0]!.member.on('warning', (warning) => told.push(shown(warning)));
  for (const { member } of nodes.slice(1, 4)) await ring.settle(member.join(['10.0.0.1']));
  ring.runFor(31_000);
  assert.deepEqual(told, [], '4 of 8');
  await ring.settle(nodes[4]!.member.join(['10.0.0.1']));
  ring.runFor(59_000);
  assert.deepEqual(told, ['WARN_LIMIT limits.maxMembers'], '5 of 8, told once');
  await ring.close();
});

test('beside Go all of a push/pull counts, records too', () => {
  const nodes = Array.from({ length: 30_000 }, (_, i) => ({
    ...alive(`member-${i}`, 1, { metadata: new Uint8Array(400) }),
    name: `member-${i}`,
    state: 'alive' as const,
  }));
  for (const [wire, expected] of [
    ['memberlist', ['WARN_LIMIT bytes of a push/pull']],
    ['protobuf', []],
  ] as const) {
    const [bench, told] = benchWith({ wire });
    const message = { type: 'pushPull', join: false, nodes, userState: new Uint8Array(0) } as const;
    watchStateSize(bench.parts.core, 'received', message);
    assert.deepEqual(told, expected);
  }
});

test('push/pulls and relayed probes beyond their caps are told of', async () => {
  const ring = new Ring();
  const limits = { maxConcurrentPushPulls: 1, maxRelayedProbes: 1 };
  const node = await ring.spawn({ limits });
  const told: string[] = [];
  node.member.on('warning', (warning) => told.push(shown(warning)));
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const requests = [1, 2, 3].map(() => raw.request(node, raw.pushPull()));
  await ring.settle(Promise.all(requests));
  const source = { sourceAddress: Uint8Array.of(10, 0, 9, 9), sourcePort: 7946, sourceNode: 'raw' };
  const target = { target: Uint8Array.of(10, 0, 9, 8), port: 7946, wantsNack: false };
  for (const seq of [1, 2, 3])
    raw.send(node, { type: 'indirectPing', seq, node: 'x', ...source, ...target });
  ring.runFor(10);
  assert.deepEqual(told, [
    'WARN_LIMIT limits.maxConcurrentPushPulls',
    'WARN_LIMIT limits.maxRelayedProbes',
  ]);
  await ring.close();
  await ring.settle(raw.close());
});

test('a hostile Lamport time is a warning like any other: heard, counted and logged', async () => {
  const cluster = new Cluster();
  const logger = recordingLogger();
  const host = '10.1.0.50';
  const memory = createMemoryRuntime({ network: cluster.network, host, seed: 5 });
  const node = await cluster.spawnDb({ runtime: { ...memory, logger } }, host);
  const other = await cluster.spawnDb();
  const warnings: Warning[] = [];
  node.db.on('warning', (warning) => warnings.push(warning));
  await cluster.settle(node.db.join([other.host]));
  cluster.runFor(5_000);
  const raw = await RawPeer.start(cluster, { host: '10.0.9.9' });
  const event = encodeNodeEvent({ kind: 'join', time: 2 ** 50, node: 'x' });
  const gossip = wrapGossip(GOSSIP_TYPE.nodeEvent, event);
  raw.sendMessage(node, Uint8Array.of(8, ...gossip));
  cluster.runFor(1_000);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['WARN_HOSTILE_TIME'],
  );
  assert.equal(node.db.stats().membership.counters['warnings.WARN_HOSTILE_TIME'], 1);
  const lines = logger.lines.filter(({ fields }) => fields['code'] === 'WARN_HOSTILE_TIME');
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['warn'],
  );
  await cluster.close();
  await cluster.settle(raw.close());
});
