import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KeptTableEvent } from '../../src/codec/index.ts';
import {
  BulkSyncWriter,
  encodeBulkSync,
  encodeCompoundMessage,
  encodeTableEventMessage,
  GOSSIP_TYPE,
  keepBytes,
  wrapGossip,
} from '../../src/codec/index.ts';

/* What is written in place must be what is written part by part and put together. */

const head = { node: 'n1', networks: ['prod', 'größe'], ownOnly: true };

const eventOf = (time: number, key: string, valueBytes: number): KeptTableEvent => ({
  kind: 'create',
  time,
  owner: 'n1',
  network: 'prod',
  table: 'services',
  key,
  value: keepBytes(new Uint8Array(valueBytes).fill(time)),
  residualReapSeconds: 0,
});

const events = [
  eventOf(1, 'a', 0),
  eventOf(127, 'b', 100),
  eventOf(128, 'schlüssel', 100),
  eventOf(2 ** 40, 'k'.repeat(127), 256),
  eventOf(5, 'k'.repeat(128), 257),
  eventOf(6, 'large', 20_000),
  ...Array.from({ length: 200 }, (_, at) => eventOf(at, `key-${at}`, at)),
];
const joined = wrapGossip(GOSSIP_TYPE.networkEvent, Uint8Array.of(1, 2, 3));

for (const { atMost, isLikely } of [
  { atMost: 10, isLikely: false },
  { atMost: 10, isLikely: true },
  { atMost: 100_000, isLikely: true },
]) {
  const room = `room for ${atMost} bytes, ${isLikely ? 'made at once' : 'growing'}`;
  test(`a bulk sync that is written in place is the same as one put together: ${room}`, () => {
    for (const [time, isRequest] of [
      [0, false],
      [Number.MAX_SAFE_INTEGER, true],
    ] as const) {
      for (const count of [0, 1, events.length]) {
        const writer = new BulkSyncWriter(head, { atMost, isLikely });
        const chosen = events.slice(0, count);
        assert.equal(writer.add(joined), joined.length);
        for (const event of chosen) {
          assert.equal(writer.addTableEvent(event), encodeTableEventMessage(event).length);
        }
        const payload = encodeCompoundMessage([joined, ...chosen.map(encodeTableEventMessage)]);
        const inner = encodeBulkSync({ ...head, time, isRequest, payload });
        assert.deepEqual(
          writer.finish({ time, isRequest }),
          new Uint8Array(wrapGossip(GOSSIP_TYPE.bulkSync, inner)),
        );
      }
    }
  });
}

test('a bulk sync without anything in it is the same as one put together', () => {
  const writer = new BulkSyncWriter({ node: '', networks: [] }, { atMost: 0, isLikely: false });
  const payload = encodeCompoundMessage([]);
  const inner = encodeBulkSync({ node: '', networks: [], time: 0, isRequest: false, payload });
  assert.deepEqual(
    writer.finish({ time: 0, isRequest: false }),
    new Uint8Array(wrapGossip(GOSSIP_TYPE.bulkSync, inner)),
  );
});
