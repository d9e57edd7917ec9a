import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MemberEvent } from '../../src/memberlist/index.ts';
import { Cluster } from '../support/cluster.ts';
import { Ring } from '../support/ring.ts';

/** What is told of: the kind, and the name of the member or the number lost. */
function shown({ kind, detail }: MemberEvent): string {
  if (typeof detail === 'number') return `${kind} ${detail}`;
  return 'name' in detail ? `${kind} ${detail.name}` : kind;
}

test('events come in order, to each reader its own', async () => {
  const ring = new Ring();
  const a = await ring.spawn();
  const seen: string[][] = [[], []];
  const readers = seen.map(async (log) => {
    for await (const event of a.member.events()) log.push(shown(event));
  });
  const heard: string[] = [];
  for (const kind of ['join', 'leave', 'fail', 'suspect'] as const)
    a.member.on(kind, ({ name }) => heard.push(`${kind} ${name}`));
  const b = await ring.spawn();
  const c = await ring.spawn();
  for (const { member } of [b, c]) await ring.settle(member.join([a.host]));
  await ring.settle(b.member.leave());
  c.runtime.crash();
  assert.ok(ring.runUntil(() => a.member.member('n3')?.state === 'dead', 60_000));
  await ring.close();
  await Promise.all(readers);
  assert.deepEqual(seen, [heard, heard]);
  assert.deepEqual(heard.slice(0, 3), ['join n2', 'join n3', 'leave n2']);
  assert.equal(heard.at(-1), 'fail n3');
});

test('a slow reader loses the oldest events, is told how many, and they are counted', async () => {
  const ring = new Ring();
  const [a] = await ring.spawnJoined(1);
  const stream = a!.member.events({ buffer: 3 });
  for (let i = 0; i < 8; i += 1) {
    const { member } = await ring.spawn();
    await ring.settle(member.join([a!.host]));
  }
  assert.equal(a!.member.stats().counters['events.lost'], 5);
  const read: string[] = [];
  for (let i = 0; i < 4; i += 1) {
    const { value } = await stream.next();
    assert.ok(value !== undefined);
    read.push(shown(value));
  }
  assert.deepEqual(read, ['lost 5', 'join n7', 'join n8', 'join n9']);
  const next = stream.next();
  await ring.settle(ring.nodes[1]!.member.leave());
  ring.runFor(5_000);
  const { value } = await next;
  assert.equal(value === undefined ? '' : shown(value), 'leave n2');
  await ring.close();
});

test('what waits at the close can still be read, then the stream ends', async () => {
  const ring = new Ring();
  const a = await ring.spawn();
  const stream = a.member.events();
  const idle = a.member.events().next();
  const b = await ring.spawn();
  await ring.settle(b.member.join([a.host]));
  await ring.close();
  assert.equal((await idle).done, false);
  const read: string[] = [];
  for await (const event of stream) read.push(shown(event));
  assert.deepEqual(read, ['join n2']);
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
});

test('a signal ends a stream with its reason, once, and leaving the loop ends it too', async () => {
  const ring = new Ring();
  const a = await ring.spawn();
  const wanted = new AbortController();
  const stream = a.member.events({ signal: wanted.signal });
  const waiting = assert.rejects(stream.next(), { message: 'enough' });
  wanted.abort(new Error('enough'));
  await waiting;
  assert.equal((await stream.next()).done, true);
  const late = a.member.events({ signal: wanted.signal });
  await assert.rejects(late.next(), { message: 'enough' });
  const left = a.member.events({ buffer: 1 });
  const b = await ring.spawn();
  await ring.settle(b.member.join([a.host]));
  for await (const event of left) {
    assert.equal(shown(event), 'join n2');
    break;
  }
  await ring.settle(b.member.leave());
  await ring.settle(b.member.rejoin());
  assert.equal((await left.next()).done, true);
  assert.equal(a.member.stats().counters['events.lost'], undefined, 'nothing is kept for it');
  for (const buffer of [0, 1.5, NaN, '3'])
    assert.throws(() => a.member.events({ buffer: buffer as number }), {
      code: 'ERR_ARGUMENT_INVALID',
    });
  for (const options of [null, 3, { signal: {} }])
    assert.throws(() => a.member.events(options as object), { code: 'ERR_ARGUMENT_INVALID' });
  await ring.close();
});

test('a long backlog is read whole and in order', async () => {
  const ring = new Ring();
  const a = await ring.spawn();
  const stream = a.member.events({ buffer: 3_000 });
  for (let i = 0; i < 4_000; i += 1) a.member.warn('WARN_LIMIT', String(i), {});
  const first = await stream.next();
  assert.deepEqual(first.value, { kind: 'lost', detail: 1_000 });
  for (let i = 1_000; i < 4_000; i += 1) {
    const { value } = await stream.next();
    assert.ok(value?.kind === 'warning');
    assert.equal(value.detail.message, String(i));
  }
  await ring.close();
});

test('a NetworkDB has the same stream, with the conflicts of its tables', async () => {
  const cluster = new Cluster();
  const [a, b] = [await cluster.spawnDb(), await cluster.spawnDb()];
  const stream = a.db.events({ buffer: 1 });
  const kinds: string[] = [];
  const reader = (async (): Promise<void> => {
    for await (const { kind } of a.db.events()) kinds.push(kind);
  })();
  await cluster.settle(b.db.join([a.host]));
  await cluster.settle(b.db.leave());
  await cluster.close();
  await reader;
  assert.deepEqual(kinds, ['join', 'leave']);
  assert.deepEqual((await stream.next()).value, { kind: 'lost', detail: 1 });
  assert.throws(() => a.db.events(), { code: 'ERR_CLOSED' });
});
