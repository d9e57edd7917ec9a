import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

const OLD = new Uint8Array(32).fill(1);
const NEXT = new Uint8Array(32).fill(2);

/** `heard` per key, the primary first. */
function heard({ member }: RingNode): number[] {
  return member.keyring.list().map(({ heardMembers }) => heardMembers);
}

test('keys rotate while a lossy ring is busy, and nobody is lost', async () => {
  const ring = new Ring({ lossRate: 0.1 });
  const nodes = await ring.spawnJoined(6, { encryption: { keys: [OLD] } });
  let failures = 0;
  for (const { member } of nodes) member.on('fail', () => (failures += 1));
  const eachInTurn = (step: (node: RingNode) => void): void => {
    for (const node of nodes) {
      step(node);
      ring.runFor(2000);
    }
  };
  eachInTurn(({ member }) => member.keyring.add(NEXT));
  assert.ok(
    nodes.every((node) => heard(node).join() === '5,0'),
    'all still use the old key',
  );
  eachInTurn(({ member }) => member.keyring.use(NEXT));
  assert.ok(ring.runUntil(() => nodes.every((node) => heard(node).join() === '5,0'), 20_000));
  assert.ok(nodes.every(({ member }) => member.keyring.list()[0]?.isPrimary));
  eachInTurn(({ member }) => member.keyring.remove(OLD));
  ring.runFor(20_000);
  assert.equal(failures, 0);
  assert.ok(nodes.every(({ member }) => member.memberCount === 6));
  assert.ok(nodes.every(({ member }) => member.keyring.list().length === 1));
  assert.ok(
    nodes.every(({ member }) => !('packets.dropped.ERR_KEY_MISMATCH' in member.stats().counters)),
  );
  await ring.close();
});

test('the list shows who still uses an old key, so that an operator knows when to remove it', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4, { encryption: { keys: [OLD, NEXT] } });
  for (const { member } of nodes.slice(0, 3)) member.keyring.use(NEXT);
  ring.runFor(10_000);
  const [first, , , last] = nodes as [RingNode, RingNode, RingNode, RingNode];
  const list = first.member.keyring.list();
  assert.deepEqual(
    list.map(({ isPrimary, heardMembers }) => [isPrimary, heardMembers]),
    [
      [true, 2],
      [false, 1],
    ],
  );
  const others = last.member.keyring.list();
  assert.equal(
    others[0]?.fingerprint,
    list[1]?.fingerprint,
    'fingerprints are the same everywhere',
  );
  assert.deepEqual(
    others.map(({ heardMembers }) => heardMembers),
    [0, 3],
  );
  last.runtime.crash();
  assert.ok(ring.runUntil(() => first.member.memberCount === 3, 60_000));
  assert.deepEqual(heard(first), [2, 0], 'the gone do not count');
  await ring.close();
});

test('a member whose key was removed everywhere else is lost, and the others say why', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(3, { encryption: { keys: [OLD] } });
  const codes = new Set<unknown>();
  nodes[0]!.member.on('warning', ({ code, fields }) =>
    codes.add(`${code} ${String(fields['code'])}`),
  );
  for (const { member } of nodes.slice(0, 2)) {
    member.keyring.add(NEXT);
    member.keyring.use(NEXT);
    member.keyring.remove(OLD);
  }
  assert.ok(ring.runUntil(() => nodes[0]!.member.memberCount === 2, 60_000));
  assert.deepEqual([...codes], ['WARN_FOREIGN_TRAFFIC ERR_KEY_MISMATCH']);
  await ring.close();
});

test('the ring refuses what would lock it', async () => {
  const ring = new Ring();
  const { member } = await ring.spawn({ encryption: { keys: [OLD] } });
  assert.throws(() => member.keyring.remove(OLD), { code: 'ERR_KEY_PRIMARY' });
  assert.throws(() => member.keyring.use(NEXT), { code: 'ERR_KEY_UNKNOWN' });
  assert.throws(() => member.keyring.add(new Uint8Array(16)), { code: 'ERR_KEY_INVALID' });
  member.keyring.remove(NEXT);
  member.keyring.add(OLD);
  const [only] = member.keyring.list();
  assert.equal(member.keyring.list().length, 1);
  assert.match(only!.fingerprint, /^[0-9a-f]{8}$/);
  assert.ok(Object.isFrozen(only));
  await ring.close();
});
