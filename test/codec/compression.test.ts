// LZW against damage and bombs; what Go's compress/lzw wrote is compared in test/interop.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { compressLzw, decompressLzw } from '../../src/codec/index.ts';
import { decodesOrRefuses, noise } from './support.ts';

test('compression is given up as soon as it cannot stay below the wanted size', () => {
  const input = noise(1000);
  const whole = compressLzw(input);
  assert.ok(whole);
  assert.equal(compressLzw(input, whole.length), null);
  assert.deepEqual(compressLzw(input, whole.length + 1), whole);
  assert.equal(compressLzw(input, 1), null);
});

test('a result larger than the cap is refused, one of exactly the cap is not', () => {
  const packed = compressLzw(new Uint8Array(1_000_000));
  assert.ok(packed);
  assert.ok(packed.length < 2000);
  assert.equal(decompressLzw(packed, 1_000_000).length, 1_000_000);
  assert.throws(() => decompressLzw(packed, 999_999), { code: 'ERR_CODEC_LIMIT' });
});

test('a stream without its end code is cut, and a code not yet defined is malformed', () => {
  const packed = compressLzw(noise(50));
  assert.ok(packed);
  assert.throws(() => decompressLzw(packed.subarray(0, -2), 100), { code: 'ERR_CODEC_TRUNCATED' });
  assert.throws(() => decompressLzw(new Uint8Array(0), 100), { code: 'ERR_CODEC_TRUNCATED' });
  // Clear (256), then code 258 at nine bits each: nothing is defined after a clear.
  const code = 256 | (258 << 9);
  const bytes = Uint8Array.of(code, code >>> 8, code >>> 16);
  assert.throws(() => decompressLzw(bytes, 100), { code: 'ERR_CODEC_MALFORMED' });
});

test('a writer that never clears its full table is still understood', () => {
  // Literals only, at the widths the reader expects: 9 bits up to code 511, and so on, then 12 for good.
  const input = noise(6000);
  const bits: number[] = [];
  let width = 9;
  let highest = 257;
  const put = (value: number): void => {
    for (let i = 0; i < width; i += 1) bits.push((value >>> i) & 1);
  };
  put(256);
  for (const byte of input) {
    put(byte);
    highest += 1;
    if (highest === 1 << width) {
      if (width === 12) highest -= 1;
      else width += 1;
    }
  }
  put(257);
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, at) => {
    bytes[at >>> 3] = (bytes[at >>> 3] as number) | (bit << (at & 7));
  });
  assert.deepEqual(decompressLzw(bytes, input.length), input);
});

test('whatever is compressed comes back, and junk is refused with a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(255), (bytes, mask) => {
      const input = bytes.map((byte) => byte & mask);
      const packed = compressLzw(input);
      assert.ok(packed);
      assert.deepEqual(decompressLzw(packed, input.length), input);
      decodesOrRefuses(() => decompressLzw(bytes, 100_000));
    }),
    { numRuns: 150 },
  );
});
