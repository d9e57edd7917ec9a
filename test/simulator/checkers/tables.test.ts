import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TablesChecker } from '../../../src/simulator/checkers/tables.ts';
import {
  assertRefused,
  entry,
  feed,
  forgets,
  hasOn,
  ownerIs,
  tellsOf,
  together,
} from './history.ts';

/* Each promise of the tables, with a history that breaks it and nothing else. */

const make = (): TablesChecker => new TablesChecker();
const lives = together('a', 'b');
const on = new Map([
  ['a', ['prod']],
  ['b', ['prod']],
]);
const dead = { time: 2, isDeleted: true } as const;

test('a write, a failure, a return, a delete and its end are as they should be', () => {
  const checker = make();
  feed(checker, lives, entry('b', 'b', { time: 1 }), entry('a', 'b', { time: 1 }));
  assert.deepEqual(checker.problems(on), []);
  feed(checker, ownerIs('a', 'b', 'hidden'));
  assert.match(checker.problems(on).join(), /prod\/t\/k: a does not see it, but it is of 2 bytes/);
  feed(checker, ownerIs('a', 'b', 'present'));
  assert.deepEqual(checker.problems(on), []);
  feed(checker, entry('b', 'b', dead), entry('a', 'b', dead));
  assert.deepEqual(checker.problems(on), []);
  feed(checker, forgets('a', 'b', dead), forgets('b', 'b', dead));
  feed(checker, entry('b', 'b', { time: 3 }), entry('a', 'b', { time: 3 }));
  assert.deepEqual(checker.problems(on), []);
});

test('a key that goes back is found', () => {
  const second = [...lives, entry('b', 'b', { time: 1 }), entry('b', 'b', { time: 2 })];
  const older = [entry('a', 'b', { time: 2 }), entry('a', 'b', { time: 1 })];
  assertRefused(make, /a key never goes back/, second, older);
  assertRefused(make, /a key never goes back/, second, entry('b', 'b', { time: 2 }));
});

test('of one time the lesser owner, the tombstone and the lesser value lose', () => {
  const one = { time: 1, value: 'v' };
  const written = [...lives, entry('a', 'a', one), entry('b', 'b', one)];
  assertRefused(make, /goes back/, written, entry('b', 'a', one));
  feed(make(), written, entry('a', 'b', one));
  const gone = { time: 1, value: 'v', isDeleted: true };
  assertRefused(make, /goes back/, lives, entry('b', 'b', one), entry('b', 'b', gone));
  assertRefused(
    make,
    /goes back/,
    lives,
    entry('b', 'b', { time: 1, value: 'w' }),
    entry('b', 'b', one),
  );
});

test('a deleted entry that comes back without a newer write is found', () => {
  const first = [...lives, entry('b', 'b', { time: 1 }), entry('b', 'b', dead)];
  assertRefused(make, /goes back/, first, entry('a', 'b', dead), entry('a', 'b', { time: 1 }));
});

test('a deleted entry that comes back once its tombstone is forgotten is found', () => {
  const first = [...lives, entry('b', 'b', { time: 1 }), entry('b', 'b', dead)];
  const forgotten = [entry('a', 'b', dead), forgets('a', 'b', dead)];
  assertRefused(make, /goes back/, first, forgotten, entry('a', 'b', { time: 1 }));
  // With the owner's leave goes what is remembered of its keys.
  const left = [tellsOf('b', 'left', 2), hasOn('a', 'b', 'left', 2), ownerIs('a', 'b', 'gone')];
  const back = [tellsOf('b', 'joined', 3), hasOn('a', 'b', 'joined', 3)];
  feed(make(), first, forgotten, left, back, entry('a', 'b', { time: 1 }));
  feed(make(), first, forgotten, entry('a', 'b', dead));
});

test('an entry that its owner never wrote is found', () => {
  const expected = /did not write/;
  assertRefused(make, expected, lives, entry('a', 'b', { time: 1 }));
  const written = [...lives, entry('b', 'b', { time: 1, value: 'x' })];
  assertRefused(make, expected, written, entry('a', 'b', { time: 1, value: 'y' }));
  assertRefused(make, expected, written, entry('a', 'b', { time: 1, value: 'x', isDeleted: true }));
  feed(make(), lives, entry('a', 'nobody watches', { time: 1 }));
});

test('a lost write of an owner that is there is found, at others and at itself', () => {
  const written = [...lives, entry('b', 'b', { time: 1 }), entry('a', 'b', { time: 1 })];
  assertRefused(make, /is not forgotten/, written, forgets('a', 'b', { time: 1 }));
  assertRefused(make, /is not forgotten/, written, forgets('b', 'b', { time: 1 }));
  const hidden = [...written, ownerIs('a', 'b', 'hidden', 1_000)];
  assertRefused(make, /kept for 60000 ms/, hidden, forgets('a', 'b', { time: 1 }, 49_999));
  feed(make(), hidden, forgets('a', 'b', { time: 1 }, 50_000));
});

test('who does not see what others see is named', () => {
  const checker = make();
  feed(checker, lives, entry('b', 'b', { time: 1 }));
  assert.deepEqual(checker.problems(on), [
    'prod/t/k: a does not see it, but it is of 2 bytes by b at time 1',
  ]);
  assert.deepEqual(checker.problems(new Map([['b', ['prod']]])), []);
  feed(checker, entry('a', 'b', { time: 1 }), tellsOf('b', 'left', 2), ownerIs('b', 'b', 'gone'));
  assert.deepEqual(checker.problems(on), [
    'prod/t/k: a sees it of 2 bytes by b at time 1, but no owner there holds it',
  ]);
});
