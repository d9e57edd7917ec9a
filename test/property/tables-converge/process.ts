import type {
  EntryAddress,
  Network,
  NetworkDBOptions,
  Table,
} from '../../../src/networkdb/index.ts';
import { NetworkDB, utf8 } from '../../../src/networkdb/index.ts';
import type { MemoryRuntime } from '../../../src/simulator/index.ts';
import { Fold } from '../../../sim/support/fold.ts';
import type { Life } from './model.ts';

/** A network that a process is on, or about to be. */
export interface Joined {
  /** Virtual milliseconds at which it was asked for. */
  readonly since: number;
  /** Null until the handle is there. */
  handle: Network | null;
  isSynced: boolean;
}

/** One simulated process: a node from its start to its end. */
export class Process implements Life {
  readonly id: number;
  readonly name: string;
  readonly host: string;
  readonly db: NetworkDB;
  readonly runtime: MemoryRuntime;
  readonly isWatching: boolean;
  readonly networks = new Map<string, Joined>();
  /** Networks that it has been on and left, perhaps to come back. */
  readonly exited = new Set<string>();
  /** Addresses of members that failed and were not heard of since. */
  readonly lost = new Map<string, string>();
  /** Addresses that it joins, and looks for again. */
  seeds: readonly string[];
  readonly #folds = new Map<string, Fold>();
  /** When it became a member, in virtual milliseconds; null before. */
  memberSince: number | null = null;
  writes = 0;
  /** How often a member that was taken for failed came back as the same process. */
  returns = 0;

  private constructor(
    o: Pick<Process, 'id' | 'name' | 'host' | 'runtime' | 'isWatching' | 'seeds'>,
    db: NetworkDB,
  ) {
    this.id = o.id;
    this.name = o.name;
    this.host = o.host;
    this.runtime = o.runtime;
    this.isWatching = o.isWatching;
    this.seeds = o.seeds;
    this.db = db;
    db.on('fail', ({ name, host }) => this.lost.set(name, host));
    db.on('join', ({ name, host }) => {
      if (this.lost.get(name) === host) this.returns += 1;
      this.lost.delete(name);
    });
    db.on('leave', ({ name }) => this.lost.delete(name));
  }

  static async start(
    o: Pick<Process, 'id' | 'name' | 'host' | 'runtime' | 'isWatching' | 'seeds'>,
    options: NetworkDBOptions,
  ): Promise<Process> {
    const { name, host, runtime } = o;
    const own = { nodeName: name, bindAddress: host, runtime };
    return new Process(o, await NetworkDB.create({ ...options, ...own }));
  }

  /** A table of a network whose handle is there. */
  table(network: string, name: string): Table<string> | null {
    return this.networks.get(network)?.handle?.table(name, utf8()) ?? null;
  }

  /** Keeps count of what watches tell, from the first handle of a network on. */
  watch(
    network: Network,
    tables: readonly string[],
    deleted: (address: EntryAddress, previous: string) => void,
  ): void {
    if (!this.isWatching) return;
    for (const name of tables) {
      const id = `${network.name} ${name}`;
      if (this.#folds.has(id)) continue;
      const fold = new Fold(network.table(name, utf8()), (key, previous) => {
        deleted({ network: network.name, table: name, key }, previous);
      });
      this.#folds.set(id, fold);
    }
  }

  /** What a watch told so far, folded; null where none is kept. */
  fold(network: string, table: string): Fold | null {
    return this.#folds.get(`${network} ${table}`) ?? null;
  }

  get folds(): readonly Fold[] {
    return [...this.#folds.values()];
  }
}
