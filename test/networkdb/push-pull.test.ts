import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AttachmentEntry } from '../../src/codec/index.ts';
import {
  decodeGossip,
  decodeNetworkPushPull,
  encodeNetworkPushPull,
  GOSSIP_TYPE,
  MAX_USER_STATE_BYTES,
  wrapGossip,
} from '../../src/codec/index.ts';
import { DEFAULT_TABLES_OPTIONS } from '../../src/networkdb/index.ts';
import { encode, FakeCluster } from '../support/fake-membership.ts';
import type { FakeNode } from '../support/fake-membership.ts';

/*
 * Attachments of a large cluster: told and taken over without stopping the loop, and never more than a
 * peer reads.
 */

const NO_BYTES = new Uint8Array(0);

/** Makes nodes known that exist in name only. */
function introduceMany(node: FakeNode, count: number, nameLength = 0): string[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `node ${i}`.padEnd(nameLength, '.');
    const address = { host: `10.9.${i >> 8}.${i & 255}`, port: 7946 };
    node.engine.events.nodeJoined({ name, address, metadata: NO_BYTES, hasLeft: false });
    return name;
  });
}

function stateOf(networks: readonly AttachmentEntry[]): Uint8Array {
  return wrapGossip(
    GOSSIP_TYPE.pushPull,
    encodeNetworkPushPull({ time: 9, node: 'node 0', networks }),
  );
}

function told(node: FakeNode): readonly AttachmentEntry[] {
  return decodeNetworkPushPull(decodeGossip(node.engine.events.localState(false)).data).networks;
}

test('thousands of attachments are taken over in slices, and a join waits for them', () => {
  const cluster = new FakeCluster();
  const [self, seed] = cluster.startAll(['self', 'seed']);
  assert.ok(self !== undefined && seed !== undefined);
  seed.engine.joinNetwork('n3');
  seed.engine.create({ network: 'n3', table: 't', key: 'k' }, encode('v'));
  const names = [...introduceMany(self, 1_000), 'seed'];
  const entries = names.flatMap((node) =>
    ['n1', 'n2', 'n3'].map((network) => ({ network, time: 5, node, isLeaving: false })),
  );
  self.engine.events.mergeRemoteState(stateOf(entries), true);
  let isJoined = false;
  self.engine.joinNetwork('n3', {
    done: (reason) => {
      assert.equal(reason, null);
      isJoined = true;
    },
  });
  assert.ok(self.engine.peers('n3').length < 1_001);
  assert.ok(cluster.clock.runUntil(() => self.engine.peers('n3').length === 1_002, 1_000));
  assert.ok(cluster.clock.runUntil(() => isJoined, 1_000));
  assert.notEqual(self.engine.get({ network: 'n3', table: 't', key: 'k' }), undefined);
  const { slices, largestItems } = self.engine.stats().slices;
  assert.ok(slices >= 3_003 / 128 && largestItems <= 128, `${slices} of ${largestItems}`);
  assert.equal(told(self).length, 3_004);
});

test('what an exchange tells follows every change', () => {
  const cluster = new FakeCluster();
  const self = cluster.start('self');
  introduceMany(self, 2);
  const entry = { network: 'prod', time: 5, node: 'node 1', isLeaving: false };
  self.engine.events.mergeRemoteState(stateOf([entry]), false);
  assert.deepEqual(told(self), [entry]);
  const later = { ...entry, time: 6, isLeaving: true };
  self.engine.events.mergeRemoteState(stateOf([later]), false);
  assert.deepEqual(told(self), [later]);
  const address = { host: '10.9.0.1', port: 7946 };
  const left = { name: 'node 1', address, metadata: NO_BYTES, hasLeft: true };
  self.engine.events.nodeGone(left);
  assert.deepEqual(told(self), []);
});

test('long names cannot make an exchange larger than peers read', () => {
  const cluster = new FakeCluster();
  const self = cluster.start('self');
  const names = introduceMany(self, 45, 250);
  for (const [i, node] of names.entries()) {
    const networks = Array.from({ length: 1_000 }, (_, j) => `${j}`.padEnd(250, 'x'));
    const entries = networks.map((network) => ({ network, time: 5 + i, node, isLeaving: false }));
    self.engine.events.mergeRemoteState(stateOf(entries), false);
    cluster.clock.runFor(100);
  }
  const state = self.engine.events.localState(false);
  assert.ok(state.length <= MAX_USER_STATE_BYTES, `${state.length} bytes`);
  assert.ok(state.length > MAX_USER_STATE_BYTES / 2);
  assert.ok(told(self).length >= 38_000);
  assert.equal(self.engine.stats().counters['tables.pushPull.truncated'], 2);
});

test('a state that finds no room to wait is dropped and counted, and a join does not wait for it', () => {
  const limits = { ...DEFAULT_TABLES_OPTIONS.limits, maxWaitingBytes: 4_096 };
  const cluster = new FakeCluster({ tables: { limits } });
  const self = cluster.start('self');
  const names = introduceMany(self, 300);
  const entries = names.map((node) => ({ network: 'prod', time: 5, node, isLeaving: false }));
  self.engine.events.mergeRemoteState(stateOf(entries), false);
  assert.equal(self.engine.stats().counters['tables.dropped.waiting'], 1);
  let isJoined = false;
  self.engine.joinNetwork('prod', { done: () => (isJoined = true) });
  assert.ok(isJoined);
});

test('a state that breaks off counts as far as it goes, and ends the waiting for it', () => {
  const cluster = new FakeCluster();
  const self = cluster.start('self');
  const names = introduceMany(self, 300);
  const entries = names.map((node) => ({ network: 'prod', time: 5, node, isLeaving: false }));
  const state = stateOf(entries);
  const { data } = decodeGossip(state);
  const cut = wrapGossip(GOSSIP_TYPE.pushPull, data.subarray(0, data.length - 40));
  self.engine.events.mergeRemoteState(cut, false);
  let isJoined = false;
  self.engine.joinNetwork('x', { done: () => (isJoined = true) });
  cluster.clock.runFor(10);
  assert.ok(isJoined);
  assert.equal(self.engine.stats().counters['tables.dropped.malformed'], 1);
  assert.ok(told(self).length > 290);
});
