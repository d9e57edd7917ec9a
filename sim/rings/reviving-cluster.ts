import { NetworkDB } from '../../src/networkdb/index.ts';
import type { NetworkDBOptions } from '../../src/networkdb/index.ts';
import { createMemoryRuntime } from '../../src/simulator/index.ts';
import type { Tell } from '../telling.ts';
import { stage, untold } from '../telling.ts';
import type { TableNode } from '../tables/cluster.ts';
import { TableCluster } from '../tables/cluster.ts';

/*
 * A cluster whose processes die and come back under their names, and the questions asked of it: do all hold each
 * other as members, do all read the same.
 */

/** What a cluster is made with. */
export interface RevivingOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly config: NetworkDBOptions;
}

/** Nodes with tables that can be killed and started anew. */
export class RevivingCluster extends TableCluster {
  readonly #config: NetworkDBOptions;
  readonly #seedOfLives: number;
  #lives = 0;

  private constructor({ seed, config }: RevivingOptions) {
    super({ seed });
    this.#config = config;
    this.#seedOfLives = seed * 7_919 + 1;
  }

  /** A cluster in which all know all and are on one network. */
  static async start(options: RevivingOptions, tell: Tell = untold): Promise<RevivingCluster> {
    const cluster = new RevivingCluster(options);
    for (let i = 0; i < options.nodes; i += 1) await cluster.spawn(options.config);
    await cluster.joinAll(stage(tell, 0, 0.5));
    await cluster.joinNetwork(cluster.nodes, stage(tell, 0.5, 1));
    return cluster;
  }

  /**
   * A new process under the name of one that was killed, on the network, with nobody to talk to yet.
   *
   * @param host - where it runs now; default where it ran
   */
  async revive(place: number, host?: string): Promise<TableNode> {
    const former = this.nodes[place];
    if (former === undefined) throw new Error(`there is no node ${place}`);
    former.runtime.crash();
    this.#lives += 1;
    const at = host ?? former.host;
    const seed = this.#seedOfLives * 1_000_003 + this.#lives;
    const runtime = createMemoryRuntime({ network: this.network, host: at, seed });
    const options = { nodeName: former.name, bindAddress: at, ...this.#config, runtime };
    const db = await this.settle(NetworkDB.create(options));
    const node: TableNode = {
      name: former.name,
      host: at,
      db,
      runtime,
      network: null,
      table: null,
    };
    this.nodes[place] = node;
    await this.enter(node);
    return node;
  }

  /** Share of the pairs in which one holds the other as a member at its present address, 0 to 1. */
  seenShare(): number {
    const hostOf = new Map(this.nodes.map(({ name, host }) => [name, host]));
    let seen = 0;
    for (const { db } of this.nodes) {
      for (const { name, host } of db.members()) if (hostOf.get(name) === host) seen += 1;
    }
    return seen / this.nodes.length ** 2;
  }

  /**
   * Whether every node's table holds exactly this.
   *
   * @param expected - value by key
   */
  allRead(expected: ReadonlyMap<string, string>): boolean {
    return this.nodes.every(({ table }) => {
      let count = 0;
      for (const { key, value } of table?.entries() ?? []) {
        if (expected.get(key) !== textOf(value)) return false;
        count += 1;
      }
      return count === expected.size;
    });
  }
}

/** Bytes of a value. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
