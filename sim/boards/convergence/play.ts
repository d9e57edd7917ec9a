import type { TableNode } from '../../tables/cluster.ts';
import { NETWORK, TableCluster, tableOf } from '../../tables/cluster.ts';
import { PacketReader } from '../../tables/packets.ts';
import type { HasReached } from './changes.ts';
import { CHANGES, hasWrite, SEED_KEY, timeOf } from './changes.ts';
import { Churn } from './churn.ts';

/*
 * One change in a cluster of its own: the cluster comes to rest, the clock starts, the change is made, and every
 * millisecond it is seen who has it.
 */

/** Writes under background traffic, besides the names of {@link CHANGES}. */
export const CHURN_CHANGES = ['create-entry-under-churn', 'create-entry-in-lasting-churn'] as const;

/** One run. */
export interface ConvergenceInput {
  readonly change: string;
  readonly nodes: number;
  readonly seed: number;
}

/** How the change spread. */
export interface ConvergenceOutcome {
  /** Milliseconds until each of the nodes that were waited for had it, rising. */
  readonly reachedMs: readonly number[];
  /** Nodes that did not have it after three minutes. */
  readonly behind: number;
  /** Nodes that a packet brought it to, and those that learnt of it by an exchange of tables. */
  readonly byGossip: number;
  readonly bySync: number;
}

/** Plays one run. */
export async function playConvergence(input: ConvergenceInput): Promise<ConvergenceOutcome> {
  const { change, nodes, seed } = input;
  const cluster = await TableCluster.form({ nodes, seed });
  try {
    return await (CHURN_CHANGES.some((each) => each === change)
      ? measureInChurn(cluster, change)
      : measureChange(cluster, change));
  } finally {
    cluster.crash();
  }
}

async function measureChange(cluster: TableCluster, name: string): Promise<ConvergenceOutcome> {
  const kind = CHANGES.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`no change is called ${name}`);
  const members = kind.holdsBackLast === true ? cluster.nodes.slice(0, -1) : cluster.nodes;
  await cluster.joinNetwork(members);
  const owner = { first: cluster.nodes[0], last: cluster.nodes.at(-1) }[kind.seedOwner ?? 'first'];
  if (kind.seedOwner !== undefined && owner !== undefined) {
    tableOf(owner).create(SEED_KEY, new TextEncoder().encode('v1'));
    const hasSeed = hasWrite(SEED_KEY, timeOf(owner, SEED_KEY));
    cluster.mustReach('the seed', () => members.every(hasSeed), SETTLE_LIMIT_MS);
  }
  rest(cluster, members);
  const carriers = new Carriers(cluster, kind.key);
  const startedAt = cluster.clock.now();
  const hasReached = await kind.apply(cluster);
  return follow({ cluster, waitedFor: cluster.nodes, startedAt, hasReached, carriers });
}

async function measureInChurn(cluster: TableCluster, name: string): Promise<ConvergenceOutcome> {
  await cluster.joinNetwork();
  rest(cluster, cluster.nodes);
  const churn = new Churn(cluster);
  const lastsMs = name === 'create-entry-in-lasting-churn' ? LASTING_MS : 0;
  for (let ms = 0; ms < lastsMs; ms += 1) {
    await churn.act();
    cluster.clock.runFor(1);
  }
  const [writer, ...others] = cluster.nodes as [TableNode, ...TableNode[]];
  const carriers = new Carriers(cluster, 'tracked');
  const startedAt = cluster.clock.now();
  tableOf(writer).create('tracked', new TextEncoder().encode('v'));
  const hasReached = hasWrite('tracked', timeOf(writer, 'tracked'));
  const waitedFor = [writer, ...others.slice(0, -1)];
  return follow({ cluster, waitedFor, startedAt, hasReached, carriers, churn });
}

/** Every node, on the network or not, sees exactly its members; then what is queued goes quiet. */
function rest(cluster: TableCluster, members: readonly TableNode[]): void {
  const names = members
    .map(({ name }) => name)
    .sort()
    .join();
  const isAgreed = (): boolean =>
    cluster.nodes.every(({ db }) => {
      const seen = db.peers(NETWORK).map(({ name }) => name);
      return seen.sort().join() === names;
    });
  cluster.mustReach('agreement on who is on the network', isAgreed, SETTLE_LIMIT_MS);
  cluster.clock.runFor(REST_MS);
}

/** Looks every millisecond who has the change. */
async function follow(run: {
  readonly cluster: TableCluster;
  readonly waitedFor: readonly TableNode[];
  readonly startedAt: number;
  readonly hasReached: HasReached;
  readonly carriers: Carriers;
  readonly churn?: Churn;
}): Promise<ConvergenceOutcome> {
  const { cluster, startedAt, hasReached, carriers, churn } = run;
  const reachedMs: number[] = [];
  let behind = run.waitedFor;
  for (;;) {
    const elapsedMs = cluster.clock.now() - startedAt;
    behind = behind.filter((node) => {
      if (!hasReached(node)) return true;
      reachedMs.push(elapsedMs);
      if (elapsedMs > 0) carriers.reached(node);
      return false;
    });
    if (behind.length === 0 || elapsedMs >= CEILING_MS) break;
    await churn?.act();
    cluster.clock.runFor(1);
  }
  return { reachedMs, behind: behind.length, byGossip: carriers.gossip, bySync: carriers.sync };
}

/**
 * Tells what brought a write to each node: nothing is lost here, so that a node to which a packet with the key
 * was sent has it from there, and any other from an exchange of tables.
 */
class Carriers {
  readonly #sentTo = new Set<string>();
  readonly #key: string | null;
  gossip = 0;
  sync = 0;

  constructor(cluster: TableCluster, key: string | null) {
    this.#key = key;
    const reader = new PacketReader({ wire: 'protobuf' });
    cluster.network.onPacket = (_from, to, bytes) => {
      if (key === null || this.#sentTo.has(to.host)) return;
      if (reader.read(bytes).writes.some((write) => write.key === key)) this.#sentTo.add(to.host);
    };
  }

  reached({ host }: TableNode): void {
    if (this.#key === null) return;
    if (this.#sentTo.has(host)) this.gossip += 1;
    else this.sync += 1;
  }
}

/** Upstream's ceiling. */
const CEILING_MS = 180_000;
const SETTLE_LIMIT_MS = 90_000;
/** What was queued on the way to agreement has been sent often enough by then. */
const REST_MS = 3_000;
/** Churn before the write, for those who wait for it to bite. */
const LASTING_MS = 1_000;
