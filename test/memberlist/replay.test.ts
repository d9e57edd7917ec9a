// Somebody who recorded sealed traffic and cannot read it plays it back: packets to anybody, requests to
// anybody. What the members think of each other, and what their tables hold, stays what it was.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Table } from '../../src/networkdb/index.ts';
import { utf8 } from '../../src/networkdb/index.ts';
import { randomBelow, SeededRandom } from '../../src/runtime/index.ts';
import { Cluster } from '../support/cluster.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { Ring } from '../support/ring.ts';

const KEY = new Uint8Array(32).fill(3);
const SEALED = { encryption: { keys: [KEY] } };

/** Keeps every datagram of a network until told to stop. */
function record(ring: Ring): { datagrams: Uint8Array[]; stop: () => void } {
  const datagrams: Uint8Array[] = [];
  ring.network.onPacket = (_from, _to, bytes) => datagrams.push(bytes.slice());
  return { datagrams, stop: () => (ring.network.onPacket = null) };
}

test('the whole traffic of a sealed ring, played back to anybody, moves nobody', async () => {
  const ring = new Ring();
  const recorded = record(ring);
  const nodes = await ring.spawnJoined(4, SEALED);
  ring.runFor(30_000);
  recorded.stop();
  const lost: string[] = [];
  for (const { member } of nodes) member.on('fail', ({ name }) => lost.push(name));
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  const random = new SeededRandom(3);
  for (const [i, datagram] of recorded.datagrams.entries()) {
    raw.sendBytes(nodes[randomBelow(random, 4)]!, datagram);
    if (i % 10 === 0) ring.runFor(100);
  }
  ring.runFor(30_000);
  assert.ok(recorded.datagrams.length > 200);
  assert.deepEqual(lost, []);
  for (const { member } of nodes) {
    assert.equal(member.memberCount, 4);
    assert.ok(member.members().every(({ state }) => state === 'alive'));
  }
  await ring.close();
  await ring.settle(raw.close());
});

test('a recorded leave of somebody who is back is taken back by them', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(3, SEALED);
  const leaver = nodes[2]!;
  const recorded = record(ring);
  await ring.settle(leaver.member.leave());
  recorded.stop();
  await ring.settle(leaver.member.close());
  const back = await ring.spawn({ ...SEALED, nodeName: leaver.member.name });
  await ring.settle(back.member.join([nodes[0]!.host]));
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  const present = [nodes[0]!, nodes[1]!, back];
  for (const datagram of recorded.datagrams) {
    for (const node of present) raw.sendBytes(node, datagram);
    ring.runFor(50);
  }
  const isWhole = (): boolean =>
    present.every(({ member }) =>
      present.every((other) => member.member(other.member.name)?.state === 'alive'),
    );
  assert.ok(ring.runUntil(isWhole, 30_000));
  await ring.close();
  await ring.settle(raw.close());
});

test('a recorded alive of somebody long gone is believed until probes find nobody there', async () => {
  const ring = new Ring();
  const recorded = record(ring);
  const nodes = await ring.spawnJoined(4, SEALED);
  ring.runFor(5000);
  recorded.stop();
  const gone = nodes[3]!;
  gone.runtime.crash();
  const present = nodes.slice(0, 3);
  const isForgotten = (): boolean =>
    present.every(({ member }) => member.nodes().every(({ name }) => name !== gone.member.name));
  assert.ok(ring.runUntil(isForgotten, 300_000));
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  for (const datagram of recorded.datagrams) raw.sendBytes(present[0]!, datagram);
  ring.runFor(500);
  assert.equal(present[0]!.member.member(gone.member.name)?.state, 'alive');
  const isBuried = (): boolean => present.every(({ member }) => member.memberCount === 3);
  assert.ok(ring.runUntil(isBuried, 120_000));
  await ring.close();
  await ring.settle(raw.close());
});

test('a recorded request is answered again, sealed for the request, and changes nothing', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(3, SEALED);
  const [target] = nodes as [(typeof nodes)[0]];
  const keyed = await RawPeer.start(ring, { host: '10.9.0.2', keys: [KEY] });
  const { request } = keyed.wire.streams.initiate();
  const nodesOf = target.member.members().map(({ name, host, port }) => {
    const address = Uint8Array.from(host.split('.').map(Number));
    return keyed.node({ name, address, port, incarnation: 1, startId: new Uint8Array(0) });
  });
  const message = keyed.pushPull(nodesOf, false);
  const chunks = [...keyed.wire.encodeStreamMessage(message)].flatMap((p) => request.push(p));
  const bytes = new Uint8Array(Buffer.concat([...chunks, ...request.finish()]));
  const raw = await RawPeer.start(ring, { host: '10.9.0.1' });
  await ring.settle(raw.dialBytes(target, bytes));
  ring.runFor(5000);
  const before = target.member.members();
  for (let i = 0; i < 20; i += 1) {
    const answer = await ring.settle(raw.dialBytes(target, bytes));
    assert.deepEqual([...answer.subarray(0, 2)], [0x0a, 0xe2]);
    const other = keyed.wire.streams.initiate();
    assert.throws(() => other.reply.push(answer), { code: 'ERR_KEY_MISMATCH' });
  }
  ring.runFor(5000);
  assert.deepEqual(target.member.members(), before);
  assert.ok(nodes.every(({ member }) => member.memberCount === 3));
  await ring.close();
  await ring.settle(raw.close());
  await ring.settle(keyed.close());
});

test('tables hold the same after all their traffic was played back', async () => {
  const cluster = new Cluster();
  const nodes = await cluster.spawnJoinedDbs(3, SEALED);
  const recorded = record(cluster);
  const tables: Table<string>[] = [];
  for (const { db } of nodes) {
    tables.push((await cluster.settle(db.joinNetwork('prod'))).table('t', utf8()));
  }
  const [a, b] = tables;
  for (let i = 0; i < 40; i += 1) {
    a?.set(`k${i % 10}`, `v${i}`);
    b?.set(`own${i}`, 'b');
    if (i % 4 === 3) b?.delete(`own${i - 1}`);
    cluster.runFor(50);
  }
  cluster.runFor(5000);
  recorded.stop();
  const view = (): string[][] =>
    tables.map((table) => [...table.entries()].map((entry) => JSON.stringify(entry)).sort());
  const before = view();
  assert.ok((before[0]?.length ?? 0) > 30);
  const raw = await RawPeer.start(cluster, { host: '10.9.0.1' });
  for (const [i, datagram] of recorded.datagrams.entries()) {
    for (const node of nodes) raw.sendBytes(node, datagram);
    if (i % 20 === 0) cluster.runFor(20);
  }
  cluster.runFor(10_000);
  assert.deepEqual(view(), before);
  await cluster.close();
  await cluster.settle(raw.close());
});
