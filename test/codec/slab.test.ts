import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cutBytes } from '../../src/codec/slab.ts';

test('no two pieces overlap, and what is cut is zero', () => {
  const pieces = Array.from({ length: 200 }, (_, i) => cutBytes(300 + i).fill(i + 1));
  for (const [i, piece] of pieces.entries()) {
    assert.equal(piece.length, 300 + i);
    assert.ok(piece.every((byte) => byte === i + 1));
  }
  assert.ok(cutBytes(2_000).every((byte) => byte === 0));
});

test('a piece that was transferred takes nothing else along that is cut later', () => {
  const piece = cutBytes(10);
  structuredClone(piece, { transfer: [piece.buffer as ArrayBuffer] });
  assert.equal(cutBytes(10).fill(1).length, 10);
});
