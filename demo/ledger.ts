import type { Dump, SeenEntry, TableName, Written } from './messages.ts';
import { TABLES } from './messages.ts';
import { tableHash } from './digest.ts';

/*
 * What must be there. The ledger holds the last acknowledged write of every key and knows whose entries
 * must be gone; an audit holds what a member really sees against it. So the demo does not only show that
 * members agree, but that they agree on what was written.
 */

/** What an audit of some members found. */
export interface Audit {
  /** Which moment of the demo. */
  readonly stage: string;
  readonly members: number;
  /** Entries that each of them must see, by table. */
  readonly entries: Readonly<Record<TableName, number>>;
  /** Hash of each table as the ledger has it. */
  readonly hashes: Readonly<Record<TableName, string>>;
  /** Entries times members held against the ledger. */
  readonly compared: number;
  /** Acknowledged writes, times members, that are missing or differ. */
  readonly lost: number;
  /** Entries, times members, that must not be there. */
  readonly ghosts: number;
  /** Tables, times members, whose hash is another than the ledger's. */
  readonly otherHashes: number;
  /** Up to three of them, in words. */
  readonly examples: readonly string[];
}

/** Acknowledged writes by table and key. */
export class Ledger {
  readonly #tables: Record<TableName, Map<string, SeenEntry>> = {
    endpoints: new Map(),
    dataset: new Map(),
    writes: new Map(),
  };
  readonly #hashes = new Map<TableName, string>();

  /** Takes down what a member has written, in order. */
  record(owner: string, written: readonly Written[]): void {
    for (const { table, key, digest } of written) {
      this.#hashes.delete(table);
      if (digest === null) this.#tables[table].delete(key);
      else this.#tables[table].set(key, { key, owner, digest });
    }
  }

  /** From now on nothing that this member has written may be seen. */
  forget(owner: string): void {
    this.#hashes.clear();
    for (const table of TABLES) {
      for (const [key, entry] of this.#tables[table]) {
        if (entry.owner === owner) this.#tables[table].delete(key);
      }
    }
  }

  /** Entries that each member must see. */
  sizeOf(table: TableName): number {
    return this.#tables[table].size;
  }

  /** Hash that each member must come to. */
  hashOf(table: TableName): string {
    const known = this.#hashes.get(table);
    if (known !== undefined) return known;
    const hash = tableHash(this.#tables[table].values());
    this.#hashes.set(table, hash);
    return hash;
  }

  /** Holds what members see against what must be there, entry by entry. */
  audit(stage: string, dumps: ReadonlyMap<string, Dump>): Audit {
    const found = { compared: 0, lost: 0, ghosts: 0, otherHashes: 0 };
    const examples: string[] = [];
    for (const [member, dump] of dumps) {
      for (const table of TABLES) {
        const difference = compare(this.#tables[table], dump[table]);
        found.compared += this.sizeOf(table);
        found.lost += difference.lost.length;
        found.ghosts += difference.ghosts.length;
        if (tableHash(dump[table]) !== this.hashOf(table)) found.otherHashes += 1;
        for (const key of difference.lost) examples.push(`${member} lacks ${table} ${key}`);
        for (const key of difference.ghosts) examples.push(`${member} still has ${table} ${key}`);
      }
    }
    return {
      stage,
      members: dumps.size,
      entries: byTable((table) => this.sizeOf(table)),
      hashes: byTable((table) => this.hashOf(table)),
      ...found,
      examples: examples.slice(0, 3),
    };
  }
}

/** One value for each table. */
export function byTable<Value>(valueOf: (table: TableName) => Value): Record<TableName, Value> {
  return {
    endpoints: valueOf('endpoints'),
    dataset: valueOf('dataset'),
    writes: valueOf('writes'),
  };
}

function compare(
  expected: ReadonlyMap<string, SeenEntry>,
  seen: readonly SeenEntry[],
): { readonly lost: readonly string[]; readonly ghosts: readonly string[] } {
  const seenByKey = new Map(seen.map((entry) => [entry.key, entry]));
  const isSame = (a: SeenEntry, b: SeenEntry | undefined): boolean =>
    a.owner === b?.owner && a.digest === b.digest;
  const lost = [...expected.values()].filter((entry) => !isSame(entry, seenByKey.get(entry.key)));
  const ghosts = seen.filter((entry) => !expected.has(entry.key));
  return { lost: lost.map((entry) => entry.key), ghosts: ghosts.map((entry) => entry.key) };
}
