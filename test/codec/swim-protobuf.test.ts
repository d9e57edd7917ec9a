// SWIM bodies in packets and messages on streams: round trips, sizes, and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type {
  AliveMessage,
  PacketMessage,
  PushPullMessage,
  StreamMessage,
} from '../../src/codec/index.ts';
import {
  createStreamReader,
  decodePacketMessage,
  encodePacketMessage,
  encodeStreamMessage,
  MESSAGE_TYPE,
} from '../../src/codec/index.ts';
import {
  decodesOrRefuses,
  fromHex,
  joinBytes,
  nodeOf,
  noise,
  noSource,
  usualVersions,
  utf8,
} from './support.ts';

const alive: AliveMessage = {
  type: 'alive',
  incarnation: 1,
  node: 'node-abc-123',
  address: Uint8Array.of(10, 0, 0, 1),
  port: 7946,
  metadata: new Uint8Array(0),
  versions: usualVersions,
  startId: noise(4),
};
const source = { sourceAddress: Uint8Array.of(10, 0, 0, 9), sourcePort: 7946, sourceNode: 'me' };
const messages: PacketMessage[] = [
  { type: 'ping', seq: 42, node: 'node-b', ...source },
  { type: 'ping', seq: 0, node: '', ...noSource },
  {
    type: 'indirectPing',
    seq: 4_294_967_295,
    node: 'nœud',
    target: new Uint8Array(16).fill(1),
    port: 65_535,
    wantsNack: true,
    ...source,
  },
  { type: 'ack', seq: 7, payload: utf8('hi') },
  { type: 'nack', seq: 7 },
  { type: 'suspect', incarnation: 3, node: 'a', from: 'b' },
  { type: 'dead', incarnation: 4_294_967_295, node: 'a', from: 'a' },
  alive,
  { ...alive, metadata: noise(512), versions: new Uint8Array(6), startId: new Uint8Array(0) },
];

test('every packet message comes back as it was, behind its type byte', () => {
  for (const message of messages) {
    const bytes = encodePacketMessage(message);
    assert.equal(bytes[0], MESSAGE_TYPE[message.type]);
    assert.deepEqual(decodePacketMessage(bytes), message);
    assert.deepEqual(decodePacketMessage(Buffer.from(bytes)), message);
  }
});

test('alive takes at most 38 bytes for a name of twelve characters and an IPv4 address', () => {
  assert.equal(encodePacketMessage(alive).length, 32);
  const largest = { ...alive, incarnation: 4_294_967_295, port: 65_535 };
  assert.ok(encodePacketMessage(largest).length <= 38);
});

test('what a decoded message holds shares nothing with the packet', () => {
  const bytes = encodePacketMessage({ ...alive, metadata: utf8('meta') });
  const read = decodePacketMessage(bytes) as AliveMessage;
  bytes.fill(0);
  assert.deepEqual(read.metadata, utf8('meta'));
  assert.deepEqual(read.address, alive.address);
});

test('a msgpack body is recognized as the other wire', () => {
  const ping = '0082a44e6f6465a162a55365714e6f01';
  for (const hex of [ping, '0486a441', '03de0003', '05df00000003', '0b81a5']) {
    assert.throws(() => decodePacketMessage(fromHex(hex)), { code: 'ERR_CODEC_OTHER_WIRE' }, hex);
  }
});

test('no bytes are cut, and a type that packets do not carry is unsupported', () => {
  assert.throws(() => decodePacketMessage(new Uint8Array(0)), { code: 'ERR_CODEC_TRUNCATED' });
  for (const type of [6, 7, 8, 9, 10, 12, 13, 14, 99, 244]) {
    assert.throws(() => decodePacketMessage(Uint8Array.of(type)), {
      code: 'ERR_CODEC_UNSUPPORTED',
    });
  }
});

test('messages that no member could act on are refused, in both directions', () => {
  const wrong: [string, PacketMessage][] = [
    ['no name', { ...alive, node: '' }],
    ['no address', { ...alive, address: new Uint8Array(0) }],
    ['odd address', { ...alive, address: new Uint8Array(5) }],
    ['port', { ...alive, port: 65_536 }],
    ['incarnation', { ...alive, incarnation: 2 ** 32 }],
    ['negative incarnation', { ...alive, incarnation: -1 }],
    ['versions', { ...alive, versions: new Uint8Array(3) }],
    ['start id', { ...alive, startId: new Uint8Array(3) }],
    ['half a surrogate pair', { ...alive, node: 'a\udc00' }],
    ['accused', { type: 'suspect', incarnation: 1, node: '', from: 'b' }],
    ['accuser', { type: 'dead', incarnation: 1, node: 'a', from: '' }],
    ['seq', { type: 'nack', seq: 0.5 }],
    ['source address', { type: 'ping', seq: 1, node: 'a', ...source, sourceAddress: noise(3) }],
  ];
  for (const [what, message] of wrong) {
    assert.throws(() => encodePacketMessage(message), { code: 'ERR_CODEC_MALFORMED' }, what);
  }
  const hex: [string, string][] = [
    ['alive of nothing', '04'],
    ['alive without an address', '0412016e'],
    ['alive with an address of five bytes', '0412016e1a050a00000102'],
    ['alive with a port of 65,536', '0412016e1a040a000001208080 04'.replace(' ', '')],
    ['alive with three version bytes', '0412016e1a040a0000013203010502'],
    ['alive with a start id of two bytes', '0412016e1a040a0000013a020102'],
    ['a name that is not UTF-8', '041202fffe1a040a000001'],
    ['suspect without an accuser', '03080112016e'],
    ['indirect ping without a target', '0112016e'],
  ];
  for (const [what, bytes] of hex) {
    assert.throws(() => decodePacketMessage(fromHex(bytes)), { code: 'ERR_CODEC_MALFORMED' }, what);
  }
  assert.equal(decodePacketMessage(fromHex('0412016e1a040a000001')).type, 'alive');
});

test('metadata of more than 64 KiB is refused', () => {
  assert.throws(() => encodePacketMessage({ ...alive, metadata: new Uint8Array(65_537) }), {
    code: 'ERR_CODEC_LIMIT',
  });
});

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);
const uint32 = fc.nat(0xffff_ffff);
const anyAlive: fc.Arbitrary<AliveMessage> = fc.record(
  {
    type: fc.constant('alive' as const),
    incarnation: uint32,
    node: name,
    address,
    port: fc.nat(65_535),
    metadata: fc.uint8Array({ maxLength: 100 }),
    versions: fc.uint8Array({ minLength: 6, maxLength: 6 }),
    startId: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  },
  { noNullPrototype: true },
);

test('any alive comes back as it was; mutated messages and junk are read or refused by type', () => {
  const change = fc.tuple(fc.nat(), fc.nat(255));
  fc.assert(
    fc.property(anyAlive, fc.uint8Array({ maxLength: 60 }), change, (message, junk, [at, byte]) => {
      assert.deepEqual(decodePacketMessage(encodePacketMessage(message)), message);
      for (const sample of [message, ...messages]) {
        const bytes = encodePacketMessage(sample);
        decodesOrRefuses(() => decodePacketMessage(bytes.subarray(0, at % bytes.length)));
        bytes[at % bytes.length] = byte;
        decodesOrRefuses(() => decodePacketMessage(bytes));
      }
      for (let type = 0; type < 15; type += 1) {
        const bytes = joinBytes([Uint8Array.of(type), junk]);
        decodesOrRefuses(() => decodePacketMessage(bytes));
        decodesOrRefuses(() => createStreamReader().push(bytes));
      }
    }),
    { numRuns: 150 },
  );
});

function pushPullOf(count: number, userState: Uint8Array): PushPullMessage {
  const nodes = Array.from({ length: count }, (_, index) => nodeOf(index));
  return { type: 'pushPull', join: true, nodes, userState };
}

function readInPieces(bytes: Uint8Array, pieceBytes: number): StreamMessage | null {
  const reader = createStreamReader();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    assert.equal(reader.message, null);
    reader.push(bytes.subarray(at, at + pieceBytes));
  }
  return reader.message;
}

test('every stream message comes back from pieces of any size', () => {
  const all: StreamMessage[] = [
    pushPullOf(3, utf8('STATE')),
    { ...pushPullOf(0, new Uint8Array(0)), join: false },
    { type: 'user', payload: noise(300) },
    { type: 'user', payload: new Uint8Array(0) },
    { type: 'ping', seq: 9, node: 'a', ...source },
    { type: 'ack', seq: 9, payload: new Uint8Array(0) },
    { type: 'error', reason: 'label', text: 'étiquette' },
  ];
  for (const message of all) {
    const bytes = joinBytes(encodeStreamMessage(message));
    assert.equal(bytes[0], MESSAGE_TYPE[message.type]);
    for (const size of [1, 2, 7, 64, bytes.length]) {
      assert.deepEqual(readInPieces(bytes, size), message);
    }
  }
});

test('a large push/pull is made in pieces of at most 64 KiB and read in one pass', () => {
  const message = pushPullOf(5000, noise(200_000));
  const pieces = [...encodeStreamMessage(message)];
  assert.ok(pieces.length >= 7);
  assert.ok(pieces.every((piece) => piece.length > 0 && piece.length <= 65_536));
  const reader = createStreamReader();
  for (const piece of pieces) reader.push(piece);
  assert.deepEqual(reader.message, message);
});

test('dead and left nodes need no address, alive and suspect ones do', () => {
  const none = new Uint8Array(0);
  for (const state of ['dead', 'left'] as const) {
    const nodes = [nodeOf(1, { state, address: none })];
    const bytes = joinBytes(encodeStreamMessage({ ...pushPullOf(0, none), nodes }));
    assert.deepEqual((readInPieces(bytes, 9) as PushPullMessage).nodes, nodes);
  }
  for (const state of ['alive', 'suspect'] as const) {
    const nodes = [nodeOf(1, { state, address: none })];
    assert.throws(() => [...encodeStreamMessage({ ...pushPullOf(0, none), nodes })], {
      code: 'ERR_CODEC_MALFORMED',
    });
  }
});

test('a node in a state that we do not know is passed over', () => {
  // Header {nodes 2}; {name a, state 9}; {name b, state 2 (dead)}.
  const reader = createStreamReader();
  reader.push(fromHex('06020802' + '05' + '1201614009' + '05' + '1201624002'));
  const { nodes } = reader.message as PushPullMessage;
  assert.deepEqual(
    nodes.map((node) => node.name),
    ['b'],
  );
});

test('bytes behind a message are ignored', () => {
  const bytes = joinBytes(encodeStreamMessage({ type: 'user', payload: utf8('x') }));
  const reader = createStreamReader();
  reader.push(joinBytes([bytes, noise(50)]));
  assert.deepEqual(reader.message, { type: 'user', payload: utf8('x') });
  reader.push(noise(50));
  assert.deepEqual(reader.message, { type: 'user', payload: utf8('x') });
});

test('announced numbers over the limits are refused at once', () => {
  const refused: [string, string][] = [
    ['nodes', '0605' + '0881808001'],
    ['user state', '0605' + '10818080 0a'.replace(' ', '')],
    ['user message', '0805' + '0881808020'],
    ['record', '06' + 'ffff7f'],
    ['record of a length that never ends', '00' + 'ffffffff'],
  ];
  for (const [what, hex] of refused) {
    const bytes = fromHex(hex);
    assert.throws(() => createStreamReader().push(bytes), { code: 'ERR_CODEC_LIMIT' }, what);
  }
  const small = createStreamReader({ maxTotalBytes: 100 });
  const bytes = joinBytes(encodeStreamMessage({ type: 'user', payload: noise(120) }));
  assert.throws(() => small.push(bytes), { code: 'ERR_CODEC_LIMIT' });
});

test('memory follows what arrives, not what is announced', () => {
  const reader = createStreamReader();
  const before = process.memoryUsage().arrayBuffers;
  reader.push(fromHex('0805' + '0880808020')); // a user message of 64 MiB
  reader.push(noise(1000));
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
  assert.equal(reader.message, null);
});

test('a message type that streams do not carry is unsupported', () => {
  assert.throws(() => createStreamReader().push(Uint8Array.of(4)), {
    code: 'ERR_CODEC_UNSUPPORTED',
  });
});

test('a mutated push/pull is read or refused with a typed error', () => {
  const bytes = joinBytes(encodeStreamMessage(pushPullOf(4, utf8('STATE'))));
  fc.assert(
    fc.property(fc.nat(), fc.nat(255), fc.integer({ min: 1, max: 50 }), (at, byte, size) => {
      const mutated = bytes.slice();
      mutated[at % bytes.length] = byte;
      decodesOrRefuses(() => {
        const reader = createStreamReader();
        for (let i = 0; i < mutated.length; i += size) reader.push(mutated.subarray(i, i + size));
      });
    }),
    { numRuns: 300 },
  );
});
