import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MembershipChecker } from '../../../src/simulator/checkers/membership.ts';
import { assertRefused, feed, holds, own, start } from './history.ts';

/* Each rule of the membership, with a history that breaks it and nothing else. */

const make = (): MembershipChecker => new MembershipChecker();
const both = [...start('a'), ...start('b'), holds('a', 'b', 'alive', 1)];

test('a doubt, a refutation, a death, a return and a good-bye are as they should be', () => {
  const checker = make();
  const bound = '10.0.0.7:7946';
  feed(
    checker,
    both,
    [holds('b', 'a', 'alive', 1), holds('a', 'b', 'suspect', 1), own('b', 2)],
    [holds('a', 'b', 'alive', 2), holds('a', 'b', 'suspect', 2), holds('a', 'b', 'dead', 2)],
    { kind: 'end', life: 'b' },
    start("b'2", bound),
    [holds('a', 'b', 'alive', 1, bound), holds("b'2", 'a', 'alive', 1)],
  );
  assert.deepEqual(checker.problems(), []);
  feed(checker, own("b'2", 1, 'left'), holds('a', 'b', 'left', 1, bound));
  assert.deepEqual(checker.problems(), ["a holds left b'2, which runs at 10.0.0.7:7946"]);
});

test('an incarnation that its owner never issued is found', () => {
  assertRefused(make, /only b raises/, both, holds('a', 'b', 'alive', 2));
  assertRefused(make, /only b raises/, both, holds('a', 'b', 'dead', 2));
});

test('an owner that lowers or repeats its incarnation is found', () => {
  assertRefused(make, /never lowers or repeats/, both, own('b', 3), own('b', 2));
  assertRefused(make, /never lowers or repeats/, both, own('b', 1, 'left'), own('b', 1));
});

test('a node that believes an accusation of itself is found', () => {
  assertRefused(make, /nobody believes/, both, { ...holds('b', 'b', 'suspect', 1), isOwn: true });
});

test('a gone node that comes back with an incarnation it had is found', () => {
  for (const state of ['dead', 'suspect'] as const) {
    const history = [both, own('b', 2), holds('a', 'b', 'alive', 2), holds('a', 'b', state, 2)];
    assertRefused(make, /alive needs a higher/, ...history, holds('a', 'b', 'alive', 2));
    assertRefused(make, /alive needs a higher/, ...history, holds('a', 'b', 'alive', 1));
  }
});

test('a gone node that is accused again is found', () => {
  const dead = [...both, holds('a', 'b', 'dead', 1)];
  assertRefused(make, /stays as it went/, dead, holds('a', 'b', 'suspect', 1));
  assertRefused(make, /stays as it went/, dead, own('b', 1, 'left'), holds('a', 'b', 'left', 1));
});

test('an incarnation that falls is found', () => {
  const second = [...both, own('b', 2), holds('a', 'b', 'alive', 2)];
  assertRefused(make, /only rise/, second, holds('a', 'b', 'suspect', 1));
});

test('a leave that nobody announced is found', () => {
  assertRefused(make, /has not left/, both, holds('a', 'b', 'left', 1));
  const left = [...both, own('b', 1, 'left'), holds('a', 'b', 'left', 1)];
  feed(make(), left);
});

test('an accusation of somebody unknown that is believed is found', () => {
  assertRefused(make, /of an unknown node/, start('a'), start('b'), holds('a', 'b', 'dead', 1));
});

test('a name that moves while its holder counts as a member is found', () => {
  const elsewhere = holds('a', 'b', 'alive', 1, '10.0.0.7:7946');
  assertRefused(make, /moves to another endpoint/, both, elsewhere);
});

test('a suspicion that begins twice is found', () => {
  const doubt = holds('a', 'b', 'suspect', 1);
  assertRefused(make, /not suspected anew/, both, doubt, doubt);
});

test('who does not agree about who runs is named', () => {
  const checker = make();
  feed(checker, both, { kind: 'memberForgotten', life: 'a', node: 'b' });
  assert.deepEqual(checker.problems(), [
    'a does not know b, which runs at 10.0.0.2:7946',
    'b does not know a, which runs at 10.0.0.1:7946',
  ]);
  feed(checker, holds('a', 'b', 'alive', 1), { kind: 'end', life: 'b' });
  assert.deepEqual(checker.problems(), ['a holds alive b, which does not run']);
});
