// The level that Go's NetworkDB announces in the first byte of its metadata: ours is readable for it, and
// what ours puts into a bulk sync follows from it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { GossipMessage } from '../../src/codec/index.ts';
import {
  compoundParts,
  decodeBulkSync,
  decodeGossip,
  decodeNetworkEvent,
  GOSSIP_TYPE,
} from '../../src/codec/index.ts';
import { LOCAL_FEATURES } from '../../src/networkdb/capabilities.ts';
import { decodeCapabilities, encodeCapabilities } from '../../src/networkdb/index.ts';
import { Cluster } from '../support/cluster.ts';
import { encode } from '../support/fake-membership.ts';
import { MixedCluster } from '../support/go-node.ts';

const NO_BYTES = new Uint8Array(0);

/** What the bulk syncs to a peer with such metadata consist of. */
function syncsTo(metadata: Uint8Array): readonly (readonly GossipMessage[])[] {
  const cluster = new MixedCluster();
  const nodes = cluster.startOn('prod', ['a', 'b']);
  const peer = cluster.startGo('peer', Uint8Array.from(metadata));
  for (const { engine, localName } of nodes) {
    engine.set({ network: 'prod', table: 't', key: localName }, encode(localName));
  }
  cluster.clock.runFor(2_000);
  cluster.toGo.length = 0;
  // Two requests of the peer make two answers.
  peer.sync('a');
  peer.sync('b');
  cluster.clock.runFor(1_000);
  for (const node of nodes) node.kill();
  return cluster.toGo
    .map(({ bytes }) => decodeGossip(bytes))
    .filter(({ type }) => type === GOSSIP_TYPE.bulkSync)
    .map(({ data }) => decodeGossip(decodeBulkSync(data).payload))
    .map(({ data }) => [...compoundParts(data)].map((part) => decodeGossip(part)));
}

const ofType = (sync: readonly GossipMessage[], type: number): readonly GossipMessage[] =>
  sync.filter((part) => part.type === type);

const kinds: readonly (readonly [string, Uint8Array, boolean])[] = [
  ['of Go that announces nothing, as up to Docker 29.6', NO_BYTES, false],
  ['of Go at level 0', Uint8Array.of(0), false],
  ['of Go at level 1', Uint8Array.of(1), true],
  ['of Go at a later level', Uint8Array.of(2), true],
  ['of ours', encodeCapabilities(LOCAL_FEATURES, NO_BYTES), true],
  ['of ours on the memberlist wire', encodeCapabilities(LOCAL_FEATURES, NO_BYTES, 1), true],
];

for (const [kind, metadata, areTold] of kinds) {
  const verb = areTold ? 'carries attachments' : 'carries entries only';
  test(`a bulk sync to a node ${kind} ${verb}`, () => {
    const syncs = syncsTo(metadata);
    assert.equal(syncs.length, 2);
    for (const sync of syncs) {
      assert.equal(ofType(sync, GOSSIP_TYPE.tableEvent).length, 2);
      const told = ofType(sync, GOSSIP_TYPE.networkEvent).map(({ data }) =>
        decodeNetworkEvent(data),
      );
      assert.deepEqual(told.map(({ node }) => node).sort(), areTold ? ['a', 'b'] : []);
    }
  });
}

test('beside Go the level stands ahead of our bits, where Go reads level 1 and not 247', async () => {
  for (const [wire, first] of [
    ['memberlist', 1],
    ['protobuf', 0xf7],
  ] as const) {
    const cluster = new Cluster();
    const [a, b] = await cluster.spawnJoinedDbs(2, { wire });
    const metadata = a?.db.member(b?.db.name ?? '')?.metadata ?? NO_BYTES;
    assert.equal(metadata[0], first, wire);
    const { goLevel, ...read } = decodeCapabilities(metadata);
    assert.deepEqual(read, { features: LOCAL_FEATURES, user: NO_BYTES, isOurs: true });
    assert.equal(goLevel, wire === 'memberlist' ? 1 : 0);
    await cluster.close();
  }
});
