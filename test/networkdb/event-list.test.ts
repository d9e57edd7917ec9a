import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { TakeBudget } from '../../src/networkdb/event-list.ts';
import { EventList } from '../../src/networkdb/event-list.ts';
import { randomBelow, SeededRandom } from '../../src/runtime/index.ts';

/* The lists that events wait in: order, room, bounds, and what an operation costs however many wait. */

const put = (
  list: EventList,
  key: string,
  o: { size?: number; sends?: number; at?: number } = {},
) => {
  list.put({
    key,
    message: new Uint8Array(o.size ?? 10),
    sends: o.sends ?? 0,
    sentAt: o.at ?? 0,
    heardFrom: null,
  });
};

const fresh = (limitBytes: number): TakeBudget => ({
  overheadBytes: 0,
  limitBytes,
  which: 'fresh',
});
const keysOf = (list: EventList, budget: TakeBudget): string[] =>
  list.take(budget).map(({ key }) => key);

test('news is taken oldest first, and what does not fit is passed over', () => {
  const list = new EventList(100);
  put(list, 'a', { size: 40 });
  put(list, 'large', { size: 90 });
  put(list, 'b', { size: 50 });
  assert.deepEqual(keysOf(list, fresh(100)), ['a', 'b']);
  assert.deepEqual(keysOf(list, fresh(100)), ['large']);
  assert.deepEqual(keysOf(list, fresh(100)), []);
  assert.equal(list.bytes, 0);
});

test('what no packet holds any more is dropped, and does not stand in the way of others', () => {
  const list = new EventList(100);
  for (let i = 0; i < 40; i += 1) put(list, `large ${i}`, { size: 90 });
  put(list, 'again', { size: 90, sends: 1 });
  put(list, 'small', { size: 10 });
  assert.deepEqual(keysOf(list, { ...fresh(80), mostBytes: 80 }), ['small']);
  const repeats = { ...fresh(80), mostBytes: 80, which: { sentUntil: 0 } };
  assert.deepEqual(keysOf(list, repeats), []);
  assert.deepEqual([list.length, list.bytes, list.droppedCount], [0, 0, 41]);
});

test('repeats are taken least often sent first, and not before their time', () => {
  const list = new EventList(100);
  put(list, 'new');
  put(list, 'twice', { sends: 2, at: 5 });
  put(list, 'once', { sends: 1, at: 10 });
  put(list, 'just now', { sends: 1, at: 90 });
  const budget = { overheadBytes: 0, limitBytes: 1_000, which: { sentUntil: 50 } };
  assert.deepEqual(keysOf(list, budget), ['once', 'twice']);
  assert.equal(list.length, 2);
  assert.equal(list.freshBytes, 10);
});

test('of each key the latest stays', () => {
  const list = new EventList(100);
  put(list, 'k', { size: 10 });
  put(list, 'k', { size: 20, sends: 1 });
  assert.equal(list.length, 1);
  assert.deepEqual([list.bytes, list.freshBytes], [20, 0]);
  assert.ok(list.delete('k'));
  assert.ok(!list.delete('k'));
  assert.equal(list.bytes, 0);
});

test('at its cap the list drops what was sent most often, of that the oldest', () => {
  const list = new EventList(3);
  put(list, 'often', { sends: 3 });
  put(list, 'a');
  put(list, 'b');
  put(list, 'c');
  put(list, 'd');
  assert.equal(list.droppedCount, 2);
  assert.deepEqual(keysOf(list, fresh(1_000)), ['b', 'c', 'd']);
});

test('an operation costs the same whether 100 or 100,000 events wait', () => {
  const costOf = (count: number): { put: number; take: number } => {
    const list = new EventList(200_000);
    for (let i = 0; i < count; i += 1) put(list, `k${i}`, { size: 250 });
    const before = list.work;
    for (let i = 0; i < 100; i += 1) put(list, `more${i}`, { size: 250 });
    const putWork = list.work - before;
    const beforeTake = list.work;
    for (let i = 0; i < 10; i += 1) list.take(fresh(1_350));
    return { put: putWork, take: list.work - beforeTake };
  };
  const few = costOf(100);
  const many = costOf(100_000);
  assert.equal(many.put, few.put);
  assert.equal(many.take, few.take);
});

test('draining a long list costs a few steps for each event, also when many were replaced', () => {
  const list = new EventList(200_000);
  const count = 20_000;
  for (let i = 0; i < count; i += 1) put(list, `k${i}`, { size: 250 });
  for (let i = 0; i < count; i += 2) list.delete(`k${i}`);
  while (list.length > 0) list.take(fresh(1_350));
  assert.ok(list.work < count * 8, `${list.work} steps for ${count} events`);
});

test('after random operations the counts are those of what is there', () => {
  const random = new SeededRandom(5);
  const list = new EventList(50);
  const model = new Map<string, number>();
  for (let i = 0; i < 5_000; i += 1) {
    const key = `k${randomBelow(random, 40)}`;
    const action = randomBelow(random, 10);
    if (action < 6) {
      const size = 1 + randomBelow(random, 300);
      put(list, key, { size, sends: randomBelow(random, 3) });
      model.set(key, size);
    } else if (action < 8) assert.equal(list.delete(key), model.delete(key));
    else {
      const limitBytes = randomBelow(random, 800);
      const taken = list.take({ overheadBytes: 3, limitBytes, which: 'fresh' });
      const used = taken.reduce((sum, { message }) => sum + message.length + 3, 0);
      assert.ok(used <= limitBytes);
      for (const event of taken) assert.equal(event.message.length, model.get(event.key));
      for (const event of taken) model.delete(event.key);
    }
    const bytes = [...model.values()].reduce((sum, size) => sum + size, 0);
    assert.deepEqual([list.length, list.bytes], [model.size, bytes]);
  }
});
