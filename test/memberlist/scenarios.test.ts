import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

/*
 * Whole rings in virtual time, with the published LAN timings unless a test says otherwise. Bounds
 * come from those timings, not from what a run happened to show.
 */

function counts(nodes: readonly RingNode[]): number[] {
  return nodes.map(({ member }) => member.memberCount);
}

function isWhole(nodes: readonly RingNode[], count: number = nodes.length): boolean {
  return nodes.every(({ member }) => member.memberCount === count);
}

test('fifty members form a ring within seconds, then speak of nothing but probes', async () => {
  const ring = new Ring();
  const nodes: RingNode[] = [];
  for (let i = 0; i < 50; i += 1) nodes.push(await ring.spawn());
  let falseAlarms = 0;
  for (const { member } of nodes) member.on('suspect', () => (falseAlarms += 1));
  await ring.settle(
    Promise.all(nodes.slice(1).map(async ({ member }) => member.join(['10.0.0.1']))),
  );
  assert.ok(
    ring.runUntil(() => isWhole(nodes), 3000),
    counts(nodes).join(),
  );
  ring.runFor(30_000);
  const before = ring.network.counters()['packets.sent'] ?? 0;
  const bytesBefore = ring.network.counters()['packets.bytes'] ?? 0;
  ring.runFor(30_000);
  const after = ring.network.counters();
  const perSecond = ((after['packets.sent'] ?? 0) - before) / 50 / 30;
  assert.ok(perSecond > 1.9 && perSecond < 2.1, `a ping and an answer: ${perSecond} a second`);
  assert.ok(((after['packets.bytes'] ?? 0) - bytesBefore) / 50 / 30 < 200);
  assert.equal(falseAlarms, 0);
  await ring.close();
});

test('a crash is suspected within two rounds and dead to all within the bound, at any size', async () => {
  for (const [size, seed] of [
    [3, 1],
    [5, 2],
    [5, 3],
    [10, 4],
    [20, 5],
  ] as const) {
    const ring = new Ring({ seed });
    const nodes = await ring.spawnJoined(size);
    ring.runFor(10_000);
    const start = ring.clock.now();
    const crashed = nodes.at(-1)!;
    crashed.runtime.crash();
    const others = nodes.slice(0, -1);
    const state = ({ member }: RingNode): string | undefined =>
      member.member(crashed.member.name)?.state;
    assert.ok(ring.runUntil(() => others.some((node) => state(node) === 'suspect'), 60_000));
    const suspectedMs = ring.clock.now() - start;
    // Two shuffled rounds at most between two probes by one node, and one interval for the verdict.
    assert.ok(suspectedMs <= 2 * size * 1000 + 1000, `${size}: suspected after ${suspectedMs}`);
    assert.ok(ring.runUntil(() => others.every((node) => state(node) === 'dead'), 60_000));
    const took = ring.clock.now() - start;
    const maxDoubtMs = size < 4 ? 4000 : 24_000 * Math.max(1, Math.log10(size));
    assert.ok(took <= suspectedMs + maxDoubtMs + 1000, `${size}: ${took} ms`);
    assert.ok(took >= 4000);
    await ring.close();
  }
});

test('half of a ring crashes at once, and the rest agrees on who is left', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(12);
  ring.runFor(5000);
  for (const { runtime } of nodes.slice(6)) runtime.crash();
  const rest = nodes.slice(0, 6);
  assert.ok(
    ring.runUntil(() => isWhole(rest), 120_000),
    counts(rest).join(),
  );
  ring.runFor(60_000);
  assert.ok(isWhole(rest));
  await ring.close();
});

test('a link cut in one direction for thirty seconds makes nobody dead', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(6);
  ring.runFor(5000);
  let failures = 0;
  for (const { member } of nodes) member.on('fail', () => (failures += 1));
  ring.network.cut('10.0.0.1', '10.0.0.2', 'oneWay');
  ring.runFor(30_000);
  ring.network.heal();
  ring.runFor(30_000);
  assert.equal(failures, 0);
  assert.ok(isWhole(nodes));
  await ring.close();
});

test('a member that hears but cannot be heard for a moment refutes and stays', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(6);
  ring.runFor(5000);
  const deaf = nodes[5]!;
  const events: string[] = [];
  for (const { member } of nodes) member.on('fail', ({ name }) => events.push(name));
  ring.network.dropPacket = (from) => from.host === deaf.host;
  const others = nodes.slice(0, 5);
  const isSuspected = (): boolean =>
    others.some(({ member }) => member.member('n6')?.state === 'suspect');
  // The stream fallback vouches for it, so the streams towards it are cut as well.
  for (const { host } of others) ring.network.cut(deaf.host, host, 'oneWay');
  assert.ok(ring.runUntil(isSuspected, 30_000));
  ring.network.dropPacket = null;
  ring.network.heal();
  ring.runFor(30_000);
  assert.deepEqual(events, []);
  assert.ok(others.every(({ member }) => member.member('n6')?.state === 'alive'));
  assert.ok(deaf.member.localMember.incarnation > 1);
  await ring.close();
});

test('a partition of twenty seconds heals by itself', async () => {
  for (const seed of [1, 2, 3]) {
    const ring = new Ring({ seed });
    const nodes = await ring.spawnJoined(8);
    ring.runFor(5000);
    ring.network.partition([nodes.slice(0, 4).map(({ host }) => host)]);
    ring.runFor(20_000);
    ring.network.heal();
    // Both halves hold each other for dead; push/pull tries them while they still are told news.
    assert.ok(
      ring.runUntil(() => isWhole(nodes), 60_000),
      `seed ${seed}: ${counts(nodes).join()}`,
    );
    ring.runFor(60_000);
    assert.ok(isWhole(nodes));
    await ring.close();
  }
});

test('a partition that lasted until both halves were dead to each other heals by one join', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(6);
  const [left, right] = [nodes.slice(0, 3), nodes.slice(3)];
  ring.network.partition([left.map(({ host }) => host)]);
  assert.ok(ring.runUntil(() => isWhole(nodes, 3), 120_000));
  ring.runFor(90_000);
  assert.ok(
    nodes.every(({ member }) => member.nodes().length === 3),
    'forgotten altogether',
  );
  ring.network.heal();
  await ring.settle(right[0]!.member.join([left[0]!.host]));
  assert.ok(
    ring.runUntil(() => isWhole(nodes, 6), 10_000),
    counts(nodes).join(),
  );
  await ring.close();
});

/** Starts a member of a name again, elsewhere or in place, and joins it through a seed. */
async function restart(
  ring: Ring,
  o: { nodeName: string; host: string; seed: string; options?: MemberlistOptions },
): Promise<RingNode> {
  const node = await ring.spawn({ nodeName: o.nodeName, ...o.options }, { host: o.host });
  await ring.settle(node.member.join([o.seed]));
  return node;
}

test('members that crash and restart in place are back at once, and nobody ends up dead', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(6);
  ring.runFor(5000);
  for (let at = 1; at < 6; at += 1) {
    const { host, member } = nodes[at]!;
    nodes[at]!.runtime.crash();
    ring.runFor(500);
    nodes[at] = await restart(ring, { nodeName: member.name, host, seed: '10.0.0.1' });
    ring.runFor(2000);
  }
  assert.ok(
    ring.runUntil(() => isWhole(nodes), 30_000),
    counts(nodes).join(),
  );
  ring.runFor(120_000);
  assert.ok(isWhole(nodes));
  assert.ok(nodes.every(({ member }) => member.members().every(({ state }) => state === 'alive')));
  await ring.close();
});

test('a rolling restart under the same names at new addresses replaces each process in seconds', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(6);
  ring.runFor(5000);
  const conflicts: string[] = [];
  for (let at = 1; at < 6; at += 1) {
    const { name } = nodes[at]!.member;
    nodes[at]!.runtime.crash();
    const host = `10.0.7.${at}`;
    const start = ring.clock.now();
    nodes[at] = await restart(ring, { nodeName: name, host, seed: '10.0.0.1' });
    nodes[at]!.member.on('nameConflict', () => conflicts.push(name));
    const isMoved = (): boolean =>
      nodes.every(({ member }) => member.member(name)?.host === host && member.memberCount === 6);
    assert.ok(ring.runUntil(isMoved, 30_000), `${name} at its new address`);
    assert.ok(ring.clock.now() - start < 5000, `${name} took ${ring.clock.now() - start} ms`);
    ring.runFor(3000);
  }
  ring.runFor(120_000);
  assert.ok(isWhole(nodes), counts(nodes).join());
  assert.deepEqual(conflicts, []);
  await ring.close();
});

test('a whole ring that restarts at once under high old incarnations forms again', async () => {
  const ring = new Ring();
  let nodes = await ring.spawnJoined(8);
  // Every member has refuted a few times, so that all start anew far below what is remembered.
  for (const { member } of nodes) {
    for (let i = 0; i < 5; i += 1) await ring.settle(member.updateNode());
  }
  const keeper = nodes[0]!;
  for (const { runtime } of nodes.slice(1)) runtime.crash();
  ring.runFor(8000);
  const restarted: RingNode[] = [];
  for (const { host, member } of nodes.slice(1)) {
    restarted.push(await restart(ring, { nodeName: member.name, host, seed: keeper.host }));
  }
  nodes = [keeper, ...restarted];
  assert.ok(
    ring.runUntil(() => isWhole(nodes), 30_000),
    counts(nodes).join(),
  );
  ring.runFor(120_000);
  assert.ok(isWhole(nodes));
  assert.ok(restarted.every(({ member }) => member.localMember.incarnation > 6));
  await ring.close();
});

test('two live processes of one name keep apart, and both sides are told', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4);
  const told = new Set<string>();
  const listen = ({ member }: RingNode, as: string): void => {
    member.on('nameConflict', ({ existing }) => told.add(`${as}: ${existing.name}`));
  };
  nodes.forEach((node) => listen(node, node.member.name));
  let gone = 0;
  for (const { member } of nodes) member.on('fail', () => (gone += 1));
  const twin = await ring.spawn({ nodeName: 'n3' }, { host: '10.0.7.3' });
  listen(twin, 'twin');
  await ring.settle(twin.member.join([nodes[0]!.host]));
  ring.runFor(30_000);
  assert.ok(told.has('n3: n3'), [...told].join());
  assert.ok(told.has('twin: n3'), [...told].join());
  assert.ok(told.has('n1: n3'), [...told].join());
  for (const { member } of nodes) assert.equal(member.member('n3')?.host, nodes[2]!.host);
  assert.equal(gone, 0);
  await ring.close();
});

test('a ring on lossy, slow and jittery links stays whole and learns of a leave', async () => {
  const ring = new Ring({ lossRate: 0.2, latencyMs: 20, jitterMs: 60, duplicateRate: 0.1 });
  const nodes = await ring.spawnJoined(10);
  ring.runFor(120_000);
  assert.ok(isWhole(nodes), counts(nodes).join());
  await ring.settle(nodes[9]!.member.leave());
  assert.ok(ring.runUntil(() => isWhole(nodes.slice(0, 9)), 60_000));
  await ring.close();
});

test('members on IPv6 addresses form a ring and detect a crash', async () => {
  const ring = new Ring();
  const nodes: RingNode[] = [];
  for (let i = 1; i <= 4; i += 1) nodes.push(await ring.spawn({}, { host: `2001:db8::${i}` }));
  for (const { member } of nodes) await ring.settle(member.join(['[2001:db8::1]:7946']));
  assert.ok(ring.runUntil(() => isWhole(nodes), 10_000));
  nodes[3]!.runtime.crash();
  const rest = nodes.slice(0, 3);
  assert.ok(ring.runUntil(() => isWhole(rest), 60_000));
  await ring.close();
});
