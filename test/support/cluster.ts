import type { NetworkDBOptions } from '../../src/networkdb/index.ts';
import { NetworkDB } from '../../src/networkdb/index.ts';
import type { MemoryRuntime } from '../../src/simulator/index.ts';
import { createMemoryRuntime } from '../../src/simulator/index.ts';
import { Ring } from './ring.ts';

/** One simulated process with a NetworkDB in it. */
export interface ClusterNode {
  readonly db: NetworkDB;
  readonly runtime: MemoryRuntime;
  readonly host: string;
}

/** A cluster of NetworkDB nodes in virtual time: membership, codec and tables all real. */
export class Cluster extends Ring {
  readonly dbs: ClusterNode[] = [];
  #spawned = 0;

  /** Starts a process `10.1.0.N` (or on a host of choice) with a node called `dN`. */
  async spawnDb(options: NetworkDBOptions = {}, host?: string): Promise<ClusterNode> {
    this.#spawned += 1;
    const at = host ?? `10.1.0.${this.#spawned}`;
    const seed = 77_000 + this.#spawned;
    const runtime = createMemoryRuntime({ network: this.network, host: at, seed });
    const nodeName = `d${this.#spawned}`;
    const db = await this.settle(
      NetworkDB.create({ nodeName, bindAddress: at, runtime, ...options }),
    );
    const node = { db, runtime, host: at };
    this.dbs.push(node);
    return node;
  }

  /** Starts so many nodes and joins them all through the first. */
  async spawnJoinedDbs(count: number, options: NetworkDBOptions = {}): Promise<ClusterNode[]> {
    const nodes: ClusterNode[] = [];
    for (let i = 0; i < count; i += 1) nodes.push(await this.spawnDb(options));
    const [seed, ...others] = nodes as [ClusterNode, ...ClusterNode[]];
    for (const node of others) await this.settle(node.db.join([seed.host]));
    const isWhole = this.runUntil(
      () => nodes.every(({ db }) => db.members().length === count),
      30_000,
    );
    if (!isWhole) throw new Error(`a cluster of ${count} did not form in 30 s`);
    return nodes;
  }

  override async close(): Promise<void> {
    for (const { db } of this.dbs) await this.settle(db.close());
    await super.close();
  }
}
