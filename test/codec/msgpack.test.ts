// msgpack as go-msgpack writes it: every width on both sides of its edge, every form that is read, and
// bounds on what a hostile value can do.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { MsgpackScanner } from '../../src/codec/msgpack-scanner.ts';
import { MsgpackReader, MsgpackWriter } from '../../src/codec/msgpack.ts';
import { decodesOrRefuses, fromHex, joinBytes, toHexText } from './support.ts';

function written(write: (writer: MsgpackWriter) => void): string {
  const writer = new MsgpackWriter();
  write(writer);
  return toHexText(writer.finish());
}

function reading(hex: string): MsgpackReader {
  return new MsgpackReader(fromHex(hex));
}

function sourceOf(bytes: Uint8Array): { length: number; byteAt: (at: number) => number } {
  return { length: bytes.length, byteAt: (at) => bytes[at] as number };
}

function endOf(bytes: Uint8Array, maxBytes = 1e6): number | null {
  return new MsgpackScanner(maxBytes).scan(sourceOf(bytes));
}

test('integers take the shortest unsigned form and come back', () => {
  const table: [number, string][] = [
    [0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65_535, 'cdffff'],
    [65_536, 'ce00010000'],
    [2 ** 32 - 1, 'ceffffffff'],
  ];
  for (const [value, hex] of table) {
    assert.equal(
      written((writer) => writer.integer(value)),
      hex,
    );
    assert.equal(reading(hex).unsigned(2 ** 32 - 1), value);
  }
});

test('every integer form is read, signed ones with their sign', () => {
  const table: [string, number][] = [
    ['ff', -1],
    ['e0', -32],
    ['d0ff', -1],
    ['d07f', 127],
    ['d1ff00', -256],
    ['d2ffffffff', -1],
    ['d200010000', 65_536],
    ['d3ffffffffffffffff', -1],
    ['d30000000100000000', 2 ** 32],
    ['cf0000000000000005', 5],
    ['c0', 0],
  ];
  for (const [hex, value] of table) assert.equal(reading(hex).integer(), value, hex);
  assert.throws(() => reading('ff').unsigned(9), { code: 'ERR_CODEC_MALFORMED' });
  assert.throws(() => reading('0a').unsigned(9), { code: 'ERR_CODEC_MALFORMED' });
  for (const hex of ['cb4014000000000000', 'a135', 'c3', '90']) {
    assert.throws(() => reading(hex).integer(), { code: 'ERR_CODEC_MALFORMED' }, hex);
  }
});

test('text and bytes are written raw, at every width of a length', () => {
  for (const [length, head] of [
    [0, 'a0'],
    [31, 'bf'],
    [32, 'da0020'],
    [255, 'da00ff'],
    [65_535, 'daffff'],
    [65_536, 'db00010000'],
  ] as const) {
    const bytes = new Uint8Array(length).fill(0x61);
    const hex = written((writer) => writer.bytes(bytes));
    assert.equal(hex, head + toHexText(bytes));
    assert.deepEqual(reading(hex).bytes(), bytes);
    assert.equal(reading(hex).text(), 'a'.repeat(length));
  }
  assert.equal(
    written((writer) => writer.bytes(null)),
    'c0',
  );
});

test('every string, binary and array form of bytes is read, and nil is none', () => {
  for (const hex of ['a16b', 'd9016b', 'da00016b', 'db000000016b', 'c4016b', 'c500016b']) {
    assert.equal(reading(hex).text(), 'k', hex);
  }
  for (const hex of ['c600000002077f', '92077f', 'dc0002077f', 'dd0000000207d07f', '9207cc7f']) {
    assert.deepEqual(reading(hex).bytes(), Uint8Array.of(7, 127), hex);
  }
  assert.equal(reading('c0').bytes(), null);
  assert.equal(reading('c0').text(), '');
  assert.throws(() => reading('91cd0100').bytes(), { code: 'ERR_CODEC_MALFORMED' });
  assert.throws(() => reading('05').bytes(), { code: 'ERR_CODEC_MALFORMED' });
});

test('truth is also read from numbers and nil', () => {
  const all = ['c3', 'c2', '01', '00', 'c0'].map((hex) => reading(hex).boolean());
  assert.deepEqual(all, [true, false, true, false, false]);
  assert.throws(() => reading('02').boolean(), { code: 'ERR_CODEC_MALFORMED' });
});

test('text is strict UTF-8, and a mark at its beginning is part of it', () => {
  for (const text of ['\ufeffn', 'nœud-日本-🐳', 'x'.repeat(40) + 'é']) {
    assert.equal(reading(written((writer) => writer.text('name', text))).text(), text);
  }
  for (const hex of ['a2fffe', 'a2c328', `d928${'61'.repeat(39)}ff`]) {
    assert.throws(() => reading(hex).text(), { code: 'ERR_CODEC_MALFORMED' }, hex);
  }
  assert.throws(() => written((writer) => writer.text('name', '\ud800')), {
    code: 'ERR_CODEC_MALFORMED',
  });
});

test('a length that the bytes do not hold is refused before anything is made of it', () => {
  for (const hex of ['a5', 'db7fffffff61', 'c6ffffffff', 'ddffffffff01', 'cd01', 'd9']) {
    assert.throws(() => reading(hex).bytes(), { name: 'CodecError' }, hex);
  }
  assert.throws(() => reading('').mapEntries(), { code: 'ERR_CODEC_TRUNCATED' });
});

test('the end of a value is found whatever stands in it', () => {
  const values = [
    ...['00', 'ff', 'c0', 'c2', 'c3', 'cc01', 'cd0101', 'ce01010101', 'cf0101010101010101'],
    ...['d001', 'd10101', 'd201010101', 'd30101010101010101', 'ca00000000', 'cb0000000000000000'],
    ...['a161', 'd90161', 'da000161', 'db0000000161', 'c40161', 'c5000161', 'c60000000161'],
    ...['d40101', 'd5010101', `d601${'01'.repeat(4)}`, `d701${'01'.repeat(8)}`],
    ...[`d801${'01'.repeat(16)}`, 'c7010161', 'c800010161', 'c9000000010161'],
    ...['80', '90', '81a16101', '920102', 'dc000101', 'dd0000000101', 'de0001a16101'],
    ...['df00000001a16101', '9281a1619181a1610203'],
  ].map(fromHex);
  for (const value of values) {
    const followed = joinBytes([value, Uint8Array.of(0xc1)]);
    assert.equal(endOf(followed), value.length, toHexText(value));
    for (let cut = 0; cut < value.length; cut += 1) {
      assert.equal(endOf(value.subarray(0, cut)), null, toHexText(value));
    }
    const reader = new MsgpackReader(followed);
    reader.skip();
    assert.equal(reader.position, value.length);
  }
  assert.throws(() => endOf(fromHex('c1')), { code: 'ERR_CODEC_MALFORMED' });
});

test('a scanner goes on where it stopped and looks at no byte twice', () => {
  const value = fromHex('82a16191d9036161620ac0');
  const scanner = new MsgpackScanner(100);
  const looked = new Map<number, number>();
  for (let length = 0; length <= value.length; length += 1) {
    const byteAt = (at: number): number => {
      looked.set(at, (looked.get(at) ?? 0) + 1);
      return value[at] as number;
    };
    const end = scanner.scan({ length, byteAt });
    assert.equal(end, length === value.length ? length : null);
  }
  // A header of several bytes may be begun again once its length has arrived, but never more often.
  assert.ok([...looked.values()].every((count) => count <= 2));
});

test('nesting is bounded, and so is the size of a value, known or only announced', () => {
  const nested = (levels: number): Uint8Array => new Uint8Array(levels + 1).fill(0x91, 0, levels);
  assert.equal(endOf(nested(32)), 33);
  assert.throws(() => endOf(nested(33)), { code: 'ERR_CODEC_LIMIT' });
  assert.throws(() => endOf(nested(100_000)), { code: 'ERR_CODEC_LIMIT' });
  assert.throws(() => endOf(fromHex('dbffffffff'), 1000), { code: 'ERR_CODEC_LIMIT' });
  assert.equal(endOf(fromHex('ddffffffff01')), null);
});

test('arbitrary bytes are passed over or refused, and the scanner agrees with the reader', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      decodesOrRefuses(() => {
        const end = endOf(bytes);
        const reader = new MsgpackReader(bytes);
        if (end === null) assert.throws(() => reader.skip(), { name: 'CodecError' });
        else {
          reader.skip();
          assert.equal(reader.position, end);
        }
      });
      for (const read of ['mapEntries', 'key', 'text', 'bytes', 'boolean', 'integer'] as const) {
        decodesOrRefuses(() => new MsgpackReader(bytes)[read]());
      }
    }),
    { numRuns: 500 },
  );
});

test('what is written is read back, whatever the text, bytes and numbers', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 80 });
  fc.assert(
    fc.property(text, fc.uint8Array({ maxLength: 70_000 }), fc.nat(2 ** 32 - 1), (s, b, n) => {
      const writer = new MsgpackWriter();
      writer.map(3);
      writer.text('text', s);
      writer.bytes(b);
      writer.integer(n);
      const reader = new MsgpackReader(writer.finish());
      assert.equal(reader.mapEntries(), 3);
      assert.equal(reader.text(), s);
      assert.deepEqual(reader.bytes(), b);
      assert.equal(reader.integer(), n);
    }),
    { numRuns: 100 },
  );
});
