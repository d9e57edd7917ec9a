import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeNodeEvent, GOSSIP_TYPE, wrapGossip } from '../../src/codec/index.ts';
import { encode, FakeCluster, view } from '../support/fake-membership.ts';

const at = (key: string) => ({ network: 'prod', table: 't', key });

test('late news of a process whose address was taken over does not cost its successor anything for long', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: 10_000 } });
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  b.engine.create(at('k'), encode('v'));
  cluster.clock.runFor(500);
  const stale = { ...b.asClusterNode(), name: 'earlier' };
  a.engine.events.nodeJoined(stale);
  assert.deepEqual(a.engine.nodes('active'), ['a', 'earlier']);
  cluster.clock.runFor(20_000);
  assert.deepEqual(a.engine.nodes('active'), ['a', 'earlier'], 'only one of both can live');
  a.engine.events.nodeGone(stale);
  assert.deepEqual(a.engine.nodes('active'), ['a', 'b']);
  cluster.clock.runFor(40_000);
  assert.deepEqual(view(a), { k: 'v' });
  assert.deepEqual(a.engine.peers('prod'), ['a', 'b']);
  assert.equal(a.engine.stats().counters['tables.strays'], 1);
});

test('the farewell of an earlier process of the name, heard late, is undone when the member stays', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: 10_000 } });
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  b.engine.create(at('k'), encode('v'));
  cluster.clock.runFor(500);
  const inner = encodeNodeEvent({ kind: 'leave', time: 1_000, node: 'b' });
  a.engine.events.message(wrapGossip(GOSSIP_TYPE.nodeEvent, inner));
  assert.deepEqual(view(a), {});
  cluster.clock.runFor(60_000);
  assert.deepEqual(view(a), { k: 'v' });
  assert.deepEqual(a.engine.peers('prod'), ['a', 'b']);
});

test('a farewell that the membership hears of as well stays one', () => {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  cluster.leave(b);
  cluster.clock.runFor(60_000);
  assert.deepEqual(a.engine.nodes('left'), ['b']);
  assert.equal(a.engine.stats().counters['tables.strays'], undefined);
});
