import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

/*
 * A process that left comes back without being made anew. What a former life left behind is replay.test.ts
 * and upstream-bugs.test.ts; halves that find each other again are rejoin.test.ts.
 */

const stateAt = (node: RingNode, name: string): string | undefined =>
  node.member.member(name)?.state;

for (const wire of ['protobuf', 'memberlist'] as const) {
  test(`a member that left comes back by itself and is probed again (${wire})`, async () => {
    const ring = new Ring();
    const nodes = await ring.spawnJoined(5, { wire });
    const [a, , , , e] = nodes as [RingNode, RingNode, RingNode, RingNode, RingNode];
    await ring.settle(e.member.leave());
    const left = a.member.member('n5');
    assert.equal(left?.state, 'left');
    const events: string[] = [];
    a.member.on('join', ({ name }) => events.push(`a: join ${name}`));
    e.member.on('join', ({ name }) => events.push(`e: join ${name}`));
    assert.ok((await ring.settle(e.member.rejoin())) >= 1);
    const isBack = (): boolean => nodes.every((node) => stateAt(node, 'n5') === 'alive');
    assert.ok(ring.runUntil(isBack, 2_000));
    assert.deepEqual(events.sort(), ['a: join n5', 'e: join n5']);
    assert.ok((a.member.member('n5')?.incarnation ?? 0) > left.incarnation);
    assert.equal(e.member.localMember.state, 'alive');
    ring.runFor(60_000);
    assert.ok(isBack(), 'and it stays');
    e.runtime.crash();
    assert.ok(
      ring.runUntil(() => stateAt(a, 'n5') === 'dead', 60_000),
      'it is probed as before',
    );
    await ring.close();
  });
}

test('it leaves and comes back again and again, and each leave is a new one', async () => {
  const ring = new Ring();
  const [a, b] = (await ring.spawnJoined(3)) as [RingNode, RingNode, RingNode];
  for (let round = 0; round < 3; round += 1) {
    await ring.settle(b.member.leave());
    assert.equal(stateAt(a, 'n2'), 'left');
    assert.ok((await ring.settle(b.member.rejoin([a.host]))) === 1);
    assert.ok(ring.runUntil(() => stateAt(a, 'n2') === 'alive', 2_000));
    await ring.settle(b.member.updateNode());
  }
  await ring.close();
});

test('it comes back where all others have forgotten it, and beats what was said of it meanwhile', async () => {
  const ring = new Ring();
  const nodes = (await ring.spawnJoined(4)) as [RingNode, RingNode, RingNode, RingNode];
  const [a, , , d] = nodes;
  await ring.settle(d.member.leave());
  assert.ok(ring.runUntil(() => a.member.member('n4') === undefined, 200_000));
  assert.ok((await ring.settle(d.member.rejoin())) >= 1);
  const isBack = (): boolean => nodes.every((node) => stateAt(node, 'n4') === 'alive');
  assert.ok(ring.runUntil(isBack, 2_000));
  await ring.settle(d.member.leave());
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const { incarnation } = d.member.localMember;
  const forged = { type: 'alive', node: 'n4', incarnation: incarnation + 70 } as const;
  const { startId, ...rest } = raw.alive();
  assert.ok(startId.length > 0);
  const forgedAs = { ...rest, startId: new Uint8Array(4), address: Uint8Array.of(10, 0, 0, 4) };
  raw.send(a, { ...forgedAs, ...forged }, { ...forged, type: 'dead', from: 'n4' });
  ring.runFor(1_000);
  await ring.settle(d.member.rejoin());
  assert.ok(ring.runUntil(isBack, 5_000));
  assert.ok(d.member.localMember.incarnation > incarnation + 70);
  await ring.close();
  await ring.settle(raw.close());
});

test('coming back during the leave ends the leave, and nobody sees it gone for long', async () => {
  const ring = new Ring();
  const slow: MemberlistOptions = { gossip: { retransmitMult: 50 } };
  const [a, b] = (await ring.spawnJoined(4, slow)) as [RingNode, RingNode, RingNode, RingNode];
  const leaving = b.member.leave();
  ring.runFor(1);
  await ring.settle(Promise.all([b.member.rejoin([a.host]), leaving]));
  assert.ok(ring.runUntil(() => stateAt(a, 'n2') === 'alive', 1_000));
  await ring.settle(b.member.leave({ timeoutMs: 60_000 }));
  assert.equal(b.member.localMember.state, 'left');
  await ring.close();
});

test('whoever is dead is waited for only where nobody is left', async () => {
  const ring = new Ring();
  const nodes = (await ring.spawnJoined(4)) as [RingNode, RingNode, RingNode, RingNode];
  const [a, b, c, d] = nodes;
  await ring.settle(d.member.leave());
  a.runtime.crash(); // the seed of all
  assert.ok(ring.runUntil(() => stateAt(d, 'n1') === 'dead', 60_000));
  const since = ring.clock.now();
  assert.equal(await ring.settle(d.member.rejoin()), 2);
  assert.ok(ring.clock.now() - since < 100, 'a dial into the void takes ten seconds');
  await ring.settle(d.member.leave());
  for (const { runtime } of [b, c]) runtime.crash();
  const areGone = (): boolean => d.member.nodes().length === 1;
  assert.ok(ring.runUntil(areGone, 300_000));
  const again = await ring.spawn({ nodeName: 'n1' }, { host: a.host });
  assert.equal(await ring.settle(d.member.rejoin()), 1, 'the seed of the first join');
  assert.equal(again.member.memberCount, 2);
  await ring.close();
});

test('metadata is asked for anew, and too much of it leaves the node as it was', async () => {
  const ring = new Ring();
  let metadata = Uint8Array.of(1);
  const delegates = { user: { localMetadata: () => metadata } };
  const a = await ring.spawn();
  const b = await ring.spawn({}, { delegates });
  await ring.settle(b.member.join([a.host]));
  await ring.settle(b.member.leave());
  metadata = new Uint8Array(513);
  await assert.rejects(b.member.rejoin(), { code: 'ERR_VALUE_TOO_LARGE' });
  assert.equal(b.member.localMember.state, 'left');
  metadata = Uint8Array.of(2, 2);
  await ring.settle(b.member.rejoin());
  assert.deepEqual(a.member.member('n2')?.metadata, Uint8Array.of(2, 2));
  await ring.close();
});

test('what cannot be is refused, and changes nothing', async () => {
  const ring = new Ring();
  const [a, b] = (await ring.spawnJoined(2)) as [RingNode, RingNode];
  await assert.rejects(b.member.rejoin(), { code: 'ERR_NOT_LEFT' });
  ring.network.partition([[a.host], [b.host]]);
  const joining = b.member.join(['10.0.0.99']);
  const noticed = assert.rejects(joining, { code: 'ERR_JOIN_FAILED' });
  const leaving = assert.rejects(b.member.leave({ timeoutMs: 10 }), { code: 'ERR_TIMEOUT' });
  await assert.rejects(b.member.rejoin([a.host]), { code: 'ERR_JOIN_RUNNING' });
  await ring.settle(Promise.all([leaving, noticed]));
  ring.network.heal();
  await assert.rejects(b.member.rejoin(['/']), { code: 'ERR_ARGUMENT_INVALID' });
  const wrong = { timeoutMs: -1 };
  await assert.rejects(b.member.rejoin([a.host], wrong), { code: 'ERR_ARGUMENT_INVALID' });
  const gone = AbortSignal.abort(new Error('not wanted'));
  await assert.rejects(b.member.rejoin([a.host], { signal: gone }), { message: 'not wanted' });
  assert.equal(b.member.localMember.state, 'left');
  assert.equal(await ring.settle(b.member.rejoin([a.host])), 1);
  await assert.rejects(b.member.rejoin(), { code: 'ERR_NOT_LEFT' });
  await ring.settle(b.member.close());
  await assert.rejects(b.member.rejoin(), { code: 'ERR_CLOSED' });
  await ring.close();
});

test('where nobody answers the node is back all the same, and can join again', async () => {
  const ring = new Ring();
  const [a, b] = (await ring.spawnJoined(2)) as [RingNode, RingNode];
  await ring.settle(b.member.leave());
  const wanted = new AbortController();
  const waiting = assert.rejects(b.member.rejoin(['10.0.0.99'], { signal: wanted.signal }), {
    message: 'enough',
  });
  wanted.abort(new Error('enough'));
  await ring.settle(waiting);
  assert.equal(b.member.localMember.state, 'alive');
  assert.equal(await ring.settle(b.member.join([a.host])), 1);
  await ring.close();
  const alone = new Ring();
  const { member } = await alone.spawn();
  await alone.settle(member.leave());
  assert.equal(await alone.settle(member.rejoin()), 0);
  assert.equal(member.memberCount, 1);
  await alone.close();
});
