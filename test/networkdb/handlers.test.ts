import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NetworkEvent, NodeEvent, TableEvent } from '../../src/codec/index.ts';
import {
  compoundParts,
  decodeBulkSync,
  decodeGossip,
  decodeNetworkEvent,
  decodeNetworkPushPull,
  decodeTableEvent,
  encodeBulkSync,
  encodeCompoundMessage,
  encodeNetworkEvent,
  encodeNetworkPushPull,
  encodeNodeEvent,
  encodeTableEvent,
  GOSSIP_TYPE,
  wrapGossip,
} from '../../src/codec/index.ts';
import type { Change } from '../../src/networkdb/index.ts';
import { encodeCapabilities } from '../../src/networkdb/index.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import { encode, FakeCluster, view } from '../support/fake-membership.ts';

/*
 * One node and the events it gets, as tables: what is held, relayed, told and counted after each. The
 * peers are names only; what they send is made here.
 */

const networkEvent = (event: NetworkEvent): Uint8Array =>
  wrapGossip(GOSSIP_TYPE.networkEvent, encodeNetworkEvent(event));
const nodeEvent = (event: NodeEvent): Uint8Array =>
  wrapGossip(GOSSIP_TYPE.nodeEvent, encodeNodeEvent(event));
const tableEvent = (event: Partial<TableEvent>): Uint8Array =>
  wrapGossip(
    GOSSIP_TYPE.tableEvent,
    encodeTableEvent({
      kind: 'create',
      time: 1,
      owner: 'peer',
      network: 'prod',
      table: 't',
      key: 'k',
      value: encode('v'),
      residualReapSeconds: event.kind === 'delete' ? 1_800 : 0,
      ...event,
    }),
  );
const bulk = (parts: Uint8Array[], time = 1, isRequest = false): Uint8Array =>
  wrapGossip(
    GOSSIP_TYPE.bulkSync,
    encodeBulkSync({
      time,
      isRequest,
      node: 'peer',
      networks: ['prod'],
      payload: encodeCompoundMessage(parts),
    }),
  );

interface Bench {
  readonly cluster: FakeCluster;
  readonly self: FakeNode;
  readonly sent: { to: string; bytes: Uint8Array }[];
}

/** A node on network `prod`, synced, with an active peer that is attached there at time 5. */
function bench(): Bench {
  const cluster = new FakeCluster({ tables: { bulkSyncIntervalMs: false } });
  const sent: { to: string; bytes: Uint8Array }[] = [];
  const self = cluster.start('self');
  cluster.packet = (_from, to, bytes) => {
    sent.push({ to, bytes: bytes.slice() });
  };
  cluster.stream = (_from, to, bytes, done) => {
    sent.push({ to: typeof to === 'string' ? to : to.host, bytes: bytes.slice() });
    cluster.clock.schedule(1, () => {
      done(null);
    });
  };
  self.engine.joinNetwork('prod');
  cluster.clock.runFor(1);
  joined(self, 'peer', 2);
  joined(self, 'other', 3);
  self.engine.events.message(
    networkEvent({ kind: 'join', time: 5, node: 'peer', network: 'prod' }),
  );
  return { cluster, self, sent };
}

function joined(self: FakeNode, name: string, host: number): void {
  self.engine.events.nodeJoined({
    name,
    address: { host: `10.1.0.${host}`, port: 7946 },
    metadata: encodeCapabilities(0, new Uint8Array(0)),
    hasLeft: false,
  });
}

const gone = (self: FakeNode, name: string, hasLeft = false): void => {
  self.engine.events.nodeGone({
    name,
    address: { host: '10.1.0.2', port: 7946 },
    metadata: new Uint8Array(0),
    hasLeft,
  });
};

const dropped = (self: FakeNode, reason: string): number =>
  self.engine.stats().counters[`tables.dropped.${reason}`] ?? 0;

test('table events that cannot be used are dropped for the reason that holds', () => {
  const cases: [string, Uint8Array][] = [
    ['kind', tableEvent({ kind: 'invalid' })],
    ['name', tableEvent({ key: '' })],
    ['name', tableEvent({ table: 'x'.repeat(256) })],
    ['name', tableEvent({ network: '' })],
    ['value', tableEvent({ value: new Uint8Array(1_048_577) })],
    ['time', tableEvent({ time: 2n ** 53n })],
    ['time', tableEvent({ time: 2n ** 64n - 1n })],
    ['notAttached', tableEvent({ network: 'elsewhere' })],
    ['ownerUnknown', tableEvent({ owner: 'other' })],
    ['ownerUnknown', tableEvent({ owner: 'stranger' })],
    ['malformed', new Uint8Array([0x08, 0x02, 0x12, 0x7f])],
    ['malformed', new Uint8Array([0xff, 0xff])],
    ['type', wrapGossip(GOSSIP_TYPE.pushPull, new Uint8Array(0))],
    ['type', wrapGossip(GOSSIP_TYPE.invalid, encode('x'))],
  ];
  for (const [reason, message] of cases) {
    const { cluster, self } = bench();
    const before = dropped(self, reason);
    self.engine.events.message(message);
    cluster.clock.runFor(1);
    assert.equal(dropped(self, reason) - before, 1, reason);
    assert.equal(self.engine.stats().entries, 0, reason);
    self.kill();
  }
});

test('a far jump of the clock is refused once synced, and warned of', () => {
  const { self } = bench();
  self.engine.events.message(bulk([], 3));
  const before = self.engine.stats().clocks.table;
  self.engine.events.message(tableEvent({ time: 2 ** 41 }));
  assert.equal(dropped(self, 'time'), 1);
  assert.equal(self.engine.stats().clocks.table, before);
  assert.equal(self.warnings.length, 1);
  self.kill();
});

test('an event is taken if and only if it wins against what is held', () => {
  const held = { time: 10, owner: 'peer', value: encode('m') };
  const cases: [string, Partial<TableEvent>, string | undefined][] = [
    ['older', { time: 9, value: encode('z') }, 'm'],
    ['the same', {}, 'm'],
    ['newer', { time: 11, value: encode('a') }, 'a'],
    ['equal time, smaller owner', { owner: 'aaa', value: encode('z') }, 'm'],
    ['equal time, greater owner', { owner: 'zzz', value: encode('a') }, 'a'],
    ['equal time and owner, smaller value', { value: encode('a') }, 'm'],
    ['equal time and owner, greater value', { value: encode('z') }, 'z'],
    ['a forged tombstone', { kind: 'delete' }, 'm'],
    ['a newer delete', { kind: 'delete', time: 11 }, undefined],
  ];
  for (const [name, event, expected] of cases) {
    const { self } = bench();
    for (const [at, node] of ['aaa', 'zzz'].entries()) {
      joined(self, node, 10 + at);
      self.engine.events.message(networkEvent({ kind: 'join', time: 1, node, network: 'prod' }));
    }
    self.engine.events.message(tableEvent(held));
    self.engine.events.message(tableEvent({ ...held, ...event }));
    assert.equal(view(self)['k'], expected, name);
    self.kill();
  }
});

test('a live entry takes the place of a tombstone forged with its time and owner', () => {
  const { self } = bench();
  self.engine.events.message(tableEvent({ kind: 'delete', time: 10 }));
  assert.deepEqual(view(self), {});
  self.engine.events.message(tableEvent({ time: 10 }));
  assert.deepEqual(view(self), { k: 'v' });
  self.kill();
});

test('what is new is relayed in the bytes it came in, and what is stale is not', () => {
  const { cluster, self, sent } = bench();
  const event = tableEvent({ time: 10 });
  // A field that this version does not know.
  const inner = new Uint8Array([...decodeGossip(event).data, 0x98, 0x06, 0x01]);
  const message = wrapGossip(GOSSIP_TYPE.tableEvent, inner);
  self.engine.events.message(message);
  self.engine.events.message(message);
  cluster.clock.runFor(6);
  const relayed = sent.filter(({ bytes }) => decodeGossip(bytes).type === GOSSIP_TYPE.tableEvent);
  assert.equal(relayed.length, 1);
  assert.deepEqual(relayed[0]?.bytes, message);
  assert.equal(dropped(self, 'stale'), 1);
  self.kill();
});

test('an unknown delete leaves a tombstone and is passed on only when synced and young', () => {
  const cases: [string, Uint8Array, number][] = [
    ['by gossip', tableEvent({ kind: 'delete' }), 1],
    ['by gossip, old', tableEvent({ kind: 'delete', residualReapSeconds: 300 }), 0],
    ['by sync', bulk([tableEvent({ kind: 'delete' })]), 1],
    ['by sync, old', bulk([tableEvent({ kind: 'delete', residualReapSeconds: 300 })]), 0],
    ['by sync, no residual', bulk([tableEvent({ kind: 'delete', residualReapSeconds: 0 })]), 1],
    ['by sync, negative', bulk([tableEvent({ kind: 'delete', residualReapSeconds: -1 })]), 1],
  ];
  for (const [name, message, relayed] of cases) {
    const { self } = bench();
    self.engine.events.message(message);
    assert.equal(self.engine.stats().tombstones, 1, name);
    assert.equal(self.engine.stats().queued.relay, relayed, name);
    self.engine.events.message(tableEvent({ time: 1 }));
    self.kill();
  }
});

test('network events follow the times of each node and network', () => {
  const base = { node: 'peer', network: 'prod' };
  const cases: [string, NetworkEvent, boolean, string | null][] = [
    ['a newer leave', { ...base, kind: 'leave', time: 6 }, false, null],
    ['an equal leave', { ...base, kind: 'leave', time: 5 }, true, 'stale'],
    ['an older leave', { ...base, kind: 'leave', time: 4 }, true, 'stale'],
    ['a newer join', { ...base, kind: 'join', time: 6 }, true, null],
    ['an invalid kind', { ...base, kind: 'invalid', time: 9 }, true, 'kind'],
    ['too large a time', { ...base, kind: 'leave', time: 2n ** 60n }, true, 'time'],
    [
      'another network',
      { kind: 'leave', time: 9, node: 'peer', network: 'x' },
      true,
      'notAttached',
    ],
    ['a stranger', { kind: 'join', time: 9, node: 'who', network: 'x' }, true, 'nodeUnknown'],
  ];
  for (const [name, event, stays, reason] of cases) {
    const { self } = bench();
    self.engine.events.message(tableEvent({ time: 10 }));
    const before = self.engine.stats().queued.cluster;
    self.engine.events.message(networkEvent(event));
    assert.equal(self.engine.peers('prod').includes('peer'), stays, name);
    assert.equal(self.engine.stats().entries, stays ? 1 : 0, name);
    if (reason !== null) {
      assert.equal(dropped(self, reason), 1, name);
      assert.equal(self.engine.stats().queued.cluster, before, name);
    }
    self.kill();
  }
});

test('an attachment that came before its node is taken when the node comes', () => {
  const { self } = bench();
  self.engine.events.message(
    networkEvent({ kind: 'join', time: 1, node: 'late', network: 'prod' }),
  );
  self.engine.events.message(tableEvent({ owner: 'late', key: 'l' }));
  assert.deepEqual(view(self), {});
  joined(self, 'late', 9);
  assert.deepEqual(view(self), { l: 'v' });
  assert.ok(self.engine.peers('prod').includes('late'));
  self.kill();
});

test('early events are bounded by number and time', () => {
  const { cluster, self } = bench();
  for (let i = 0; i < 300; i += 1) {
    self.engine.events.message(tableEvent({ owner: 'other', key: `k${i}`, time: i + 1 }));
  }
  assert.equal(self.engine.stats().earlyEvents, 256);
  for (let i = 0; i < 1_000; i += 1) {
    self.engine.events.message(tableEvent({ owner: `n${i % 100}`, key: `k${i}`, time: i + 1 }));
  }
  assert.equal(self.engine.stats().earlyEvents, 1_000);
  cluster.clock.runFor(5_001);
  assert.equal(self.engine.stats().earlyEvents, 0);
  self.kill();
});

test('node events move only active nodes, only forward, and never ourselves', () => {
  const cases: [string, NodeEvent, string][] = [
    ['a leave', { kind: 'leave', time: 3, node: 'peer' }, 'peer'],
    ['a join', { kind: 'join', time: 3, node: 'peer' }, ''],
    ['our own leave', { kind: 'leave', time: 99, node: 'self' }, ''],
    ['a stranger', { kind: 'leave', time: 3, node: 'who' }, ''],
    ['an invalid kind', { kind: 'invalid', time: 3, node: 'peer' }, ''],
    ['too large a time', { kind: 'leave', time: 2n ** 62n, node: 'peer' }, ''],
  ];
  for (const [name, event, left] of cases) {
    const { self } = bench();
    self.engine.events.message(nodeEvent(event));
    assert.equal(self.engine.nodes('left').join(), left, name);
    self.kill();
  }
  const { self } = bench();
  self.engine.events.message(nodeEvent({ kind: 'join', time: 7, node: 'peer' }));
  self.engine.events.message(nodeEvent({ kind: 'leave', time: 7, node: 'peer' }));
  assert.deepEqual(self.engine.nodes('left'), []);
  self.engine.events.message(nodeEvent({ kind: 'leave', time: 8, node: 'peer' }));
  assert.deepEqual(self.engine.nodes('left'), ['peer']);
  assert.equal(self.engine.stats().entries, 0);
  self.kill();
});

test('events of a failed owner are kept in silence and shown when it returns', async () => {
  const { self } = bench();
  self.engine.events.message(tableEvent({ time: 10, key: 'old' }));
  gone(self, 'peer');
  const watch = self.engine.watch();
  self.engine.events.message(tableEvent({ time: 11, key: 'new' }));
  self.engine.events.message(tableEvent({ kind: 'delete', time: 12, key: 'old' }));
  assert.deepEqual(view(self), {});
  assert.equal(watch.bufferedCount, 0);
  joined(self, 'peer', 2);
  assert.deepEqual(view(self), { new: 'v' });
  assert.equal(watch.bufferedCount, 1);
  const { value } = (await watch.next()) as { value: Change };
  assert.equal(value.kind, 'create');
  self.kill();
});

test('a failed node that turns out to have left loses all without a second word', () => {
  const { self } = bench();
  self.engine.events.message(tableEvent({ time: 10 }));
  const watch = self.engine.watch();
  gone(self, 'peer');
  gone(self, 'peer', true);
  assert.equal(self.engine.stats().entries, 0);
  assert.deepEqual(self.engine.nodes('left'), ['peer']);
  // The one delete of the failure; what was there at the start is gone from it too.
  assert.equal(watch.bufferedCount, 1);
  self.kill();
});

test('hidden keys can be taken over, and neither updated nor deleted', () => {
  const { self } = bench();
  self.engine.events.message(tableEvent({ time: 10 }));
  gone(self, 'peer');
  const at = { network: 'prod', table: 't', key: 'k' };
  assert.throws(
    () => {
      self.engine.update(at, encode('x'));
    },
    { code: 'ERR_ENTRY_NOT_FOUND' },
  );
  assert.throws(
    () => {
      self.engine.delete(at);
    },
    { code: 'ERR_ENTRY_NOT_FOUND' },
  );
  self.engine.create(at, encode('mine'));
  joined(self, 'peer', 2);
  self.engine.events.message(tableEvent({ time: 10 }));
  assert.equal(self.engine.get(at)?.owner, 'self');
  self.kill();
});

test('a request is answered with attachments ahead of entries, also when there is nothing', () => {
  const { cluster, self, sent } = bench();
  self.engine.events.message(tableEvent({ time: 10 }));
  self.engine.events.message(tableEvent({ kind: 'delete', time: 11, key: 'd' }));
  sent.length = 0;
  self.engine.events.message(bulk([], 20, true));
  cluster.clock.runFor(2);
  const answers = sent.filter(({ bytes }) => decodeGossip(bytes).type === GOSSIP_TYPE.bulkSync);
  assert.equal(answers.length, 1);
  const answer = decodeBulkSync(decodeGossip(answers[0]?.bytes as Uint8Array).data);
  assert.equal(answer.isRequest, false);
  assert.ok(answer.time > 20);
  const parts = [...compoundParts(decodeGossip(answer.payload).data)].map((part) => {
    const { type, data } = decodeGossip(part);
    if (type === GOSSIP_TYPE.networkEvent) {
      const event = decodeNetworkEvent(data);
      return `${event.kind} ${event.node}`;
    }
    const event = decodeTableEvent(data);
    return `${event.kind} ${event.key} ${event.residualReapSeconds}`;
  });
  assert.deepEqual(parts, ['join self', 'join peer', 'delete d 1795', 'create k 0']);
  self.kill();
});

test('a joiner whose request is faster than the news of it is answered when it appears', () => {
  const { cluster, self, sent } = bench();
  const body = { time: 9, isRequest: true, node: 'late', networks: ['prod'] };
  const payload = encodeCompoundMessage([
    networkEvent({ kind: 'join', time: 4, node: 'late', network: 'prod' }),
    tableEvent({ owner: 'late', time: 8, key: 'l' }),
  ]);
  self.engine.events.message(
    wrapGossip(GOSSIP_TYPE.bulkSync, encodeBulkSync({ ...body, payload })),
  );
  cluster.clock.runFor(100);
  const answers = (): number => sent.filter(({ to }) => to === 'late').length;
  assert.equal(answers(), 0);
  assert.deepEqual(view(self), {});
  joined(self, 'late', 9);
  cluster.clock.runFor(2);
  assert.equal(answers(), 1);
  assert.deepEqual(view(self), { l: 'v' });
  self.engine.events.message(
    wrapGossip(GOSSIP_TYPE.bulkSync, encodeBulkSync({ ...body, node: 'never', payload })),
  );
  cluster.clock.runFor(6_000);
  assert.equal(self.engine.stats().counters['tables.sync.unanswered'], 1);
  self.kill();
});

test('attachments inside a sync are taken and never relayed', () => {
  const { self } = bench();
  const before = self.engine.stats().queued.cluster;
  self.engine.events.message(
    bulk([
      networkEvent({ kind: 'join', time: 4, node: 'other', network: 'prod' }),
      tableEvent({ owner: 'other', time: 30 }),
    ]),
  );
  assert.deepEqual(view(self), { k: 'v' });
  assert.equal(self.engine.stats().queued.cluster, before);
  self.kill();
});

test('compounds may nest a little, and a broken part does not spoil the others', () => {
  const { self } = bench();
  const wrap = (depth: number, message: Uint8Array): Uint8Array =>
    depth === 0 ? message : wrap(depth - 1, encodeCompoundMessage([message]));
  self.engine.events.message(wrap(4, tableEvent({ key: 'four' })));
  self.engine.events.message(wrap(5, tableEvent({ key: 'five' })));
  self.engine.events.message(
    encodeCompoundMessage([new Uint8Array([0xff]), tableEvent({ key: 'after' })]),
  );
  assert.deepEqual(Object.keys(view(self)), ['after', 'four']);
  assert.equal(dropped(self, 'depth'), 1);
  assert.equal(dropped(self, 'malformed'), 1);
  self.kill();
});

test('a push/pull tells all attachments, stamps ours anew on joins, and is not relayed', () => {
  const { self } = bench();
  const read = (join: boolean): string[] =>
    decodeNetworkPushPull(decodeGossip(self.engine.events.localState(join)).data).networks.map(
      (entry) => `${entry.node} ${entry.network} ${entry.time}`,
    );
  const clock = self.engine.stats().clocks.network;
  assert.deepEqual(read(false), ['self prod 1', 'peer prod 5']);
  assert.deepEqual(read(true), [`self prod ${clock + 1}`, 'peer prod 5']);
  const before = self.engine.stats().queued.cluster;
  const networks = [
    { network: 'prod', time: 8, node: 'other', isLeaving: false },
    { network: 'prod', time: 9, node: 'peer', isLeaving: true },
  ];
  const inner = encodeNetworkPushPull({ time: 50, node: 'other', networks });
  self.engine.events.mergeRemoteState(wrapGossip(GOSSIP_TYPE.pushPull, inner), false);
  assert.deepEqual(self.engine.peers('prod'), ['other', 'self']);
  assert.equal(self.engine.stats().queued.cluster, before);
  assert.equal(self.engine.stats().clocks.network, 51);
  for (const junk of [new Uint8Array(0), new Uint8Array([0xff]), tableEvent({})]) {
    self.engine.events.mergeRemoteState(junk, false);
  }
  assert.deepEqual(self.engine.peers('prod'), ['other', 'self']);
  self.kill();
});

test('events about ourselves that do not agree with us are put right', () => {
  const { self } = bench();
  self.engine.create({ network: 'prod', table: 't', key: 'mine' }, encode('now'));
  self.engine.events.message(tableEvent({ owner: 'self', key: 'mine', time: 70 }));
  assert.equal(view(self)['mine'], 'now');
  assert.equal(self.engine.get({ network: 'prod', table: 't', key: 'mine' })?.time, 72);
  self.engine.events.message(tableEvent({ owner: 'self', key: 'ghost', time: 80 }));
  assert.equal(self.engine.stats().tombstones, 1);
  assert.equal(self.engine.stats().clocks.table, 82);
  // Echoes of what we hold change nothing.
  self.engine.events.message(
    tableEvent({ owner: 'self', key: 'mine', time: 72, value: encode('now') }),
  );
  assert.equal(self.engine.stats().clocks.table, 82);
  self.engine.setNameConflict(true);
  self.engine.events.message(tableEvent({ owner: 'self', key: 'ghost2', time: 90 }));
  assert.equal(self.engine.stats().tombstones, 1);
  self.kill();
});

test('answers are held back around a join, up to 8 MiB of values, and given when nobody objects', () => {
  const { cluster, self } = bench();
  self.engine.holdCorrections(1_000);
  const value = new Uint8Array(1_048_576);
  for (let i = 0; i < 10; i += 1) {
    self.engine.events.message(tableEvent({ owner: 'self', key: `k${i}`, time: 80 + i, value }));
  }
  // Large messages are read in slices, and none of them is answered yet.
  cluster.clock.runFor(500);
  assert.equal(self.engine.stats().tombstones, 0);
  assert.equal(self.engine.stats().counters['tables.ghosts.unanswered'], 2);
  cluster.clock.runFor(600);
  assert.equal(self.engine.stats().tombstones, 8);
  self.kill();
});

test('what is held back is not answered when another process uses the name', () => {
  const { cluster, self } = bench();
  self.engine.holdCorrections(1_000);
  self.engine.events.message(tableEvent({ owner: 'self', key: 'twin', time: 80 }));
  self.engine.setNameConflict(true);
  cluster.clock.runFor(2_000);
  assert.equal(self.engine.stats().tombstones, 0);
  self.kill();
});

test('two writes about ourselves in one sync are each answered as what they are', () => {
  const { cluster, self } = bench();
  self.engine.holdCorrections(1_000);
  const events = ['a', 'b'].map((key) => tableEvent({ owner: 'self', key, time: 80 }));
  self.engine.events.message(bulk(events));
  cluster.clock.runFor(2_000);
  assert.equal(self.engine.stats().tombstones, 2);
  self.kill();
});

test('what a sync brought stays as it came, whatever becomes of its bytes and of its neighbours', () => {
  const { cluster, self } = bench();
  const at = (i: number) => ({ network: 'prod', table: 't', key: `k${i}` });
  const valueOf = (i: number) => Uint8Array.from({ length: 4 * i }, (_, k) => i + k);
  const COUNT = 80;
  const events = Array.from({ length: COUNT }, (_, i) =>
    tableEvent({ key: at(i).key, time: 10 + i, value: valueOf(i) }),
  );
  const message = bulk(events);
  self.engine.events.message(message);
  cluster.clock.runFor(100);
  message.fill(0xee);
  for (let i = 0; i < COUNT; i += 2) {
    self.engine.events.message(tableEvent({ key: at(i).key, time: 200 + i, value: encode('new') }));
  }
  for (let i = 0; i < COUNT; i += 1) {
    const expected = i % 2 === 0 ? encode('new') : valueOf(i);
    assert.deepEqual(self.engine.get(at(i))?.value, expected, `${i}`);
  }
  self.kill();
});

test('attachments of ours that we do not have are answered by a leave, and denials by a join', () => {
  const { self } = bench();
  const answers = (): string[] =>
    self.engine.events.getBroadcasts(3, 1_400, true).flatMap((bytes) => {
      const { type, data } = decodeGossip(bytes);
      if (type !== GOSSIP_TYPE.networkEvent) return [];
      const event = decodeNetworkEvent(data);
      return event.node === 'self' ? [`${event.kind} ${event.network} ${event.time}`] : [];
    });
  answers();
  const event = { node: 'self', network: 'old', time: 40 } as const;
  self.engine.events.message(networkEvent({ ...event, kind: 'join' }));
  assert.deepEqual(answers(), ['leave old 42']);
  self.engine.events.message(networkEvent({ ...event, network: 'prod', kind: 'leave', time: 50 }));
  assert.deepEqual(answers(), ['join prod 52']);
  self.engine.events.message(networkEvent({ ...event, kind: 'leave', time: 60 }));
  assert.deepEqual(answers(), []);
  self.kill();
});

test('at its caps the node refuses newcomers and counts them', () => {
  const limits = { maxEntries: 3, maxNodes: 4, maxNetworks: 2, maxNetworksPerNode: 2 };
  const base = new FakeCluster();
  const cluster = new FakeCluster({
    tables: { limits: { ...base.tables.limits, ...limits } },
  });
  const self = cluster.start('self');
  self.engine.joinNetwork('prod');
  for (let i = 0; i < 10; i += 1) joined(self, `n${i}`, 20 + i);
  assert.equal(self.engine.nodes('active').length, 4);
  for (const network of ['prod', 'x', 'y', 'z']) {
    self.engine.events.message(networkEvent({ kind: 'join', time: 1, node: 'n0', network }));
  }
  for (const key of ['1', '2', '3', '4', '5']) {
    self.engine.events.message(tableEvent({ owner: 'n0', key, time: 5 }));
  }
  assert.equal(self.engine.stats().entries, 3);
  assert.equal(dropped(self, 'limit'), 7 + 2 + 2);
  self.engine.events.message(tableEvent({ owner: 'n0', key: '1', time: 6, value: encode('w') }));
  assert.equal(view(self)['1'], 'w');
  self.kill();
});
