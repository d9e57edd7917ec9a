import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseJoinTarget } from '../../src/memberlist/join-targets.ts';
import type { JoinAttempt } from '../../src/memberlist/index.ts';
import { GossipError } from '../../src/runtime/index.ts';
import { RawPeer } from '../support/raw-peer.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

const KEY = new Uint8Array(32).fill(1);
const OTHER_KEY = new Uint8Array(32).fill(2);

/** What a join that must fail says about each attempt. */
async function attempts(ring: Ring, joining: Promise<number>): Promise<readonly JoinAttempt[]> {
  const error = await ring.settle(
    joining.then(
      () => null,
      (e: unknown) => e,
    ),
  );
  assert.ok(error instanceof GossipError, 'it must fail');
  assert.equal(error.code, 'ERR_JOIN_FAILED');
  assert.ok(error.cause instanceof AggregateError);
  return error.fields['attempts'] as JoinAttempt[];
}

test('every form of a join target is understood', () => {
  const table: [string, string, number][] = [
    ['10.0.0.5', '10.0.0.5', 7000],
    ['10.0.0.5:9', '10.0.0.5', 9],
    ['seed.internal', 'seed.internal', 7000],
    ['seed.internal:9', 'seed.internal', 9],
    ['[::1]', '::1', 7000],
    ['[::1]:9', '::1', 9],
    ['::1', '::1', 7000],
    ['2001:db8::7', '2001:db8::7', 7000],
    ['api-1/10.0.0.5:9', '10.0.0.5', 9],
    ['api-1/[::1]:9', '::1', 9],
    ['api-1/seed', 'seed', 7000],
  ];
  for (const [target, host, port] of table) {
    assert.deepEqual(parseJoinTarget(target, 7000), { host, port }, target);
  }
  assert.deepEqual(parseJoinTarget({ host: '::1' }, 7000), { host: '::1', port: 7000 });
  assert.deepEqual(parseJoinTarget({ host: 'seed', port: 9 }, 7000), { host: 'seed', port: 9 });
});

test('what is no join target is refused before anything begins', async () => {
  const bad = [
    '',
    ':80',
    'a:b',
    'a:0',
    'a:65536',
    'a:80000',
    '/10.0.0.1',
    'x/',
    '[::1]:',
    '[]:5',
    'a:b:c',
    'a b',
  ];
  for (const target of [...bad, { host: '' }, { host: 'a', port: 0 }]) {
    assert.throws(() => parseJoinTarget(target, 7000), { code: 'ERR_ARGUMENT_INVALID' });
  }
  const ring = new Ring();
  const node = await ring.spawn();
  const seed = await ring.spawn();
  const joining = node.member.join([seed.host, 'a:b']);
  await assert.rejects(ring.settle(joining), { code: 'ERR_ARGUMENT_INVALID' });
  ring.runFor(1000);
  assert.equal(node.member.memberCount, 1);
  await ring.close();
});

test('a join contacts every target and counts those that answered', async () => {
  const ring = new Ring();
  const seeds = [await ring.spawn(), await ring.spawn(), await ring.spawn()];
  const node = await ring.spawn();
  const warnings: string[] = [];
  node.member.on('warning', ({ code }) => warnings.push(code));
  const targets = [...seeds.map(({ host }) => host), '10.0.0.99'];
  assert.equal(await ring.settle(node.member.join(targets)), 3);
  assert.equal(node.member.memberCount, 4);
  assert.deepEqual(warnings, ['WARN_JOIN_PARTIAL']);
  await ring.close();
});

test('a seed that is busy, or has no room for a stream, is asked again until it has time', async () => {
  for (const limits of [{ maxConcurrentPushPulls: 2 }, { maxInboundStreams: 8 }]) {
    const ring = new Ring();
    const seed = await ring.spawn({ limits });
    const nodes: RingNode[] = [];
    for (let i = 0; i < 40; i += 1) nodes.push(await ring.spawn());
    const joins = nodes.map(({ member }) => member.join([seed.host]));
    assert.deepEqual(new Set(await ring.settle(Promise.all(joins))), new Set([1]));
    assert.equal(seed.member.memberCount, 41);
    const retried = nodes.map(({ member }) => member.stats().counters['joins.retried'] ?? 0);
    assert.ok(retried.some((times) => times > 0));
    await ring.close();
  }
});

test('a seed that stays busy fails the join at last, and an abort or a close ends the waiting', async () => {
  const ring = new Ring();
  const limits = { maxConcurrentPushPulls: 1, streamTimeoutMs: 60_000 };
  const seed = await ring.spawn({ limits });
  const holder = await RawPeer.start(ring, { host: '10.0.9.9' });
  ring.network.setBandwidth(seed.host, 1);
  void holder.request(seed, holder.pushPull([])).catch(() => undefined);
  ring.runFor(10);
  ring.network.setBandwidth(seed.host, null);
  const [node, other] = [await ring.spawn(), await ring.spawn()];
  const [attempt] = await attempts(ring, node.member.join([seed.host]));
  assert.match(attempt?.message ?? '', /refused: busy/);
  assert.equal(node.member.stats().counters['joins.retried'], 7);
  const abort = new AbortController();
  const aborted = other.member.join([seed.host], { signal: abort.signal });
  aborted.catch(() => undefined);
  ring.runFor(300);
  abort.abort(new Error('enough'));
  await assert.rejects(ring.settle(aborted), /enough/);
  const left = node.member.join([seed.host]);
  left.catch(() => undefined);
  ring.runFor(300);
  await ring.settle(node.member.close());
  await assert.rejects(left, { code: 'ERR_CLOSED' });
  await ring.close();
  await ring.settle(holder.close());
});

test('a name is joined at all of its addresses', async () => {
  const ring = new Ring();
  const [a, b] = [await ring.spawn(), await ring.spawn()];
  const node = await ring.spawn();
  node.runtime.resolver.set('seeds', [a.host, b.host]);
  assert.equal(await ring.settle(node.member.join(['seeds'])), 2);
  const [attempt] = await attempts(ring, node.member.join(['nowhere']));
  assert.equal(attempt?.code, 'ERR_NAME_LOOKUP');
  assert.equal(attempt.target, 'nowhere');
  await ring.close();
});

test('joining nobody, oneself or a ring twice is harmless', async () => {
  const ring = new Ring();
  const [a, b] = await ring.spawnJoined(2);
  assert.equal(await ring.settle(a!.member.join([])), 0);
  assert.equal(await ring.settle(a!.member.join([a!.host])), 1);
  assert.equal(await ring.settle(b!.member.join([a!.host])), 1);
  assert.equal(a!.member.memberCount, 2);
  assert.equal(a!.member.localMember.incarnation, 1);
  await ring.close();
});

test('when nobody answers the error says why for each target', async () => {
  const ring = new Ring();
  const node = await ring.spawn();
  const failed = await attempts(ring, node.member.join(['10.0.0.98', '10.0.0.99:5']));
  assert.deepEqual(failed.map(({ target, code }) => [target, code]).sort(), [
    ['10.0.0.98', 'ERR_DIAL_FAILED'],
    ['10.0.0.99:5', 'ERR_DIAL_FAILED'],
  ]);
  await ring.close();
});

test('a peer that takes the stream and stays silent fails the join in the stream’s time', async () => {
  const ring = new Ring();
  const node = await ring.spawn();
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  raw.onRequest = () => 'hang';
  const start = ring.clock.now();
  const [attempt] = await attempts(ring, node.member.join([raw.address.host]));
  assert.ok(ring.clock.now() - start <= 11_000);
  assert.ok(attempt && ['ERR_TIMEOUT', 'ERR_STREAM_CLOSED'].includes(attempt.code));
  await ring.close();
  await ring.settle(raw.close());
});

test('rings that differ in label, key or encryption do not mix, and both sides say what to change', async () => {
  const cases = [
    [{ label: 'a' }, { label: 'b' }, 'ERR_LABEL_MISMATCH'],
    [{ label: 'a' }, {}, 'ERR_LABEL_MISMATCH'],
    [{}, { label: 'b' }, 'ERR_LABEL_MISMATCH'],
    [{ encryption: { keys: [KEY] } }, { encryption: { keys: [OTHER_KEY] } }, 'ERR_KEY_MISMATCH'],
    [{ encryption: { keys: [KEY] } }, {}, 'ERR_KEY_MISMATCH'],
    [{}, { encryption: { keys: [KEY] } }, 'ERR_KEY_MISMATCH'],
  ] as const;
  for (const [ours, theirs, code] of cases) {
    const ring = new Ring();
    const [a, b] = [await ring.spawn(ours), await ring.spawn(theirs)];
    const warned: string[] = [];
    b.member.on('warning', (warning) => warned.push(warning.code));
    const [attempt] = await attempts(ring, a.member.join([b.host]));
    const what = JSON.stringify([Object.keys(ours), Object.keys(theirs)]);
    assert.equal(attempt?.code, code, what);
    assert.deepEqual([a.member.nodes().length, b.member.nodes().length], [1, 1], what);
    assert.deepEqual(warned, ['WARN_FOREIGN_TRAFFIC'], what);
    await attempts(ring, a.member.join([b.host]));
    assert.equal(warned.length, 1, 'once a minute');
    ring.runFor(60_000);
    await attempts(ring, a.member.join([b.host]));
    assert.equal(warned.length, 2);
    await ring.close();
  }
});

test('members that share any key join, whichever is primary', async () => {
  const ring = new Ring();
  const a = await ring.spawn({ label: 'x', encryption: { keys: [KEY, OTHER_KEY] } });
  const b = await ring.spawn({ label: 'x', encryption: { keys: [OTHER_KEY, KEY] } });
  assert.equal(await ring.settle(b.member.join([a.host])), 1);
  ring.runFor(5000);
  assert.equal(a.member.memberCount, 2);
  await ring.close();
});

test('a plain ring moves to encryption step by step without losing anybody', async () => {
  const ring = new Ring();
  const steps = [
    {},
    { encryption: { keys: [KEY], verifyIncoming: false, verifyOutgoing: false } },
    { encryption: { keys: [KEY], verifyIncoming: false } },
    { encryption: { keys: [KEY] } },
  ];
  for (let at = 0; at + 1 < steps.length; at += 1) {
    const older = await ring.spawn(steps[at]);
    const newer = await ring.spawn(steps[at + 1]);
    assert.equal(await ring.settle(newer.member.join([older.host])), 1, `step ${at}`);
    ring.runFor(10_000);
    assert.deepEqual([older.member.memberCount, newer.member.memberCount], [2, 2], `step ${at}`);
    const back = await ring.spawn(steps[at]);
    assert.equal(await ring.settle(back.member.join([newer.host])), 1, `step ${at}, back`);
    await ring.close();
    ring.nodes.length = 0;
  }
});

test('an aborted join ends with the signal’s reason and leaves nothing behind', async () => {
  const ring = new Ring();
  const node = await ring.spawn({
    probe: { intervalMs: false },
    gossip: { intervalMs: false },
    pushPull: { intervalMs: false },
  });
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  raw.onRequest = () => 'hang';
  ring.runFor(20_000);
  const before = ring.clock.pendingCount;
  const abort = new AbortController();
  const reason = new Error('changed my mind');
  const joining = node.member.join([raw.address.host, '10.0.0.77'], { signal: abort.signal });
  ring.runFor(5);
  abort.abort(reason);
  await assert.rejects(ring.settle(joining), reason);
  ring.runFor(2000);
  assert.equal(ring.clock.pendingCount, before);
  await assert.rejects(node.member.join([raw.address.host], { signal: abort.signal }), reason);
  assert.equal(ring.clock.pendingCount, before, 'an aborted one does not even begin');
  await ring.close();
  await ring.settle(raw.close());
});

test('a join ends in time when it is given a limit', async () => {
  const ring = new Ring();
  const node = await ring.spawn();
  const raw = await RawPeer.start(ring, { host: '10.0.9.9' });
  raw.onRequest = () => 'hang';
  const start = ring.clock.now();
  const joining = node.member.join([raw.address.host], { timeoutMs: 700 });
  await assert.rejects(ring.settle(joining), { code: 'ERR_TIMEOUT' });
  assert.equal(ring.clock.now() - start, 700);
  await ring.close();
  await ring.settle(raw.close());
});

test('waiting for members ends at the number, at the limit, by signal and at close', async () => {
  const ring = new Ring();
  const [a, b] = [await ring.spawn(), await ring.spawn()];
  assert.equal((await a.member.waitForMembers(1)).length, 1);
  const two = a.member.waitForMembers(2);
  await ring.settle(b.member.join([a.host]));
  assert.deepEqual(
    (await ring.settle(two)).map(({ name }) => name),
    ['n1', 'n2'],
  );
  const limited = a.member.waitForMembers(3, { timeoutMs: 50 });
  await assert.rejects(ring.settle(limited), { code: 'ERR_TIMEOUT' });
  const abort = new AbortController();
  const aborted = a.member.waitForMembers(3, { signal: abort.signal });
  abort.abort(new Error('enough'));
  await assert.rejects(aborted, { message: 'enough' });
  const closed = assert.rejects(a.member.waitForMembers(3), { code: 'ERR_CLOSED' });
  await ring.settle(a.member.close());
  await closed;
  await ring.close();
});
