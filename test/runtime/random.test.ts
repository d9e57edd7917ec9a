import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  randomBelow,
  randomFraction,
  sample,
  SeededRandom,
  shuffle,
} from '../../src/runtime/index.ts';

const draws = (seed: number, count: number): number[] => {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.uint32());
};

describe('the seeded generator', () => {
  it('repeats with its seed and differs with another, high bits and sign included', () => {
    assert.deepEqual(draws(7, 50), draws(7, 50));
    const seeds = [0, 1, 7, 7 + 2 ** 32, 7 + 2 ** 52, -7, Number.MAX_SAFE_INTEGER];
    assert.equal(new Set(seeds.map((seed) => draws(seed, 4).join())).size, seeds.length);
  });

  it('stays within 32 bits and spreads over them', () => {
    const values = draws(3, 20_000);
    assert.ok(values.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32));
    for (let bit = 0; bit < 32; bit += 1) {
      const ones = values.filter((value) => (value >>> bit) & 1).length;
      assert.ok(Math.abs(ones - 10_000) < 500, `bit ${bit}: ${ones}`);
    }
  });

  it('chooses below a bound without leaning to any value', () => {
    const random = new SeededRandom(9);
    const counts = Array.from({ length: 6 }, () => 0);
    for (let draw = 0; draw < 12_000; draw += 1) {
      const value = randomBelow(random, 6);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    assert.equal(counts.length, 6);
    for (const count of counts) assert.ok(Math.abs(count - 2000) < 250, counts.join());
    assert.equal(randomBelow(random, 1), 0);
    assert.ok(randomBelow(random, 2 ** 32) < 2 ** 32);
  });

  it('draws again rather than fold the rest of the range onto small values', () => {
    const scripted = [0xffff_ffff, 5];
    const random = { uint32: () => scripted.shift() ?? assert.fail() };
    assert.equal(randomBelow(random, 10), 5);
    assert.equal(scripted.length, 0);
  });

  it('gives fractions from 0 up to but not 1', () => {
    assert.equal(randomFraction({ uint32: () => 0 }), 0);
    assert.ok(randomFraction({ uint32: () => 0xffff_ffff }) < 1);
  });

  it('shuffles and samples without losing or doubling anything', () => {
    const random = new SeededRandom(4);
    const items = Array.from({ length: 30 }, (_, index) => index);
    const shuffled = shuffle(random, items.slice());
    assert.notDeepEqual(shuffled, items);
    assert.deepEqual(
      shuffled.toSorted((a, b) => a - b),
      items,
    );
    for (const count of [0, 1, 5, 30, 99]) {
      const picked = sample(random, items, count);
      assert.equal(picked.length, Math.min(count, 30));
      assert.equal(new Set(picked).size, picked.length);
    }
    assert.deepEqual(items[0], 0);
  });
});
