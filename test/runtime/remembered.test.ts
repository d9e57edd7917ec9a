import assert from 'node:assert/strict';
import { test } from 'node:test';

import { remembered } from '../../src/runtime/remembered.ts';

test('a result is made once while it is asked for, and anew when others have been', () => {
  const made: string[] = [];
  const upper = remembered((text) => {
    made.push(text);
    return text === 'none' ? null : text.toUpperCase();
  }, 4);
  assert.equal(upper('a'), 'A');
  assert.equal(upper('a'), 'A');
  assert.equal(upper('none'), null);
  assert.equal(upper('none'), null);
  assert.deepEqual(made, ['a', 'none']);
  for (const text of ['b', 'c', 'd', 'e']) upper(text);
  assert.equal(upper('a'), 'A');
  assert.deepEqual(made.slice(-1), ['a']);
});

test('long texts are answered and not kept', () => {
  let count = 0;
  const lengthOf = remembered(({ length }) => {
    count += 1;
    return length;
  }, 4);
  const long = 'x'.repeat(100);
  assert.equal(lengthOf(long), 100);
  assert.equal(lengthOf(long), 100);
  assert.equal(count, 2);
});
