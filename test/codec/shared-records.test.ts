import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AliveMessage, PushPullMessage, PushPullNode, Wire } from '../../src/codec/index.ts';
import { createWire, Keyring, WIRE_NAMES, wireKeyLengths } from '../../src/codec/index.ts';
import { MAX_SHARED_RECORD_BYTES, SharedReads } from '../../src/codec/shared-records.ts';

const VERSIONS = Uint8Array.of(1, 5, 2, 0, 0, 0);

function wireOf(name: (typeof WIRE_NAMES)[number]): Wire {
  return createWire(name, {
    keyring: new Keyring([], wireKeyLengths(name)),
    label: new Uint8Array(0),
    entropy: { fill: () => undefined },
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: false,
    protocolVersion: 2,
  });
}

function aliveOf(name: string, metadata = Uint8Array.of(1)): AliveMessage {
  const address = Uint8Array.of(10, 0, 0, 9);
  const startId = new Uint8Array(0);
  const rest = { port: 7946, metadata, versions: VERSIONS, startId, incarnation: 4 };
  return { type: 'alive', node: name, address, ...rest };
}

function nodeOf({ node: name, address, port, metadata, ...rest }: AliveMessage): PushPullNode {
  const { incarnation, versions, startId } = rest;
  return { name, address, port, metadata, incarnation, versions, startId, state: 'alive' };
}

function throughStream(wire: Wire, nodes: readonly PushPullNode[]): readonly PushPullNode[] {
  const reader = wire.createStreamReader();
  const sent = { type: 'pushPull', join: false, nodes, userState: new Uint8Array(0) } as const;
  for (const piece of wire.encodeStreamMessage(sent)) reader.push(piece);
  return (reader.message as PushPullMessage).nodes;
}

test('a claim that is read again is the same object, and a record of the same member has its fields', () => {
  for (const name of WIRE_NAMES) {
    const wire = wireOf(name);
    const sent = aliveOf(`shared on ${name}`);
    const bytes = wire.encodePacketMessage(sent);
    const first = wire.decodePacketMessage(bytes) as AliveMessage;
    assert.deepEqual(first, sent);
    assert.equal(wire.decodePacketMessage(bytes.slice()), first);
    const [record] = throughStream(wire, [nodeOf(sent)]);
    assert.equal(throughStream(wire, [nodeOf(sent)])[0], record);
    assert.equal(record?.address, first.address);
    assert.equal(record.metadata, first.metadata);
    assert.equal(record.versions, first.versions);
  }
});

test('what was read stays as it is when the packet that it came in is overwritten', () => {
  for (const name of WIRE_NAMES) {
    const wire = wireOf(name);
    const bytes = wire.encodePacketMessage(aliveOf(`kept on ${name}`)).slice();
    const original = bytes.slice();
    const first = wire.decodePacketMessage(bytes);
    bytes.fill(0xff, 1);
    assert.deepEqual(wire.decodePacketMessage(original), first);
    assert.deepEqual(first, aliveOf(`kept on ${name}`));
  }
});

test('a member that changes in one field is written anew', () => {
  for (const name of WIRE_NAMES) {
    const wire = wireOf(name);
    const sent = aliveOf('changing');
    const changes: Partial<AliveMessage>[] = [
      { incarnation: 5 },
      { port: 7947 },
      { metadata: Uint8Array.of(2) },
      { versions: Uint8Array.of(1, 5, 3, 0, 0, 0) },
      { node: 'changed' },
      ...(name === 'protobuf' ? [{ startId: new Uint8Array(4).fill(7) }] : []),
    ];
    for (const change of changes) {
      const before = wire.encodePacketMessage(sent);
      assert.equal(wire.encodePacketMessage({ ...sent }), before);
      const changed = { ...sent, ...change };
      assert.deepEqual(wire.decodePacketMessage(wire.encodePacketMessage(changed)), changed);
      const nodes = throughStream(wire, [nodeOf(sent), nodeOf(changed)]);
      assert.deepEqual(nodes, [nodeOf(sent), nodeOf(changed)]);
    }
    const dead = { ...nodeOf(sent), state: 'dead' } as const;
    assert.deepEqual(throughStream(wire, [nodeOf(sent), dead]), [nodeOf(sent), dead]);
  }
});

test('of what was read only so much is kept, the newest', () => {
  const reads = new SharedReads<number>(8);
  let decoded = 0;
  const read = (index: number): number =>
    reads.read(Uint8Array.of(index, index >> 8), () => {
      decoded += 1;
      return index;
    });
  for (let index = 0; index < 1000; index += 1) {
    read(index);
    assert.equal(read(0), 0);
    assert.ok(reads.size <= 8);
  }
  assert.equal(decoded, 1000, 'what is asked for again and again stays');
  assert.equal(read(1), 1);
  assert.equal(decoded, 1001);
});

test('large records are not kept', () => {
  const reads = new SharedReads<number>();
  const large = new Uint8Array(MAX_SHARED_RECORD_BYTES + 1);
  assert.equal(
    reads.read(large, () => 1),
    1,
  );
  assert.equal(
    reads.read(large, () => 2),
    2,
  );
  assert.equal(reads.size, 0);
});
