import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encodeNetworkEvent, GOSSIP_TYPE, wrapGossip } from '../../src/codec/index.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import { encode, FakeCluster } from '../support/fake-membership.ts';

/*
 * Whoever joins or leaves a network tells its members itself, so that its first writes are taken and its entries
 * vanish everywhere at once; gossip tells the rest of the cluster, and again whoever the packet did not reach.
 */

const ADDRESS = { network: 'prod', table: 't', key: 'k' };

test('a leave and the end of its entries are known to all members within 5 ms', () => {
  const cluster = new FakeCluster({ seed: 3 });
  const names = Array.from({ length: 40 }, (_, at) => `node${at}`);
  const nodes = cluster.startOn('prod', names);
  const leaver = nodes[7];
  leaver?.engine.create(ADDRESS, encode('v'));
  cluster.clock.runFor(2_000);
  const others = nodes.filter((node) => node !== leaver);
  assert.ok(others.every(({ engine }) => engine.get(ADDRESS) !== undefined));
  leaver?.engine.leaveNetwork('prod');
  cluster.clock.runFor(5);
  const behind = others.filter(({ engine }) => {
    return engine.peers('prod').includes('node7') || engine.get(ADDRESS) !== undefined;
  });
  assert.deepEqual(
    behind.map(({ localName }) => localName),
    [],
  );
});

test('a join is known to all members within 5 ms, without a tick of gossip', () => {
  const cluster = new FakeCluster({ seed: 3 });
  const names = Array.from({ length: 40 }, (_, at) => `node${at}`);
  const members = cluster.startOn('prod', names);
  const late = cluster.start('late');
  cluster.join(late);
  cluster.clock.runFor(2_000);
  const told: string[] = [];
  const sendPackets = late.sendPackets.bind(late);
  late.sendPackets = (to, message) => {
    told.push(...to);
    sendPackets(to, message);
  };
  late.engine.joinNetwork('prod');
  assert.deepEqual(told.sort(), names.sort(), 'each of them, and not itself');
  cluster.clock.runFor(5);
  const behind = members.filter(({ engine }) => !engine.peers('prod').includes('late'));
  assert.deepEqual(
    behind.map(({ localName }) => localName),
    [],
  );
});

test('of many members 128 are told, each once', () => {
  const cluster = new FakeCluster({ seed: 4 });
  const [leaver] = cluster.startOn('prod', ['leaver']) as [FakeNode];
  for (let at = 0; at < 140; at += 1) {
    const name = `node${at}`;
    const address = { host: `10.9.0.${at + 1}`, port: 7946 };
    const metadata = new Uint8Array(0);
    leaver.engine.events.nodeJoined({ name, address, metadata, hasLeft: false });
    const joined = encodeNetworkEvent({ kind: 'join', time: 5, node: name, network: 'prod' });
    leaver.engine.events.message(wrapGossip(GOSSIP_TYPE.networkEvent, joined));
  }
  assert.equal(leaver.engine.peers('prod').length, 141);
  const told: string[] = [];
  leaver.sendPackets = (names) => {
    told.push(...names);
  };
  leaver.engine.leaveNetwork('prod');
  assert.equal(told.length, 128);
  assert.equal(new Set(told).size, 128);
  assert.equal(told.includes('leaver'), false);
});

test('whoever the packet did not reach hears of the leave by gossip', () => {
  const cluster = new FakeCluster({ seed: 5, loss: 0.5 });
  const names = Array.from({ length: 12 }, (_, at) => `node${at}`);
  const [leaver, ...others] = cluster.startOn('prod', names) as [FakeNode, ...FakeNode[]];
  leaver.engine.leaveNetwork('prod');
  cluster.clock.runFor(2);
  const isBehind = ({ engine }: FakeNode): boolean => engine.peers('prod').includes('node0');
  assert.ok(others.some(isBehind));
  cluster.clock.runFor(3_000);
  assert.equal(others.some(isBehind), false);
});
