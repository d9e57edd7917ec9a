import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Counters } from '../../src/runtime/index.ts';

describe('counters', () => {
  it('count by name and show a copy ordered by name', () => {
    const counters = new Counters();
    counters.add('b.two');
    counters.add('a.one', 5);
    counters.add('b.two', 2);
    assert.equal(counters.get('b.two'), 3);
    assert.equal(counters.get('never'), 0);
    const snapshot = counters.snapshot();
    assert.deepEqual(Object.entries(snapshot), [
      ['a.one', 5],
      ['b.two', 3],
    ]);
    counters.add('a.one');
    assert.equal(snapshot['a.one'], 5);
  });
});
