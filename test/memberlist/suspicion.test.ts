import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { SuspicionInit } from '../../src/memberlist/suspicion.ts';
import { Suspicion } from '../../src/memberlist/suspicion.ts';
import { VirtualClock } from '../../src/simulator/index.ts';

function suspicion(
  o: {
    expected?: number;
    minMs?: number;
    maxMs?: number;
    lastLook?: SuspicionInit['lastLook'];
  } = {},
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

test('the suspect itself is asked before the doubt can end, once; an answer gives it the shortest doubt again', () => {
  const asked: { at: number; answered: () => void }[] = [];
  const ask = (answered: () => void): void => {
    asked.push({ at: clock.now() - 1000, answered });
  };
  const { clock, doubt, expiries } = suspicion({ lastLook: { aheadMs: 200, ask } });
  for (const name of ['second', 'third', 'fourth']) doubt.confirm(name);
  clock.runFor(299);
  assert.equal(asked.length, 0);
  clock.runFor(51);
  assert.equal(asked[0]?.at, 300);
  asked[0].answered();
  clock.runFor(499);
  assert.deepEqual(expiries, [], 'it answered at 350');
  clock.runFor(10_000);
  assert.deepEqual(expiries, [{ at: 850, confirmations: 3 }]);
  assert.equal(asked.length, 1);
});

test('an answer to the last look never shortens a doubt, and comes too late once it is over', () => {
  let answered = (): void => undefined;
  const ask = (done: () => void): void => {
    answered = done;
  };
  const long = suspicion({ lastLook: { aheadMs: 200, ask } });
  long.clock.runFor(300);
  answered();
  long.clock.runFor(10_000);
  assert.deepEqual(long.expiries, [{ at: 2000, confirmations: 0 }]);
  const short = suspicion({ expected: 0, lastLook: { aheadMs: 200, ask } });
  short.clock.runFor(500);
  assert.equal(short.expiries.length, 1);
  answered();
  const ended = suspicion({ lastLook: { aheadMs: 200, ask } });
  ended.clock.runFor(400);
  ended.doubt.cancel();
  answered();
  for (const { clock, expiries } of [short, ended]) {
    assert.equal(clock.pendingCount, 0);
    clock.runFor(10_000);
    assert.ok(expiries.length <= 1);
  }
  assert.equal(ended.expiries.length, 0);
});

test('a doubt that is shorter than the last look ahead asks at once, and one that ends before asks nobody', () => {
  let asked = 0;
  const ask = (): void => {
    asked += 1;
  };
  const tiny = suspicion({ lastLook: { aheadMs: 800, ask } });
  tiny.clock.runFor(0);
  assert.equal(asked, 1);
  const brief = suspicion({ lastLook: { aheadMs: 200, ask } });
  brief.doubt.cancel();
  brief.clock.runFor(10_000);
  assert.equal(asked, 1);
});
