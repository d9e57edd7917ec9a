// The short way of the memberlist wire beside the general code: the same bytes, the same messages, the same refusals.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { PacketMessage } from '../../src/codec/index.ts';
import {
  decodeAnyGoPacketMessage,
  decodeGoPacketMessage,
  encodeAnyGoPacketMessage,
  encodeGoPacketMessage,
} from '../../src/codec/swim-msgpack.ts';
import { decodeUsual } from '../../src/codec/usual-decode.ts';
import { encodeUsual } from '../../src/codec/usual-encode.ts';
import { fromHex, noSource, toHexText, usualVersions } from './support.ts';

const NO_BYTES = new Uint8Array(0);
const bytesOf = (...lengths: number[]) =>
  fc.oneof(...lengths.map((length) => fc.uint8Array({ minLength: length, maxLength: length })));

/** Mostly what is usual, and everything that is not, at the bounds too. */
const name = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom('', 'a'.repeat(31), 'a'.repeat(32), '\ud800', 'ä') },
  { weight: 1, arbitrary: fc.constantFrom(126, 127, 128, 300).map((count) => 'n'.repeat(count)) },
);
const number = fc.oneof(
  { weight: 4, arbitrary: fc.nat(0xffff_ffff) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff),
  },
  { weight: 1, arbitrary: fc.constantFrom(-1, -0, 0.5, NaN, Infinity, 2 ** 32) },
);
const port = fc.oneof({ weight: 4, arbitrary: fc.nat(0xffff) }, { weight: 1, arbitrary: number });
const address = fc.oneof(
  { weight: 4, arbitrary: bytesOf(4, 16) },
  { weight: 1, arbitrary: bytesOf(0, 5) },
);
const data = fc.oneof(fc.uint8Array({ maxLength: 40 }), bytesOf(0, 31, 32, 512, 513, 70_000));
const source = { sourceAddress: address, sourcePort: port, sourceNode: name };

/** Like decoded messages, with the usual prototype. */
function plain<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true });
}

const message: fc.Arbitrary<PacketMessage> = fc.oneof(
  plain({ type: fc.constant('ping' as const), seq: number, node: name, ...source }),
  plain({ type: fc.constant('ping' as const), seq: number, node: name }).map((ping) => {
    return { ...ping, ...noSource };
  }),
  plain({ type: fc.constant('ack' as const), seq: number, payload: data }),
  plain({
    type: fc.constantFrom('suspect' as const, 'dead' as const),
    ...{ incarnation: number, node: name, from: name },
  }),
  plain({
    type: fc.constant('alive' as const),
    ...{ incarnation: number, node: name, address, port, metadata: data },
    versions: fc.oneof(fc.constant(usualVersions), bytesOf(5, 6)),
    startId: fc.constant(NO_BYTES),
  }),
);

/** What a function gives, or the error that it throws. */
function outcome<T>(run: () => T): unknown {
  try {
    return { result: run() };
  } catch (error) {
    const { name: kind, message: text, code } = error as Error & { code?: string };
    return { kind, text, code };
  }
}

test('both ways write the same bytes, or refuse with the same error', () => {
  let usual = 0;
  fc.assert(
    fc.property(message, (original) => {
      usual += encodeUsual(original) === null ? 0 : 1;
      assert.deepEqual(
        outcome(() => encodeGoPacketMessage(original)),
        outcome(() => encodeAnyGoPacketMessage(original)),
      );
    }),
    { numRuns: 1_000 },
  );
  assert.ok(usual > 100 && usual < 900, `${usual}`);
});

test('both ways read the same from what was damaged or cut, and refuse it with the same error', () => {
  let usual = 0;
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 });
  fc.assert(
    fc.property(message, flips, fc.nat(), fc.boolean(), (original, changes, cut, isBuffer) => {
      let bytes = NO_BYTES;
      try {
        bytes = encodeAnyGoPacketMessage(original).slice();
      } catch {
        fc.pre(false);
      }
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      if (cut % 3 === 0) bytes = bytes.subarray(0, cut % (bytes.length + 1));
      const given = isBuffer ? Buffer.from(bytes) : bytes;
      usual += decodeUsual(given) === null ? 0 : 1;
      const read = outcome(() => decodeGoPacketMessage(given));
      assert.deepEqual(
        read,
        outcome(() => decodeAnyGoPacketMessage(bytes)),
      );
    }),
    { numRuns: 2_000 },
  );
  assert.ok(usual > 100 && usual < 1_900, `${usual}`);
});

test('what a peer of either codec of Go writes is usual', () => {
  const node = '0000000000000000007';
  const from = { sourceAddress: Uint8Array.of(10, 0, 1, 3), sourcePort: 7946, sourceNode: node };
  const member = { incarnation: 70_000, port: 7946, versions: usualVersions, startId: NO_BYTES };
  const usual: PacketMessage[] = [
    { type: 'alive', node, address: from.sourceAddress, metadata: new Uint8Array(40), ...member },
    { type: 'alive', node, address: new Uint8Array(16), metadata: NO_BYTES, ...member },
    { type: 'suspect', incarnation: 3, node, from: 'b' },
    { type: 'dead', incarnation: 200, node: 'n'.repeat(64), from: 'b' },
    { type: 'ping', seq: 1_000_000, node, ...from },
    { type: 'ping', seq: 1, node, ...noSource },
    { type: 'ack', seq: 1, payload: NO_BYTES },
    { type: 'ack', seq: 1, payload: new Uint8Array(100) },
  ];
  for (const original of usual) {
    assert.notEqual(encodeUsual(original), null);
    assert.deepEqual(decodeUsual(encodeGoPacketMessage(original)), original);
  }
  // The newer codec marks texts of 32 bytes and more with d9 and bytes with c4.
  const newer = Uint8Array.from([
    ...[4, 0x86, 0xa4, ...Buffer.from('Addr'), 0xc4, 4, 10, 0, 0, 1],
    ...[0xab, ...Buffer.from('Incarnation'), 1, 0xa4, ...Buffer.from('Meta'), 0xc0],
    ...[0xa4, ...Buffer.from('Node'), 0xd9, 33, ...new Uint8Array(33).fill(0x61)],
    ...[0xa4, ...Buffer.from('Port'), 0xcd, 0x1f, 0x0a],
    ...[0xa3, ...Buffer.from('Vsn'), 0xa6, 1, 5, 2, 0, 0, 0],
  ]);
  const read = decodeUsual(newer);
  assert.ok(read?.type === 'alive' && read.node === 'a'.repeat(33));
  assert.deepEqual(read, decodeAnyGoPacketMessage(newer));
});

test('a field beyond its bounds is refused as the general code does, in whichever form it stands', () => {
  const hex =
    '0486a441646472a40a000001ab496e6361726e6174696f6e07a44d657461c0a44e6f6465a161a4506f7274';
  const alive = (port: string, versions = '010502000000') =>
    fromHex(`${hex}${port}a356736ea6${versions}`);
  assert.notEqual(decodeUsual(alive('05')), null);
  for (const bytes of [
    ...['ce00010000', 'ceffffffff', 'cf0000000000000005', 'd005', 'd0ff', 'c0', 'a105'].map(
      (port) => alive(port),
    ),
    alive('05', '0105020000'),
    ...['44e6f6465a0', '44e6f6465a1ff', '44e6f6465da0001ff'].map((node) =>
      fromHex(toHexText(alive('05')).replace('44e6f6465a161', node)),
    ),
    ...['a30a0000', 'c0', '940a000001'].map((address) =>
      fromHex(toHexText(alive('05')).replace('a40a000001', address)),
    ),
    fromHex(toHexText(alive('05')).replace('a44e6f6465', 'a44e6f6466')),
  ]) {
    assert.equal(decodeUsual(bytes), null, toHexText(bytes));
    assert.deepEqual(
      outcome(() => decodeGoPacketMessage(bytes)),
      outcome(() => decodeAnyGoPacketMessage(bytes)),
    );
  }
});

test('byte fields that are read share nothing with the packet, even one that is a Buffer', () => {
  const original: PacketMessage = { type: 'ack', seq: 1, payload: new Uint8Array(9).fill(7) };
  const packet = Buffer.from(encodeGoPacketMessage(original));
  const read = decodeUsual(packet);
  packet.fill(0);
  assert.deepEqual(read, original);
});
