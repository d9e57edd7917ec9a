import { bytesOf } from '../codec/index.ts';
import type { EntryAddress, OwnerGroup, StoredEntry } from './entry.ts';
import { compareText } from './order.ts';
import type { RadixRange, RadixSnapshot } from './radix.ts';
import type { EntryStore } from './store.ts';

/*
 * Tables as readers see them: visible entries only, and copies of the bytes.
 */

/** An entry as a reader gets it; frozen, and its bytes are the reader's own. */
export interface EntryView extends EntryAddress {
  readonly owner: string;
  /** Lamport time of the write. */
  readonly time: number;
  readonly value: Uint8Array;
}

/** The entry for a reader. */
export function viewOf(entry: StoredEntry): EntryView {
  const { network, table, key, owner, time, value } = entry;
  return Object.freeze({ network, table, key, owner, time, value: bytesOf(value) });
}

/**
 * One table at one moment. Taking it costs nothing but noting who was present, which is shared by all
 * that are taken before somebody comes or goes; holding it keeps replaced entries in memory.
 */
export class FrozenView {
  /** Visible entries. */
  readonly size: number;
  readonly #tree: RadixSnapshot<StoredEntry> | undefined;
  readonly #groups: ReadonlySet<OwnerGroup>;

  constructor(store: EntryStore, network: string, table: string) {
    this.size = store.visibleCount(network, table);
    this.#tree = store.frozen(network, table);
    this.#groups = store.presentGroups(network);
  }

  /** The entry of a key, or undefined if there was none to see. */
  get(key: string): EntryView | undefined {
    const entry = this.#tree?.get(key);
    return entry !== undefined && this.#isVisible(entry) ? viewOf(entry) : undefined;
  }

  /** The entries in the byte order of their keys. */
  *entries(range: RadixRange = {}): Generator<EntryView, void> {
    for (const [, entry] of this.#tree?.range(range) ?? []) {
      if (this.#isVisible(entry)) yield viewOf(entry);
    }
  }

  #isVisible(entry: StoredEntry): boolean {
    return !entry.isDeleted && this.#groups.has(entry.group);
  }
}

/** The live entries of a group in one table, by key: few of many are found without a walk over all. */
export function liveWithin(
  group: OwnerGroup | undefined,
  table: string,
  { prefix = '', from = '', to, reverse }: RadixRange,
): readonly StoredEntry[] {
  const found: StoredEntry[] = [];
  for (const entry of group?.entries ?? []) {
    const { key } = entry;
    if (entry.table !== table || entry.isDeleted || !key.startsWith(prefix)) continue;
    if (compareText(key, from) < 0 || (to !== undefined && compareText(key, to) >= 0)) continue;
    found.push(entry);
  }
  found.sort((a, b) => compareText(a.key, b.key));
  return reverse === true ? found.reverse() : found;
}
