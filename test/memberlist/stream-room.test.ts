import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Reminders } from '../../src/memberlist/reminders.ts';
import { StreamRoom } from '../../src/memberlist/stream-room.ts';
import { VirtualClock } from '../../src/simulator/index.ts';

test('where room runs out the stream that has been silent longest goes, and none that has spoken', () => {
  const room = new StreamRoom<string>({ maxStreams: 3, maxBytes: 100 });
  for (const name of ['a', 'b', 'c']) assert.equal(room.enter(name), null);
  room.proved('a');
  assert.equal(room.enter('d'), 'b');
  assert.equal(room.enter('e'), 'c');
  room.proved('d');
  room.proved('e');
  assert.equal(room.enter('f'), null, 'nobody else is silent');
  assert.equal(room.enter('g'), 'f');
  room.leave('a');
  room.leave('d');
  assert.equal(room.enter('h'), null);
});

test('bytes count once, as they arrived or as they inflated, until the stream is closed', () => {
  const room = new StreamRoom<string>({ maxStreams: 9, maxBytes: 100 });
  room.enter('a');
  room.enter('b');
  assert.equal(room.hold('a', 40), true);
  room.read('a', 30);
  assert.equal(room.heldBytes, 40);
  room.read('a', 30);
  assert.equal(room.heldBytes, 60);
  assert.equal(room.hold('b', 40), true);
  assert.equal(room.hold('b', 41), false);
  room.leave('a');
  assert.equal(room.heldBytes, 41);
  assert.equal(room.hold('b', 50), true);
  room.leave('b');
  room.leave('b');
  assert.equal(room.heldBytes, 0);
});

test('many subjects are told no more often than few, and do not silence other kinds', () => {
  const clock = new VirtualClock();
  const reminders = new Reminders(clock);
  let told = 0;
  for (let source = 0; source < 10_000; source += 1) {
    if (reminders.isDue('packets', `10.0.${source >> 8}.${source & 255}`)) told += 1;
    clock.runFor(1);
  }
  assert.equal(told, 64);
  assert.equal(reminders.isDue('conflict', 'n1'), true);
  assert.equal(reminders.isDue('conflict', 'n1'), false);
  clock.runFor(59_999);
  assert.equal(reminders.isDue('conflict', 'n1'), false);
  clock.runFor(1);
  assert.equal(reminders.isDue('conflict', 'n1'), true);
  assert.equal(reminders.isDue('packets', 'another'), true);
});
