import type { WireName } from '../../../src/codec/index.ts';
import { SeededRandom } from '../../../src/runtime/index.ts';
import { TableCluster } from '../../tables/cluster.ts';
import { fill } from '../../tables/entries.ts';
import type { Traffic } from '../../tables/traffic.ts';
import type { Tell } from '../../telling.ts';
import { passTelling, stage, untold } from '../../telling.ts';

/*
 * A cluster with some entries in its tables and nothing to say: what does it send all the same?
 */

/** One cluster. */
export interface QuietInput {
  readonly wire: WireName;
  readonly nodes: number;
  readonly entries: number;
  readonly seed: number;
  /** Virtual seconds that are counted: whole rounds, so that every node exchanges equally often. */
  readonly seconds: number;
}

/** What it sent. */
export interface QuietOutcome {
  readonly traffic: Traffic;
  /** Table messages in bulk syncs, before anything is compressed. */
  readonly syncBytes: number;
}

/** Plays one cluster. */
export async function playQuiet(input: QuietInput, tell: Tell = untold): Promise<QuietOutcome> {
  const { wire, nodes, entries, seed, seconds } = input;
  const made = { nodes, seed, config: { wire }, metered: { wire } };
  const cluster = await TableCluster.form(made, stage(tell, 0, 0.2));
  await cluster.joinNetwork(cluster.nodes, stage(tell, 0.2, 0.4));
  fill(cluster, entries, new SeededRandom(seed));
  cluster.clock.runFor(REST_MS);
  const syncedBefore = syncBytes(cluster);
  cluster.meter?.reset();
  passTelling(cluster.clock, seconds * 1000, stage(tell, 0.4, 1), 'quiet');
  const traffic = cluster.meter?.traffic();
  const synced = syncBytes(cluster) - syncedBefore;
  tell(1, 'quiet');
  cluster.crash();
  if (traffic === undefined) throw new Error('the cluster has no meter');
  return { traffic, syncBytes: synced };
}

function syncBytes(cluster: TableCluster): number {
  return cluster.nodes.reduce(
    (sum, { db }) => sum + (db.stats().tables.counters['tables.sync.bytes'] ?? 0),
    0,
  );
}

/** Claims about members have been sent often enough by then. */
const REST_MS = 5_000;
