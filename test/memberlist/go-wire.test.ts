// Rings on the memberlist wire, in virtual time: they form, notice crashes, keep to the packet cap, and
// treat names, ports and versions as rings of Go nodes do.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MemberlistOptions } from '../../src/memberlist/index.ts';
import { Memberlist } from '../../src/memberlist/index.ts';
import { resolveMemberlistConfig } from '../../src/memberlist/config.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

const GO: MemberlistOptions = { wire: 'memberlist' };

function keyOf(length: number): Uint8Array {
  return new Uint8Array(length).fill(length);
}

for (const [name, options] of Object.entries({
  plain: {},
  'AES-128': { encryption: { keys: [keyOf(16)] } },
  'AES-192': { encryption: { keys: [keyOf(24)] } },
  'AES-256 under a label': { encryption: { keys: [keyOf(32)] }, label: 'blue' },
  'labelled and not compressed': { label: 'blue', compression: false },
  'padded, of protocol 1': { encryption: { keys: [keyOf(16)] }, protocolVersion: 1 },
}) satisfies [string, MemberlistOptions][]) {
  test(`a ring that is ${name} forms, and notices a crash`, async () => {
    const ring = new Ring();
    const nodes = await ring.spawnJoined(5, { ...GO, ...options });
    const [first, ...others] = nodes;
    assert.ok(first !== undefined);
    const failed: string[] = [];
    first.member.on('fail', ({ name: node }) => failed.push(node));
    others.at(-1)?.runtime.crash();
    const alive = nodes.slice(0, 4);
    assert.ok(ring.runUntil(() => alive.every(({ member }) => member.memberCount === 4), 60_000));
    assert.deepEqual(failed, ['n5']);
    const { counters } = first.member.stats();
    const refused = Object.entries(counters).filter(
      ([counter, count]) => /dropped|rejected/.test(counter) && count > 0,
    );
    assert.deepEqual(refused, []);
    await ring.close();
  });
}

test('no packet is above the cap, with every overhead counted', async () => {
  let largest = 0;
  const ring = new Ring();
  const options = {
    ...GO,
    encryption: { keys: [keyOf(16)] },
    label: 'blue',
    maxPacketBytes: 600,
    compression: false,
  };
  const delegates = { user: { localMetadata: () => new Uint8Array(200).fill(7) } };
  const nodes: RingNode[] = [];
  for (let i = 0; i < 12; i += 1) nodes.push(await ring.spawn(options, { delegates }));
  for (const { runtime } of nodes) {
    const { transport } = runtime;
    const send = transport.sendPacket.bind(transport);
    transport.sendPacket = (to, bytes, done) => {
      largest = Math.max(largest, bytes.length);
      send(to, bytes, done);
    };
  }
  for (const { member } of nodes.slice(1)) await ring.settle(member.join([nodes[0]!.host]));
  assert.ok(ring.runUntil(() => nodes.every(({ member }) => member.memberCount === 12), 30_000));
  ring.runFor(5000);
  assert.ok(largest > 500 && largest <= 600, String(largest));
  await ring.close();
});

test('packets to known members carry a checksum, packets to strangers none', async () => {
  const ring = new Ring();
  const first: number[] = [];
  const [a, b] = [await ring.spawn(GO), await ring.spawn(GO)];
  const { transport } = a.runtime;
  const send = transport.sendPacket.bind(transport);
  transport.sendPacket = (to, bytes, done) => {
    first.push(bytes[0] as number);
    send(to, bytes, done);
  };
  await ring.settle(a.member.join([b.host]));
  ring.runFor(3000);
  assert.ok(first.length > 3);
  assert.ok(first.every((type) => type === 12));
  await ring.close();
});

test('a dead name may appear elsewhere after 30 seconds, not before', async () => {
  const ring = new Ring();
  // The dead are remembered for long enough to see the difference.
  const options = { ...GO, gossip: { toTheDeadMs: 600_000 } };
  const [a, b, c] = await ring.spawnJoined(3, options);
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  c.runtime.crash();
  assert.ok(ring.runUntil(() => a.member.member('n3')?.state === 'dead', 60_000));
  const moved = await ring.spawn({ ...options, nodeName: 'n3' }, { host: '10.0.0.9' });
  await ring.settle(moved.member.join([a.host]));
  ring.runFor(5000);
  assert.equal(a.member.member('n3')?.state, 'dead');
  ring.runFor(30_000);
  await ring.settle(moved.member.join([a.host]));
  assert.ok(ring.runUntil(() => a.member.member('n3')?.host === '10.0.0.9', 60_000));
  assert.equal(a.member.member('n3')?.state, 'alive');
  await ring.close();
});

test('rings of different wires refuse each other with advice', async () => {
  const ring = new Ring();
  const go = await ring.spawn(GO);
  const ours = await ring.spawn();
  const warnings: string[] = [];
  for (const { member } of [go, ours]) {
    member.on('warning', ({ message }) => warnings.push(message));
  }
  for (const [one, other] of [
    [go, ours],
    [ours, go],
  ] as const) {
    await assert.rejects(ring.settle(one.member.join([other.host])), { code: 'ERR_JOIN_FAILED' });
  }
  assert.equal(warnings.length, 2);
  assert.ok(warnings.every((text) => text.includes('use the same wire on both sides')));
  assert.equal(go.member.memberCount, 1);
  assert.equal(ours.member.memberCount, 1);
  await ring.close();
});

test('a join with a wrong key or label fails on both sides and changes nothing', async () => {
  const ring = new Ring();
  const seed = await ring.spawn({ ...GO, encryption: { keys: [keyOf(16)] }, label: 'blue' });
  for (const changes of [
    { label: 'blue' },
    { label: 'red', encryption: { keys: [keyOf(16)] } },
    { label: 'blue', encryption: { keys: [keyOf(32)] } },
  ] satisfies MemberlistOptions[]) {
    const stranger = await ring.spawn({ ...GO, ...changes });
    await assert.rejects(ring.settle(stranger.member.join([seed.host])), {
      code: 'ERR_JOIN_FAILED',
    });
    assert.equal(stranger.member.memberCount, 1);
  }
  assert.equal(seed.member.memberCount, 1);
  await ring.close();
});

test('a message of 20 MiB goes over a stream, a larger one is refused', async () => {
  const ring = new Ring();
  let heard = 0;
  const user = { onUserMessage: (message: Uint8Array) => (heard = message.length) };
  const a = await ring.spawn({ ...GO, compression: false });
  const b = await ring.spawn({ ...GO, compression: false }, { delegates: { user } });
  await ring.settle(a.member.join([b.host]));
  const size = 20 * 1024 * 1024;
  await assert.rejects(a.member.sendReliable('n2', new Uint8Array(size + 1)), {
    code: 'ERR_MESSAGE_TOO_LARGE',
  });
  await ring.settle(a.member.sendReliable('n2', new Uint8Array(size)));
  assert.ok(ring.runUntil(() => heard === size, 60_000));
  await ring.close();
});

test('options are checked by the wire', () => {
  const valid = resolveMemberlistConfig({ ...GO, encryption: { keys: [keyOf(24)] } });
  assert.equal(valid.limits.maxStreamMessageBytes, 20 * 1024 * 1024);
  assert.equal(resolveMemberlistConfig({}).limits.maxStreamMessageBytes, 64 * 1024 * 1024);
  const tooLarge = { maxStreamMessageBytes: 20 * 1024 * 1024 + 1 };
  const refused: [MemberlistOptions, string][] = [
    [{ encryption: { keys: [keyOf(16)] } }, 'encryption.keys[0]'],
    [{ ...GO, encryption: { keys: [keyOf(20)] } }, 'encryption.keys[0]'],
    [{ ...GO, limits: tooLarge }, 'limits.maxStreamMessageBytes'],
    [{ ...GO, protocolVersion: 6 }, 'protocolVersion'],
    [{ ...GO, protocolVersion: 0 }, 'protocolVersion'],
    [{ ...GO, delegateVersion: { min: 3, max: 5, current: 2 } }, 'delegateVersion.current'],
    [{ wire: 'carrier pigeon' as 'memberlist' }, 'wire'],
  ];
  for (const [options, path] of refused) {
    assert.throws(
      () => resolveMemberlistConfig(options),
      (error: { problems: { path: string }[] }) => {
        return error.problems.length === 1 && error.problems[0]?.path === path;
      },
      path,
    );
  }
});

test('members of other delegate versions do not join each other', async () => {
  const ring = new Ring();
  const serf = { min: 2, max: 5, current: 4 };
  const [a, b] = [
    await ring.spawn({ ...GO, delegateVersion: serf }),
    await ring.spawn({ ...GO, delegateVersion: { min: 6, max: 7, current: 7 } }),
  ];
  await assert.rejects(ring.settle(a.member.join([b.host])), { code: 'ERR_JOIN_FAILED' });
  const c = await ring.spawn({ ...GO, delegateVersion: serf });
  assert.equal(await ring.settle(c.member.join([a.host])), 1);
  assert.ok(c.member instanceof Memberlist);
  await ring.close();
});
