// Compound, checksum and label: against recorded bytes, and at their edges.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  addChecksum,
  COMPOUND_HEADER_BYTES,
  COMPOUND_PART_BYTES,
  crc32,
  encodeCompound,
  labelHeader,
  removeChecksum,
  requireLabel,
  splitCompound,
  splitLabel,
} from '../../src/codec/index.ts';
import { decodesOrRefuses, fromHex, joinBytes, readVectors, toHexText, utf8 } from './support.ts';

const framing = readVectors('memberlist-framing.json');

function vectorsOf(prefix: string): typeof framing {
  const found = framing.filter((vector) => vector.name.startsWith(prefix));
  assert.ok(found.length > 0, prefix);
  return found;
}

test('recorded compounds are written and split as Go does, cut ones included', () => {
  for (const vector of vectorsOf('compound/')) {
    const bytes = fromHex(vector.hex as string);
    if (typeof vector.fields['error'] === 'string') {
      assert.throws(() => splitCompound(bytes), { code: 'ERR_CODEC_TRUNCATED' }, vector.name);
      continue;
    }
    const parts = (vector.fields['parts'] as string[]).map(fromHex);
    const split = splitCompound(bytes);
    assert.deepEqual(split.parts, parts, vector.name);
    assert.equal(split.lostParts, vector.fields['truncated'] ?? 0, vector.name);
    if (vector.decodeOnly === true || parts.length === 0) continue;
    assert.equal(toHexText(encodeCompound(parts)), vector.hex, vector.name);
  }
});

test('a compound costs its header and two bytes for each part', () => {
  const parts = [utf8('AB'), utf8('CDE')];
  const bytes = encodeCompound(parts);
  assert.equal(toHexText(bytes), '0702000200034142434445');
  assert.equal(bytes.length, COMPOUND_HEADER_BYTES + 2 * COMPOUND_PART_BYTES + 5);
});

test('a compound of no part, of 256 parts or with a part over 65,535 bytes is refused', () => {
  assert.throws(() => encodeCompound([]), { code: 'ERR_CODEC_MALFORMED' });
  const many = Array.from({ length: 256 }, () => utf8('x'));
  assert.throws(() => encodeCompound(many), { code: 'ERR_CODEC_LIMIT' });
  assert.equal(splitCompound(encodeCompound(many.slice(1))).parts.length, 255);
  assert.throws(() => encodeCompound([new Uint8Array(65_536)]), { code: 'ERR_CODEC_LIMIT' });
});

test('recorded checksums are written alike, and a wrong one is refused', () => {
  for (const vector of vectorsOf('crc/')) {
    const bytes = fromHex(vector.hex as string);
    const inner = fromHex(vector.fields['inner'] as string);
    if (vector.fields['valid'] === false) {
      assert.throws(() => removeChecksum(bytes), { code: 'ERR_CODEC_CHECKSUM' }, vector.name);
      continue;
    }
    assert.deepEqual(removeChecksum(bytes), inner, vector.name);
    if (bytes[0] === 12) assert.equal(toHexText(addChecksum(inner)), vector.hex, vector.name);
  }
  assert.equal(crc32(utf8('123456789')), 0xcbf43926);
  assert.equal(crc32(new Uint8Array(0)), 0);
  assert.throws(() => removeChecksum(Uint8Array.of(12, 1, 2, 3)), { code: 'ERR_CODEC_TRUNCATED' });
});

test('recorded labels are written and split alike, damaged ones refused', () => {
  for (const vector of vectorsOf('label/')) {
    const bytes = fromHex(vector.hex as string);
    const { error, label, inner, rest } = vector.fields as Record<string, string | null>;
    if (typeof error === 'string') {
      assert.throws(() => splitLabel(bytes), { name: 'CodecError' }, vector.name);
      continue;
    }
    const split = splitLabel(bytes);
    assert.deepEqual(split.label, utf8(label as string), vector.name);
    assert.equal(toHexText(split.rest), inner ?? rest, vector.name);
    if (inner === undefined) continue;
    const written = joinBytes([labelHeader(utf8(label as string)), fromHex(inner as string)]);
    assert.equal(toHexText(written), vector.hex, vector.name);
  }
});

test('a label has at most 255 bytes, an empty one no header, and must equal ours', () => {
  assert.throws(() => labelHeader(new Uint8Array(256)), { code: 'ERR_CODEC_LIMIT' });
  assert.equal(labelHeader(new Uint8Array(0)).length, 0);
  requireLabel(utf8('blue'), utf8('blue'));
  for (const other of ['', 'blu', 'bluf', 'blues']) {
    assert.throws(() => requireLabel(utf8(other), utf8('blue')), { code: 'ERR_LABEL_MISMATCH' });
  }
});

test('envelopes survive junk with typed errors, and give back what was put in', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 255 });
  fc.assert(
    fc.property(parts, fc.uint8Array({ maxLength: 60 }), (list, junk) => {
      assert.deepEqual(splitCompound(encodeCompound(list)), { parts: list, lostParts: 0 });
      decodesOrRefuses(() => splitCompound(joinBytes([Uint8Array.of(7), junk])));
      decodesOrRefuses(() => removeChecksum(joinBytes([Uint8Array.of(12), junk])));
      decodesOrRefuses(() => splitLabel(joinBytes([Uint8Array.of(244), junk])));
    }),
    { numRuns: 100 },
  );
});
