import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hostToBytes } from '../../src/runtime/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';
import { alive, RulesBench } from '../support/rules-bench.ts';

const note = (text: string): Uint8Array => new TextEncoder().encode(text);
const hears = (heard: string[]): object => ({
  user: {
    onUserMessage: (message: Uint8Array) => heard.push(new TextDecoder().decode(message)),
  },
});

/** Which broadcasts arrive in five seconds in which claims about members never end. */
async function heardInFlood(gossip: { userBroadcastShare?: number }): Promise<Set<string>> {
  const ring = new Ring();
  const heard: string[] = [];
  // The cap makes claims wait: what is sent at all is then a question of who goes first.
  const options = {
    gossip: { maxBytesPerSecond: 10_000, ...gossip },
    probe: { intervalMs: false },
    pushPull: { intervalMs: false },
  } as const;
  const a = await ring.spawn(options);
  const b = await ring.spawn(options, { delegates: hears(heard) });
  await ring.settle(b.member.join([a.host]));
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  for (let step = 1; step <= 250; step += 1) {
    // All live where `b` does, so that whoever is chosen, `b` hears it.
    const claims = Array.from({ length: 100 }, (_, i) =>
      alive(`crowd-${i}`, step, { address: hostToBytes(b.host), metadata: new Uint8Array(40) }),
    );
    raw.send(a, ...claims);
    if (step === 100) {
      // Larger than what a packet full of claims has left.
      a.member.broadcast(note('small'.padEnd(200, '.')));
      a.member.broadcast(note('large'.padEnd(1_300, '.')));
    }
    ring.runFor(20);
  }
  await ring.close();
  await ring.settle(raw.close());
  return new Set(heard.map((text) => text.slice(0, 5)));
}

test('with a share of 0 claims about members starve broadcasts, as in Go (299)', async () => {
  assert.deepEqual([...(await heardInFlood({ userBroadcastShare: 0 }))], []);
});

test('with the default share broadcasts of all sizes get through the same flood (299)', async () => {
  assert.deepEqual([...(await heardInFlood({}))].sort(), ['large', 'small']);
});

test('the share is that of the packets which the layer above fills first, no more', () => {
  for (const [userBroadcastShare, expected] of [
    [0, 0],
    [0.25, 100],
    [0.5, 200],
    [0.9, 360],
  ] as const) {
    const getBroadcasts = (overhead: number, limit: number): Uint8Array[] => {
      return limit > 900 ? [new Uint8Array(limit - overhead)] : [];
    };
    const bench = new RulesBench({ gossip: { userBroadcastShare } }, { user: { getBroadcasts } });
    let count = 0;
    for (let packet = 0; packet < 400; packet += 1) {
      for (let i = 0; i < 20; i += 1) bench.rules.alive(alive(`a${i}`, packet + 1));
      const news = bench.parts.sender.collectNews(1_000, true);
      if (news.some(({ length }) => length > 900)) count += 1;
    }
    assert.ok(Math.abs(count - expected) <= 2, `${count} of 400 at ${userBroadcastShare}`);
  }
});

test('a turn that is not needed is kept, and never more than one', () => {
  let isTalking = false;
  const getBroadcasts = (overhead: number, limit: number): Uint8Array[] => {
    return isTalking && limit > 900 ? [new Uint8Array(limit - overhead)] : [];
  };
  const bench = new RulesBench({}, { user: { getBroadcasts } });
  const turns: boolean[] = [];
  for (let packet = 0; packet < 60; packet += 1) {
    isTalking = packet >= 50;
    for (let i = 0; i < 20; i += 1) bench.rules.alive(alive(`a${i}`, packet + 1));
    const news = bench.parts.sender.collectNews(1_000, true);
    if (isTalking) turns.push(news.some(({ length }) => length > 900));
  }
  assert.equal(turns[0], true, 'the first is heard at once');
  assert.ok(turns.filter(Boolean).length <= 4, turns.join(' '));
});

test('a broadcast reaches the members, and tells when it has been sent often enough', async () => {
  const ring = new Ring();
  const heard: string[] = [];
  const nodes: RingNode[] = [];
  for (let i = 0; i < 8; i += 1) nodes.push(await ring.spawn({}, { delegates: hears(heard) }));
  for (const { member } of nodes) await ring.settle(member.join(['10.0.0.1']));
  ring.runFor(3_000);
  const { member } = nodes[0] as RingNode;
  let finished = 0;
  const bytes = note('hello');
  member.broadcast(bytes, { finished: () => (finished += 1) });
  bytes.fill(0); // the caller's bytes are its own again
  assert.equal(member.stats().queuedUserBroadcasts, 1);
  assert.ok(
    ring.runUntil(() => heard.length > 0, 20),
    'the first send is prompt',
  );
  assert.ok(ring.runUntil(() => finished === 1, 5_000));
  assert.deepEqual(new Set(heard), new Set(['hello']));
  assert.equal(member.stats().queuedUserBroadcasts, 0);
  ring.runFor(5_000);
  assert.equal(finished, 1);
  await ring.close();
});

test('of one key the latest is sent, plain ones stand beside each other', async () => {
  const ring = new Ring();
  const { member } = await ring.spawn();
  const gone: string[] = [];
  const add = (text: string, key?: string): void => {
    const finished = (): number => gone.push(text);
    member.broadcast(note(text), key === undefined ? { finished } : { key, finished });
  };
  add('old', 'load');
  add('plain');
  add('plain');
  add('new', 'load');
  add('other', 'disk');
  assert.deepEqual(gone, ['old']);
  assert.equal(member.stats().queuedUserBroadcasts, 4);
  member.pruneBroadcasts(1);
  assert.equal(member.stats().queuedUserBroadcasts, 1);
  assert.equal(gone.length, 4);
  await ring.settle(member.close());
  assert.deepEqual(gone.sort(), ['new', 'old', 'other', 'plain', 'plain']);
});

test('a broadcast of exactly the room is sent, and what cannot be sent is refused', async () => {
  const ring = new Ring();
  const heard: string[] = [];
  const options = { label: 'ring', maxPacketBytes: 600 };
  const a = await ring.spawn(options);
  const b = await ring.spawn(options, { delegates: hears(heard) });
  await ring.settle(b.member.join([a.host]));
  ring.runFor(10_000);
  let limitBytes = 0;
  const tooLarge = (): void => {
    a.member.broadcast(new Uint8Array(600));
  };
  assert.throws(tooLarge, (error: Error & { fields: Record<string, number>; code: string }) => {
    limitBytes = error.fields['limitBytes'] ?? 0;
    return error.code === 'ERR_PACKET_TOO_LARGE' && error.fields['sizeBytes'] === 600;
  });
  assert.throws(() => {
    a.member.broadcast(new Uint8Array(limitBytes + 1));
  });
  a.member.broadcast(note('x'.repeat(limitBytes)));
  assert.ok(ring.runUntil(() => heard.length > 0, 2_000));
  assert.equal(heard[0]?.length, limitBytes);
  for (const wrong of ['text', null, { length: 3 }]) {
    const call = (): void => {
      a.member.broadcast(wrong as unknown as Uint8Array);
    };
    assert.throws(call, { code: 'ERR_ARGUMENT_INVALID' });
  }
  await ring.settle(a.member.leave());
  assert.throws(tooLarge, { code: 'ERR_LEFT' });
  await ring.close();
});

test('what is told is what the bytes were at the call, of a Buffer that is used again too', async () => {
  const ring = new Ring();
  const heard: string[] = [];
  const used = Buffer.from('0');
  const user = { localMetadata: () => used };
  const key = Buffer.alloc(32, 7);
  const options = { encryption: { keys: [key] } };
  const a = await ring.spawn(options, { delegates: { user } });
  key.fill(0);
  const b = await ring.spawn(
    { encryption: { keys: [Buffer.alloc(32, 7)] } },
    { delegates: hears(heard) },
  );
  await ring.settle(b.member.join([a.host]));
  const seen: string[] = [];
  for (const { member } of [a, b]) {
    member.on('update', ({ metadata }) => seen.push(new TextDecoder().decode(metadata)));
  }
  for (const text of ['1', '2', '3']) {
    used.write(text);
    a.member.broadcast(used);
  }
  used.write('4');
  await ring.settle(a.member.updateNode());
  used.write('5');
  ring.runFor(1_000);
  assert.deepEqual([...new Set(heard)].sort(), ['1', '2', '3']);
  assert.deepEqual(seen, ['4', '4']);
  const own = a.member.localMember.metadata;
  own.fill(0);
  assert.equal(new TextDecoder().decode(a.member.localMember.metadata), '4');
  await ring.close();
});
