import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { GossipError, SeededRandom } from '../../src/runtime/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

const KEY = new Uint8Array(32).fill(3);

async function pair(
  ring: Ring,
  options: MemberlistOptions = {},
): Promise<{ a: RingNode; b: RingNode; heard: Uint8Array[] }> {
  const heard: Uint8Array[] = [];
  const delegates = { user: { onUserMessage: (message: Uint8Array) => heard.push(message) } };
  const a = await ring.spawn(options);
  const b = await ring.spawn(options, { delegates });
  await ring.settle(b.member.join([a.host]));
  ring.runFor(2000);
  return { a, b, heard };
}

test('a best-effort message of exactly the room fills a packet, and one byte more is refused', async () => {
  const rings: MemberlistOptions[] = [
    {},
    { label: 'abc' },
    { encryption: { keys: [KEY] } },
    { maxPacketBytes: 600, encryption: { keys: [KEY] }, label: 'x' },
  ];
  for (const options of rings) {
    const ring = new Ring();
    const { a, heard } = await pair(ring, options);
    const maxBytes = options.maxPacketBytes ?? 1400;
    const sizes: number[] = [];
    ring.network.onPacket = (_from, _to, bytes) => sizes.push(bytes.length);
    const room = a.member.packetRoomBytes();
    a.member.sendBestEffort('n2', new Uint8Array(room).fill(9));
    assert.deepEqual(sizes, [maxBytes]);
    ring.runFor(5);
    assert.deepEqual(heard, [new Uint8Array(room).fill(9)]);
    assert.throws(
      () => a.member.sendBestEffort('n2', new Uint8Array(room + 1)),
      (error: unknown) => {
        assert.ok(error instanceof GossipError);
        assert.equal(error.code, 'ERR_PACKET_TOO_LARGE');
        assert.equal(error.fields['sizeBytes'], maxBytes + 1);
        assert.equal(error.fields['limitBytes'], maxBytes);
        return true;
      },
    );
    await ring.close();
  }
});

test('a wider cap for direct packets widens those and no others', async () => {
  const ring = new Ring();
  const { a, heard } = await pair(ring, { maxDirectPacketBytes: 9000 });
  a.member.sendBestEffort('n2', new Uint8Array(8000));
  ring.runFor(5);
  assert.equal(heard[0]?.length, 8000);
  assert.ok(a.member.packetRoomBytes() < 1400);
  assert.throws(() => a.member.sendBestEffort('n2', new Uint8Array(9000)), {
    code: 'ERR_PACKET_TOO_LARGE',
  });
  await ring.close();
});

test('an empty message arrives as one', async () => {
  const ring = new Ring();
  const { a, heard } = await pair(ring);
  a.member.sendBestEffort('n2', new Uint8Array(0));
  await ring.settle(a.member.sendReliable('n2', new Uint8Array(0)));
  ring.runFor(5);
  assert.deepEqual(heard, [new Uint8Array(0), new Uint8Array(0)]);
  await ring.close();
});

test('a reliable message arrives whole, and nothing above its cap is sent', async () => {
  for (const options of [{}, { encryption: { keys: [KEY] } }]) {
    const ring = new Ring();
    const { a, heard } = await pair(ring, {
      ...options,
      limits: { maxStreamMessageBytes: 300_000 },
    });
    const message = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) & 0xff);
    await ring.settle(a.member.sendReliable('n2', message));
    assert.deepEqual(heard, [message]);
    await assert.rejects(a.member.sendReliable('n2', new Uint8Array(300_001)), {
      code: 'ERR_MESSAGE_TOO_LARGE',
    });
    await ring.close();
  }
});

test('a peer refuses what is above its own cap', async () => {
  const ring = new Ring();
  const a = await ring.spawn();
  const b = await ring.spawn({ limits: { maxStreamMessageBytes: 65_536 } });
  await ring.settle(b.member.join([a.host]));
  const sending = a.member.sendReliable('n2', new Uint8Array(100_000));
  await assert.rejects(ring.settle(sending), { code: 'ERR_REMOTE' });
  assert.equal(b.member.stats().counters['streams.rejected.ERR_CODEC_LIMIT'], 1);
  await ring.close();
});

test('a slow stream that moves gets its time; one that stands still does not', async () => {
  const ring = new Ring();
  const { a, b, heard } = await pair(ring, {
    probe: { intervalMs: false },
    limits: { streamTimeoutMs: 500 },
  });
  const MIB = 1024 * 1024;
  ring.network.setBandwidth(a.host, 2 * MIB);
  const random = new SeededRandom(5);
  const message = Uint8Array.from({ length: 3 * MIB }, () => random.uint32());
  const start = ring.clock.now();
  await ring.settle(a.member.sendReliable('n2', message));
  assert.ok(ring.clock.now() - start > 1400, 'longer than the limit alone');
  assert.deepEqual(heard, [message]);
  ring.network.setBandwidth(a.host, 10_000);
  const slow = a.member.sendReliable('n2', message);
  await assert.rejects(ring.settle(slow), (error: { code: string }) => {
    return ['ERR_TIMEOUT', 'ERR_STREAM_CLOSED'].includes(error.code);
  });
  ring.network.setBandwidth(a.host, null);
  assert.equal(b.member.memberCount, 2);
  await ring.close();
});

test('a peer that opens a stream and stalls is dropped in time', async () => {
  const ring = new Ring();
  const node = await ring.spawn({
    limits: { streamTimeoutMs: 2000 },
    probe: { intervalMs: false },
  });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const closed: number[] = [];
  const handlers = { onData: () => {}, onClose: () => closed.push(ring.clock.now()) };
  raw.transport.dial({ host: node.host, port: 7946 }, handlers).write(Uint8Array.of(14));
  ring.runFor(1000);
  assert.equal(node.member.stats().counters['streams.accepted'], 1);
  assert.equal(closed.length, 0);
  ring.runFor(1500);
  assert.ok(closed[0]! >= 2000 && closed[0]! < 2100, `${closed.join()} ms`);
  await ring.close();
  await ring.settle(raw.close());
});

test('a request that ends before its message is refused at once', async () => {
  const ring = new Ring();
  const node = await ring.spawn({ probe: { intervalMs: false } });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  const { request } = raw.wire.streams.initiate();
  const bytes = [...request.push(Uint8Array.of(8)), ...request.finish()].flatMap((c) => [...c]);
  const start = ring.clock.now();
  const answer = await ring.settle(raw.dialBytes(node, Uint8Array.from(bytes)));
  assert.ok(ring.clock.now() - start < 100);
  assert.ok(answer.length > 0, 'a refusal');
  assert.equal(node.member.stats().counters['streams.rejected.ERR_CODEC_TRUNCATED'], 1);
  await ring.close();
  await ring.settle(raw.close());
});

test('an answer that ends before its message fails at once', async () => {
  const ring = new Ring();
  const node = await ring.spawn({ probe: { intervalMs: false } });
  const transport = ring.network.transport({ host: '10.0.9.9' });
  const raw = await RawPeer.start(ring, { host: '10.0.9.8' });
  const limits = {
    maxInboundStreams: 4,
    maxStreamBytes: 1e6,
    streamIdleMs: 1e6,
    dialTimeoutMs: 1e6,
  };
  await ring.settle(
    new Promise<void>((resolve) => {
      transport.listen(
        { bindAddress: '10.0.9.9', bindPort: 7946, limits },
        {
          onPacket: () => {},
          onStream: (connection) => {
            const { request, reply } = raw.wire.streams.accept();
            return {
              onData: (bytes) => {
                request.push(bytes);
                if (!request.isComplete) return;
                for (const c of [...reply.push(Uint8Array.of(6)), ...reply.finish()]) {
                  connection.write(c);
                }
              },
              onClose: () => {},
            };
          },
        },
        () => resolve(),
      );
    }),
  );
  const start = ring.clock.now();
  const joining = node.member.join(['10.0.9.9']).then(
    () => null,
    (e: unknown) => e as GossipError,
  );
  const error = await ring.settle(joining);
  assert.ok(ring.clock.now() - start < 100);
  assert.equal((error?.fields['attempts'] as { code: string }[])[0]?.code, 'ERR_CODEC_TRUNCATED');
  await ring.close();
  await ring.settle(raw.close());
});

test('nobody can be sent to who is not on record', async () => {
  const ring = new Ring();
  const { member } = await ring.spawn();
  const unknown = { code: 'ERR_MEMBER_UNKNOWN' };
  assert.throws(() => member.sendBestEffort('x', new Uint8Array(1)), unknown);
  await assert.rejects(member.sendReliable('x', new Uint8Array(1)), unknown);
  await assert.rejects(member.ping('x'), unknown);
  await ring.close();
});

test('sending to the dead fails where it can be noticed, and aborts by signal', async () => {
  const ring = new Ring();
  const { a, b } = await pair(ring);
  b.runtime.crash();
  await assert.rejects(ring.settle(a.member.sendReliable('n2', new Uint8Array(1))), {
    code: 'ERR_DIAL_FAILED',
  });
  a.member.sendBestEffort('n2', new Uint8Array(1));
  const abort = new AbortController();
  const sending = a.member.sendReliable('n2', new Uint8Array(1), { signal: abort.signal });
  abort.abort(new Error('never mind'));
  await assert.rejects(sending, { message: 'never mind' });
  await ring.close();
});

test('a ping measures the round trip, and has no effect on health or state', async () => {
  const ring = new Ring({ latencyMs: 7 });
  const { a, b } = await pair(ring, { probe: { intervalMs: false } });
  assert.equal(await ring.settle(a.member.ping('n2')), 14);
  assert.ok((await ring.settle(a.member.ping('n1'))) >= 0, 'ourselves too');
  b.runtime.crash();
  const start = ring.clock.now();
  const silent = { code: 'ERR_NO_PING_RESPONSE', name: 'TimeoutError' };
  await assert.rejects(ring.settle(a.member.ping('n2')), silent);
  assert.equal(ring.clock.now() - start, 500);
  await assert.rejects(ring.settle(a.member.ping('n2', { timeoutMs: 50 })), silent);
  assert.equal(ring.clock.now() - start, 550);
  assert.equal(a.member.member('n2')?.state, 'alive');
  assert.equal(a.member.healthScore, 0);
  await ring.close();
});

test('an aborted ping leaves nothing behind', async () => {
  const ring = new Ring();
  const { a } = await pair(ring, { probe: { intervalMs: false } });
  const before = ring.clock.pendingCount;
  const abort = new AbortController();
  const pinging = a.member.ping('n2', { signal: abort.signal, timeoutMs: 60_000 });
  abort.abort(new Error('enough'));
  await assert.rejects(pinging, { message: 'enough' });
  ring.runFor(3);
  assert.ok(ring.clock.pendingCount <= before);
  await ring.close();
});

test('updated metadata reaches everyone before the update ends, and is told as an update', async () => {
  const ring = new Ring();
  let metadata = Uint8Array.of(1);
  const delegates = { user: { localMetadata: () => metadata } };
  const a = await ring.spawn({}, { delegates });
  const others = [await ring.spawn(), await ring.spawn(), await ring.spawn()];
  for (const { member } of others) await ring.settle(member.join([a.host]));
  ring.runFor(5000);
  const updates: number[] = [];
  for (const { member } of [a, ...others]) {
    member.on('update', (updated) => updates.push(updated.metadata[0]!));
  }
  metadata = Uint8Array.of(2);
  await ring.settle(a.member.updateNode());
  assert.deepEqual(updates, [2, 2, 2, 2]);
  assert.equal(a.member.localMember.incarnation, 2);
  metadata = new Uint8Array(513);
  await assert.rejects(a.member.updateNode(), { code: 'ERR_VALUE_TOO_LARGE' });
  assert.equal(a.member.localMember.incarnation, 2);
  assert.deepEqual(a.member.localMember.metadata, Uint8Array.of(2));
  await ring.close();
});

test('an update alone ends at once, and one under way ends at close', async () => {
  const ring = new Ring();
  const alone = await ring.spawn();
  await ring.settle(alone.member.updateNode());
  assert.equal(ring.clock.now(), 0);
  const [a] = await ring.spawnJoined(3);
  const closed = assert.rejects(a!.member.updateNode(), { code: 'ERR_CLOSED' });
  await ring.settle(a!.member.close());
  await closed;
  await ring.close();
});

test('metadata is limited to what the announcement has room for in a packet', async () => {
  const ring = new Ring();
  const sized = (size: number) => ({ user: { localMetadata: () => new Uint8Array(size) } });
  const small = { maxPacketBytes: 512, label: 'ring', encryption: { keys: [KEY] } };
  let fits = 512;
  for (; fits > 0; fits -= 1) {
    const host = `10.1.${fits >> 8}.${fits & 0xff}`;
    const started = await ring.spawn(small, { host, delegates: sized(fits) }).catch(() => null);
    if (started !== null) break;
  }
  assert.ok(fits > 350 && fits < 450, `${fits} bytes`);
  const peer = await ring.spawn(small, { host: '10.0.0.7' });
  const sizes: number[] = [];
  ring.network.onPacket = (_from, _to, bytes) => sizes.push(bytes.length);
  const full = ring.nodes[0]!;
  await ring.settle(peer.member.join([full.host]));
  ring.runFor(3000);
  assert.ok(sizes.every((size) => size <= 512));
  assert.equal(full.member.stats().queuedBroadcasts, 0, 'it was gossiped');
  await ring.close();
});

test('messages and pings go to addresses too, members or not', async () => {
  const ring = new Ring();
  const { a, b, heard } = await pair(ring);
  const to = { host: b.host, port: 7946 };
  a.member.sendBestEffort(to, Uint8Array.of(1));
  a.member.sendBestEffort({ ...to, host: '::ffff:10.0.0.2', name: 'n2' }, Uint8Array.of(2));
  await ring.settle(a.member.sendReliable(to, Uint8Array.of(3)));
  ring.runFor(5);
  assert.deepEqual(heard, [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]);
  const stranger = await RawPeer.start(ring, { host: '10.0.9.9' });
  a.member.sendBestEffort({ host: '10.0.9.9', port: 7946 }, Uint8Array.of(4));
  await ring.settle(a.member.sendReliable({ host: '10.0.9.9', port: 7946 }, Uint8Array.of(5)));
  ring.runFor(5);
  assert.deepEqual(stranger.userMessages, [Uint8Array.of(4)]);
  assert.deepEqual(stranger.requests, [{ type: 'user', payload: Uint8Array.of(5) }]);
  assert.equal(a.member.memberCount, 2, 'which makes nobody a member');
  await ring.close();
  await ring.settle(stranger.close());
});

test('a ping to an address is answered by whoever is there, or only by the node that is named', async () => {
  const ring = new Ring();
  const { a, b } = await pair(ring);
  const to = { host: b.host, port: 7946 };
  assert.equal(await ring.settle(a.member.ping(to)), 2);
  assert.equal(await ring.settle(a.member.ping({ ...to, name: 'n2' })), 2);
  await assert.rejects(ring.settle(a.member.ping({ ...to, name: 'n7' })), {
    code: 'ERR_NO_PING_RESPONSE',
  });
  await assert.rejects(ring.settle(a.member.ping({ host: '10.0.0.99', port: 1 })), {
    code: 'ERR_NO_PING_RESPONSE',
    message: '10.0.0.99:1 did not answer within 500 ms',
  });
  await ring.close();
});

test('a target that is none is refused before anything is sent', async () => {
  const ring = new Ring();
  const { a } = await pair(ring);
  const invalid = { code: 'ERR_ARGUMENT_INVALID' };
  const targets: unknown[] = [
    null,
    7,
    {},
    { host: 'localhost', port: 7946 },
    { host: '0.0.0.0', port: 7946 },
    { host: '10.0.0.2' },
    { host: '10.0.0.2', port: 0 },
    { host: '10.0.0.2', port: 65_536 },
    { host: '10.0.0.2', port: 7946, name: 7 },
  ];
  for (const target of targets) {
    const to = target as { host: string; port: number };
    assert.throws(() => {
      a.member.sendBestEffort(to, new Uint8Array(1));
    }, invalid);
    await assert.rejects(a.member.sendReliable(to, new Uint8Array(1)), invalid);
    await assert.rejects(a.member.ping(to), invalid);
  }
  await ring.close();
});
