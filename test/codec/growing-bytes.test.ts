import assert from 'node:assert/strict';
import { test } from 'node:test';

import { GrowingBytes } from '../../src/codec/growing-bytes.ts';
import { noise } from './support.ts';

function fill(length: number, piece: (at: number) => number): GrowingBytes {
  const bytes = noise(length);
  const growing = new GrowingBytes(length);
  for (let at = 0; at < length;) at += growing.take(bytes.subarray(at, at + piece(at)));
  assert.deepEqual(Buffer.from(growing.bytes).equals(bytes), true, `${length} bytes`);
  return growing;
}

test('what arrives is there in order, in pieces of any size', () => {
  const sizes = [0, 1, 4096, 65_536, 65_537, 262_143, 262_144, 262_145, 1_000_001, 5_000_000];
  for (const length of sizes) {
    for (const piece of [1000, 65_536, 1_500_000]) {
      const growing = fill(length, () => piece);
      assert.ok(growing.isWhole);
      assert.equal(growing.bytes.length, length);
    }
  }
  fill(300_000, (at) => 1 + (at % 7));
});

test('the arrays never hold much more than has arrived, whatever was announced', () => {
  const piece = noise(1000);
  const growing = new GrowingBytes(67_108_864);
  assert.equal(growing.heldBytes, 0);
  for (let arrived = piece.length; arrived < 20_000_000; arrived += piece.length) {
    growing.take(piece);
    assert.ok(growing.heldBytes <= Math.max(65_536, 5 * arrived), `${growing.heldBytes}`);
  }
});

test('nothing is left to move when the last byte arrives, whatever the length', () => {
  for (const length of [65_537, 262_144, 262_145, 1_048_577, 3_999_999]) {
    const growing = fill(length, () => 1024);
    assert.equal(growing.heldBytes, length);
  }
});

test('bytes behind the announced ones are not taken', () => {
  const growing = new GrowingBytes(3);
  assert.equal(growing.take(Uint8Array.of(1, 2)), 2);
  assert.equal(growing.isWhole, false);
  assert.equal(growing.take(Uint8Array.of(3, 4, 5)), 1);
  assert.deepEqual([...growing.bytes], [1, 2, 3]);
  assert.equal(growing.take(Uint8Array.of(6)), 0);
});
