import type { Network, NetworkDBOptions, Table } from '../../src/networkdb/index.ts';
import { NetworkDB } from '../../src/networkdb/index.ts';
import type { MemoryRuntime } from '../../src/simulator/index.ts';
import type { Tell } from '../telling.ts';
import { stage, untold } from '../telling.ts';
import type { HostsOptions } from './hosts.ts';
import { Hosts, joinAll } from './hosts.ts';

/*
 * NetworkDB nodes in virtual time, whole and real, on one network.
 */

/** Names as long as those of the engine that the tables come from. */
export const NETWORK = 'k3x9q0v7m2p8r4t6w1z5y8b0c';
export const TABLE = 'endpoint_table';

/** One simulated process with a NetworkDB in it. */
export interface TableNode {
  readonly name: string;
  readonly host: string;
  readonly db: NetworkDB;
  readonly runtime: MemoryRuntime;
  /** While it is on the network. */
  network: Network | null;
  /** Set once it has joined the network. */
  table: Table<Uint8Array> | null;
}

/** What a cluster is made with. */
export interface TableClusterOptions extends HostsOptions {
  readonly nodes: number;
  readonly config?: NetworkDBOptions;
}

/** A cluster of NetworkDB nodes. */
export class TableCluster extends Hosts {
  readonly nodes: TableNode[] = [];

  /** Starts a cluster in which all know all; nobody is on a network yet. */
  static async form(
    { nodes, config = {}, ...made }: TableClusterOptions,
    tell: Tell = untold,
  ): Promise<TableCluster> {
    const cluster = new TableCluster(made);
    for (let i = 0; i < nodes; i += 1) await cluster.spawn(config);
    await cluster.joinAll(tell);
    return cluster;
  }

  /** Starts one node more; it is a cluster of one. */
  async spawn(config: NetworkDBOptions = {}): Promise<TableNode> {
    const { host, runtime, ports } = this.next();
    const name = `node${this.nodes.length}`;
    const options = { nodeName: name, bindAddress: host, ...config, runtime: ports };
    const db = await this.settle(NetworkDB.create(options));
    const node: TableNode = { name, host, db, runtime, network: null, table: null };
    this.nodes.push(node);
    return node;
  }

  /** Joins all to the first, and waits until all know all. */
  async joinAll(tell: Tell = untold): Promise<void> {
    const joiners = this.nodes.map(({ host, db }) => {
      return { host, join: async (targets: readonly string[]) => db.join(targets) };
    });
    const meeting = stage(tell, 0.5, 1);
    await joinAll(this, joiners, stage(tell, 0, 0.5));
    const isWhole = (): boolean =>
      this.nodes.every(({ db }) => db.members().length === this.nodes.length);
    this.mustReach(`a cluster of ${this.nodes.length}`, isWhole, 300_000, 100, () => {
      meeting(() => this.#share(this.nodes, ({ db }) => db.members().length), 'members meet');
    });
  }

  /** Nodes join the network at one moment; waits until all of them see exactly these. */
  async joinNetwork(nodes: readonly TableNode[] = this.nodes, tell: Tell = untold): Promise<void> {
    for (const node of nodes) await this.enter(node);
    const isWhole = (): boolean =>
      nodes.every(({ db }) => db.peers(NETWORK).length === nodes.length);
    this.mustReach(`a network of ${nodes.length}`, isWhole, 120_000, 10, () => {
      tell(() => this.#share(nodes, ({ db }) => db.peers(NETWORK).length), 'members meet on it');
    });
  }

  /** One node joins the network; no time passes. */
  async enter(node: TableNode): Promise<Table<Uint8Array>> {
    const network = await node.db.joinNetwork(NETWORK, { waitForSync: false });
    node.network = network;
    node.table = network.table(TABLE);
    return node.table;
  }

  /** One node leaves the network; no time passes. */
  exit(node: TableNode): void {
    node.network?.leave();
    node.network = null;
  }

  /** Share of the pairs that know each other. */
  #share(nodes: readonly TableNode[], known: (node: TableNode) => number): number {
    return nodes.reduce((sum, node) => sum + known(node), 0) / nodes.length ** 2;
  }
}

/** The table of a node that is on the network. */
export function tableOf(node: TableNode): Table<Uint8Array> {
  if (node.table === null) throw new Error(`${node.name} is not on the network`);
  return node.table;
}
