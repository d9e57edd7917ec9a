import { randomBelow, SeededRandom } from '../../../src/runtime/index.ts';
import { RevivingCluster, bytesOf } from '../../rings/reviving-cluster.ts';
import { turn } from '../../rings/settle.ts';
import { tableOf } from '../../tables/cluster.ts';
import type { Tell } from '../../telling.ts';
import { passTelling, stage, untold } from '../../telling.ts';

/*
 * Three ways to lose sight of each other, and the time until all see the same again: a split, a restart of all
 * within ten seconds, and one node that comes back under its name at another address.
 */

/** What goes wrong. */
export type Trouble = 'split' | 'restart' | 'move';

/** One run. */
export type PartitionInput = {
  readonly trouble: Trouble;
  readonly wire: 'protobuf' | 'memberlist';
  readonly nodes: number;
  /** How long a split lasts, in milliseconds; of no effect elsewhere. */
  readonly apartMs: number;
  /** Whether nodes look for those they have lost: Go's do not. */
  readonly isHealing: boolean;
  readonly seed: number;
};

/** Milliseconds from the end of the trouble; null where it did not come within the limit. */
export type PartitionOutcome = {
  readonly membersMs: number | null;
  readonly tablesMs: number | null;
  /** Share of the pairs that see each other, by milliseconds from the end of the trouble. */
  readonly curve: [number, number][];
};

/** Plays one run. */
export async function playPartition(
  input: PartitionInput,
  tell: Tell = untold,
): Promise<PartitionOutcome> {
  const { nodes, seed, wire } = input;
  const off = { rejoin: { reconnectIntervalMs: false, bootstrapIntervalMs: false } } as const;
  const config = { wire, ...(!input.isHealing && off) };
  const cluster = await RevivingCluster.start({ nodes, seed, config }, stage(tell, 0, 0.2));
  const expected = new Map<string, string>();
  const write = (place: number, key: string, value: string): void => {
    const node = cluster.nodes[place];
    if (node === undefined) return;
    tableOf(node).set(`${key}-${place}`, bytesOf(value));
    expected.set(`${key}-${place}`, value);
  };
  for (let place = 0; place < nodes; place += 1) write(place, 'kept', 'before');
  cluster.mustReach('the tables', () => cluster.allRead(expected), 120_000, 100);
  cluster.clock.runFor(REST_MS);
  switch (input.trouble) {
    case 'split':
      split(cluster, input, { write, expected }, stage(tell, 0.2, 0.9));
      break;
    case 'restart':
      await restartAll(cluster, new SeededRandom(seed * 5 + 3), { write, expected });
      break;
    case 'move':
      await move(cluster, { write, expected });
      break;
  }
  const limitMs = input.isHealing ? LIMIT_MS : SHORT_LIMIT_MS;
  return watchOneView(cluster, expected, { limitMs, tell: stage(tell, 0.9, 1) });
}

interface Truth {
  readonly write: (place: number, key: string, value: string) => void;
  readonly expected: Map<string, string>;
}

/** Halves that both go on writing; each change on its side replaces, adds and deletes. */
function split(
  cluster: RevivingCluster,
  { apartMs }: PartitionInput,
  truth: Truth,
  tell: Tell,
): void {
  const { nodes } = cluster;
  const half = Math.ceil(nodes.length / 2);
  const hosts = nodes.map(({ host }) => host);
  cluster.network.partition([hosts.slice(0, half), hosts.slice(half)]);
  passTelling(cluster.clock, apartMs / 2, stage(tell, 0, 0.5), 'apart');
  for (const [place, node] of nodes.entries()) {
    truth.write(place, 'kept', 'while apart');
    truth.write(place, 'new', 'while apart');
    if (place % 4 !== 0) continue;
    tableOf(node).delete(`kept-${place}`);
    truth.expected.delete(`kept-${place}`);
  }
  passTelling(cluster.clock, apartMs / 2, stage(tell, 0.5, 1), 'apart');
  cluster.network.heal();
}

/** Each is killed at a moment of its own within nine seconds, and is back one second later, knowing nothing. */
async function restartAll(
  cluster: RevivingCluster,
  random: SeededRandom,
  truth: Truth,
): Promise<void> {
  const startedAt = cluster.clock.now();
  const seeds = cluster.nodes.slice(0, SEEDS).map(({ host }) => host);
  const steps = [...cluster.nodes.keys()].flatMap((place) => {
    const at = startedAt + randomBelow(random, KILLED_WITHIN_MS);
    return [
      { at, place, isBack: false },
      { at: at + AWAY_MS, place, isBack: true },
    ];
  });
  for (const { at, place, isBack } of steps.sort((a, b) => a.at - b.at)) {
    cluster.clock.runFor(Math.max(0, at - cluster.clock.now()));
    if (!isBack) {
      cluster.nodes[place]?.runtime.crash();
      truth.expected.delete(`kept-${place}`);
      continue;
    }
    await cluster.revive(place);
    truth.write(place, 'again', 'after');
    joinUntilDone(cluster, place, seeds);
    await turn();
  }
}

/** As a service does that finds none of its seeds: it asks again a second later. */
function joinUntilDone(cluster: RevivingCluster, place: number, seeds: readonly string[]): void {
  const node = cluster.nodes[place];
  node?.db.join(seeds.filter((host) => host !== node.host)).catch(() => {
    node.runtime.clock.schedule(RETRY_MS, () => {
      joinUntilDone(cluster, place, seeds);
    });
  });
}

/** One process dies; a second later another one has its name, elsewhere. */
async function move(cluster: RevivingCluster, truth: Truth): Promise<void> {
  const place = cluster.nodes.length - 1;
  cluster.nodes[place]?.runtime.crash();
  truth.expected.delete(`kept-${place}`);
  cluster.clock.runFor(AWAY_MS);
  await cluster.revive(place, '10.200.0.1');
  truth.write(place, 'again', 'after');
  joinUntilDone(cluster, place, [cluster.nodes[0]?.host ?? '']);
}

async function watchOneView(
  cluster: RevivingCluster,
  expected: ReadonlyMap<string, string>,
  { limitMs, tell }: { readonly limitMs: number; readonly tell: Tell },
): Promise<PartitionOutcome> {
  const endedAt = cluster.clock.now();
  const curve: [number, number][] = [];
  let membersMs: number | null = null;
  let tablesMs: number | null = null;
  for (;;) {
    const passedMs = cluster.clock.now() - endedAt;
    const share = cluster.seenShare();
    curve.push([passedMs, share]);
    tell(share, 'until one view');
    // A view that falls apart again was none.
    membersMs = share === 1 ? (membersMs ?? passedMs) : null;
    if (membersMs !== null) tablesMs = cluster.allRead(expected) ? (tablesMs ?? passedMs) : null;
    const hasBoth = membersMs !== null && tablesMs !== null;
    if (hasBoth || passedMs >= limitMs) break;
    cluster.clock.runFor(passedMs < 1_000 ? 50 : LOOK_MS);
    await turn();
  }
  tell(1, 'until one view');
  cluster.crash();
  return { membersMs, tablesMs, curve };
}

const REST_MS = 3_000;
const SEEDS = 3;
const KILLED_WITHIN_MS = 9_000;
const AWAY_MS = 1_000;
const RETRY_MS = 1_000;
const LOOK_MS = 250;
const LIMIT_MS = 600_000;
/** For those of whom nothing is expected: twice the aim beside Go nodes. */
const SHORT_LIMIT_MS = 300_000;
