import { test } from 'node:test';

import { TablesChecker } from '../../../src/simulator/checkers/tables.ts';
import type { Event } from './history.ts';
import {
  assertRefused,
  entry,
  feed,
  forgets,
  hasOn,
  holds,
  own,
  ownerIs,
  sees,
  start,
  tellsOf,
  together,
} from './history.ts';

/* Who may be given up with all that it published, and who may not. */

const make = (): TablesChecker => new TablesChecker();
const one = { time: 1 } as const;
const written = [...together('a', 'b'), entry('b', 'b', one), entry('a', 'b', one)];
const dropped = ownerIs('a', 'b', 'gone');
const expected = /what an owner published that has not left is not given up/;
const DAY_MS = 86_400_000;

/** A process says good-bye to the cluster. */
function saysGoodBye(node: string, time: number): Event {
  return { kind: 'farewell', life: node, node, time };
}

test('an owner that is there is given up by nobody, neither seen nor hidden, nor by itself', () => {
  assertRefused(make, expected, written, dropped);
  const failed = [sees('a', 'b', 'failed'), ownerIs('a', 'b', 'hidden')];
  assertRefused(make, expected, written, failed, dropped);
  assertRefused(make, expected, written, ownerIs('b', 'b', 'gone'));
});

test('what a drop took away does not come back', () => {
  const dead = { time: 2, isDeleted: true } as const;
  const deleted = [...written, entry('b', 'b', dead), entry('a', 'b', dead)];
  assertRefused(make, expected, deleted, dropped);
  // Nor after a leave, as long as nobody knows of a return.
  const left = [tellsOf('b', 'left', 2), hasOn('a', 'b', 'left', 2), dropped];
  assertRefused(make, /an owner that is not on the network/, deleted, left, entry('a', 'b', one));
});

test('who leaves a network is given up there, once that is known', () => {
  const left = tellsOf('b', 'left', 2);
  assertRefused(make, expected, written, left, dropped);
  feed(make(), written, left, hasOn('a', 'b', 'left', 2), dropped);
  // It is back long since: the leave is heard late.
  feed(make(), written, left, tellsOf('b', 'joined', 3), hasOn('a', 'b', 'left', 2), dropped);
});

test('a leave that nobody told, or that is told anew, is found', () => {
  const untold = /b has not told that it has left prod at time/;
  assertRefused(make, untold, written, hasOn('a', 'b', 'left', 2));
  const left = tellsOf('b', 'left', 2);
  assertRefused(make, untold, written, left, hasOn('a', 'b', 'left', 3));
  const back = [
    tellsOf('b', 'joined', 3),
    hasOn('a', 'b', 'left', 2),
    hasOn('a', 'b', 'joined', 3),
  ];
  assertRefused(make, /is never older/, written, left, back, hasOn('a', 'b', 'left', 2));
});

test('who leaves a network gives up all that others published there, and what it has itself', () => {
  const alone = tellsOf('a', 'left', 2);
  feed(make(), written, entry('a', 'a', { time: 2, key: 'own' }), [
    alone,
    dropped,
    ownerIs('a', 'a', 'gone'),
  ]);
  assertRefused(make, expected, written, alone, tellsOf('a', 'joined', 3), dropped);
});

test('a node that is there is not taken off a network', () => {
  const refused = /is not taken off a network/;
  assertRefused(make, refused, written, hasOn('a', 'b', 'forgotten', 0));
  const failed = sees('a', 'b', 'failed', { ownMs: 1_000 });
  assertRefused(make, refused, written, failed, hasOn('a', 'b', 'forgotten', 0));
  const left = [
    tellsOf('b', 'left', 2),
    hasOn('a', 'b', 'left', 2),
    hasOn('a', 'b', 'forgotten', 0),
  ];
  feed(make(), written, left);
});

test('a good-bye takes along what was published, each once at each observer', () => {
  const refused = /b has said no good-bye that is news/;
  const gone = sees('a', 'b', 'left', { time: 5 });
  assertRefused(make, refused, written, gone);
  assertRefused(make, refused, written, saysGoodBye('b', 4), gone);
  const once = [...written, saysGoodBye('b', 5), gone, hasOn('a', 'b', 'forgotten', 0), dropped];
  feed(make(), once);
  assertRefused(make, refused, once, sees('a', 'b', 'active', { time: 5 }), gone);
});

test('a good-bye that the membership knows takes along what was published', () => {
  const left = [own('b', 2, 'left'), holds('a', 'b', 'left', 2), sees('a', 'b', 'left')];
  feed(make(), written, left, dropped);
  const failed = [holds('a', 'b', 'dead', 1), sees('a', 'b', 'left')];
  assertRefused(make, /no good-bye/, written, failed);
});

test('who has another name at its address is given up, if that one ever ran there', () => {
  const address = '10.0.0.2:7946';
  const first = [holds('a', 'b', 'alive', 1), holds('a', 'c', 'alive', 1, address)];
  feed(make(), start('c', address), written, first, sees('a', 'b', 'left'), dropped);
  assertRefused(make, /nobody else is/, start('c'), written, first, sees('a', 'b', 'left'));
  const elsewhere = [holds('a', 'b', 'alive', 1), holds('a', 'c', 'alive', 1)];
  assertRefused(make, /nobody else is/, start('c'), written, elsewhere, sees('a', 'b', 'left'));
});

test('who is gone is remembered for a day by the clock of the observer, and its entries as long as they may be', () => {
  const failed = sees('a', 'b', 'failed', { ownMs: 1_000 });
  const hidden = [...written, failed, ownerIs('a', 'b', 'hidden', 1_000)];
  const dayOn = 1_000 + DAY_MS - 10_000; // two ticks may be short
  const forgotten = sees('a', 'b', 'forgotten', { ownMs: dayOn });
  feed(make(), hidden, ownerIs('a', 'b', 'gone', dayOn), forgotten);
  assertRefused(make, expected, hidden, ownerIs('a', 'b', 'gone', dayOn - 1));
  const early = sees('a', 'b', 'forgotten', { ownMs: dayOn - 1 });
  assertRefused(make, /remembered for a day/, hidden, early);
  const back = [sees('a', 'b', 'active'), sees('a', 'b', 'failed', { ownMs: dayOn })];
  assertRefused(make, expected, hidden, back, ownerIs('a', 'b', 'gone', dayOn));
});

test('what came while its owner was hidden is kept for as long as its teller said', () => {
  const failed = [sees('a', 'b', 'failed'), ownerIs('a', 'b', 'hidden', 1_000)];
  const two = { time: 2, isHidden: true } as const;
  const late = [entry('b', 'b', { time: 2 }), entry('a', 'b', two)];
  feed(make(), written, failed, late, forgets('a', 'b', two, 1_001));
  const again = [ownerIs('a', 'b', 'present', 2_000), ownerIs('a', 'b', 'hidden', 3_000)];
  const soon = forgets('a', 'b', two, 3_001);
  assertRefused(make, /kept for 60000 ms/, written, failed, late, again, soon);
});

test('of those whom nobody watches nothing of this is asked', () => {
  const there = [...together('a', 'b'), entry('a', 'guest', one)];
  feed(make(), there, sees('a', 'guest', 'left'), ownerIs('a', 'guest', 'gone'));
  const checker = make();
  feed(checker, written);
  checker.meet('b');
  checker.see({ ...dropped, atMs: 99, ownMs: 99 } as Parameters<TablesChecker['see']>[0]);
});
