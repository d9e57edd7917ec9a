import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import type { Network } from '../../src/networkdb/index.ts';
import { utf8 } from '../../src/networkdb/index.ts';
import type { Address } from '../../src/runtime/index.ts';
import type { ClusterNode } from '../support/cluster.ts';
import { Cluster } from '../support/cluster.ts';

/*
 * One cluster lives through everything this package does, on links that lose, delay and double packets:
 * joins, writes, a rotation of the key, a crash and a return, a leave of a network and of the cluster.
 * Every datagram is noted as it is sent, with its virtual time, both ends and its bytes as they are on
 * the network, so sealed ones show their nonces too.
 *
 * What follows: the whole run is a function of its seed, and no datagram exceeds its cap. A single
 * ambient clock, random number or unordered walk below the public edge would show as another trace.
 */

const KEY_A = new Uint8Array(32).fill(1);
const KEY_B = new Uint8Array(32).fill(2);
const MAX_PACKET_BYTES = 1400;
const OPTIONS = {
  label: 'a trace of its own',
  encryption: { keys: [KEY_A] },
  profile: 'local',
  maxPacketBytes: MAX_PACKET_BYTES,
} as const;

interface Trace {
  readonly hash: string;
  readonly packetCount: number;
  readonly largestBytes: number;
  /** What the members hold at the end, and what they counted. */
  readonly outcome: string;
}

function tableOf(network: Network) {
  return network.table('services', utf8());
}

async function joinAll(cluster: Cluster, nodes: readonly ClusterNode[]): Promise<Network[]> {
  const networks: Network[] = [];
  for (const { db } of nodes) networks.push(await cluster.settle(db.joinNetwork('prod')));
  return networks;
}

async function liveThrough(seed: number): Promise<Trace> {
  const cluster = new Cluster({ seed, lossRate: 0.05, jitterMs: 3, duplicateRate: 0.02 });
  const hash = createHash('sha256');
  let packetCount = 0;
  let largestBytes = 0;
  cluster.network.onPacket = (from: Address, to: Address, bytes: Uint8Array): void => {
    packetCount += 1;
    largestBytes = Math.max(largestBytes, bytes.length);
    hash.update(`${cluster.clock.now()} ${from.host}:${from.port} ${to.host}:${to.port} `);
    hash.update(bytes);
  };
  const nodes = await cluster.spawnJoinedDbs(5, OPTIONS);
  const networks = await joinAll(cluster, nodes);
  for (let i = 0; i < 60; i += 1) {
    for (const network of networks) {
      tableOf(network).set(`${network.peers().length} ${i}`, 'v'.repeat(i * 7));
    }
    if (i === 20) for (const { db } of nodes) db.keyring.add(KEY_B);
    if (i === 40) for (const { db } of nodes) db.keyring.use(KEY_B);
    cluster.runFor(50);
  }
  nodes[4]?.runtime.crash();
  cluster.runFor(20_000);
  const keys = [KEY_B, KEY_A];
  const again = { ...OPTIONS, nodeName: 'd5', encryption: { keys } };
  const back = await cluster.spawnDb(again, nodes[4]?.host);
  await cluster.settle(back.db.join([nodes[0]?.host ?? '']));
  const returned = await cluster.settle(back.db.joinNetwork('prod'));
  tableOf(returned).set('back', 'again');
  networks[1]?.leave();
  await cluster.settle(nodes[3]?.db.leave() ?? Promise.resolve());
  cluster.runFor(20_000);
  const staying = [nodes[0], nodes[1], nodes[2], back] as ClusterNode[];
  const outcome = JSON.stringify([
    staying.map(({ db }) => [db.members().map(({ name }) => name), db.peers('prod').length]),
    staying.map(({ db }) => db.stats()),
    [...tableOf(returned).entries()],
  ]);
  await cluster.close();
  return { hash: hash.digest('hex'), packetCount, largestBytes, outcome };
}

const RUNS = new Map<number, Promise<Trace>>();

/** The first run of a seed, shared by the tests. */
async function firstRun(seed: number): Promise<Trace> {
  const run = RUNS.get(seed) ?? liveThrough(seed);
  RUNS.set(seed, run);
  return run;
}

void test('the same seed gives the same packets at the same times, and the same outcome', async () => {
  const first = await firstRun(7);
  const second = await liveThrough(7);
  assert.ok(first.packetCount > 2_000, `only ${first.packetCount} packets were seen`);
  assert.ok(first.outcome.includes('"back"'), 'the tables did not fill');
  assert.equal(second.packetCount, first.packetCount);
  assert.equal(second.outcome, first.outcome);
  assert.equal(second.hash, first.hash);
});

void test('another seed gives another run', async () => {
  const [one, other] = [await firstRun(7), await firstRun(8)];
  assert.notEqual(one.hash, other.hash);
});

void test('no datagram of a sealed and labelled cluster exceeds its cap, and room is not wasted', async () => {
  const { largestBytes } = await firstRun(7);
  assert.ok(largestBytes <= MAX_PACKET_BYTES, `${largestBytes} bytes`);
  assert.ok(largestBytes > MAX_PACKET_BYTES - 40, `the largest has ${largestBytes} bytes`);
});
