// SWIM messages on the memberlist wire: round trips, what is refused, and that the wires know each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { PacketMessage } from '../../src/codec/index.ts';
import { encodePacketMessage } from '../../src/codec/index.ts';
import { encodeBody, GO_SHAPES } from '../../src/codec/go-shapes.ts';
import { decodeGoPacketMessage, encodeGoPacketMessage } from '../../src/codec/swim-msgpack.ts';
import { decodesOrRefuses, fromHex, noSource, toHexText, usualVersions } from './support.ts';

const NO_BYTES = new Uint8Array(0);
const V4 = Uint8Array.of(10, 0, 0, 1);
const MAPPED = fromHex('00000000000000000000ffff0a000001');

const alive: PacketMessage = {
  type: 'alive',
  incarnation: 300,
  node: 'node-a',
  address: V4,
  port: 7946,
  metadata: Uint8Array.of(1, 2),
  versions: usualVersions,
  startId: NO_BYTES,
};

function again(message: PacketMessage): PacketMessage {
  return decodeGoPacketMessage(encodeGoPacketMessage(message));
}

test('an address is relayed in the byte form in which it came', () => {
  for (const address of [V4, MAPPED]) {
    const read = again({ ...alive, address });
    assert.ok(read.type === 'alive');
    assert.deepEqual(read.address, address);
    assert.deepEqual(again(read), read);
  }
});

test('there is no start id on this wire', () => {
  const startId = new Uint8Array(4).fill(9);
  assert.deepEqual(encodeGoPacketMessage({ ...alive, startId }), encodeGoPacketMessage(alive));
  assert.deepEqual(again({ ...alive, startId }), alive);
});

test('empty source fields are left out, and absent ones are read as empty', () => {
  const ping: PacketMessage = { type: 'ping', seq: 1, node: 'b', ...noSource };
  assert.equal(toHexText(encodeGoPacketMessage(ping)), '0082a44e6f6465a162a55365714e6f01');
  assert.deepEqual(again(ping), ping);
});

test('an alive that could end an old Go node is neither written nor read', () => {
  for (const length of [0, 1, 5, 7]) {
    const versions = new Uint8Array(length).fill(1);
    assert.throws(() => encodeGoPacketMessage({ ...alive, versions }), {
      code: 'ERR_CODEC_MALFORMED',
    });
    const bytes = encodeBody(4, GO_SHAPES.alive, {
      Addr: V4,
      Incarnation: 1,
      Meta: null,
      Node: 'a',
      Port: 1,
      Vsn: versions,
    });
    assert.throws(() => decodeGoPacketMessage(bytes), { code: 'ERR_CODEC_MALFORMED' });
  }
});

test('names that are empty or not UTF-8, and addresses of other lengths, are refused', () => {
  assert.throws(() => encodeGoPacketMessage({ ...alive, node: '' }), {
    code: 'ERR_CODEC_MALFORMED',
  });
  assert.throws(() => encodeGoPacketMessage({ ...alive, node: '\ud800' }), {
    code: 'ERR_CODEC_MALFORMED',
  });
  const bare = { Incarnation: 1, Meta: null, Port: 1, Vsn: usualVersions };
  for (const [Node, Addr] of [
    ['', V4],
    ['a', NO_BYTES],
    ['a', new Uint8Array(5)],
    ['a', null],
  ] as const) {
    const bytes = encodeBody(4, GO_SHAPES.alive, { ...bare, Node, Addr });
    assert.throws(() => decodeGoPacketMessage(bytes), { code: 'ERR_CODEC_MALFORMED' });
  }
  const notUtf8 = fromHex('0383a446726f6da161ab496e6361726e6174696f6e01a44e6f6465a2fffe');
  assert.throws(() => decodeGoPacketMessage(notUtf8), { code: 'ERR_CODEC_MALFORMED' });
});

test('metadata of up to 64 KiB is read, more is not', () => {
  const read = again({ ...alive, metadata: new Uint8Array(65_536) });
  assert.ok(read.type === 'alive');
  assert.equal(read.metadata.length, 65_536);
  assert.throws(() => encodeGoPacketMessage({ ...alive, metadata: new Uint8Array(65_537) }), {
    code: 'ERR_CODEC_LIMIT',
  });
});

test('keys called like properties of every object are passed over', () => {
  // {"__proto__": {"Node": "x"}, "constructor": 1, "SeqNo": 7}
  const hex = '0b83a95f5f70726f746f5f5f81a44e6f6465a178ab636f6e7374727563746f7201a55365714e6f07';
  assert.deepEqual(decodeGoPacketMessage(fromHex(hex)), { type: 'nack', seq: 7 });
});

test('what is read shares nothing with the packet', () => {
  const bytes = encodeGoPacketMessage(alive);
  const read = decodeGoPacketMessage(bytes);
  bytes.fill(0);
  assert.deepEqual(read, alive);
});

test('a message of the other wire is told as such, one of a type for streams as unsupported', () => {
  const other = encodePacketMessage({ ...alive, startId: new Uint8Array(4) });
  assert.throws(() => decodeGoPacketMessage(other), { code: 'ERR_CODEC_OTHER_WIRE' });
  for (const type of [6, 7, 8, 9, 10, 12, 13, 14, 200]) {
    assert.throws(() => decodeGoPacketMessage(Uint8Array.of(type, 0x80)), {
      code: 'ERR_CODEC_UNSUPPORTED',
    });
  }
  assert.throws(() => decodeGoPacketMessage(NO_BYTES), { code: 'ERR_CODEC_TRUNCATED' });
});

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
const uint32 = fc.nat(0xffff_ffff);
const port = fc.nat(65_535);
const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);
const source = {
  sourceAddress: fc.oneof(address, fc.constant(NO_BYTES)),
  sourcePort: port,
  sourceNode: fc.oneof(name, fc.constant('')),
};
const accusation = { incarnation: uint32, node: name, from: name };
/** Like decoded messages, with the usual prototype. */
function plain<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true });
}

const message: fc.Arbitrary<PacketMessage> = fc.oneof(
  plain({ type: fc.constant('ping' as const), seq: uint32, node: name, ...source }),
  plain({
    type: fc.constant('indirectPing' as const),
    ...{ seq: uint32, node: name, target: address, port, wantsNack: fc.boolean() },
    ...source,
  }),
  plain({
    type: fc.constant('ack' as const),
    seq: uint32,
    payload: fc.uint8Array({ maxLength: 300 }),
  }),
  plain({ type: fc.constant('nack' as const), seq: uint32 }),
  plain({ type: fc.constant('suspect' as const), ...accusation }),
  plain({ type: fc.constant('dead' as const), ...accusation }),
  plain({
    type: fc.constant('alive' as const),
    ...{ incarnation: uint32, node: name, address, port },
    metadata: fc.uint8Array({ maxLength: 512 }),
    versions: fc.uint8Array({ minLength: 6, maxLength: 6 }),
    startId: fc.constant(NO_BYTES),
  }),
);

test('every message comes back as it was, also with something behind it', () => {
  fc.assert(
    fc.property(message, fc.uint8Array({ maxLength: 8 }), (original, tail) => {
      const bytes = encodeGoPacketMessage(original);
      assert.deepEqual(decodeGoPacketMessage(bytes), original);
      assert.deepEqual(decodeGoPacketMessage(Buffer.concat([bytes, tail])), original);
    }),
    { numRuns: 300 },
  );
});

test('a mutated message is read or refused with a typed error', () => {
  fc.assert(
    fc.property(
      message,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      (m, flips) => {
        const bytes = encodeGoPacketMessage(m);
        for (const [at, value] of flips) bytes[at % bytes.length] = value;
        decodesOrRefuses(() => decodeGoPacketMessage(bytes));
        decodesOrRefuses(() => decodeGoPacketMessage(bytes.subarray(0, bytes.length >>> 1)));
      },
    ),
    { numRuns: 500 },
  );
});
