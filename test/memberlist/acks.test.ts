import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AckTable } from '../../src/memberlist/acks.ts';
import type { Random } from '../../src/runtime/index.ts';
import { SeededRandom } from '../../src/runtime/index.ts';
import { VirtualClock } from '../../src/simulator/index.ts';

function table(random: Random = new SeededRandom(1)): { clock: VirtualClock; acks: AckTable } {
  const clock = new VirtualClock();
  return { clock, acks: new AckTable({ clock, random }) };
}

function waiter(log: string[]): { onAck(p: Uint8Array): void; onNack(): void; onExpire(): void } {
  return {
    onAck: (payload) => log.push(`ack ${payload.join()}`),
    onNack: () => log.push('nack'),
    onExpire: () => log.push('expired'),
  };
}

test('an ack is heard once, and its number forgotten', () => {
  const { clock, acks } = table();
  const log: string[] = [];
  const seq = acks.register(100, waiter(log));
  assert.equal(acks.ack(seq, Uint8Array.of(7)), true);
  assert.equal(acks.ack(seq, Uint8Array.of(8)), false);
  assert.deepEqual(log, ['ack 7']);
  assert.equal(acks.size, 0);
  assert.equal(clock.pendingCount, 0);
});

test('a nack is heard and the ack still awaited', () => {
  const { acks } = table();
  const log: string[] = [];
  const seq = acks.register(100, waiter(log));
  assert.equal(acks.nack(seq), true);
  assert.equal(acks.nack(seq), true);
  acks.ack(seq, new Uint8Array(0));
  assert.equal(acks.nack(seq), false);
  assert.deepEqual(log, ['nack', 'nack', 'ack ']);
});

test('a number without an answer expires once, after its time', () => {
  const { clock, acks } = table();
  const log: string[] = [];
  const seq = acks.register(100, waiter(log));
  clock.runFor(99);
  assert.deepEqual(log, []);
  clock.runFor(1);
  assert.deepEqual(log, ['expired']);
  assert.equal(acks.ack(seq, new Uint8Array(0)), false);
  assert.equal(acks.size, 0);
});

test('an ack that was waiting when the time was over still counts', () => {
  const { clock, acks } = table();
  const log: string[] = [];
  const seq = acks.register(100, waiter(log));
  clock.schedule(100, () => clock.schedule(0, () => acks.ack(seq, Uint8Array.of(1))));
  clock.runFor(1000);
  assert.deepEqual(log, ['ack 1']);
});

test('unknown numbers are nobody’s', () => {
  const { acks } = table();
  assert.equal(acks.ack(12, new Uint8Array(0)), false);
  assert.equal(acks.nack(12), false);
});

test('numbers begin at random, count up, wrap at 32 bits and skip those in use', () => {
  const { acks } = table({ uint32: () => 0xffff_fffd });
  const seqs = Array.from({ length: 4 }, () => acks.register(1000, waiter([])));
  assert.deepEqual(seqs, [0xffff_fffe, 0xffff_ffff, 0, 1]);
  const again = table({ uint32: () => 0xffff_fffe });
  again.acks.register(1000, waiter([]));
  assert.equal(again.acks.register(1000, waiter([])), 0);
  assert.notEqual(
    table(new SeededRandom(1)).acks.register(1, { onAck: () => {} }),
    table(new SeededRandom(2)).acks.register(1, { onAck: () => {} }),
  );
});

test('forgetting one or all of them tells nobody and leaves no timer', () => {
  const { clock, acks } = table();
  const log: string[] = [];
  acks.forget(acks.register(100, waiter(log)));
  acks.register(100, waiter(log));
  acks.register(100, waiter(log));
  assert.equal(acks.size, 2);
  acks.clear();
  assert.equal(acks.size, 0);
  assert.equal(clock.pendingCount, 0);
  clock.runFor(1000);
  assert.deepEqual(log, []);
});
