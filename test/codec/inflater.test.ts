// Large messages of the memberlist wire in steps: the same bytes as in one go, bounded work in each step, and
// nothing of a sealed message before all of it was found genuine.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { ByteChunks } from '../../src/codec/byte-chunks.ts';
import { compressedHeader, compressMessage } from '../../src/codec/compress-message.ts';
import { encodeBody, GO_SHAPES } from '../../src/codec/go-shapes.ts';
import type { StreamEnvelopeOptions } from '../../src/codec/index.ts';
import { compressLzw, createWire, decompressLzw, Keyring } from '../../src/codec/index.ts';
import { INFLATE_STEP_BYTES, Inflater } from '../../src/codec/inflater.ts';
import { LzwDecoder } from '../../src/codec/lzw-decoder.ts';
import { LzwEncoder } from '../../src/codec/lzw-encoder.ts';
import { MESSAGE_TYPE } from '../../src/codec/messages.ts';
import { countingEntropy, fromHex, joinBytes, noise, openAll } from './support.ts';

const NO_BYTES = new Uint8Array(0);
const MIB = 1024 * 1024;

/** Bytes of few values, so that codes become long. */
function text(length: number): Uint8Array {
  return noise(length).map((byte) => 97 + (byte & 3));
}

function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] as number;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** What comes out of a compressed body that arrives in pieces. */
function inflate(pieces: Iterable<Uint8Array>, maxBytes = 10 * MIB): Uint8Array | null {
  const inflater = new Inflater(maxBytes);
  const out: Uint8Array[] = [];
  for (const piece of pieces) {
    inflater.push(piece);
    do {
      const step = inflater.step();
      assert.ok((step?.length ?? 0) <= INFLATE_STEP_BYTES);
      if (step !== null) out.push(step);
    } while (inflater.hasMore);
  }
  return inflater.isEnded ? joinBytes(out) : null;
}

function wireOf(changes: Partial<StreamEnvelopeOptions> = {}) {
  return createWire('memberlist', {
    keyring: new Keyring([new Uint8Array(32).fill(1)], [32]),
    label: NO_BYTES,
    entropy: countingEntropy(),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: true,
    ...changes,
  });
}

test('a coder that is given its input in pieces writes and reads what it does in one go', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9000 }), fc.nat(255), sizes, (bytes, mask, cuts) => {
      const input = bytes.map((byte) => byte & mask);
      const encoder = new LzwEncoder();
      const pieces = cut(input, cuts).map((piece) => encoder.push(piece));
      const packed = joinBytes([...pieces, encoder.finish()]);
      assert.deepEqual(packed, compressLzw(input));
      const body = joinBytes([compressedHeader(packed.length).subarray(1), packed]);
      if (input.length > 0) assert.deepEqual(inflate(cut(body, cuts)), input);
    }),
    { numRuns: 150 },
  );
});

test('the full table is cleared at the same place, however the input is cut', () => {
  const input = noise(300_000);
  const encoder = new LzwEncoder();
  const pieces = cut(input, [65_536]).map((piece) => encoder.push(piece));
  const packed = joinBytes([...pieces, encoder.finish()]);
  assert.deepEqual(packed, compressLzw(input));
  const decoder = new LzwDecoder();
  const out = new Uint8Array(input.length);
  let at = 0;
  for (const piece of cut(packed, [7, 4096])) {
    decoder.decode(piece, 0, out, at);
    at = decoder.outAt;
  }
  assert.deepEqual(out, input);
  assert.deepEqual(decompressLzw(packed, input.length), input);
});

test('the head of a compressed message is the one that stands in front of it in one go', () => {
  for (const length of [0, 1, 31, 32, 255, 256, 65_535, 65_536, 70_000]) {
    const Buf = noise(length);
    const whole = encodeBody(MESSAGE_TYPE.compress, GO_SHAPES.compress, { Algo: 0, Buf });
    assert.deepEqual(joinBytes([compressedHeader(length), Buf]), whole, `${length}`);
  }
});

test('entries come in any order, others are passed over, bytes may be an array of numbers', () => {
  const packed = compressLzw(text(40)) ?? NO_BYTES;
  const raw = joinBytes([fromHex('a3427566d9'), Uint8Array.of(packed.length), packed]);
  const asArray = joinBytes([
    fromHex('a3427566dc00'),
    Uint8Array.of(packed.length),
    joinBytes([...packed].map((byte) => Uint8Array.of(0xcc, byte))),
  ]);
  const algo = fromHex('a4416c676f00');
  const other = fromHex('a458787878a3616263');
  for (const entries of [
    [raw, algo],
    [algo, raw],
    [other, raw, other, algo],
    [algo, asArray],
    [raw],
  ]) {
    const body = joinBytes([Uint8Array.of(0x80 + entries.length), ...entries]);
    for (const size of [1, 3, body.length]) {
      assert.deepEqual(inflate(cut(body, [size])), text(40));
      assert.equal(inflate(cut(body.subarray(0, -1), [size])), null);
    }
  }
});

test('a map that is none of ours, or bytes without an end, are refused', () => {
  const packed = compressLzw(text(40)) ?? NO_BYTES;
  const raw = joinBytes([fromHex('a3427566d9'), Uint8Array.of(packed.length), packed]);
  const cutShort = joinBytes([fromHex('a3427566d9'), Uint8Array.of(20), packed.subarray(0, 20)]);
  const nothing = joinBytes([
    fromHex('a3427566'),
    Uint8Array.of(0xa3),
    compressLzw(NO_BYTES) ?? raw,
  ]);
  const cases: [Uint8Array, string][] = [
    [joinBytes([Uint8Array.of(0x82), raw, raw]), 'ERR_CODEC_MALFORMED'],
    [fromHex('de0011'), 'ERR_CODEC_MALFORMED'],
    [fromHex('dfffffffff'), 'ERR_CODEC_MALFORMED'],
    [fromHex('93010203'), 'ERR_CODEC_MALFORMED'],
    [fromHex('81a342756601'), 'ERR_CODEC_MALFORMED'],
    [fromHex('81a4416c676f01'), 'ERR_CODEC_UNSUPPORTED'],
    [fromHex('81a458787878dbffffffff'), 'ERR_CODEC_LIMIT'],
    [fromHex('81a3427566dbffffffff'), 'ERR_CODEC_LIMIT'],
    [fromHex('80'), 'ERR_CODEC_TRUNCATED'],
    [fromHex('81a3427566c0'), 'ERR_CODEC_TRUNCATED'],
    [joinBytes([Uint8Array.of(0x81), cutShort]), 'ERR_CODEC_TRUNCATED'],
    [joinBytes([Uint8Array.of(0x81), nothing]), 'ERR_CODEC_TRUNCATED'],
  ];
  for (const [body, code] of cases) {
    assert.throws(() => inflate([body]), { code }, Buffer.from(body).toString('hex'));
  }
  const large = compressMessage(new Uint8Array(100_001)).subarray(1);
  assert.throws(() => inflate([large], 100_000), { code: 'ERR_CODEC_LIMIT' });
  assert.equal(inflate([large], 100_001)?.length, 100_001);
});

test('a step reads no more than it may give: codes that hold nothing do not run on', () => {
  // Nothing but clear codes, of nine bits each.
  const clears = new Uint8Array(9 * 32_768);
  for (let bit = 8; bit < clears.length * 8; bit += 9) {
    clears[bit >>> 3] = (clears[bit >>> 3] as number) | (1 << (bit & 7));
  }
  const inflater = new Inflater(MIB);
  inflater.push(compressedHeader(clears.length).subarray(1));
  for (const piece of cut(clears, [4096])) inflater.push(piece);
  let steps = 0;
  assert.throws(
    () => {
      do {
        steps += 1;
        assert.equal(inflater.step(), null);
      } while (inflater.hasMore);
    },
    { code: 'ERR_CODEC_TRUNCATED' },
  );
  assert.ok(steps >= 4, `${steps} steps`);
});

test('a sealed message of megabytes leaves and is opened in steps of at most 64 KiB', () => {
  for (const compression of [false, true]) {
    for (const protocolVersion of [1, 2]) {
      const wire = wireOf({ compression, protocolVersion });
      const payload = text(5 * MIB);
      const { request } = wire.streams.initiate();
      const chunks: Uint8Array[] = [];
      for (const piece of wire.encodeStreamMessage({ type: 'user', payload })) {
        assert.deepEqual(request.push(piece), []);
      }
      let sealSteps = 0;
      for (const ready of request.finishInSteps()) {
        sealSteps += 1;
        const bytes = ready.reduce((sum, chunk) => sum + chunk.length, 0);
        assert.ok(bytes <= 65_536 + 64, `${bytes} bytes`);
        chunks.push(...ready);
      }
      const sealed = joinBytes(chunks);
      assert.ok(sealSteps >= sealed.length / 65_536);

      const opener = wire.streams.accept().request;
      const reader = wire.createStreamReader();
      let openSteps = 0;
      const take = (bytes: Uint8Array): void => {
        const pieces = opener.push(bytes);
        if (compression) assert.ok(pieces.every(({ length }) => length <= INFLATE_STEP_BYTES));
        for (const piece of pieces) reader.push(piece);
      };
      for (const chunk of cut(sealed, [65_536])) take(chunk);
      while (opener.hasMore === true) {
        openSteps += 1;
        take(NO_BYTES);
      }
      assert.ok(opener.isComplete);
      assert.ok(reader.message?.type === 'user');
      assert.deepEqual(reader.message.payload, payload);
      assert.ok(openSteps >= (compression ? 80 : 19), `${openSteps} steps`);
    }
  }
});

test('a key after the first is tried in steps too, and of a damaged message nothing is given out', () => {
  const old = new Uint8Array(32).fill(1);
  const keyring = new Keyring([new Uint8Array(32).fill(2), old], [32]);
  const wire = wireOf();
  const { request } = wire.streams.initiate();
  const payload = noise(3 * MIB);
  const pieces = [...wire.encodeStreamMessage({ type: 'user', payload })];
  const sealed = joinBytes([...pieces.flatMap((p) => request.push(p)), ...request.finish()]);
  const opener = wireOf({ keyring }).streams.accept().request;
  assert.deepEqual(opener.push(sealed), []);
  let steps = 0;
  let given = 0;
  while (opener.hasMore === true) {
    steps += 1;
    for (const piece of opener.push(NO_BYTES)) given += piece.length;
  }
  assert.ok(opener.isComplete && given > payload.length);
  assert.ok(steps > 2 * 12 + 40, `${steps} steps`);
  assert.equal(opener.keyFingerprint, keyring.list()[1]?.fingerprint);

  for (const at of [sealed.length - 1, sealed.length >>> 1, 20]) {
    const damaged = sealed.slice();
    damaged[at] = (damaged[at] as number) ^ 1;
    let leaked = 0;
    assert.throws(
      () => {
        for (const piece of openAll(wireOf({ keyring }).streams.accept().request, damaged)) {
          leaked += piece.length;
        }
      },
      { code: 'ERR_KEY_MISMATCH' },
    );
    assert.equal(leaked, 0);
  }
});

test('a sealed message that ends within its compressed bytes is cut', () => {
  const body = compressMessage(text(1000));
  const wire = wireOf({ compression: false });
  const { request } = wire.streams.initiate();
  const sealed = [...request.push(body.subarray(0, -4)), ...request.finish()];
  const { request: opener } = wire.streams.accept();
  assert.throws(() => [...openAll(opener, joinBytes(sealed))], { code: 'ERR_CODEC_TRUNCATED' });
});

test('chunks are cut, copied and shortened as one array would be', () => {
  const bytes = noise(100);
  const chunks = new ByteChunks();
  for (const piece of cut(bytes, [7, 1, 30])) chunks.push(piece);
  assert.equal(chunks.length, 100);
  for (const [from, to, size] of [
    [0, 100, 9],
    [5, 8, 100],
    [7, 8, 1],
    [50, 50, 4],
  ] as const) {
    const slices = [...chunks.slices(from, to, size)];
    assert.ok(slices.every(({ length }) => length > 0 && length <= size));
    assert.deepEqual(joinBytes(slices), bytes.slice(from, to));
    assert.deepEqual(chunks.copy(from, to), bytes.slice(from, to));
  }
  chunks.dropLast(31);
  assert.deepEqual(joinBytes(chunks.slices(0, 69, 1000)), bytes.slice(0, 69));
  assert.deepEqual(chunks.shift(), bytes.slice(0, 7));
  assert.equal(chunks.length, 62);
});
