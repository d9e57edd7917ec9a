import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  expectedConfirmations,
  pushPullScaleMs,
  suspicionMinMs,
  suspicionTotalMs,
} from '../../src/memberlist/formulas.ts';
import { retransmitLimit } from '../../src/memberlist/index.ts';
import { readVectors } from '../support/vectors.ts';

interface Vectors {
  readonly suspicionTimeout: readonly {
    mult: number;
    n: number;
    intervalNs: number;
    resultNs: number;
  }[];
  readonly pushPullScale: readonly { intervalNs: number; n: number; resultNs: number }[];
  readonly retransmitLimit: readonly { mult: number; n: number; result: number }[];
  readonly remainingSuspicionTime: readonly {
    confirmations: number;
    k: number;
    elapsedNs: number;
    minNs: number;
    maxNs: number;
    resultNs: number;
  }[];
}

const vectors = readVectors<Vectors>('memberlist-formulas.json');
const NS_PER_MS = 1e6;

test('a message is sent mult times per decimal digit of the ring, as Go computes it', () => {
  assert.ok(vectors.retransmitLimit.length > 50);
  for (const { mult, n, result } of vectors.retransmitLimit) {
    assert.equal(retransmitLimit(mult, n), result, `mult ${mult}, n ${n}`);
  }
});

test('the shortest suspicion grows with the logarithm of the ring, as Go computes it', () => {
  assert.ok(vectors.suspicionTimeout.length > 100);
  for (const { mult, n, intervalNs, resultNs } of vectors.suspicionTimeout) {
    const options = { mult, memberCount: n, probeIntervalMs: intervalNs / NS_PER_MS };
    assert.equal(suspicionMinMs(options) * NS_PER_MS, resultNs, `mult ${mult}, n ${n}`);
  }
});

test('the shortest suspicion has the published values', () => {
  const table: [n: number, ms: number][] = [
    [0, 4000],
    [10, 4000],
    [11, 4164],
    [50, 6792],
    [100, 8000],
    [500, 10_792],
    [1000, 12_000],
    [10_000, 16_000],
  ];
  for (const [memberCount, ms] of table) {
    assert.equal(suspicionMinMs({ mult: 4, memberCount, probeIntervalMs: 1000 }), ms);
  }
});

test('the time between push/pulls stretches with each doubling above 32, as Go computes it', () => {
  assert.ok(vectors.pushPullScale.length > 50);
  for (const { intervalNs, n, resultNs } of vectors.pushPullScale) {
    assert.equal(pushPullScaleMs(intervalNs / NS_PER_MS, n) * NS_PER_MS, resultNs, `n ${n}`);
  }
});

test('confirmations shorten a suspicion, as Go computes it', () => {
  assert.ok(vectors.remainingSuspicionTime.length > 100);
  for (const v of vectors.remainingSuspicionTime) {
    if (v.k < 1 || v.confirmations > v.k) continue;
    const totalMs = suspicionTotalMs({
      confirmations: v.confirmations,
      expected: v.k,
      minMs: v.minNs / NS_PER_MS,
      maxMs: v.maxNs / NS_PER_MS,
    });
    const remainingNs = totalMs * NS_PER_MS - v.elapsedNs;
    assert.equal(remainingNs, v.resultNs, JSON.stringify(v));
  }
});

test('a whole suspicion has the published lengths for one to three expected accusers', () => {
  const table: [k: number, totals: number[]][] = [
    [1, [24_000, 4000]],
    [2, [24_000, 11_381, 4000]],
    [3, [24_000, 14_000, 8150, 4000]],
  ];
  for (const [expected, totals] of table) {
    const found = totals.map((_, confirmations) => {
      return suspicionTotalMs({ confirmations, expected, minMs: 4000, maxMs: 24_000 });
    });
    assert.deepEqual(found, totals);
  }
});

test('a ring too small to confirm gives no time to wait for it', () => {
  assert.equal(expectedConfirmations(4, 3), 0);
  assert.equal(expectedConfirmations(4, 4), 2);
  assert.equal(expectedConfirmations(2, 100), 0);
  assert.equal(expectedConfirmations(1, 100), 0);
  assert.equal(suspicionTotalMs({ confirmations: 0, expected: 0, minMs: 4, maxMs: 24 }), 4);
});
