import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Ring } from '../support/ring.ts';

const KEY = new Uint8Array(32).fill(7);

void test('five members join through one seed and all know each other', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(5);
  for (const { member } of nodes) {
    assert.deepEqual(
      member.members().map(({ name }) => name),
      ['n1', 'n2', 'n3', 'n4', 'n5'],
    );
  }
  await ring.close();
});

void test('a crashed member is suspected, then declared dead by everyone', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(5, { encryption: { keys: [KEY] } });
  const events: string[] = [];
  nodes[0]?.member.on('suspect', ({ name }) => events.push(`suspect ${name}`));
  nodes[0]?.member.on('fail', ({ name }) => events.push(`fail ${name}`));
  nodes[4]?.runtime.crash();
  const others = nodes.slice(0, 4);
  assert.ok(ring.runUntil(() => others.every(({ member }) => member.memberCount === 4), 60_000));
  assert.deepEqual(events, ['suspect n5', 'fail n5']);
  await ring.close();
});

void test('a healthy ring with loss declares nobody dead in five minutes', async () => {
  const ring = new Ring({ lossRate: 0.1 });
  const nodes = await ring.spawnJoined(8);
  let failures = 0;
  for (const { member } of nodes) member.on('fail', () => (failures += 1));
  ring.runFor(300_000);
  assert.equal(failures, 0);
  await ring.close();
});
