import type { NetworkDB, Network, Table } from '../src/index.ts';
import { json } from '../src/index.ts';
import type { MediaType } from './dataset.ts';
import { digestOf, tableHash } from './digest.ts';
import { byTable } from './ledger.ts';
import type { Dump, Endpoint, SeenEntry, TableName, TableView } from './messages.ts';
import { NETWORK, TABLES } from './messages.ts';
import type { LoadValue } from './write-load.ts';

/**
 * A member's three tables. What the main process asks for many times a second is kept up to date by
 * watches; `dump` reads the tables themselves, so that the one is held against the other.
 */
export class Tables {
  readonly endpoints: Table<Endpoint>;
  readonly dataset: Table<MediaType>;
  readonly writes: Table<LoadValue>;
  readonly #watched = byTable(() => new Map<string, SeenEntry>());
  readonly #views = new Map<TableName, TableView>();

  private constructor(network: Network) {
    this.endpoints = network.table('endpoints', json<Endpoint>(), { writers: 'owner' });
    this.dataset = network.table('dataset', json<MediaType>(), { writers: 'owner' });
    this.writes = network.table('writes', json<LoadValue>());
  }

  /**
   * Joins the network and opens its tables.
   *
   * @param signal - ends the watches
   * @param onError - what went wrong with a watch
   */
  static async enter(
    db: NetworkDB,
    signal: AbortSignal,
    onError: (error: unknown) => void,
  ): Promise<Tables> {
    const network = await db.joinNetwork(NETWORK, { signal, timeoutMs: JOIN_TIMEOUT_MS });
    const tables = new Tables(network);
    for (const name of TABLES) {
      tables.#follow(name, signal).catch((error: unknown) => {
        if (!signal.aborted) onError(error);
      });
    }
    return tables;
  }

  /** Entries and hash of a table, from what its watch has told. */
  view(name: TableName): TableView {
    let view = this.#views.get(name);
    if (view === undefined) {
      const entries = this.#watched[name];
      view = { entries: entries.size, hash: tableHash(entries.values()) };
      this.#views.set(name, view);
    }
    return view;
  }

  /** Every entry as the tables have it now. */
  dump(): Dump {
    return byTable((name) => this.#read(name));
  }

  #read(name: TableName): readonly SeenEntry[] {
    const entries = [...this[name].entries()];
    return entries.map(({ key, owner, value }) => ({ key, owner, digest: digestOf(value) }));
  }

  async #follow(name: TableName, signal: AbortSignal): Promise<void> {
    const entries = this.#watched[name];
    for await (const change of this[name].watch({ signal, local: true })) {
      this.#views.delete(name);
      if (change.kind === 'resync') entries.clear();
      else if (change.kind === 'delete') entries.delete(change.key);
      else {
        const { key, owner, value } = change;
        entries.set(key, { key, owner, digest: digestOf(value) });
      }
    }
  }
}

/** What a member sees before it has joined the network. */
export const NO_TABLES: Readonly<Record<TableName, TableView>> = byTable(() => ({
  entries: 0,
  hash: tableHash([]),
}));

const JOIN_TIMEOUT_MS = 10_000;
