import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Suspicion } from '../../src/memberlist/suspicion.ts';
import { VirtualClock } from '../../src/simulator/index.ts';

function suspicion(o: { expected?: number; minMs?: number; maxMs?: number } = {}): {
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
