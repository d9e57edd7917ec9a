import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LeaksChecker } from '../../../src/simulator/checkers/leaks.ts';
import { SizesChecker } from '../../../src/simulator/checkers/sizes.ts';
import { assertRefused, feed, size } from './history.ts';

const make = (): SizesChecker => new SizesChecker();
const calm = { kind: 'calm', isCalm: true, isStill: true } as const;
const agreed = { ...calm, isStill: false } as const;
const storm = { kind: 'calm', isCalm: false, isStill: false } as const;

test('what is within its cap is fine, one more is found', () => {
  feed(make(), size('queue', 10), size('held', 10));
  assertRefused(make, /never more than 10 queue things/, size('queue', 11));
  assertRefused(make, /never more than 10 held things/, size('held', 11));
});

test('what grows in the calm is found, a queue may still run', () => {
  assertRefused(make, /nothing grows in the calm/, calm, size('held', 2), size('held', 3));
  feed(make(), size('held', 2), calm, size('held', 3), size('held', 3), size('held', 1));
  feed(make(), calm, size('queue', 2), size('queue', 3));
  feed(make(), calm, size('held', 2), storm, size('held', 3));
});

test('since all agreed what is held may fall and rise again, and not above what it was', () => {
  const held = [agreed, size('held', 3), size('held', 1), size('held', 3)];
  feed(make(), held);
  assertRefused(make, /nothing grows in the calm, and there were 3/, held, size('held', 4));
  feed(make(), held, storm, size('held', 4));
  assertRefused(make, /there were 1 held/, calm, size('held', 3), size('held', 1), size('held', 3));
});

test('a queue that does not run empty is named', () => {
  const checker = make();
  feed(checker, size('queue', 2), size('held', 5));
  assert.deepEqual(checker.problems(), ['a still has 2 queue things']);
  feed(checker, size('queue', 0));
  assert.deepEqual(checker.problems(), []);
});

test('what a close leaves behind is found', () => {
  const left = { kind: 'residue', life: 'a', what: 'timers' } as const;
  feed(new LeaksChecker(), { ...left, count: 0 });
  assertRefused(() => new LeaksChecker(), /nothing is left.*leaves 1 timers behind/, {
    ...left,
    count: 1,
  });
});
