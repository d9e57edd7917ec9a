// What members of ours do for those of Go beside them: they remind them of whom they have forgotten, visit
// them in turn, and send on what Go leaves to its bulk syncs. Go's side is a model of its rules.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decodeBulkSync, decodeGossip, GOSSIP_TYPE } from '../../src/codec/index.ts';
import type { SyncDone } from '../../src/networkdb/bulk-sync.ts';
import type { GoPeersParts } from '../../src/networkdb/go-peers.ts';
import { GoPeers } from '../../src/networkdb/go-peers.ts';
import { VirtualClock } from '../../src/simulator/index.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import { encode, view } from '../support/fake-membership.ts';
import type { GoNode } from '../support/go-node.ts';
import { MixedCluster } from '../support/go-node.ts';

const at = (key: string) => ({ network: 'prod', table: 't', key });
const LARGE = 'L'.repeat(5_000);
/** Longer than any wait after a return, shorter than a round of bulk syncs, which is switched off besides. */
const SOON_MS = 10_000;

interface Scene {
  readonly cluster: MixedCluster;
  readonly ours: readonly FakeNode[];
  readonly theirs: readonly GoNode[];
}

/** Members of ours and of Go, each with a write that all have. */
function scene(
  names: readonly string[],
  goNames: readonly string[],
  o: { bulkSyncIntervalMs?: number; metadata?: Uint8Array<ArrayBuffer> } = {},
): Scene {
  const { bulkSyncIntervalMs = false, metadata = new Uint8Array(0) } = o;
  const cluster = new MixedCluster({ tables: { bulkSyncIntervalMs } });
  const ours = cluster.startOn('prod', names);
  const theirs = goNames.map((name) => cluster.startGo(name, metadata));
  for (const { engine, localName } of ours) engine.set(at(localName), encode('x'));
  for (const go of theirs) go.write(go.name, 'x');
  cluster.clock.runFor(3_000);
  const keys = [...names, ...goNames].sort();
  for (const go of theirs) assert.deepEqual(Object.keys(go.view()).sort(), keys);
  cluster.toGo.length = 0;
  return { cluster, ours, theirs };
}

/** A member fails for some of ours and is back at once; the Go nodes named have forgotten it. */
function failAndReturn(
  about: { name: string; clusterNode: Parameters<FakeNode['engine']['events']['nodeJoined']>[0] },
  o: { ours: readonly FakeNode[]; theirs: readonly GoNode[] },
): void {
  for (const go of o.theirs) go.forget(about.name);
  for (const { engine } of o.ours) {
    engine.events.nodeGone(about.clusterNode);
    engine.events.nodeJoined(about.clusterNode);
  }
}

const asNode = ({ name, address, metadata }: GoNode) => {
  return { name, clusterNode: { name, address, metadata, hasLeft: false } };
};

const syncsTo = ({ cluster }: Scene, to: string) =>
  cluster.toGo
    .filter((sent) => sent.to === to)
    .map(({ from, bytes }) => ({ from, ...decodeGossip(bytes) }))
    .filter(({ type }) => type === GOSSIP_TYPE.bulkSync)
    .map(({ from, data }) => ({ from, ...decodeBulkSync(data) }));

test('a member of ours that is back is shown again by nodes of Go that had forgotten it, each told once', () => {
  const all = scene(['a', 'b', 'c'], ['g1', 'g2', 'g3']);
  const [a, ...others] = all.ours;
  assert.ok(a !== undefined);
  failAndReturn(
    { name: 'a', clusterNode: a.asClusterNode() },
    { ours: others, theirs: all.theirs },
  );
  all.cluster.clock.runFor(SOON_MS);
  for (const go of all.theirs) {
    assert.equal(go.view()['a'], 'x', go.name);
    assert.ok(go.attached.has('a'));
    const told = syncsTo(all, go.name).filter(({ isRequest }) => !isRequest);
    assert.equal(told.length, 1, 'one of ours serves it');
  }
  const told = others.map(({ engine }) => engine.stats().counters['tables.sync.told'] ?? 0);
  assert.deepEqual(told.sort(), [1, 2]);
});

test('a node of Go that is back is shown by the others of Go, and told of all that it may have forgotten', () => {
  const all = scene(['a', 'b'], ['g1', 'g2']);
  const [g1, g2] = all.theirs as [GoNode, GoNode];
  for (const name of ['a', 'b', 'g2']) g1.forget(name);
  failAndReturn(asNode(g1), { ours: all.ours, theirs: [g2] });
  all.cluster.clock.runFor(SOON_MS);
  for (const go of all.theirs) {
    assert.deepEqual(Object.keys(go.view()).sort(), ['a', 'b', 'g1', 'g2'], go.name);
  }
});

test('nodes of Go that hide and restore are told nothing of whom they know', () => {
  const all = scene(['a', 'b'], ['g1'], { metadata: Uint8Array.of(1) });
  const [a, b] = all.ours as [FakeNode, FakeNode];
  failAndReturn({ name: 'a', clusterNode: a.asClusterNode() }, { ours: [b], theirs: [] });
  all.cluster.clock.runFor(SOON_MS);
  assert.deepEqual(syncsTo(all, 'g1'), []);
});

test('a node that stops before a reminder is due tells nobody any more', () => {
  const all = scene(['a', 'b'], ['g1']);
  const [a, b] = all.ours as [FakeNode, FakeNode];
  failAndReturn({ name: 'a', clusterNode: a.asClusterNode() }, { ours: [b], theirs: all.theirs });
  const synced = (): number => b.engine.stats().counters['tables.sync.ok'] ?? 0;
  const before = synced();
  assert.ok(all.cluster.clock.runUntil(() => synced() > before, SOON_MS));
  b.kill();
  all.cluster.clock.runFor(SOON_MS);
  assert.equal(all.theirs[0]?.view()['a'], undefined);
});

test('each round visits one more node of Go, until all have been, and each has one of ours that does', () => {
  const intervalMs = 30_000;
  for (const [names, rounds] of [
    [['a'], 3],
    [['a', 'b', 'c'], 1],
  ] as const) {
    const all = scene(names, ['g1', 'g2', 'g3'], { bulkSyncIntervalMs: intervalMs });
    for (const go of all.theirs) go.write(`large of ${go.name}`, LARGE, []);
    all.cluster.clock.runFor((rounds + 1) * intervalMs);
    for (const node of all.ours) {
      for (const go of all.theirs) assert.equal(view(node)[`large of ${go.name}`], LARGE);
    }
  }
});

test('a node of Go is visited once at a time, however long a visit takes', () => {
  const asked: string[] = [];
  const ends = new Map<string, SyncDone>();
  const goPeers = new GoPeers({
    clock: new VirtualClock(),
    state: {
      localName: 'a',
      attachments: { joinedNetworks: () => ['prod'], participants: () => ['a', 'g1', 'g2'] },
      nodes: { isForeign: (name: string) => name.startsWith('g') },
    },
    bulkSync: {
      request: (peer: string, _networks: unknown, _scope: unknown, done: SyncDone) => {
        asked.push(peer);
        ends.set(peer, done);
      },
    },
  } as unknown as GoPeersParts);
  for (let round = 0; round < 5; round += 1) goPeers.visit(new Set());
  assert.deepEqual(asked, ['g1', 'g2']);
  ends.get('g2')?.(null);
  goPeers.visit(new Set());
  goPeers.visit(new Set());
  assert.deepEqual(asked, ['g1', 'g2', 'g2']);
});

test('what a node of Go wrote that fits no packet is sent to all by the first of ours that gets it', () => {
  const all = scene(['a', 'b'], ['g1', 'g2']);
  const [g1, g2] = all.theirs as [GoNode, GoNode];
  g1.write('large', LARGE, []);
  g1.sync('a', true);
  all.cluster.clock.runFor(1_000);
  for (const node of all.ours) assert.equal(view(node)['large'], LARGE);
  assert.equal(g2.view()['large'], LARGE);
  const sent = all.ours.map(({ engine }) => engine.stats().counters['tables.oversize.events'] ?? 0);
  assert.deepEqual(sent, [1, 0], 'who got it by stream does not send it again');
  const back = all.cluster.toGo.filter(
    ({ to, bytes }) => to === 'g1' && bytes.length > LARGE.length,
  );
  const isSync = ({ bytes }: { bytes: Uint8Array }): boolean =>
    decodeGossip(bytes).type === GOSSIP_TYPE.bulkSync;
  assert.ok(back.every(isSync), 'its writer has it');
});

test('a node of Go gets no more packets at once than its queue takes, and what is left over by stream', () => {
  const all = scene(['a'], ['g1']);
  const [a] = all.ours as [FakeNode];
  const perBurst = 500;
  for (let i = 0; i < 10_000; i += 1) {
    a.engine.set(at(`k${i}`), encode('v'.repeat(40)));
    if (i % perBurst === perBurst - 1) all.cluster.clock.runFor(20);
  }
  const packets = (): number =>
    all.cluster.toGo.filter(
      ({ bytes }) => decodeGossip(bytes).type === GOSSIP_TYPE.compound && bytes.length <= 1_400,
    ).length;
  assert.ok(packets() <= 2 * 128, `${packets()} packets in less than half a second`);
  all.cluster.clock.runFor(1_000);
  assert.equal(Object.keys(all.theirs[0]?.view() ?? {}).length, 10_002);
  const before = packets();
  all.cluster.clock.runFor(10_000);
  assert.ok(packets() - before <= 10 * 128 + 128);
});

test('one write after the other reaches a node of Go within 20 ms, however many there are', () => {
  const all = scene(['a'], ['g1']);
  const [a] = all.ours as [FakeNode];
  for (let i = 0; i < 1_000; i += 1) {
    a.engine.set(at(`k${i}`), encode('v'));
    all.cluster.clock.runFor(5);
    const view = all.theirs[0]?.view() ?? {};
    if (i >= 4) assert.equal(view[`k${i - 4}`], 'v', `write ${i - 4}`);
  }
});
