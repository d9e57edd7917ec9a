import { randomBelow, SeededRandom, shuffle } from '../../../src/runtime/index.ts';
import { bytesOf, RevivingCluster } from '../../rings/reviving-cluster.ts';
import { turn } from '../../rings/settle.ts';
import { tableOf } from '../../tables/cluster.ts';
import type { Tell } from '../../telling.ts';
import { stage, untold } from '../../telling.ts';

/*
 * The ring's key changes every minute, in three steps that an operator gives to every node: add the new one, use
 * it, remove the old one. At each step some nodes are asleep and take it when they wake; packets get
 * lost; and writes go on all the while.
 */

/** One run. */
export type KeysInput = {
  readonly wire: 'protobuf' | 'memberlist';
  readonly nodes: number;
  /** How many rotations, one a minute. */
  readonly minutes: number;
  /** Share of the nodes that sleep through the beginning of a step. */
  readonly asleepShare: number;
  readonly lossRate: number;
  readonly seed: number;
};

/** What came of it. */
export type KeysOutcome = {
  readonly rotations: number;
  readonly writes: number;
  /** Reports of deaths while the keys changed. */
  readonly deaths: number;
  /** Pairs of nodes that do not see each other at the end. */
  readonly lostPairs: number;
  /** Writes that some node lacks at the end, one for each node that lacks it. */
  readonly lostWrites: number;
  /** Packets that no key opened. */
  readonly unopened: number;
  /** Most milliseconds that a write took to all, of those that were looked at. */
  readonly slowestMs: number;
};

/** Plays one run. */
export async function playKeys(input: KeysInput, tell: Tell = untold): Promise<KeysOutcome> {
  const { wire, nodes, minutes, lossRate, seed } = input;
  const random = new SeededRandom(seed * 5 + 3);
  const keyOf = (rotation: number): Uint8Array => {
    return Uint8Array.from({ length: 32 }, (_, at) => (rotation * 31 + at * 7 + seed) & 255);
  };
  const config = { wire, encryption: { keys: [keyOf(0)] } };
  const cluster = await RevivingCluster.start({ nodes, seed, config }, stage(tell, 0, 0.1));
  const telling = stage(tell, 0.1, 1);
  let deaths = 0;
  for (const { db } of cluster.nodes) db.on('fail', () => (deaths += 1));
  cluster.network.setLoss(lossRate);
  const expected = new Map<string, string>();
  let slowestMs = 0;
  for (let rotation = 1; rotation <= minutes; rotation += 1) {
    telling((rotation - 1) / minutes, `rotation ${rotation} of ${minutes}`);
    const [former, next] = [keyOf(rotation - 1), keyOf(rotation)];
    await step(cluster, random, input, (keyring) => keyring.add(next));
    writeSome(cluster, random, expected, rotation);
    await step(cluster, random, input, (keyring) => keyring.use(next));
    slowestMs = Math.max(slowestMs, await timeWrite(cluster, random, expected, rotation));
    await step(cluster, random, input, (keyring) => keyring.remove(former));
  }
  await pass(cluster, QUIET_MS);
  const seen = Math.round(cluster.seenShare() * nodes ** 2);
  const outcome: KeysOutcome = {
    rotations: minutes,
    writes: expected.size,
    deaths,
    lostPairs: nodes ** 2 - seen,
    lostWrites: lostWrites(cluster, expected),
    unopened: unopened(cluster),
    slowestMs,
  };
  telling(1, 'all rotations');
  cluster.crash();
  return outcome;
}

type Keyring = RevivingCluster['nodes'][number]['db']['keyring'];

/** Gives a step to all; who sleeps takes it when it wakes. Lasts a third of a minute. */
async function step(
  cluster: RevivingCluster,
  random: SeededRandom,
  { asleepShare }: KeysInput,
  change: (keyring: Keyring) => void,
): Promise<void> {
  const order = shuffle(random, [...cluster.nodes]);
  const asleep = Math.round(asleepShare * order.length);
  const asleepMs = sleepMs(order.length);
  for (const [at, { db, runtime }] of order.entries()) {
    if (at < asleep) runtime.pause(asleepMs);
    // An operator's command reaches the nodes one after the other, within a second.
    runtime.clock.schedule(randomBelow(random, 1_000), () => {
      change(db.keyring);
    });
  }
  await pass(cluster, STEP_MS);
}

/** Every tenth node writes, under a key of its own that is never written again. */
function writeSome(
  cluster: RevivingCluster,
  random: SeededRandom,
  expected: Map<string, string>,
  rotation: number,
): void {
  for (const [place, node] of cluster.nodes.entries()) {
    if (randomBelow(random, 10) > 0) continue;
    const key = `${rotation}-${place}`;
    tableOf(node).set(key, bytesOf(key));
    expected.set(key, key);
  }
}

/** One write, and how long it takes to all. */
async function timeWrite(
  cluster: RevivingCluster,
  random: SeededRandom,
  expected: Map<string, string>,
  rotation: number,
): Promise<number> {
  const key = `${rotation}-timed`;
  const writer = cluster.nodes[randomBelow(random, cluster.nodes.length)];
  if (writer === undefined) return 0;
  tableOf(writer).set(key, bytesOf(key));
  expected.set(key, key);
  const startedAt = cluster.clock.now();
  while (!cluster.nodes.every((node) => tableOf(node).has(key))) {
    if (cluster.clock.now() - startedAt >= LATEST_MS) return LATEST_MS;
    await pass(cluster, 10);
  }
  return cluster.clock.now() - startedAt;
}

async function pass(cluster: RevivingCluster, ms: number): Promise<void> {
  cluster.clock.runFor(ms);
  await turn();
}

function lostWrites(cluster: RevivingCluster, expected: ReadonlyMap<string, string>): number {
  let lost = 0;
  for (const node of cluster.nodes) {
    const table = tableOf(node);
    for (const key of expected.keys()) if (!table.has(key)) lost += 1;
  }
  return lost;
}

/** Half the shortest doubt: who sleeps for longer is rightly taken for dead, whatever the keys. */
export function sleepMs(nodes: number): number {
  return 2_000 * Math.max(1, Math.log10(nodes));
}

function unopened(cluster: RevivingCluster): number {
  return cluster.nodes.reduce((sum, { db }) => {
    const { counters } = db.stats().membership;
    return sum + (counters['packets.dropped.ERR_KEY_MISMATCH'] ?? 0);
  }, 0);
}

const STEP_MS = 20_000;
const QUIET_MS = 60_000;
const LATEST_MS = 60_000;
