import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { OrderedList } from '../../src/memberlist/ordered-list.ts';

const ascending = (a: number, b: number): number => a - b;

test('an ordered list agrees with a sorted array under any mix of insertions and removals', () => {
  const step = fc.record({
    op: fc.constantFrom('insert', 'insert', 'insert', 'delete', 'pop', 'removeAt'),
    value: fc.nat(2000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1500, size: 'max' }), (steps) => {
      const list = new OrderedList<number>(ascending);
      const model: number[] = [];
      for (const { op, value } of steps) {
        const found = model.indexOf(value);
        if (op === 'insert') {
          if (found >= 0) continue;
          list.insert(value);
          model.push(value);
          model.sort(ascending);
        } else if (op === 'delete') {
          assert.equal(list.delete(value), found >= 0);
          if (found >= 0) model.splice(found, 1);
        } else if (op === 'pop') {
          assert.equal(list.pop(), model.pop());
        } else {
          const cursor = list.lowerBound(value);
          const at = model.findIndex((item) => item >= value);
          assert.equal(list.at(cursor), at < 0 ? undefined : model[at]);
          list.removeAt(cursor);
          if (at < 0) continue;
          model.splice(at, 1);
          assert.equal(list.at(cursor), model[at]);
        }
        assert.equal(list.length, model.length);
      }
      assert.deepEqual(list.drain(), model);
      assert.equal(list.length, 0);
    }),
    { numRuns: 40 },
  );
});

test('a walk with a cursor over several chunks removes every item in order', () => {
  const list = new OrderedList<number>(ascending);
  for (let i = 0; i < 2000; i += 1) list.insert((i * 7919) % 2003);
  const cursor = { chunk: 0, index: 0 };
  const seen: number[] = [];
  for (let item = list.at(cursor); item !== undefined; item = list.at(cursor)) {
    seen.push(item);
    list.removeAt(cursor);
  }
  assert.equal(seen.length, 2000);
  assert.deepEqual(seen, seen.toSorted(ascending));
  assert.equal(list.length, 0);
});
