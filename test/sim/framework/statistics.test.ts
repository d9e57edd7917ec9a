import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mean, median, quantile, ratioOfSums, shareOf } from '../../../sim/statistics.ts';

test('a quantile lies between the samples beside it, whatever their order', () => {
  const samples = [40, 10, 30, 20];
  assert.equal(quantile(samples, 0), 10);
  assert.equal(quantile(samples, 1), 40);
  assert.equal(median(samples), 25);
  assert.equal(quantile(samples, 0.9), 37);
  assert.deepEqual(samples, [40, 10, 30, 20]);
});

test('samples are ordered as numbers, not as texts', () => {
  assert.equal(median([9, 100, 20]), 20);
});

test('without samples there is no figure', () => {
  assert.ok(Number.isNaN(quantile([], 0.5)));
  assert.ok(Number.isNaN(mean([])));
  assert.ok(Number.isNaN(shareOf(0, 0).share));
});

test("a share has Wilson's interval", () => {
  // Newcombe 1998, table I: 81 of 263, and 1 of 29.
  const many = shareOf(81, 263);
  assert.deepEqual([many.low.toFixed(4), many.high.toFixed(4)], ['0.2553', '0.3662']);
  const one = shareOf(1, 29);
  assert.deepEqual([one.low.toFixed(4), one.high.toFixed(4)], ['0.0061', '0.1718']);
});

test('a share of none or all keeps an interval that ends within 0 and 1', () => {
  const none = shareOf(0, 20);
  assert.equal(none.low, 0);
  assert.equal(none.high.toFixed(4), '0.1611');
  const all = shareOf(20, 20);
  assert.equal(all.low.toFixed(4), '0.8389');
  assert.equal(all.high, 1);
});

test('a ratio of sums weighs trials by their size and repeats itself', () => {
  const pairs = [
    { ours: 1, base: 100 },
    { ours: 9, base: 100 },
    { ours: 0, base: 800 },
  ];
  const ratio = ratioOfSums(pairs);
  assert.equal(ratio.share, 0.01);
  assert.ok(ratio.low < ratio.share && ratio.share < ratio.high);
  assert.ok(ratio.low >= 0 && ratio.high <= 0.09);
  assert.deepEqual(ratioOfSums(pairs), ratio);
});

test('trials that agree leave no doubt about their ratio', () => {
  const pairs = Array.from({ length: 5 }, (_, at) => ({ ours: at + 1, base: 10 * (at + 1) }));
  const { share, low, high } = ratioOfSums(pairs);
  for (const each of [share, low, high]) assert.ok(Math.abs(each - 0.1) < 1e-12);
});

test('draws without anything to hold against are left out of the interval', () => {
  const ratio = ratioOfSums([
    { ours: 0, base: 0 },
    { ours: 2, base: 4 },
  ]);
  assert.deepEqual(ratio, { share: 0.5, low: 0.5, high: 0.5 });
});
