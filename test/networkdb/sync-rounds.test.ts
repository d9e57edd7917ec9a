// Thousands of exchanges that end as soon as they begin: the next one must not begin on the stack of the last.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JoinSyncParts } from '../../src/networkdb/join-sync.ts';
import { JoinSync } from '../../src/networkdb/join-sync.ts';
import type { SyncDone } from '../../src/networkdb/bulk-sync.ts';
import { StateError } from '../../src/runtime/index.ts';
import { FakeCluster } from '../support/fake-membership.ts';

const NONE = new Uint8Array(0);

test('a node alone on thousands of networks goes through all of them, round after round', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: 1_000 } });
  const alone = cluster.start('alone');
  for (let i = 0; i < 3_000; i += 1) alone.engine.joinNetwork(`network-${i}`);
  cluster.clock.runFor(2_500);
  const other = cluster.start('other');
  cluster.join(other);
  other.engine.joinNetwork('network-7');
  cluster.clock.runFor(5_000);
  const { counters } = alone.engine.stats();
  assert.ok((counters['tables.sync.ok'] ?? 0) > 1, 'rounds go on');
});

test('thousands of members that come back at once, on no network of ours, are passed over', () => {
  const cluster = new FakeCluster();
  const [node] = cluster.startOn('prod', ['a']);
  assert.ok(node !== undefined);
  const { events } = node.engine;
  const others = Array.from({ length: 9_000 }, (_, i) => {
    const address = { host: `10.1.${i >>> 8}.${i & 255}`, port: 7946 };
    return { name: `n${i}`, address, metadata: NONE, hasLeft: false };
  });
  for (const other of others) events.nodeJoined(other);
  for (const other of others) events.nodeGone(other);
  for (const other of others) events.nodeJoined(other);
  cluster.clock.runFor(6_000);
  assert.equal(node.engine.nodes('active').length, 9_001);
  assert.equal(node.engine.stats().counters['tables.sync.failed'] ?? 0, 0);
});

test('a first exchange ends although thousands of members went away while it ran', () => {
  const asked: string[] = [];
  const waiting: SyncDone[] = [];
  const gone = new StateError('ERR_MEMBER_UNKNOWN', 'gone');
  const parts = {
    state: { attachments: { joined: () => undefined } },
    bulkSync: {
      ownScope: () => 'own',
      request: (peer: string, _networks: readonly string[], _scope: string, done: SyncDone) => {
        asked.push(peer);
        if (asked.length <= 8) waiting.push(done);
        else done(gone);
      },
    },
  } as unknown as JoinSyncParts;
  let ends = 0;
  const peers = Array.from({ length: 5_000 }, (_, i) => `n${i}`);
  const sync = new JoinSync(parts, 'prod', peers, () => (ends += 1));
  sync.run();
  assert.equal(asked.length, 8);
  for (const done of waiting) done(gone);
  assert.deepEqual([asked.length, ends], [5_000, 1]);
});
