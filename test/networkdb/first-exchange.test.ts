import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  decodeBulkSync,
  decodeGossip,
  encodeBulkSync,
  encodeCompoundMessage,
  encodeNetworkEvent,
  encodeNetworkPushPull,
  GOSSIP_TYPE,
  wrapGossip,
} from '../../src/codec/index.ts';
import { randomBelow, SeededRandom, StateError } from '../../src/runtime/index.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import { encode, FakeCluster } from '../support/fake-membership.ts';

/* Joining a network: what is fetched from whom, what is held when the join is done, and in what pieces. */

const OFF = { bulkSyncIntervalMs: false } as const;
const EMPTY = encodeCompoundMessage([]);

const at = (key: string): { network: string; table: string; key: string } => ({
  network: 'prod',
  table: 't',
  key,
});

const entries = (node: FakeNode): number => node.engine.stats().networks['prod']?.entries ?? 0;

const ownKeys = (node: FakeNode): string[] =>
  [...node.engine.entries('prod', 't')]
    .filter(({ owner }) => owner === node.localName)
    .map(({ key }) => key);

const killAll = (cluster: FakeCluster): void => {
  for (const node of cluster.nodes.values()) if (node.isUp) node.kill();
};

/** Joins and runs until the join is done. */
function joinWhole(cluster: FakeCluster, node: FakeNode): void {
  let isDone = false;
  node.engine.joinNetwork('prod', {
    done: () => {
      isDone = true;
    },
  });
  assert.ok(cluster.clock.runUntil(() => isDone, 120_000));
}

test('a joiner fetches one whole table and from the others what they wrote', () => {
  const cluster = new FakeCluster({ tables: OFF });
  const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd', 'e']);
  for (const node of nodes) {
    for (let i = 0; i < 200; i += 1) node.engine.create(at(`${node.localName}${i}`), encode('v'));
  }
  cluster.clock.runFor(5_000);
  const late = cluster.start('late');
  cluster.join(late);
  joinWhole(cluster, late);
  assert.equal(entries(late), 1_000);
  const { counters } = late.engine.stats();
  const known = counters['tables.dropped.stale'] ?? 0;
  assert.ok(known >= 200 && known <= 1_000, `${known} came though they were known`);
  assert.equal(counters['tables.sync.ok'], 5);
  killAll(cluster);
});

test('a joiner holds what only its writer knows', () => {
  const cluster = new FakeCluster({ tables: OFF });
  const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd', 'e']);
  cluster.packet = () => undefined;
  for (const node of nodes) node.engine.create(at(node.localName), encode('v'));
  cluster.clock.runFor(100);
  const late = cluster.start('late');
  cluster.join(late);
  joinWhole(cluster, late);
  assert.equal(entries(late), 5);
  killAll(cluster);
});

test('when the member that was asked for all fails, another is asked', () => {
  for (const failing of [0, 1, 2, 3]) {
    const cluster = new FakeCluster({ tables: OFF });
    const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd', 'far']);
    nodes[4]?.engine.create(at('of the far'), encode('v'));
    cluster.clock.runFor(5_000);
    const late = cluster.start('late');
    cluster.join(late);
    const real = cluster.stream.bind(cluster);
    let refused = 0;
    cluster.stream = (from, to, bytes, done) => {
      const { type, data } = decodeGossip(bytes);
      const isWhole = type === GOSSIP_TYPE.bulkSync && decodeBulkSync(data).ownOnly !== true;
      const isRefused = to === 'far' || (isWhole && refused < failing);
      if (from !== late || !isRefused) {
        real(from, to, bytes, done);
        return;
      }
      if (to !== 'far') refused += 1;
      cluster.clock.schedule(1, () => {
        done(new StateError('ERR_DIAL_FAILED', 'nobody answers'));
      });
    };
    joinWhole(cluster, late);
    assert.equal(refused, failing);
    assert.equal(entries(late), 1, `after ${failing} failures`);
    killAll(cluster);
  }
});

test('in spite of crashes and loss a joiner holds all that live members had written', () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const tables = { bulkSyncTimeoutMs: 3_000 };
    const cluster = new FakeCluster({ seed, loss: 0.3, detectMs: 1_000, tables });
    const random = new SeededRandom(seed);
    const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    for (let i = 0; i < 100; i += 1) {
      nodes[randomBelow(random, nodes.length)]?.engine.set(at(`k${i}`), encode(`${i}`));
    }
    cluster.clock.runFor(randomBelow(random, 20));
    const late = cluster.start('late');
    cluster.join(late);
    const written = new Map(nodes.map((node) => [node, ownKeys(node)]));
    const victims = [nodes[randomBelow(random, 7)], nodes[randomBelow(random, 7)]];
    cluster.clock.schedule(randomBelow(random, 6), () => {
      for (const victim of new Set(victims)) if (victim?.isUp === true) cluster.crash(victim);
    });
    joinWhole(cluster, late);
    for (const [node, keys] of written) {
      if (!node.isUp) continue;
      for (const key of keys) {
        assert.ok(
          late.engine.get(at(key)) !== undefined,
          `${key} of ${node.localName}, seed ${seed}`,
        );
      }
    }
    killAll(cluster);
  }
});

test('an answer with less than was asked for does not count, one with more does', () => {
  const cluster = new FakeCluster({ tables: { ...OFF, bulkSyncTimeoutMs: 500 } });
  const self = cluster.start('self');
  const asked = new Map<string, boolean>();
  cluster.stream = (_from, to, bytes, done) => {
    const { type, data } = decodeGossip(bytes);
    if (typeof to === 'string' && type === GOSSIP_TYPE.bulkSync) {
      asked.set(to, decodeBulkSync(data).ownOnly === true);
    }
    cluster.clock.schedule(1, () => {
      done(null);
    });
  };
  for (const [at, name] of ['x', 'y'].entries()) {
    const address = { host: `10.1.0.${at + 2}`, port: 7946 };
    const { metadata } = self;
    self.engine.events.nodeJoined({ name, address, metadata, hasLeft: false });
    const event = { kind: 'join', time: 5, node: name, network: 'prod' } as const;
    self.engine.events.message(wrapGossip(GOSSIP_TYPE.networkEvent, encodeNetworkEvent(event)));
  }
  self.engine.joinNetwork('prod');
  cluster.clock.runFor(10);
  assert.deepEqual([...asked.values()].sort(), [false, true]);
  const answer = (node: string, ownOnly: boolean): void => {
    const base = { time: 1_000, isRequest: false, node, networks: ['prod'], payload: EMPTY };
    const inner = encodeBulkSync({ ...base, ownOnly });
    self.engine.events.message(wrapGossip(GOSSIP_TYPE.bulkSync, inner));
  };
  // Each gets the opposite of what it asked for: only the one that gets more is content.
  for (const [node, wantsOwn] of asked) answer(node, !wantsOwn);
  assert.equal(self.engine.stats().pendingSyncs, 1);
  cluster.clock.runFor(600);
  assert.equal(self.engine.stats().counters['tables.sync.timedOut'], 1);
  killAll(cluster);
});

test('an answer may take longer than its time as long as the next chunk comes in time', () => {
  const cluster = new FakeCluster({ tables: { ...OFF, bulkSyncTimeoutMs: 1_000 } });
  const self = cluster.start('self');
  let asked = 0;
  cluster.stream = (_from, _to, bytes, done) => {
    if (decodeGossip(bytes).type === GOSSIP_TYPE.bulkSync) asked += 1;
    cluster.clock.schedule(1, () => {
      done(null);
    });
  };
  const address = { host: '10.1.0.2', port: 7946 };
  self.engine.events.nodeJoined({ name: 'p', address, metadata: self.metadata, hasLeft: false });
  const event = { kind: 'join', time: 5, node: 'p', network: 'prod' } as const;
  self.engine.events.message(wrapGossip(GOSSIP_TYPE.networkEvent, encodeNetworkEvent(event)));
  let isDone = false;
  self.engine.joinNetwork('prod', {
    done: () => {
      isDone = true;
    },
  });
  const send = (time: number): void => {
    const message = { time, isRequest: false, node: 'p', networks: ['prod'], payload: EMPTY };
    self.engine.events.message(wrapGossip(GOSSIP_TYPE.bulkSync, encodeBulkSync(message)));
  };
  for (let chunk = 0; chunk < 5; chunk += 1) {
    cluster.clock.runFor(900);
    send(0);
    assert.equal(isDone, false);
  }
  cluster.clock.runFor(900);
  send(1_000);
  assert.equal(isDone, true);
  assert.equal(asked, 1);
  assert.equal(self.engine.stats().counters['tables.sync.ok'], 1);
  killAll(cluster);
});

test('an answer whose chunks never end is given up', () => {
  const cluster = new FakeCluster({ tables: { ...OFF, bulkSyncTimeoutMs: 1_000 } });
  const [self, peer] = cluster.startAll(['self', 'p']);
  assert.ok(self && peer);
  peer.engine.joinNetwork('prod');
  cluster.clock.runFor(1_000);
  cluster.stream = (_from, _to, _bytes, done) => {
    cluster.clock.schedule(1, () => {
      done(null);
    });
  };
  let isDone = false;
  self.engine.joinNetwork('prod', {
    done: () => {
      isDone = true;
    },
  });
  const chunk = { time: 0, isRequest: false, node: 'p', networks: ['prod'], payload: EMPTY };
  const message = wrapGossip(GOSSIP_TYPE.bulkSync, encodeBulkSync(chunk));
  for (let i = 0; i < 38; i += 1) {
    cluster.clock.runFor(500);
    self.engine.events.message(message);
  }
  assert.equal(isDone, false);
  cluster.clock.runFor(500);
  self.engine.events.message(message);
  // Less than the next chunk may take.
  cluster.clock.runFor(600);
  assert.equal(isDone, true);
  assert.equal(self.engine.stats().counters['tables.sync.timedOut'], 1);
  killAll(cluster);
});

test('who is being answered is not asked by a round that comes meanwhile', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: 2_000 } });
  const [holder] = cluster.startOn('prod', ['holder']);
  assert.ok(holder);
  for (let i = 0; i < 3_000; i += 1) holder.engine.create(at(`k${i}`), new Uint8Array(1_000));
  cluster.clock.runFor(1_000);
  const real = cluster.stream.bind(cluster);
  const asked: string[] = [];
  // A line on which the answer takes longer than it is until the next round.
  cluster.stream = (from, to, bytes, done) => {
    const { type, data } = decodeGossip(bytes);
    if (type === GOSSIP_TYPE.bulkSync && decodeBulkSync(data).isRequest) asked.push(from.localName);
    cluster.clock.schedule(bytes.length / 300, () => {
      real(from, to, bytes, done);
    });
  };
  const late = cluster.start('late');
  cluster.join(late);
  const before = cluster.clock.now();
  joinWhole(cluster, late);
  assert.ok(cluster.clock.now() - before > 4_000, 'two rounds were due');
  assert.deepEqual(asked, ['late']);
  killAll(cluster);
});

test('who appears while a node that was alone catches up is asked by that exchange, and nobody twice', () => {
  const cluster = new FakeCluster({ tables: { ...OFF, bulkSyncTimeoutMs: 60_000 } });
  const [self] = cluster.startOn('prod', ['self']);
  assert.ok(self);
  const asked: string[] = [];
  // Nobody answers for as long as this lasts.
  cluster.stream = (_from, to, bytes, done) => {
    if (decodeGossip(bytes).type === GOSSIP_TYPE.bulkSync) asked.push(to as string);
    cluster.clock.schedule(1, () => {
      done(null);
    });
  };
  const names = ['p', 'q', 'r', 's', 't', 'u'];
  for (const [i, name] of names.entries()) {
    const address = { host: `10.1.0.${i + 2}`, port: 7946 };
    self.engine.events.nodeJoined({ name, address, metadata: self.metadata, hasLeft: false });
    const event = { kind: 'join', time: 5, node: name, network: 'prod' } as const;
    self.engine.events.message(wrapGossip(GOSSIP_TYPE.networkEvent, encodeNetworkEvent(event)));
    cluster.clock.runFor(200);
  }
  assert.deepEqual(asked, names);
  killAll(cluster);
});

test('the more a node holds that was alone, the longer it waits to be asked before it asks', () => {
  const count = 5_000;
  const cluster = new FakeCluster({ tables: OFF });
  const [holder] = cluster.startOn('prod', ['holder']);
  assert.ok(holder);
  for (let i = 0; i < count; i += 1) holder.engine.create(at(`k${i}`), encode('v'));
  const real = cluster.stream.bind(cluster);
  const carried = { holder: 0, late: 0 };
  cluster.stream = (from, to, bytes, done) => {
    const { type, data } = decodeGossip(bytes);
    if (type === GOSSIP_TYPE.bulkSync) {
      const { payload } = decodeBulkSync(data);
      carried[from === holder ? 'holder' : 'late'] += payload.length;
    }
    // The news of the newcomer is faster than its request.
    cluster.clock.schedule(120, () => {
      real(from, to, bytes, done);
    });
  };
  const late = cluster.start('late');
  cluster.join(late);
  joinWhole(cluster, late);
  cluster.clock.runFor(5_000);
  assert.equal(entries(late), count);
  assert.equal(holder.engine.stats().counters['tables.sync.ok'] ?? 0, 0, 'it asked nobody');
  assert.ok(carried.late < 1_000, `${carried.late} bytes back`);
  assert.ok(carried.holder < count * 60, `${carried.holder} bytes for ${count} entries`);
  killAll(cluster);
});

test('tables of 100,000 entries on either side are exchanged in slices', () => {
  const count = 100_000;
  const cluster = new FakeCluster({ tables: OFF });
  const a = cluster.start('a');
  const b = cluster.start('b');
  for (const node of [a, b]) {
    node.engine.joinNetwork('prod');
    for (let i = 0; i < count; i += 1) {
      node.engine.create(at(`${node.localName}${i}`), encode('v'));
    }
  }
  // News of the entries is not what is looked at here.
  const real = cluster.stream.bind(cluster);
  cluster.stream = (from, to, bytes, done) => {
    if (decodeGossip(bytes).type === GOSSIP_TYPE.bulkSync) real(from, to, bytes, done);
    else
      cluster.clock.schedule(1, () => {
        done(null);
      });
  };
  cluster.join(b);
  assert.ok(cluster.clock.runUntil(() => entries(a) + entries(b) === 4 * count, 20_000));
  for (const { engine } of [a, b]) {
    const { slices } = engine.stats();
    assert.ok(slices.largestItems <= 128, `${slices.largestItems} items`);
    assert.ok(slices.largestBytes <= 65_536 + 1_024, `${slices.largestBytes} bytes`);
    assert.ok(slices.items >= 2 * count);
    assert.ok(slices.slices >= (2 * count) / 128);
  }
  killAll(cluster);
});

test('leaving with 100,000 entries takes slices, and at once nothing can be read', () => {
  const count = 100_000;
  const cluster = new FakeCluster({ tables: OFF });
  const [a] = cluster.startOn('prod', ['a']);
  assert.ok(a);
  for (let i = 0; i < count; i += 1) a.engine.create(at(`k${i}`), encode('v'));
  a.engine.delete(at('k7'));
  const before = a.engine.stats();
  a.engine.leaveNetwork('prod');
  assert.equal([...a.engine.entries('prod', 't')].length, 0);
  assert.ok(a.engine.stats().tombstones <= 128);
  // Back before it is done: what is written then stays.
  a.engine.joinNetwork('prod');
  a.engine.create(at('k99999'), encode('again'));
  cluster.clock.runFor(100);
  const after = a.engine.stats();
  assert.equal(after.entries, count);
  assert.equal(after.tombstones, count - 1);
  assert.deepEqual(a.engine.get(at('k99999'))?.value, encode('again'));
  assert.equal(after.slices.largestItems, 128);
  assert.ok(after.slices.slices - before.slices.slices >= (count - 128) / 128);
  killAll(cluster);
});

test('many attachments of a push/pull are taken over in slices, and a join waits for them', () => {
  const cluster = new FakeCluster({ tables: OFF });
  const self = cluster.start('self');
  const peers = Array.from({ length: 300 }, (_, i) => `peer${i}`);
  cluster.stream = (_from, _to, _bytes, done) => {
    cluster.clock.schedule(1, () => {
      done(new StateError('ERR_DIAL_FAILED', 'nobody answers'));
    });
  };
  for (const [i, name] of peers.entries()) {
    const address = { host: `10.1.${i >> 8}.${i & 255}`, port: 7946 };
    const metadata = new Uint8Array(0);
    self.engine.events.nodeJoined({ name, address, metadata, hasLeft: false });
  }
  const networks = peers.map((node) => ({ network: 'prod', time: 5, node, isLeaving: false }));
  const view = encodeNetworkPushPull({ time: 9, node: 'peer0', networks });
  self.engine.events.mergeRemoteState(wrapGossip(GOSSIP_TYPE.pushPull, view), true);
  assert.ok(self.engine.peers('prod').length <= 128);
  joinWhole(cluster, self);
  assert.equal(self.engine.stats().counters['tables.sync.failed'], 300);
  assert.equal(self.engine.peers('prod').length, 301);
  killAll(cluster);
});
