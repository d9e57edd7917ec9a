import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  encodeBulkSync,
  encodeCompoundMessage,
  encodeNetworkEvent,
  encodeNetworkPushPull,
  encodeNodeEvent,
  encodeTableEvent,
  GOSSIP_TYPE,
  wrapGossip,
} from '../../src/codec/index.ts';
import { MAX_ACCEPTED_TIME } from '../../src/networkdb/lamport.ts';
import { randomBelow, SeededRandom } from '../../src/runtime/index.ts';
import { encode, FakeCluster } from '../support/fake-membership.ts';

/*
 * Messages that were changed on the way, cut, or made up: nothing is thrown, everything is either used or
 * counted, and the node works on.
 */

function samples(): Uint8Array[] {
  const base = { owner: 'b', network: 'prod', table: 't', key: 'k', value: encode('v') };
  const table = wrapGossip(
    GOSSIP_TYPE.tableEvent,
    encodeTableEvent({ ...base, kind: 'create', time: 40, residualReapSeconds: 0 }),
  );
  const deletion = wrapGossip(
    GOSSIP_TYPE.tableEvent,
    encodeTableEvent({ ...base, owner: 'a', kind: 'delete', time: 60, residualReapSeconds: 30 }),
  );
  const join = { kind: 'join', time: 30, node: 'b', network: 'prod' } as const;
  const network = wrapGossip(GOSSIP_TYPE.networkEvent, encodeNetworkEvent(join));
  const node = wrapGossip(GOSSIP_TYPE.nodeEvent, encodeNodeEvent({ ...join, kind: 'leave' }));
  const payload = encodeCompoundMessage([network, table, deletion, node]);
  const sync = { time: 70, isRequest: true, node: 'b', networks: ['prod', 'x'], payload };
  const networks = [{ network: 'prod', time: 9, node: 'a', isLeaving: true }];
  const pushPull = encodeNetworkPushPull({ time: 80, node: 'b', networks });
  return [
    table,
    deletion,
    network,
    node,
    payload,
    wrapGossip(GOSSIP_TYPE.bulkSync, encodeBulkSync(sync)),
    wrapGossip(GOSSIP_TYPE.pushPull, pushPull),
  ];
}

function mutated(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice(
    0,
    randomBelow(random, 4) === 0 ? randomBelow(random, bytes.length) : undefined,
  );
  for (let i = randomBelow(random, 4); i > 0 && copy.length > 0; i -= 1) {
    copy[randomBelow(random, copy.length)] = randomBelow(random, 256);
  }
  return copy;
}

test('20,000 damaged messages throw nothing and leave a node that works', () => {
  const seed = 20_26;
  const random = new SeededRandom(seed);
  const cluster = new FakeCluster({ seed });
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  a.engine.create({ network: 'prod', table: 't', key: 'own' }, encode('v'));
  const originals = samples();
  for (let i = 0; i < 20_000; i += 1) {
    const original = originals[randomBelow(random, originals.length)] as Uint8Array;
    const bytes = mutated(random, original);
    try {
      a.engine.events.message(bytes);
      a.engine.events.mergeRemoteState(bytes, false);
      if (i % 50 === 0) cluster.clock.runFor(20);
    } catch (error) {
      const hex = Buffer.from(bytes).toString('hex');
      throw new Error(`seed ${seed}, message ${i}: ${hex}`, { cause: error });
    }
  }
  cluster.clock.runFor(60_000);
  const { counters, earlyEvents, queued } = a.engine.stats();
  for (const reason of ['malformed', 'kind', 'name', 'stale', 'nodeUnknown', 'notAttached']) {
    assert.ok((counters[`tables.dropped.${reason}`] ?? 0) > 0, reason);
  }
  assert.ok(earlyEvents <= 1_000 && queued.cluster < 100_000);
  a.engine.set({ network: 'prod', table: 't', key: 'after' }, encode('v'));
  assert.ok(a.engine.get({ network: 'prod', table: 't', key: 'after' }) !== undefined);
});

test('the largest accepted time leaves room to write on, before and after', () => {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startAll(['a', 'b']);
  assert.ok(a && b);
  for (const node of [a, b]) {
    node.engine.events.message(
      wrapGossip(
        GOSSIP_TYPE.nodeEvent,
        encodeNodeEvent({ kind: 'join', time: MAX_ACCEPTED_TIME, node: 'x' }),
      ),
    );
  }
  a.engine.joinNetwork('prod');
  b.engine.joinNetwork('prod');
  cluster.clock.runFor(1_000);
  a.engine.create({ network: 'prod', table: 't', key: 'k' }, encode('v'));
  cluster.clock.runFor(100);
  assert.ok(b.engine.get({ network: 'prod', table: 't', key: 'k' }) !== undefined);
});
