import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decodeGossip, GOSSIP_TYPE } from '../../src/codec/index.ts';
import { MAX_PEER_SYNCS, PeerSyncs } from '../../src/networkdb/peer-syncs.ts';
import { decode, encode, FakeCluster, view } from '../support/fake-membership.ts';

/*
 * The engine among others of its kind, in virtual time over encoded bytes: what users rely on, and what
 * Go's NetworkDB is known to lose.
 */

const at = (key: string, network = 'prod'): { network: string; table: string; key: string } => ({
  network,
  table: 't',
  key,
});

test('a write is at the other member within a few milliseconds', () => {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  a.engine.create(at('k'), encode('one'));
  cluster.clock.runFor(8);
  assert.deepEqual(view(b), { k: 'one' });
  a.engine.update(at('k'), encode('two'));
  cluster.clock.runFor(8);
  assert.deepEqual(view(b), { k: 'two' });
  a.engine.delete(at('k'));
  cluster.clock.runFor(8);
  assert.deepEqual(view(b), {});
});

test('a node that is not on the network never sees its entries', () => {
  const cluster = new FakeCluster();
  const [a, b, c] = cluster.startAll(['a', 'b', 'c']);
  assert.ok(a && b && c);
  a.engine.joinNetwork('prod');
  b.engine.joinNetwork('prod');
  c.engine.joinNetwork('other');
  cluster.clock.runFor(1_000);
  a.engine.create(at('k'), encode('v'));
  cluster.clock.runFor(60_000);
  assert.deepEqual(view(b), { k: 'v' });
  assert.deepEqual(view(c), {});
});

test('a write right after joining loses nothing, though the join has not been heard', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd', 'e']);
  const late = cluster.start('late');
  cluster.join(late);
  late.engine.joinNetwork('prod');
  late.engine.create(at('k'), encode('early bird'));
  cluster.clock.runFor(1_000);
  for (const node of nodes) assert.deepEqual(view(node), { k: 'early bird' });
});

test('the event of an unknown attachment waits for it and is then applied', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const [a, b] = cluster.startAll(['a', 'b']);
  assert.ok(a && b);
  b.engine.joinNetwork('prod');
  cluster.clock.runFor(500);
  // Only the write gets through at first: the attachment is lost with its packets and its sync.
  const taken: Uint8Array[] = [];
  b.engine.joinNetwork('lost');
  const { message } = b.engine.events;
  assert.equal(typeof message, 'function');
  const realPacket = cluster.packet.bind(cluster);
  const realStream = cluster.stream.bind(cluster);
  cluster.packet = (from, to, bytes) => {
    if (from === a && bytes[1] === 1) taken.push(bytes.slice());
    else realPacket(from, to, bytes);
  };
  cluster.stream = (_from, _to, _bytes, done) => {
    cluster.clock.schedule(1, () => {
      done(new Error('cut'));
    });
  };
  a.engine.joinNetwork('prod');
  a.engine.create(at('k'), encode('v'));
  cluster.clock.runFor(100);
  assert.deepEqual(view(b), {});
  assert.equal(b.engine.stats().earlyEvents, 1);
  assert.ok(taken.length > 0);
  for (const bytes of taken) b.engine.events.message(bytes);
  assert.deepEqual(view(b), { k: 'v' });
  assert.equal(b.engine.stats().earlyEvents, 0);
  cluster.stream = realStream;
});

test('equal Lamport times end alike everywhere and raise one conflict', () => {
  const cluster = new FakeCluster();
  const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd']);
  const [a, b] = nodes;
  assert.ok(a && b);
  assert.equal(a.engine.stats().clocks.table, a.engine.stats().clocks.table);
  const gap = b.engine.stats().clocks.table - a.engine.stats().clocks.table;
  for (let i = 0; i < Math.abs(gap); i += 1) {
    (gap > 0 ? a : b).engine.set(at('filler'), encode(`${i}`));
  }
  a.engine.create(at('k'), encode('from a'));
  b.engine.create(at('k'), encode('from b'));
  cluster.clock.runFor(5_000);
  for (const node of nodes) assert.equal(view(node)['k'], 'from b');
  assert.equal(a.conflicts.length, 1);
  assert.equal(b.conflicts.length, 1);
});

test('networks whose names begin alike stay apart', () => {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startAll(['a', 'b']);
  assert.ok(a && b);
  for (const node of [a, b]) {
    node.engine.joinNetwork('n1');
    node.engine.joinNetwork('n10');
  }
  cluster.clock.runFor(500);
  a.engine.create(at('k', 'n1'), encode('one'));
  a.engine.create(at('k', 'n10'), encode('ten'));
  cluster.clock.runFor(500);
  a.engine.leaveNetwork('n1');
  cluster.clock.runFor(500);
  assert.deepEqual(view(b, 'n1'), {});
  assert.deepEqual(view(b, 'n10'), { k: 'ten' });
  b.engine.leaveNetwork('n1');
  assert.deepEqual(view(b, 'n10'), { k: 'ten' });
});

test('the entries of a failed node are hidden and come back with it', () => {
  const cluster = new FakeCluster();
  const [a, b, c] = cluster.startOn('prod', ['a', 'b', 'c']);
  assert.ok(a && b && c);
  a.engine.create(at('k'), encode('v'));
  cluster.clock.runFor(500);
  cluster.partition(['a']);
  cluster.clock.runFor(3_000);
  assert.deepEqual(view(b), {});
  assert.equal(b.engine.stats().hidden, 1);
  assert.deepEqual(b.engine.peers('prod'), ['b', 'c']);
  cluster.heal();
  cluster.clock.runFor(15_000);
  assert.deepEqual(view(b), { k: 'v' });
  assert.equal(b.engine.stats().hidden, 0);
  assert.deepEqual(b.engine.peers('prod'), ['a', 'b', 'c']);
});

test('what changed during a partition is everywhere after it', () => {
  const cluster = new FakeCluster();
  const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd']);
  const [a, b, c] = nodes;
  assert.ok(a && b && c);
  a.engine.create(at('gone'), encode('v'));
  cluster.clock.runFor(500);
  cluster.partition(['a', 'b']);
  cluster.clock.runFor(3_000);
  a.engine.delete(at('gone'));
  b.engine.create(at('left'), encode('l'));
  c.engine.create(at('right'), encode('r'));
  cluster.clock.runFor(10_000);
  cluster.heal();
  cluster.clock.runFor(45_000);
  for (const node of nodes) assert.deepEqual(view(node), { left: 'l', right: 'r' });
});

test('a graceful leaver takes its entries along, everywhere', () => {
  const cluster = new FakeCluster();
  const [a, b, c] = cluster.startOn('prod', ['a', 'b', 'c']);
  assert.ok(a && b && c);
  a.engine.create(at('k'), encode('v'));
  cluster.clock.runFor(500);
  cluster.leave(a);
  cluster.clock.runFor(6_000);
  for (const node of [b, c]) {
    assert.deepEqual(view(node), {});
    assert.equal(node.engine.stats().entries, 0);
    assert.deepEqual(node.engine.nodes('left'), ['a']);
    assert.deepEqual(node.engine.nodes('failed'), []);
  }
});

test('a restart under the same name leaves no ghosts and its first writes win', () => {
  const cluster = new FakeCluster();
  const [a, b, c] = cluster.startOn('prod', ['a', 'b', 'c']);
  assert.ok(a && b && c);
  for (let i = 0; i < 50; i += 1) a.engine.set(at('kept'), encode(`old ${i}`));
  a.engine.create(at('ghost'), encode('boo'));
  a.engine.joinNetwork('old');
  cluster.clock.runFor(500);
  cluster.crash(a);
  cluster.clock.runFor(3_000);
  const again = cluster.start('a', a.address);
  cluster.join(again);
  again.engine.joinNetwork('prod');
  again.engine.set(at('kept'), encode('new'));
  cluster.clock.runFor(40_000);
  for (const node of [again, b, c]) {
    assert.deepEqual(view(node), { kept: 'new' });
    assert.deepEqual(node.engine.peers('old'), []);
    assert.deepEqual(node.engine.peers('prod'), ['a', 'b', 'c']);
  }
});

test('another name at the same address is the earlier life of the node', () => {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  a.engine.create(at('k'), encode('v'));
  cluster.clock.runFor(500);
  cluster.crash(a);
  cluster.clock.runFor(3_000);
  const next = cluster.start('a2', a.address);
  cluster.nodes.delete('a');
  cluster.join(next);
  cluster.clock.runFor(100);
  assert.deepEqual(b.engine.nodes('left'), ['a']);
  assert.equal(b.engine.stats().entries, 0);
});

test('leaving and coming back at once ends with what was written last', () => {
  const cluster = new FakeCluster({ seed: 5 });
  const nodes = cluster.startOn('prod', ['a', 'b', 'c']);
  const [a] = nodes;
  assert.ok(a);
  a.engine.create(at('k'), encode('first'));
  a.engine.create(at('dropped'), encode('x'));
  cluster.clock.runFor(500);
  a.engine.leaveNetwork('prod');
  a.engine.joinNetwork('prod');
  a.engine.create(at('k'), encode('second'));
  cluster.clock.runFor(40_000);
  for (const node of nodes) assert.deepEqual(view(node), { k: 'second' });
});

test('five nodes agree in spite of one packet in ten being lost', () => {
  const cluster = new FakeCluster({ loss: 0.1, seed: 7 });
  const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd', 'e']);
  for (const node of nodes) {
    for (let i = 0; i < 40; i += 1) {
      node.engine.create(at(`${node.localName}-${i}`), encode(`${i}`));
    }
  }
  cluster.clock.runFor(5_000);
  for (const node of nodes) assert.equal(Object.keys(view(node)).length, 200);
});

test('a burst of 2,500 entries is at five nodes within a second', () => {
  const cluster = new FakeCluster();
  const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd', 'e']);
  const [a] = nodes;
  assert.ok(a);
  const value = new Uint8Array(200);
  for (let i = 0; i < 2_500; i += 1) a.engine.create(at(`key-${i}`), value);
  const counts = (): number[] => nodes.map((node) => node.engine.stats().entries);
  const isDone = cluster.clock.runUntil(() => counts().every((count) => count === 2_500), 1_200);
  assert.ok(isDone, `entries after 1.2 s: ${counts().join(' ')}`);
  for (const node of nodes) assert.ok(node.engine.stats().slices.largestItems <= 128);
});

test('a late joiner gets 5,000 entries in slices of at most 128', () => {
  const cluster = new FakeCluster();
  const [a] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a);
  for (let i = 0; i < 5_000; i += 1) a.engine.create(at(`key-${i}`), encode(`value ${i}`));
  cluster.clock.runFor(3_000);
  const late = cluster.start('late');
  cluster.join(late);
  let reason: unknown = 'not yet';
  late.engine.joinNetwork('prod', {
    done: (given) => {
      reason = given;
    },
  });
  cluster.clock.runFor(1_000);
  assert.equal(reason, null);
  assert.equal(Object.keys(view(late)).length, 5_000);
  for (const node of [a, late]) {
    const { slices, items, largestItems, largestBytes } = node.engine.stats().slices;
    assert.ok(
      largestItems <= 128 && largestBytes <= 65_536 + 2_048,
      `${largestItems} ${largestBytes}`,
    );
    assert.ok(slices >= items / 128 && items >= 5_000, `${slices} ${items}`);
  }
});

test('an exchange larger than a chunk arrives whole before the join is done', () => {
  const cluster = new FakeCluster({ tables: { oversize: 'bulk-only' } });
  const a = cluster.start('a');
  a.engine.joinNetwork('prod');
  for (let i = 0; i < 12; i += 1) {
    a.engine.create(at(`key-${i}`), new Uint8Array(1_000_000).fill(i));
  }
  const late = cluster.start('late');
  cluster.join(late);
  let seen = -1;
  cluster.clock.runFor(10);
  late.engine.joinNetwork('prod', {
    done: () => {
      seen = late.engine.stats().entries;
    },
  });
  cluster.clock.runFor(1_000);
  assert.equal(seen, 12);
  assert.equal(late.engine.get(at('key-11'))?.value[0], 11);
});

test('a value too large for a packet reaches every member by stream', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd', 'e', 'f']);
  const [a] = nodes;
  assert.ok(a);
  a.engine.create(at('big'), new Uint8Array(100_000).fill(7));
  a.engine.create(at('small'), encode('s'));
  cluster.clock.runFor(500);
  for (const node of nodes) {
    assert.equal(node.engine.get(at('big'))?.value.length, 100_000);
    assert.equal(node.engine.get(at('small'))?.value.length, 1);
    assert.equal(node.engine.stats().queued.oversize, 0);
  }
});

test('members that join a network at once get large values of each other', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  cluster.startOn('prod', ['d', 'e']);
  const nodes = cluster.startAll(['a', 'b', 'c']);
  const [a] = nodes;
  assert.ok(a);
  cluster.clock.runFor(1_000);
  for (const node of nodes) node.engine.joinNetwork('prod');
  a.engine.create(at('big'), new Uint8Array(10_000).fill(7));
  a.engine.create(at('gone'), new Uint8Array(10_000).fill(7));
  a.engine.set(at('gone'), encode('small'));
  cluster.clock.runFor(2_000);
  for (const node of nodes) {
    assert.equal(node.engine.get(at('big'))?.value.length, 10_000, node.localName);
    assert.equal(node.engine.get(at('gone'))?.value.length, 5, node.localName);
  }
});

test('large values that a joiner has from a bulk sync are not sent to it besides', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  for (let i = 0; i < 5; i += 1) a.engine.create(at(`big${i}`), new Uint8Array(10_000).fill(i));
  cluster.clock.runFor(1_000);
  const before = a.engine.stats().counters;
  const late = cluster.start('late');
  cluster.join(late);
  late.engine.joinNetwork('prod');
  cluster.clock.runFor(3_000);
  assert.equal(late.engine.stats().entries, 5);
  const after = a.engine.stats().counters;
  assert.equal(after['tables.sent.bytes'], before['tables.sent.bytes']);
});

test('a large value that its writer took along on leaving is not sent to members that come later', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  b.engine.leaveNetwork('prod');
  cluster.clock.runFor(1_000);
  a.engine.create(at('big'), new Uint8Array(10_000).fill(7));
  a.engine.leaveNetwork('prod');
  cluster.clock.runFor(1_000);
  a.engine.joinNetwork('prod');
  const send = a.sendStream.bind(a);
  const types = new Set<number>();
  a.sendStream = (node, message, done) => {
    types.add(decodeGossip(message).type);
    send(node, message, done);
  };
  b.engine.joinNetwork('prod');
  cluster.clock.runFor(1_000);
  assert.equal(b.engine.get(at('big')), undefined);
  assert.deepEqual([...types], [GOSSIP_TYPE.bulkSync]);
});

test('a large value written at once on coming back to a network is at all members', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd']);
  const [a] = nodes;
  assert.ok(a);
  a.engine.leaveNetwork('prod');
  cluster.clock.runFor(1_000);
  // The news of the return takes its time; the value does not.
  const send = a.sendStream.bind(a);
  a.nudge = () => undefined;
  a.sendStream = (node, message, done) => {
    const isSync = decodeGossip(message).type === GOSSIP_TYPE.bulkSync;
    cluster.clock.schedule(isSync ? 50 : 0, () => {
      send(node, message, done);
    });
  };
  a.engine.joinNetwork('prod');
  a.engine.create(at('big'), new Uint8Array(10_000).fill(7));
  cluster.clock.runFor(2_000);
  for (const node of nodes) {
    assert.equal(node.engine.get(at('big'))?.value.length, 10_000, node.localName);
  }
});

test('no packet is larger than its room', () => {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  for (let size = 0; size < 1_400; size += 7) {
    a.engine.create(at(`s${size}`), new Uint8Array(size));
    if (size % 70 === 0) cluster.clock.runFor(20);
  }
  cluster.clock.runFor(2_000);
  assert.equal(b.engine.stats().entries, 200);
  assert.ok(a.sent.largestPacket > 1_300 && a.sent.largestPacket <= 1_398);
});

test('nothing is drained while there is nobody to send to', () => {
  const cluster = new FakeCluster();
  const a = cluster.start('a');
  a.engine.joinNetwork('prod');
  a.engine.create(at('k'), encode('v'));
  cluster.clock.runFor(20_000);
  assert.equal(a.engine.stats().queued.own, 1);
  const b = cluster.start('b');
  b.engine.joinNetwork('prod');
  cluster.join(b);
  cluster.clock.runFor(100);
  assert.deepEqual(view(b), { k: 'v' });
});

test('nodes that joined a network alone catch up when they meet', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const [a, b] = ['a', 'b'].map((name) => {
    const node = cluster.start(name);
    node.engine.joinNetwork('prod');
    node.engine.create(at(name), encode(name));
    return node;
  });
  assert.ok(a && b);
  cluster.clock.runFor(1_000);
  cluster.join(b);
  cluster.clock.runFor(1_000);
  for (const node of [a, b]) assert.deepEqual(view(node), { a: 'a', b: 'b' });
});

test('a sync that is not answered is a failure, and the next peer is tried', () => {
  const cluster = new FakeCluster({ tables: { bulkSyncTimeoutMs: 1_000 } });
  const [a, b, c] = cluster.startOn('prod', ['a', 'b', 'c']);
  assert.ok(a && b && c);
  // Streams to b vanish after they were written.
  const real = cluster.stream.bind(cluster);
  cluster.stream = (from, to, bytes, done) => {
    if (from === a && to === 'b')
      cluster.clock.schedule(1, () => {
        done(null);
      });
    else real(from, to, bytes, done);
  };
  const before = a.engine.stats().counters['tables.sync.ok'] ?? 0;
  cluster.clock.runFor(600_000);
  const { counters, pendingSyncs, peerSyncs } = a.engine.stats();
  assert.ok((counters['tables.sync.timedOut'] ?? 0) > 3);
  assert.ok((counters['tables.sync.ok'] ?? 0) - before >= 19);
  assert.ok(pendingSyncs <= 1);
  const ofB = peerSyncs['b'];
  const ofC = peerSyncs['c'];
  assert.ok(ofB && ofC);
  assert.equal(ofB.timedOut, counters['tables.sync.timedOut'], 'the one that is silent is named');
  assert.equal(ofC.timedOut + ofC.failed + ofB.failed, 0);
  assert.ok(ofC.ok >= 10);
  assert.ok(ofC.lastMs !== null && ofC.lastMs > 0 && ofC.lastMs < 100);
  assert.equal(ofB.answered + ofC.answered, counters['tables.sync.answered']);
});

test('figures are kept of the 1,024 peers met last', () => {
  const syncs = new PeerSyncs();
  for (let i = 0; i < 3_000; i += 1) {
    syncs.note(`n${i}`, 'failed', null);
    syncs.note('known', 'answered', null);
  }
  const kept = syncs.snapshot();
  assert.equal(Object.keys(kept).length, MAX_PEER_SYNCS);
  assert.equal(kept['known']?.answered, 3_000);
  assert.equal(kept['n2999']?.failed, 1);
  assert.equal(kept['n0'], undefined);
});

test('tombstones and hidden entries are forgotten after their time', () => {
  const cluster = new FakeCluster({ tables: { reapEntryMs: 30_000 } });
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a && b);
  a.engine.create(at('k'), encode('v'));
  a.engine.create(at('hidden'), encode('v'));
  cluster.clock.runFor(100);
  a.engine.delete(at('k'));
  cluster.clock.runFor(1_000);
  assert.equal(b.engine.stats().tombstones, 1);
  cluster.clock.runFor(40_000);
  assert.equal(a.engine.stats().tombstones, 0);
  assert.equal(b.engine.stats().tombstones, 0);
  cluster.crash(a);
  cluster.clock.runFor(10_000);
  assert.equal(b.engine.stats().hidden, 1);
  cluster.clock.runFor(40_000);
  assert.equal(b.engine.stats().entries, 0);
});

test('what is forgotten does not live on by going round in frequent exchanges', () => {
  const tables = { reapEntryMs: 30_000, bulkSyncIntervalMs: 1_000 };
  const cluster = new FakeCluster({ tables });
  const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd', 'e']);
  const [a, b] = nodes;
  assert.ok(a && b);
  a.engine.create(at('hidden'), encode('v'));
  b.engine.create(at('k'), encode('v'));
  cluster.clock.runFor(100);
  b.engine.delete(at('k'));
  cluster.crash(a);
  cluster.clock.runFor(10_000);
  for (const node of nodes.slice(1)) {
    const { tombstones, hidden } = node.engine.stats();
    assert.deepEqual([tombstones, hidden], [1, 1]);
  }
  cluster.clock.runFor(40_000);
  for (const node of nodes.slice(1)) assert.equal(node.engine.stats().entries, 0);
});

test('a farewell is done when it went out, and at once when nobody is there', () => {
  const cluster = new FakeCluster();
  const [a] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a);
  let isTold: boolean | null = null;
  a.engine.announceLeave((told) => {
    isTold = told;
  });
  assert.equal(isTold, null);
  cluster.clock.runFor(3_000);
  assert.equal(isTold, true);
  const alone = cluster.start('alone');
  let isAloneTold = false;
  alone.engine.announceLeave((told) => {
    isAloneTold = told;
  });
  assert.ok(isAloneTold);
});

test('after a stop nothing runs any more and calls are refused', () => {
  const cluster = new FakeCluster();
  const node = cluster.start('a');
  node.engine.joinNetwork('prod');
  node.engine.create(at('k'), encode('v'));
  node.kill();
  cluster.clock.runFor(1_000);
  assert.equal(cluster.clock.pendingCount, 0);
  assert.throws(
    () => {
      node.engine.set(at('k'), encode('w'));
    },
    { code: 'ERR_CLOSED' },
  );
  node.engine.stop();
});

test('the same seed gives the same run', () => {
  const run = (): string => {
    const cluster = new FakeCluster({ seed: 99, loss: 0.2 });
    const nodes = cluster.startOn('prod', ['a', 'b', 'c', 'd']);
    for (const node of nodes) node.engine.create(at(node.localName), encode('x'));
    cluster.clock.runFor(30_000);
    return JSON.stringify(nodes.map((node) => [node.sent, node.engine.stats()]));
  };
  assert.equal(run(), run());
  assert.equal(decode(encode('x')), 'x');
});

test('leaving a network with many own entries is done in slices, and a quick return is consistent', () => {
  const cluster = new FakeCluster();
  const [a, b] = cluster.startOn('prod', ['a', 'b']);
  assert.ok(a !== undefined && b !== undefined);
  for (let i = 0; i < 2_000; i += 1) a.engine.create(at(`k${i}`), encode('v'));
  cluster.clock.runFor(5_000);
  assert.equal(Object.keys(view(b)).length, 2_000);
  a.engine.leaveNetwork('prod');
  assert.deepEqual(view(a), {});
  cluster.clock.runFor(10);
  assert.equal(a.engine.stats().tombstones, 2_000);
  a.engine.joinNetwork('prod');
  cluster.clock.runFor(2_000);
  for (let i = 0; i < 2_000; i += 1) a.engine.create(at(`k${i}`), encode('w'));
  a.engine.leaveNetwork('prod');
  a.engine.joinNetwork('prod');
  assert.deepEqual(view(a), {});
  a.engine.create(at('k1'), encode('x'));
  cluster.clock.runFor(65_000);
  assert.deepEqual(view(a), { k1: 'x' });
  assert.deepEqual(view(b), { k1: 'x' });
});
