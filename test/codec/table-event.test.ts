// Table events are written and read by hand where they look as nearly all do. Whatever they look like, the bytes
// must be those of the generated code, and so must be what is read from any bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { TableEvent, WireTime } from '../../src/codec/index.ts';
import {
  decodeGossip,
  decodeTableEvent,
  encodeTableEvent,
  encodeTableEventMessage,
  GossipError,
  wrapGossip,
} from '../../src/codec/index.ts';
import { networkdb as schema } from '../../src/codec/generated/networkdb.js';
import { readerOf } from '../../src/codec/protobuf.ts';
import { cutBytes } from '../../src/codec/slab.ts';
import { TableEventReader } from '../../src/codec/table-event-reader.ts';
import { TextCache } from '../../src/codec/text-cache.ts';
import { fromWireTime, toWireTime } from '../../src/codec/wire-time.ts';

const KINDS = ['invalid', 'create', 'update', 'delete'] as const;
const text = new TextEncoder();

/** What the generated code writes. */
function generated(event: TableEvent): Uint8Array {
  const { kind, time, owner, network, table, key, value, residualReapSeconds } = event;
  return new Uint8Array(
    schema.TableEvent.encode({
      type: KINDS.indexOf(kind),
      lTime: toWireTime(time),
      nodeName: owner,
      networkId: network,
      tableName: table,
      key,
      value,
      residualReapTime: residualReapSeconds,
    }).finish(),
  );
}

/** What the generated code reads, or null where it refuses. */
function readGenerated(bytes: Uint8Array): TableEvent | null {
  try {
    const m = schema.TableEvent.decode(readerOf(bytes));
    return {
      kind: KINDS[m.type] ?? 'invalid',
      time: fromWireTime(m.lTime),
      owner: m.nodeName,
      network: m.networkId,
      table: m.tableName,
      key: m.key,
      value: new Uint8Array(m.value),
      residualReapSeconds: m.residualReapTime,
    };
  } catch {
    return null;
  }
}

function readByHand(bytes: Uint8Array): TableEvent | null {
  try {
    return decodeTableEvent(bytes);
  } catch (error) {
    assert.ok(error instanceof GossipError);
    return null;
  }
}

const name = fc.oneof(
  fc.constantFrom('', 'n1', 'é', '\ufeffx', 'k'.repeat(127), 'k'.repeat(128), 'ß'.repeat(64)),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const time: fc.Arbitrary<WireTime> = fc.oneof(
  fc.nat(),
  fc.constantFrom<WireTime>(
    0,
    2 ** 31,
    2 ** 49 - 1,
    2 ** 49,
    2 ** 53 - 1,
    2n ** 53n,
    2n ** 64n - 1n,
  ),
);
const anyEvent: fc.Arbitrary<TableEvent> = fc.record(
  {
    kind: fc.constantFrom(...KINDS),
    time,
    owner: name,
    network: name,
    table: name,
    key: name,
    value: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(1_500))),
    residualReapSeconds: fc.oneof(fc.constant(0), fc.nat(), fc.integer()),
  },
  { noNullPrototype: true },
);

test('every event is written as the generated code writes it, with and without its envelope', () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      const bytes = generated(event);
      assert.deepEqual(encodeTableEvent(event), bytes);
      assert.deepEqual(encodeTableEventMessage(event), wrapGossip(2, bytes));
      assert.deepEqual(new Uint8Array(decodeGossip(wrapGossip(2, bytes)).data), bytes);
    }),
    { numRuns: 300 },
  );
});

test('from any bytes the same event is read as the generated code reads, or none', () => {
  const change = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });
  fc.assert(
    fc.property(anyEvent, change, fc.nat(3), (event, changes, cut) => {
      const bytes = generated(event);
      for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      for (const each of [bytes, bytes.subarray(0, bytes.length - cut)]) {
        assert.deepEqual(readByHand(each), readGenerated(each));
      }
    }),
    { numRuns: 600 },
  );
});

test('numbers in more bytes than they need, and fields twice or out of order, are read as ever', () => {
  for (const hex of [
    '08818080801010021a016e', // a kind of 2^32 + 1
    '088100' + '10a08000' + '1a016e', // padded numbers
    '1a016e0801', // out of order
    '1a016e1a016d', // the last of two counts
    '1a016e4a0178', // an unknown field
    '40ffffffffffffffffff01', // a negative residual time
    '3001', // a name as a number
    '1a8100' + '6e', // a padded length
  ]) {
    const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
    assert.deepEqual(readByHand(bytes), readGenerated(bytes), hex);
    assert.notEqual(readGenerated(bytes), null, hex);
  }
});

test('events that follow each other do not mix their names', () => {
  const event: TableEvent = {
    kind: 'create',
    time: 7,
    owner: 'n1',
    network: 'w',
    table: 't',
    key: 'k',
    value: Uint8Array.of(1),
    residualReapSeconds: 0,
  };
  const others: TableEvent[] = [
    { ...event, owner: 'n2' },
    { ...event, network: 'é' },
    { ...event, table: 'x'.repeat(200) },
    { ...event, key: 'ä' },
    { ...event, owner: '', network: '', table: '' },
  ];
  const messages = [event, ...others, event].map((each) => encodeTableEventMessage(each));
  for (const [at, each] of [event, ...others, event].entries()) {
    assert.deepEqual(decodeTableEvent(decodeGossip(messages[at] as Uint8Array).data), each);
  }
});

test('pieces of a slab never overlap, and a large one has an array of its own', () => {
  const pieces = Array.from({ length: 500 }, (_, at) => cutBytes(at % 300).fill(at % 251));
  for (const [at, piece] of pieces.entries()) {
    assert.equal(piece.length, at % 300);
    assert.ok(piece.every((byte) => byte === at % 251));
  }
  assert.equal(cutBytes(5_000).buffer.byteLength, 5_000);
});

test('a cached text is that of the same bytes only, however alike others are', () => {
  const cache = new TextCache();
  const decoder = new TextDecoder();
  let reads = 0;
  const read = (bytes: Uint8Array): string => {
    reads += 1;
    return decoder.decode(bytes);
  };
  const get = (word: string): string | null => {
    const bytes = text.encode(`<${word}>`);
    return cache.get(bytes, 1, bytes.length - 2, read);
  };
  // More than there are slots, so that many share one; each is asked for twice in a row.
  const words = Array.from({ length: 1_000 }, (_, at) => `${at}`.padStart(19, '0'));
  for (const word of [...words, ...words]) {
    const before = reads;
    assert.equal(get(word), word);
    assert.equal(get(word), word);
    assert.ok(reads - before <= 1);
  }
  assert.ok(reads > words.length, `${reads}`);
  const bytes = text.encode('zz');
  assert.equal(cache.get(bytes, 0, 2, read), 'zz');
  bytes.fill(0x61);
  assert.equal(get('zz'), 'zz');
  const long = 'k'.repeat(1_000);
  assert.equal(get(long), long);
  assert.equal(get(''), '');
  assert.equal(
    cache.get(text.encode('ä'), 0, 2, () => null),
    null,
  );
});

test('a reader says what it read last, and what was taken out of it stays', () => {
  const base = {
    kind: 'create',
    owner: 'o',
    network: 'n',
    table: 't',
    residualReapSeconds: 0,
  } as const;
  const [first, second] = ['a', 'b'].map((key, at) => {
    // The later one has a time that only the generated code reads.
    const time = at === 0 ? 7 : 2n ** 60n;
    return encodeTableEvent({ ...base, time, key, value: text.encode(key.repeat(9)) });
  }) as [Uint8Array, Uint8Array];
  const reader = new TableEventReader();
  const taken = reader.read(first, 0, first.length).toEvent();
  assert.deepEqual(
    { ...taken },
    { ...base, time: 7, key: 'a', value: 'aaaaaaaaa', isDeleted: false },
  );
  reader.read(second, 0, second.length);
  first.fill(0);
  assert.deepEqual([taken.key, taken.time, taken.value], ['a', 7, 'aaaaaaaaa']);
  assert.deepEqual([reader.key, reader.time, reader.value], ['b', 2n ** 60n, 'bbbbbbbbb']);
  assert.equal(reader.valueBytes, 9);
});
