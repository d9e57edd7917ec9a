import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Awareness } from '../../src/memberlist/awareness.ts';
import { readVectors } from '../support/vectors.ts';

interface Vectors {
  readonly awareness: readonly {
    readonly max: number;
    readonly steps: readonly { delta: number; score: number; scaledNsOf1s: number }[];
  }[];
}

test('the score moves by each delta within its bounds, and stretches durations', () => {
  const awareness = new Awareness(8);
  const steps: [delta: number, score: number][] = [
    [0, 0],
    [-1, 0],
    [-10, 0],
    [1, 1],
    [-1, 0],
    [10, 7],
    [-1, 6],
    [-1, 5],
    [-1, 4],
    [-1, 3],
    [-1, 2],
    [-1, 1],
    [-1, 0],
    [-1, 0],
  ];
  for (const [delta, score] of steps) {
    awareness.apply(delta);
    assert.equal(awareness.score, score);
    assert.equal(awareness.scale(1000), 1000 * (score + 1));
  }
});

test('the score goes as Go memberlist recorded it', () => {
  const { awareness: runs } = readVectors<Vectors>('memberlist-formulas.json');
  assert.ok(runs.length > 10);
  for (const { max, steps } of runs) {
    const awareness = new Awareness(max);
    for (const { delta, score, scaledNsOf1s } of steps) {
      awareness.apply(delta);
      assert.equal(awareness.score, score);
      assert.equal(awareness.scale(1000) * 1e6, scaledNsOf1s);
    }
  }
});

test('with a factor of one nothing is ever stretched', () => {
  const awareness = new Awareness(1);
  awareness.apply(5);
  assert.equal(awareness.scale(700), 700);
});
