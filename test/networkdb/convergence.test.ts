import assert from 'node:assert/strict';
import { test } from 'node:test';

import { randomBelow, SeededRandom } from '../../src/runtime/index.ts';
import type { FakeNode } from '../support/fake-membership.ts';
import { encode, FakeCluster, view } from '../support/fake-membership.ts';

/*
 * Random joins, leaves, writes, crashes and partitions on lossy links, then quiet. After it every node
 * must show exactly the networks that it is on, and all members of a network the same entries, each
 * owned by a node that is up and on that network. What is asserted does not depend on who won: that is
 * what the order of writes is for. A failure names the seed that repeats it.
 */

const NETWORKS = ['n1', 'n10', 'n2'];
const STEPS = 60;
const QUIET_MS = 150_000;

interface World {
  readonly cluster: FakeCluster;
  readonly random: SeededRandom;
  nextName: number;
}

const up = (world: World): FakeNode[] =>
  [...world.cluster.nodes.values()].filter((node) => node.isUp);

function pick<T>(world: World, items: readonly T[]): T {
  return items[randomBelow(world.random, items.length)] as T;
}

function write(world: World, node: FakeNode): void {
  const networks = node.engine.networks();
  if (networks.length === 0) return;
  const at = {
    network: pick(world, networks),
    table: pick(world, ['t', 't2']),
    key: `k${randomBelow(world.random, 12)}`,
  };
  const isThere = node.engine.get(at) !== undefined;
  if (isThere && randomBelow(world.random, 3) === 0) node.engine.delete(at);
  else node.engine.set(at, encode(`${node.localName} ${world.random.uint32()}`));
}

function step(world: World): string {
  const { cluster } = world;
  const node = pick(world, up(world));
  const network = pick(world, NETWORKS);
  const action = randomBelow(world.random, 100);
  if (action < 60) write(world, node);
  else if (action < 75) {
    if (!node.engine.networks().includes(network)) node.engine.joinNetwork(network);
  } else if (action < 85) {
    if (node.engine.networks().includes(network)) node.engine.leaveNetwork(network);
  } else if (action < 89) {
    if (up(world).length > 3) cluster.crash(node);
  } else if (action < 93) {
    const down = [...cluster.nodes.values()].filter((other) => !other.isUp);
    const name = down.length > 0 ? pick(world, down).localName : `node${world.nextName}`;
    world.nextName += 1;
    const fresh = cluster.start(name, cluster.nodes.get(name)?.address);
    cluster.join(fresh);
    fresh.engine.joinNetwork(network);
  } else if (action < 96) cluster.partition([node.localName]);
  else cluster.heal();
  cluster.clock.runFor(10 + randomBelow(world.random, 490));
  return `${action} ${node.localName} ${network}`;
}

function check(world: World): void {
  const nodes = up(world);
  for (const network of NETWORKS) {
    const members = nodes.filter((node) => node.engine.networks().includes(network));
    const names = members.map((node) => node.localName).sort();
    for (const table of ['t', 't2']) {
      const [first] = members;
      if (first === undefined) continue;
      const expected = view(first, network, table);
      for (const node of members) {
        assert.deepEqual(view(node, network, table), expected, `${node.localName} on ${network}`);
        for (const entry of node.engine.entries(network, table)) {
          assert.ok(names.includes(entry.owner), `${entry.key} of ${entry.owner} on ${network}`);
        }
      }
    }
    for (const node of members) assert.deepEqual(node.engine.peers(network), names);
    for (const node of nodes) {
      if (!members.includes(node)) assert.deepEqual(view(node, network), {});
    }
  }
}

/** @returns how many entries there were in the end, so that an idle run does not pass as a good one */
function run(seed: number): number {
  const cluster = new FakeCluster({ seed, loss: 0.1, detectMs: 700 });
  const world: World = { cluster, random: new SeededRandom(seed + 1), nextName: 0 };
  for (const node of cluster.startAll(['a', 'b', 'c', 'd', 'e'])) {
    node.engine.joinNetwork(pick(world, NETWORKS));
  }
  const log: string[] = [];
  try {
    for (let i = 0; i < STEPS; i += 1) log.push(step(world));
    cluster.heal();
    cluster.clock.runFor(QUIET_MS);
    check(world);
  } catch (error) {
    throw new Error(`seed ${seed}, steps: ${log.join(', ')}`, { cause: error });
  }
  const entries = up(world).reduce((sum, node) => sum + node.engine.stats().entries, 0);
  for (const node of up(world)) node.kill();
  return entries;
}

test('whatever happened, in the quiet after it all members of a network agree', () => {
  let entries = 0;
  for (let seed = 1; seed <= 12; seed += 1) entries += run(seed);
  assert.ok(entries > 100, `only ${entries} entries in all runs`);
});
