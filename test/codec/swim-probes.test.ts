// Pings and acks by hand: whatever is done without the generated code must be what it would have done.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { copyBytes } from '../../src/codec/bytes.ts';
import type { AckMessage, PingMessage } from '../../src/codec/index.ts';
import { networkdb_swim as schema } from '../../src/codec/generated/swim.js';
import { encodeTyped, readerOf } from '../../src/codec/protobuf.ts';
import {
  decodeUsualAck,
  decodeUsualPing,
  encodeUsualAck,
  encodeUsualPing,
} from '../../src/codec/swim-probes.ts';
import { decodePing, pingFields } from '../../src/codec/swim-protobuf.ts';
import { MESSAGE_TYPE } from '../../src/codec/messages.ts';

const RUNS = { numRuns: 500 };

const names = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('n1', 'é', 'x'.repeat(128)));
const numbers = fc.oneof(fc.nat(300), fc.nat(70_000), fc.constantFrom(0xffff_ffff, 2 ** 31));
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const pings: fc.Arbitrary<PingMessage> = fc.record({
  type: fc.constant('ping'),
  seq: numbers,
  node: names,
  sourceAddress: fc.oneof(bytes(0), bytes(4), bytes(16)),
  sourcePort: fc.nat(65_535),
  sourceNode: names,
});
const acks: fc.Arbitrary<AckMessage> = fc.record({
  type: fc.constant('ack'),
  seq: numbers,
  payload: fc.uint8Array({ maxLength: 200 }),
});

function generatedPing(ping: PingMessage): Uint8Array {
  return encodeTyped(MESSAGE_TYPE.ping, schema.Ping, pingFields(ping));
}

function generatedAck(ack: AckMessage): Uint8Array {
  const { seq, payload } = ack;
  return encodeTyped(MESSAGE_TYPE.ack, schema.Ack, { seq, payload });
}

test('a usual ping and a usual ack are written and read by hand', () => {
  const sourceAddress = Uint8Array.of(10, 0, 0, 1);
  const source = { sourceAddress, sourcePort: 7946, sourceNode: 'n17' };
  const ping: PingMessage = { type: 'ping', seq: 4_000_000_000, node: 'n4', ...source };
  const ack: AckMessage = { type: 'ack', seq: 4_000_000_000, payload: new Uint8Array(0) };
  assert.deepEqual(encodeUsualPing(ping), generatedPing(ping));
  assert.deepEqual(encodeUsualAck(ack), generatedAck(ack));
  assert.deepEqual(decodeUsualPing(generatedPing(ping).subarray(1)), ping);
  assert.deepEqual(decodeUsualAck(generatedAck(ack).subarray(1)), ack);
});

test('what is written by hand is what the generated code writes', () => {
  fc.assert(
    fc.property(pings, acks, (ping, ack) => {
      const [usualPing, usualAck] = [encodeUsualPing(ping), encodeUsualAck(ack)];
      if (usualPing !== null) assert.deepEqual(usualPing, generatedPing(ping));
      if (usualAck !== null) assert.deepEqual(usualAck, generatedAck(ack));
    }),
    RUNS,
  );
});

test('what is read by hand is what the generated code reads, of changed bytes too', () => {
  const changes = fc.array(fc.record({ at: fc.nat(60), byte: fc.nat(255) }), { maxLength: 2 });
  fc.assert(
    fc.property(pings, acks, changes, fc.nat(80), (ping, ack, changed, cut) => {
      const [pingBody, ackBody] = [generatedPing(ping), generatedAck(ack)].map((whole) => {
        const body = whole.slice(1, cut < 70 ? whole.length : cut);
        for (const { at, byte } of changed) if (at < body.length) body[at] = byte;
        return body;
      }) as [Uint8Array, Uint8Array];
      const usualPing = decodeUsualPing(pingBody);
      if (usualPing !== null) assert.deepEqual(usualPing, decodePing(pingBody));
      const usualAck = decodeUsualAck(ackBody);
      if (usualAck === null) return;
      const { seq, payload } = schema.Ack.decode(readerOf(ackBody));
      assert.deepEqual(usualAck, { type: 'ack', seq, payload: copyBytes(payload) });
    }),
    { numRuns: 2000 },
  );
});
