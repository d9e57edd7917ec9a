import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NodeState, PushPullMessage, PushPullNode } from '../../src/codec/index.ts';
import { findIncompatible } from '../../src/memberlist/compatibility.ts';
import type { MemberlistDelegates } from '../../src/memberlist/index.ts';
import { hostToBytes } from '../../src/runtime/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { Ring } from '../support/ring.ts';

const OFF = { probe: { intervalMs: false }, gossip: { intervalMs: false } } as const;

function versioned(name: string, versions: number[], state: NodeState = 'alive') {
  return { name, state, versions: Uint8Array.from(versions) };
}

test('a ring is compatible when every current version lies in what all alive nodes understand', () => {
  const both = [versioned('a', [1, 5, 2, 0, 0, 0]), versioned('b', [1, 5, 5, 0, 0, 0])];
  assert.equal(findIncompatible(both, []), null);
  assert.equal(findIncompatible(both, [versioned('c', [1, 3, 2, 0, 0, 0])])?.name, 'b');
  assert.equal(findIncompatible(both, [versioned('c', [3, 5, 4, 0, 0, 0])])?.name, 'a');
  assert.equal(findIncompatible(both, [versioned('c', [1, 5, 2, 2, 5, 4])])?.name, 'a');
  assert.equal(findIncompatible(both, [versioned('c', [1, 5, 6, 0, 0, 0])])?.name, 'c');
});

test('the gone have no say in compatibility', () => {
  const alive = versioned('a', [1, 5, 2, 0, 0, 0]);
  assert.equal(findIncompatible([alive], [versioned('b', [4, 5, 4, 0, 0, 0], 'dead')]), null);
  assert.equal(findIncompatible([versioned('b', [], 'dead')], [alive]), null);
  assert.equal(findIncompatible([], []), null);
});

test('what gossip lost, a push/pull repairs', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4, { pushPull: { intervalMs: 5000 }, ...OFF });
  ring.network.dropPacket = () => true;
  const left = nodes[3]!;
  await ring.settle(left.member.leave());
  const others = nodes.slice(0, 3);
  assert.ok(ring.runUntil(() => others.every(({ member }) => member.memberCount === 3), 60_000));
  assert.ok(others.every(({ member }) => member.member('n4')?.state === 'left'));
  await ring.close();
});

test('the state of the layers above goes both ways, after the members were merged', async () => {
  const log: string[] = [];
  const delegates = (name: string): MemberlistDelegates => ({
    user: {
      localState: (join) => new TextEncoder().encode(`${name} ${join}`),
      mergeRemoteState: (state, join) =>
        log.push(`${name} got "${new TextDecoder().decode(state)}" ${join}`),
    },
    observer: { onJoin: (member) => log.push(`${name} sees ${member.name}`) },
  });
  const ring = new Ring();
  const options = { pushPull: { intervalMs: 5000 }, ...OFF };
  const a = await ring.spawn(options, { delegates: delegates('a') });
  const b = await ring.spawn(options, { delegates: delegates('b') });
  log.length = 0;
  await ring.settle(b.member.join([a.host]));
  assert.deepEqual(log, ['a sees n2', 'a got "b true" true', 'b sees n1', 'b got "a true" true']);
  log.length = 0;
  ring.runFor(11_000);
  assert.ok(log.includes('a got "b false" false') && log.includes('b got "a false" false'));
  await ring.close();
});

test('an empty state is not handed over, and hooks that throw harm nothing', async () => {
  const ring = new Ring();
  let calls = 0;
  const a = await ring.spawn({}, { delegates: { user: { mergeRemoteState: () => (calls += 1) } } });
  const fail = (): never => {
    throw new Error('hook');
  };
  const b = await ring.spawn(
    {},
    {
      delegates: { user: { localState: fail, mergeRemoteState: fail }, observer: { onJoin: fail } },
    },
  );
  await ring.settle(b.member.join([a.host]));
  assert.equal(calls, 0);
  assert.equal(a.member.memberCount, 2);
  assert.ok(b.member.stats().counters['hooks.failed']! >= 2);
  await ring.close();
});

/** Many records of nodes that are nowhere. */
function crowd(count: number): PushPullNode[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `ghost-${i}`,
    address: Uint8Array.of(10, 1, i >> 8, i & 0xff),
    port: 7946,
    metadata: new Uint8Array(40),
    incarnation: 1,
    state: 'alive',
    versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
    startId: new Uint8Array(4),
  }));
}

test('a large merge is cut in slices of 128 records, with a turn of the loop between them', async () => {
  const ring = new Ring();
  let merged = 0;
  const turns: number[] = [];
  const node = await ring.spawn(OFF, {
    delegates: { observer: { onJoin: () => (merged += 1) } },
  });
  merged = 0;
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const request = raw.request(node, raw.pushPull(crowd(1000)));
  while (merged < 1000 && ring.clock.runNext()) {
    if (merged > 0 && turns.at(-1) !== merged) turns.push(merged);
  }
  assert.equal((await ring.settle(request))?.type, 'pushPull');
  assert.deepEqual(turns, [128, 256, 384, 512, 640, 768, 896, 1000]);
  assert.equal(node.member.stats().counters['pushPulls.slices'], 8);
  await ring.close();
  await ring.settle(raw.close());
});

test('our own state is what it was before theirs was merged', async () => {
  const ring = new Ring();
  const node = await ring.spawn(OFF);
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const reply = await ring.settle(raw.request(node, raw.pushPull()));
  assert.equal(reply?.type, 'pushPull');
  const { nodes, join } = reply;
  assert.deepEqual(
    nodes.map(({ name, state }) => [name, state]),
    [['n1', 'alive']],
  );
  assert.equal(join, true);
  assert.equal(node.member.memberCount, 2);
  await ring.close();
  await ring.settle(raw.close());
});

test('a state with an incompatible member merges nothing at all', async () => {
  const ring = new Ring();
  const node = await ring.spawn(OFF);
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const old = raw.node({ name: 'future', versions: Uint8Array.of(4, 5, 5, 0, 0, 0) });
  await ring.settle(raw.request(node, raw.pushPull([...crowd(5), old])));
  assert.equal(node.member.nodes().length, 1);
  raw.onRequest = () => raw.pushPull([...crowd(5), old]);
  await assert.rejects(ring.settle(node.member.join([raw.address.host])), (error: Error) => {
    return error.message.includes('speaks no version all understand');
  });
  assert.equal(node.member.nodes().length, 1);
  await ring.close();
  await ring.settle(raw.close());
});

test('beyond its cap a node answers that it is busy, until a stream has ended', async () => {
  const ring = new Ring();
  const node = await ring.spawn({ ...OFF, limits: { maxConcurrentPushPulls: 2 } });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  ring.network.setBandwidth(node.host, 20_000);
  const others = [...crowd(300)];
  await ring.settle(raw.request(node, raw.pushPull(others)));
  const replies = [1, 2, 3].map(() => raw.request(node, raw.pushPull([])));
  const [first, second, third] = await ring.settle(Promise.all(replies));
  assert.deepEqual([first?.type, second?.type, third?.type], ['pushPull', 'pushPull', 'error']);
  assert.equal(third?.type === 'error' ? third.reason : '', 'busy');
  ring.runFor(100);
  assert.equal((await ring.settle(raw.request(node, raw.pushPull([]))))?.type, 'pushPull');
  assert.equal(node.member.stats().counters['pushPulls.refused'], 1);
  await ring.close();
  await ring.settle(raw.close());
});

test('a failed exchange is counted and tried again at the next turn', async () => {
  const ring = new Ring();
  const [a, b] = await ring.spawnJoined(2, {
    pushPull: { intervalMs: 5000 },
    probe: { intervalMs: false },
  });
  b!.runtime.crash();
  ring.runFor(30_000);
  const { counters } = a!.member.stats();
  assert.ok(counters['pushPulls.failed']! >= 2, JSON.stringify(counters));
  await ring.close();
});

test('an answer of another kind is an error of the peer', async () => {
  const ring = new Ring();
  const node = await ring.spawn(OFF);
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  raw.onRequest = () => ({ type: 'ack', seq: 1, payload: new Uint8Array(0) });
  const error = await ring.settle(node.member.join([raw.address.host]).catch((e: unknown) => e));
  const { attempts } = (error as { fields: { attempts: { code: string }[] } }).fields;
  assert.equal(attempts[0]?.code, 'ERR_REMOTE');
  await ring.close();
  await ring.settle(raw.close());
});

test('a state that breaks the codec’s limits fails the exchange on both sides, and harms nothing', async () => {
  const ring = new Ring();
  const huge = new Uint8Array(20_971_521);
  let isHuge = true;
  const delegates = { user: { localState: () => (isHuge ? huge : new Uint8Array(1)) } };
  const a = await ring.spawn(OFF, { delegates });
  const b = await ring.spawn(OFF);
  const codes = async (joining: Promise<number>): Promise<string[]> => {
    const error = (await ring.settle(
      joining.then(
        () => null,
        (e: unknown) => e,
      ),
    )) as {
      fields: { attempts: { code: string }[] };
    };
    return error.fields.attempts.map(({ code }) => code);
  };
  assert.deepEqual(await codes(a.member.join([b.host])), ['ERR_CODEC_LIMIT']);
  assert.deepEqual(await codes(b.member.join([a.host])), ['ERR_STREAM_CLOSED']);
  const retried = b.member.stats().counters['joins.retried'];
  assert.equal(retried, 4, 'a dropped stream may mean a lack of room');
  assert.equal(a.member.stats().counters['streams.replyFailed'], 1 + retried);
  isHuge = false;
  assert.equal(await ring.settle(b.member.join([a.host])), 1);
  await ring.close();
});

test('addresses keep the byte form in which their owner announced them', async () => {
  const ring = new Ring();
  const node = await ring.spawn(OFF);
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const mapped = Uint8Array.from([...new Uint8Array(10), 255, 255, ...hostToBytes('10.0.9.9')]);
  raw.send(node, raw.alive({ address: mapped }));
  ring.runFor(5);
  const reply = (await ring.settle(raw.request(node, raw.pushPull([])))) as PushPullMessage;
  assert.deepEqual(reply.nodes.find(({ name }) => name === 'raw')?.address, mapped);
  assert.equal(node.member.member('raw')?.host, '10.0.9.9');
  await ring.close();
  await ring.settle(raw.close());
});
