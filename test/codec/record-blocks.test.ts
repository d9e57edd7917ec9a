// Lists of records that are written again and again: what is kept of them, and whatever must not be taken for them.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { PushPullMessage, PushPullNode, Wire } from '../../src/codec/index.ts';
import { createStreamReader, createWire, Keyring } from '../../src/codec/index.ts';
import { MAX_BLOCK_RECORDS, RecordBlocks } from '../../src/codec/record-blocks.ts';
import { hashOf } from '../../src/codec/shared-records.ts';
import { encodeNodeRecord } from '../../src/codec/swim-stream.ts';
import { countingEntropy, joinBytes, keyOf, noise } from './support.ts';

const NO_BYTES = new Uint8Array(0);

function wireOf(o: { readonly keys?: number[]; readonly compression?: boolean } = {}): Wire {
  return createWire('protobuf', {
    keyring: new Keyring((o.keys ?? []).map(keyOf), [32]),
    label: NO_BYTES,
    entropy: countingEntropy(5),
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: o.compression ?? true,
  });
}

/** Records of so many members, others for another prefix. */
function recordsOf(prefix: string, count = 200): PushPullNode[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `${prefix}-${at}`,
    address: Uint8Array.of(10, 0, at >> 8, at & 0xff),
    port: 7946,
    metadata: Uint8Array.of(1, 2),
    incarnation: 3,
    state: 'alive',
    versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
    startId: noise(4, at + 1),
  }));
}

function pushPull(nodes: readonly PushPullNode[], userState = NO_BYTES): PushPullMessage {
  return { type: 'pushPull', join: false, nodes, userState };
}

/** The bytes of a request. */
function sent(wire: Wire, message: PushPullMessage): Uint8Array {
  const { request } = wire.streams.initiate();
  const pieces = [...wire.encodeStreamMessage(message)].flatMap((piece) => request.push(piece));
  return joinBytes([...pieces, ...request.finish()]);
}

/** What a request says, read as an intake reads it; how many of its pieces were known. */
function received(wire: Wire, bytes: Uint8Array): { message: PushPullMessage; known: number } {
  const opener = wire.streams.accept().request;
  const reader = wire.createStreamReader();
  let known = 0;
  for (const piece of opener.push(bytes)) {
    if (reader.expect?.(piece) === true) known += 1;
    for (let at = 0; at < piece.length; at += 999) reader.push(piece.subarray(at, at + 999));
  }
  return { message: reader.message as PushPullMessage, known };
}

test('a list that was written here is read once, and is one object for all who send it', () => {
  for (const compression of [true, false]) {
    for (const keys of [[1], []]) {
      const wire = wireOf({ keys, compression });
      const records = recordsOf(`once ${compression} ${keys.length}`);
      const list = wire.sharedNodes([...records]);
      const state = Uint8Array.of(7, 8, 9);
      const first = received(wire, sent(wire, pushPull(list, state)));
      assert.deepEqual(first.message, pushPull(records, state));
      assert.equal(first.known, 0);
      const bytes = sent(wire, pushPull(list, state));
      const second = received(wireOf({ keys, compression }), bytes);
      assert.equal(second.known, 1);
      assert.equal(second.message.nodes, first.message.nodes);
      assert.deepEqual(second.message, pushPull(records, state));
      // Another process, which wrote nothing of the kind, reads the same.
      const stranger = createStreamReader();
      for (const piece of wire.streams.accept().request.push(bytes)) stranger.push(piece);
      assert.deepEqual(stranger.message, pushPull(records, state));
      assert.equal(
        wire.sharedNodes(recordsOf(`once ${compression} ${keys.length}`)),
        second.message.nodes,
      );
    }
  }
});

test('a list of several blocks is one object too, and a longer list with the same end is not', () => {
  const wire = wireOf({ keys: [1] });
  const records = recordsOf('several', 3_000);
  const list = wire.sharedNodes([...records]);
  received(wire, sent(wire, pushPull(list)));
  const again = received(wire, sent(wire, pushPull(list)));
  assert.ok(again.known > 1);
  assert.deepEqual(again.message.nodes, records);
  assert.equal(wire.sharedNodes([...records]), again.message.nodes);
  const blocks = new RecordBlocks();
  const [first, other, last] = [recordsOf('x'), recordsOf('y'), recordsOf('z')].map((nodes) => {
    const [block] = blocks.blocksOf(Object.freeze(nodes), encodeNodeRecord) ?? [];
    assert.ok(block !== undefined);
    block.nodes = nodes;
    return block;
  });
  assert.ok(first !== undefined && other !== undefined && last !== undefined);
  assert.equal(blocks.listOf([last])?.length, 200);
  assert.equal(blocks.listOf([first, last])?.length, 400);
  assert.equal(blocks.listOf([other, last])?.[0]?.name, 'y-0');
  assert.equal(blocks.listOf([last])?.length, 200);
});

test('a frame that differs in one bit is read as it is, and what is kept stays as it was', () => {
  const wire = wireOf({ compression: false });
  const records = recordsOf('damaged');
  const list = wire.sharedNodes([...records]);
  const bytes = sent(wire, pushPull(list));
  received(wire, bytes);
  const known = received(wire, bytes).message.nodes;
  const damaged = bytes.slice();
  const at = Buffer.from(bytes).indexOf('damaged-150') + 8;
  damaged[at] = (damaged[at] as number) ^ 1;
  const other = received(wire, damaged);
  assert.equal(other.known, 0);
  assert.notDeepEqual(other.message.nodes, records);
  assert.equal(received(wire, bytes).message.nodes, known);
  assert.deepEqual(known, records);
});

test('with another key or damaged under way a sealed list opens as little as anything', () => {
  const wire = wireOf({ keys: [1] });
  const list = wire.sharedNodes(recordsOf('sealed'));
  const bytes = sent(wire, pushPull(list));
  received(wire, bytes);
  assert.throws(() => received(wireOf({ keys: [2] }), bytes), { code: 'ERR_KEY_MISMATCH' });
  const damaged = bytes.slice();
  damaged[damaged.length - 40] = (damaged[damaged.length - 40] as number) ^ 1;
  assert.throws(() => received(wire, damaged), { code: 'ERR_KEY_MISMATCH' });
});

test('a list that may change is written anew each time', () => {
  const wire = wireOf();
  const records = recordsOf('changing');
  sent(wire, pushPull(records));
  records[5] = { ...(records[5] as PushPullNode), incarnation: 99 };
  assert.equal(received(wire, sent(wire, pushPull(records))).message.nodes[5]?.incarnation, 99);
  const list = wire.sharedNodes(records);
  assert.ok(Object.isFrozen(list));
});

test('the bytes of a block are records only where records stand, and only as many as were announced', () => {
  const wire = wireOf();
  const records = recordsOf('misplaced');
  const list = wire.sharedNodes([...records]);
  received(wire, sent(wire, pushPull(list)));
  const [head, block] = [...wire.encodeStreamMessage(pushPull(list))];
  assert.ok(head !== undefined && block !== undefined);
  const asState = received(wire, sent(wire, pushPull(recordsOf('few', 1), new Uint8Array(block))));
  assert.equal(asState.message.nodes.length, 1);
  assert.deepEqual(asState.message.userState, block);
  const fewer = wire.createStreamReader();
  const [shortHead] = [...wire.encodeStreamMessage(pushPull(records.slice(0, 150)))];
  fewer.push((shortHead as Uint8Array).subarray(0, head.length));
  assert.equal(fewer.expect?.(block), false);
  const cut = wire.createStreamReader();
  cut.push(head);
  cut.push(block.subarray(0, 10));
  assert.equal(cut.expect?.(block), false);
  assert.equal(wire.createStreamReader().expect?.(block), false);
  assert.equal(wire.createStreamReader({ maxNodes: 10 }).expect?.(block), false);
});

test('what is kept is bounded, and what is asked for stays', () => {
  const blocks = new RecordBlocks(4);
  const blocksOf = (prefix: string): ReturnType<RecordBlocks['blocksOf']> =>
    blocks.blocksOf(Object.freeze(recordsOf(prefix)), encodeNodeRecord);
  const wanted = blocksOf('wanted');
  for (let round = 0; round < 20; round += 1) {
    const [block] = blocksOf(`other ${round}`) ?? [];
    assert.ok(block !== undefined);
    blocks.keepPacked(block, noise(300, round + 1));
    assert.deepEqual(blocksOf('wanted'), wanted);
    assert.ok(blocks.size <= 4);
  }
  assert.equal(blocks.findPacked(noise(300, 20))?.recordCount, 200);
  assert.equal(blocks.findPacked(noise(300, 1)), null);
  const bytes = wanted?.[0]?.bytes ?? NO_BYTES;
  assert.equal(blocks.findBytes(bytes.slice())?.bytes, bytes);
  assert.equal(blocks.ofBytes(bytes.slice()), null);
});

test('bytes that only have the same hash are not taken for those that are kept', () => {
  const [one, other] = collision(5_000);
  assert.equal(hashOf(one), hashOf(other));
  const blocks = new RecordBlocks();
  const [block] = blocks.blocksOf(Object.freeze(recordsOf('hash', 1)), () => one) ?? [];
  assert.ok(block !== undefined);
  assert.equal(blocks.findBytes(one.slice()), block);
  assert.equal(blocks.findBytes(other), null);
  blocks.keepPacked(block, one);
  assert.equal(blocks.findPacked(one.slice()), block);
  assert.equal(blocks.findPacked(other), null);
  const [second] = blocks.blocksOf(Object.freeze(recordsOf('hash', 1)), () => other) ?? [];
  assert.deepEqual(second?.bytes, other);
});

/** Two different arrays with one hash, found by trying ends: of 2^30 hashes some 40,000 ends are enough. */
function collision(length: number): [Uint8Array, Uint8Array] {
  const front = noise(length - END_BYTES);
  let state = 0x811c9dc5;
  for (const byte of front) state = Math.imul(state ^ byte, 0x01000193);
  const ends = countingEntropy(3);
  const seen = new Map<number, Uint8Array>();
  for (let tries = 0; tries < 1_000_000; tries += 1) {
    const end = new Uint8Array(END_BYTES);
    ends.fill(end);
    let hash = state;
    for (const byte of end) hash = Math.imul(hash ^ byte, 0x01000193);
    hash = (hash ^ (hash >>> 16)) & 0x3fffffff;
    const same = seen.get(hash);
    if (same !== undefined) return [joinBytes([front, same]), joinBytes([front, end])];
    seen.set(hash, end);
  }
  throw new Error('no two ends have the same hash');
}

const END_BYTES = 8;

test('small lists, and those of more records than can be sorted in passing, have no blocks', () => {
  const blocks = new RecordBlocks();
  const sizes = [0, 5, MAX_BLOCK_RECORDS + 1];
  for (const size of sizes) {
    const nodes = Object.freeze(recordsOf('size', size));
    assert.equal(blocks.blocksOf(nodes, encodeNodeRecord), null);
    assert.equal(blocks.blocksOf(nodes, encodeNodeRecord), null);
  }
  assert.equal(blocks.size, 0);
});
