import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { SuspicionInit } from '../../src/memberlist/suspicion.ts';
import { Suspicion } from '../../src/memberlist/suspicion.ts';
import { VirtualClock } from '../../src/simulator/index.ts';

function suspicion(
  o: Partial<Pick<SuspicionInit, 'expected' | 'minMs' | 'maxMs' | 'lastLook' | 'lostMs'>> = {},
): {
  readonly clock: VirtualClock;
  readonly doubt: Suspicion;
  readonly expiries: { at: number; confirmations: number }[];
} {
  const clock = new VirtualClock(1000);
  const expiries: { at: number; confirmations: number }[] = [];
  const doubt = new Suspicion(clock, {
    from: 'first',
    expected: o.expected ?? 3,
    minMs: o.minMs ?? 500,
    maxMs: o.maxMs ?? 2000,
    ...(o.lastLook === undefined ? {} : { lastLook: o.lastLook }),
    ...(o.lostMs === undefined ? {} : { lostMs: o.lostMs }),
    onExpire: (confirmations) => expiries.push({ at: clock.now() - 1000, confirmations }),
  });
  return { clock, doubt, expiries };
}

test('each independent accuser shortens the doubt, logarithmically', () => {
  const lengths = [2000, 1250, 810, 500];
  for (const [accusers, length] of lengths.entries()) {
    const { clock, doubt, expiries } = suspicion();
    for (let i = 0; i < accusers; i += 1) assert.equal(doubt.confirm(`accuser ${i}`), true);
    clock.runFor(length - 1);
    assert.equal(expiries.length, 0);
    clock.runFor(2);
    assert.equal(expiries.length, 1);
    assert.ok(Math.abs(expiries[0]!.at - length) <= 1, `${accusers}: ${expiries[0]!.at}`);
    assert.equal(expiries[0]!.confirmations, accusers);
  }
});

test('the first accuser and repeated ones do not count', () => {
  const { clock, doubt, expiries } = suspicion();
  assert.equal(doubt.confirm('first'), false);
  assert.equal(doubt.confirm('second'), true);
  assert.equal(doubt.confirm('second'), false);
  assert.equal(doubt.confirmations, 1);
  clock.runFor(1249);
  assert.deepEqual(expiries, []);
  clock.runFor(2);
  assert.equal(expiries.length, 1);
});

test('accusers beyond the expected number are no news', () => {
  const { doubt } = suspicion({ expected: 1 });
  assert.equal(doubt.confirm('second'), true);
  assert.equal(doubt.confirm('third'), false);
  assert.equal(doubt.confirmations, 1);
});

test('where nobody is expected to confirm the doubt is short from the start', () => {
  const { clock, doubt, expiries } = suspicion({ expected: 0 });
  assert.equal(doubt.confirm('second'), false);
  clock.runFor(499);
  assert.deepEqual(expiries, []);
  clock.runFor(1);
  assert.deepEqual(expiries, [{ at: 500, confirmations: 0 }]);
});

test('a confirmation that comes when the shortened time is over ends the doubt at once, and once', () => {
  const { clock, doubt, expiries } = suspicion();
  clock.runFor(1000);
  doubt.confirm('second');
  doubt.confirm('third');
  doubt.confirm('fourth');
  assert.deepEqual(expiries, [], 'never inside the call');
  clock.runFor(0);
  assert.deepEqual(expiries, [{ at: 1000, confirmations: 3 }]);
  clock.runFor(10_000);
  assert.equal(expiries.length, 1);
});

test('a doubt that was ended says nothing and leaves no timer', () => {
  const { clock, doubt, expiries } = suspicion();
  doubt.confirm('second');
  doubt.cancel();
  assert.equal(clock.pendingCount, 0);
  clock.runFor(10_000);
  assert.deepEqual(expiries, []);
});

test('input that is waiting when the time is over is heard before the verdict', () => {
  const { clock, doubt, expiries } = suspicion({ expected: 0 });
  clock.schedule(500, () => clock.schedule(0, () => doubt.cancel()));
  clock.runFor(10_000);
  assert.deepEqual(expiries, []);
});

/** A doubt whose suspect is asked 200 ms ahead; tests answer by hand. */
function lookedAt(o: { expected?: number; aheadMs?: number; lostMs?: () => number } = {}): {
  readonly clock: VirtualClock;
  readonly doubt: Suspicion;
  readonly expiries: readonly { at: number }[];
  readonly looks: readonly { at: number; answer: () => void; hasEnded: boolean }[];
} {
  const looks: { at: number; answer: () => void; hasEnded: boolean }[] = [];
  const ask = (answer: () => void): (() => void) => {
    const look = { at: clock.now() - 1000, answer, hasEnded: false };
    looks.push(look);
    return () => {
      look.hasEnded = true;
    };
  };
  const { aheadMs = 200, ...others } = o;
  const made = suspicion({ ...others, lastLook: { aheadMs, ask } });
  const { clock } = made;
  return { ...made, looks };
}

test('the suspect itself is asked before the earliest end; an answer gives it the shortest doubt from there on', () => {
  const { clock, doubt, expiries, looks } = lookedAt();
  for (const name of ['second', 'third', 'fourth']) doubt.confirm(name);
  clock.runFor(299);
  assert.equal(looks.length, 0);
  clock.runFor(51);
  assert.equal(looks[0]?.at, 300);
  looks[0].answer();
  clock.runFor(10_000);
  assert.deepEqual(
    looks.map(({ at }) => at),
    [300, 650],
    'and once more before the new end',
  );
  assert.deepEqual(expiries, [{ at: 850, confirmations: 3 }]);
});

test('who answers both looks and does not refute is dead after less than three times the shortest doubt', () => {
  const { clock, doubt, expiries, looks } = lookedAt({ expected: 0 });
  for (const at of [0, 1]) {
    assert.ok(clock.runUntil(() => looks.length > at, 10_000));
    looks[at]!.answer();
  }
  clock.runFor(10_000);
  assert.equal(looks.length, 2);
  assert.ok(expiries[0]!.at <= 1_500, `${expiries[0]!.at}`);
  doubt.cancel();
});

test('a long doubt has a look before its earliest end and one before its end, wherever confirmations move that', () => {
  const alone = lookedAt();
  alone.clock.runFor(10_000);
  assert.deepEqual(
    alone.looks.map(({ at }) => at),
    [300, 1_800],
  );
  assert.equal(alone.expiries[0]!.at, 2_000);
  const confirmed = lookedAt();
  confirmed.clock.runFor(600);
  confirmed.doubt.confirm('second');
  confirmed.clock.runFor(10_000);
  assert.deepEqual(
    confirmed.looks.map(({ at }) => at),
    [300, 1_050],
  );
  assert.equal(Math.round(confirmed.expiries[0]!.at), 1_250);
  const ended = lookedAt();
  ended.clock.runFor(600);
  for (const name of ['second', 'third', 'fourth']) ended.doubt.confirm(name);
  ended.clock.runFor(10_000);
  assert.equal(ended.looks.length, 1, 'too late for another answer');
  assert.equal(ended.expiries[0]!.at, 600, 'confirmations are not delayed by it');
});

test('an answer never shortens a doubt, and the question ends with it', () => {
  const long = lookedAt();
  long.clock.runFor(300);
  long.looks[0]!.answer();
  long.clock.runFor(10_000);
  assert.equal(long.expiries[0]!.at, 2_000);
  const short = lookedAt({ expected: 0 });
  short.clock.runFor(500);
  assert.equal(short.expiries.length, 1);
  const cancelled = lookedAt();
  cancelled.clock.runFor(400);
  cancelled.doubt.cancel();
  for (const { clock, expiries, looks } of [short, cancelled]) {
    assert.equal(looks[0]!.hasEnded, true, 'nobody asks again whom nobody doubts');
    assert.equal(clock.pendingCount, 0);
    clock.runFor(10_000);
    assert.ok(expiries.length <= 1);
  }
  assert.equal(cancelled.expiries.length, 0);
});

test('a doubt shorter than the look ahead asks at once, and a look moves with time lost in stalls', () => {
  const tiny = lookedAt({ aheadMs: 800 });
  tiny.clock.runFor(0);
  assert.equal(tiny.looks.length, 1);
  let lostMs = 0;
  const stalled = lookedAt({ expected: 0, lostMs: () => lostMs });
  stalled.clock.runFor(100);
  lostMs = 300;
  stalled.clock.runFor(10_000);
  assert.equal(stalled.looks[0]!.at, 600);
  assert.equal(stalled.expiries[0]!.at, 800);
});
