import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { bytesOf, compareKept, keepBytes } from '../../src/codec/index.ts';
import { compareBytes } from '../../src/networkdb/order.ts';

const bytesAround = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  fc.uint8Array({ minLength: 250, maxLength: 270 }),
);

test('kept bytes are given back as they were, in an array of its own', () => {
  fc.assert(
    fc.property(bytesAround, fc.nat(50), (bytes, skip) => {
      const kept = keepBytes(bytes, Math.min(skip, bytes.length));
      const rest = bytes.slice(skip);
      assert.equal(kept.length, rest.length);
      const given = bytesOf(kept);
      assert.deepEqual(given, rest);
      given.fill(0);
      assert.deepEqual(bytesOf(kept), rest);
      bytes.fill(1);
      assert.deepEqual(bytesOf(kept), rest);
    }),
    { numRuns: 200 },
  );
});

test('every byte survives, in what is short and in what is long', () => {
  for (const length of [255, 256, 257, 1_000]) {
    const bytes = Uint8Array.from({ length }, (_, at) => at);
    assert.deepEqual(bytesOf(keepBytes(bytes)), bytes);
    assert.deepEqual(bytesOf(keepBytes(Buffer.from(bytes))), bytes);
  }
});

test('kept bytes have the order of bytes, whichever way each is kept', () => {
  const sign = Math.sign;
  fc.assert(
    fc.property(bytesAround, bytesAround, fc.nat(270), (a, other, shared) => {
      const b = Uint8Array.from([...a.subarray(0, shared), ...other]);
      const expected = sign(compareBytes(a, b));
      for (const left of [keepBytes(a), a]) {
        for (const right of [keepBytes(b), b]) {
          assert.equal(sign(compareKept(left, right)), expected);
        }
      }
      assert.equal(compareKept(keepBytes(a), a), 0);
    }),
    { numRuns: 200 },
  );
});
