// NetworkDB's messages: what is refused in both directions, exact 64-bit times,
// exact sizes, and a lazy walk over compounds. Recorded bytes are compared in test/interop.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { TableEvent, WireTime } from '../../src/codec/index.ts';
import {
  compoundMessageBytes,
  compoundPartBytes,
  compoundParts,
  decodeBulkSync,
  decodeGossip,
  decodeNetworkEvent,
  decodeNetworkPushPull,
  decodeNodeEvent,
  decodeTableEvent,
  encodeCompoundMessage,
  encodeNodeEvent,
  encodeTableEvent,
  GOSSIP_TYPE,
  wrapGossip,
} from '../../src/codec/index.ts';
import { decodesOrRefuses, fromHex, joinBytes } from './support.ts';

const TABLE_KINDS = ['invalid', 'create', 'update', 'delete'] as const;

test('a field of another wire type is passed over, an unknown kind is invalid, bad UTF-8 is refused', () => {
  assert.equal(decodeTableEvent(fromHex('3001')).key, '');
  assert.equal(decodeTableEvent(fromHex('0809')).kind, 'invalid');
  assert.equal(decodeNodeEvent(fromHex('0809')).kind, 'invalid');
  assert.throws(() => decodeTableEvent(fromHex('1a02fffe')), { code: 'ERR_CODEC_MALFORMED' });
  const long = joinBytes([fromHex('1a50'), new Uint8Array(79).fill(0x61), Uint8Array.of(0xff)]);
  assert.throws(() => decodeTableEvent(long), { code: 'ERR_CODEC_MALFORMED' });
});

test('times are exact on both sides of 2^53, and nothing else is written', () => {
  const times: WireTime[] = [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 64n - 1n];
  for (const time of times) {
    const bytes = encodeNodeEvent({ kind: 'join', time, node: 'n' });
    assert.equal(decodeNodeEvent(bytes).time, time);
  }
  for (const time of [-1, 1.5, 2 ** 53, NaN, -1n, 2n ** 64n]) {
    assert.throws(() => encodeNodeEvent({ kind: 'join', time, node: 'n' }), {
      code: 'ERR_CODEC_MALFORMED',
    });
  }
});

test('text without a UTF-8 form and a reap time of more than 32 bits are not written', () => {
  const event: TableEvent = {
    kind: 'create',
    time: 300,
    owner: 'n1',
    network: 'w',
    table: 't2',
    key: 'k',
    value: Uint8Array.of(0x76),
    residualReapSeconds: 0,
  };
  assert.throws(() => encodeTableEvent({ ...event, key: '\ud800' }), {
    code: 'ERR_CODEC_MALFORMED',
  });
  assert.throws(() => encodeTableEvent({ ...event, residualReapSeconds: 2 ** 31 }), {
    code: 'ERR_CODEC_MALFORMED',
  });
});

test('the value of a read event is a copy, which holds no packet and no more than 4 KiB', () => {
  const bytes = fromHex('080110ac021a026e312201772a017432016b3a0176');
  const packet = new Uint8Array(65_536);
  packet.set(bytes);
  const read = (): Uint8Array => decodeTableEvent(packet.subarray(0, bytes.length)).value;
  const values = Array.from({ length: 10_000 }, read);
  packet[bytes.length - 1] = 0;
  for (const value of values) {
    assert.equal(value[0], 0x76);
    assert.ok(value.length === 1 && value.buffer.byteLength <= 4_096);
  }
  const buffers = [...new Set(values.map((value) => value.buffer))];
  assert.ok(buffers.length <= 4);
  const places = values.map((value) => `${buffers.indexOf(value.buffer)} ${value.byteOffset}`);
  assert.equal(new Set(places).size, values.length, 'each has bytes of its own');
});

test('a large value of a read event is an array by itself', () => {
  const bytes = joinBytes([fromHex('3ae807'), new Uint8Array(1_000).fill(7)]);
  assert.equal(decodeTableEvent(bytes).value.buffer.byteLength, 1_000);
});

test('the size functions count what the encoder writes, at every width of a length', () => {
  for (const length of [0, 1, 123, 124, 125, 126, 127, 128, 1391, 16_378, 16_384, 2_097_160]) {
    const part = new Uint8Array(length);
    const one = compoundPartBytes(length);
    assert.equal(encodeCompoundMessage([part]).length, compoundMessageBytes(one), `${length}`);
    const two = encodeCompoundMessage([part, part]);
    assert.equal(two.length, compoundMessageBytes(2 * one), `${length}`);
    assert.equal([...compoundParts(decodeGossip(two).data)].length, 2);
  }
  assert.equal(compoundMessageBytes(0), encodeCompoundMessage([]).length);
});

test('a compound is walked lazily: good parts come before the damage behind them is met', () => {
  const whole = encodeCompoundMessage([Uint8Array.of(1), Uint8Array.of(2)]);
  const data = joinBytes([decodeGossip(whole).data, fromHex('0aff')]);
  const walk = compoundParts(data);
  assert.deepEqual(walk.next().value, Uint8Array.of(1));
  assert.deepEqual(walk.next().value, Uint8Array.of(2));
  assert.throws(() => walk.next(), { code: 'ERR_CODEC_TRUNCATED' });
  const unknownField = joinBytes([fromHex('1801'), decodeGossip(whole).data]);
  assert.equal([...compoundParts(unknownField)].length, 2);
});

test('counts that a peer could grow without bytes behind them are bounded', () => {
  const entries = new Uint8Array(2 * 524_289);
  for (let i = 0; i < entries.length; i += 2) entries[i] = 0x12;
  assert.throws(() => decodeNetworkPushPull(entries), { code: 'ERR_CODEC_LIMIT' });
  const networks = new Uint8Array(2 * 65_537);
  for (let i = 0; i < networks.length; i += 2) networks[i] = 0x22;
  assert.throws(() => decodeBulkSync(networks), { code: 'ERR_CODEC_LIMIT' });
});

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const time = fc
  .bigInt(0n, 2n ** 64n - 1n)
  .map((exact) => (exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact));
const tableEvent: fc.Arbitrary<TableEvent> = fc.record(
  {
    kind: fc.constantFrom(...TABLE_KINDS),
    time: fc.oneof(fc.nat(), time),
    owner: text,
    network: text,
    table: text,
    key: text,
    value: fc.uint8Array({ maxLength: 50 }),
    residualReapSeconds: fc.integer(),
  },
  { noNullPrototype: true },
);

test('a table event comes back as it was, and anything else is refused with a typed error', () => {
  const decoders = [
    decodeGossip,
    decodeNodeEvent,
    decodeNetworkEvent,
    decodeTableEvent,
    decodeNetworkPushPull,
    decodeBulkSync,
    (bytes: Uint8Array) => [...compoundParts(bytes)],
  ];
  const change = fc.tuple(fc.nat(), fc.nat(255));
  fc.assert(
    fc.property(tableEvent, fc.uint8Array({ maxLength: 80 }), change, (event, junk, [at, byte]) => {
      const bytes = encodeTableEvent(event);
      assert.deepEqual(decodeTableEvent(bytes), event);
      const mutated = bytes.slice();
      if (mutated.length > 0) mutated[at % mutated.length] = byte;
      const packed = wrapGossip(GOSSIP_TYPE.tableEvent, mutated);
      const compound = encodeCompoundMessage([packed, mutated]);
      for (const decode of decoders) {
        for (const input of [junk, mutated, packed, compound, compound.subarray(0, at % 60)]) {
          decodesOrRefuses(() => decode(input));
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('deeply nested groups end in a typed error, not in an exhausted stack', () => {
  assert.throws(() => decodeTableEvent(new Uint8Array(100_000).fill(0x7b)), { name: 'CodecError' });
});
