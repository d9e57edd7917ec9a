import type { EntryChange } from './change.ts';
import type { OwnerGroup, StoredEntry } from './entry.ts';
import type { EntryStore } from './store.ts';
import type { WatchFilter, WatchOptions, WatchSource } from './watch.ts';
import { Watch } from './watch.ts';

/*
 * Feeds the watchers. Everything is told after the state has changed, so a watch that starts, or starts
 * over, in the middle of it finds the new state.
 */

/** Where a change came from: a call on this node, or the cluster. */
export type Origin = 'local' | 'remote';

/** All watchers of one node. */
export class WatchHub implements WatchSource {
  readonly store: EntryStore;
  readonly localName: string;
  readonly #watches = new Set<Watch>();

  constructor(store: EntryStore, localName: string) {
    this.store = store;
    this.localName = localName;
  }

  /** Watchers at present. */
  get size(): number {
    return this.#watches.size;
  }

  watch(filter: WatchFilter, options: WatchOptions): Watch {
    const watch = new Watch(this, filter, options);
    if (options.signal?.aborted !== true) this.#watches.add(watch);
    return watch;
  }

  detach(watch: Watch): void {
    this.#watches.delete(watch);
  }

  /** One entry was replaced; nothing is told unless what readers see has changed. */
  tellWrite(
    previous: StoredEntry | undefined,
    current: StoredEntry | undefined,
    origin: Origin,
  ): void {
    if (this.#watches.size === 0) return;
    const change = changeBetween(previous, current);
    if (change === null) return;
    for (const watch of [...this.#watches]) {
      if (origin === 'remote' || watch.isLocal) watch.push(change);
    }
  }

  /** All live entries of a group appeared or disappeared. */
  tellGroup(group: OwnerGroup, kind: 'create' | 'delete'): void {
    for (const watch of [...this.#watches]) {
      if (!watch.concerns(group.network)) continue;
      for (const entry of group.entries) {
        if (entry.isDeleted) continue;
        const change = kind === 'create' ? changeBetween(undefined, entry) : deleteOf(entry);
        if (change !== null && !watch.push(change)) break;
      }
    }
  }

  /** Ends all watches. */
  end(): void {
    for (const watch of [...this.#watches]) watch.end();
  }
}

/** @param previous - what readers saw, undefined for nothing; `current` likewise */
function changeBetween(
  previous: StoredEntry | undefined,
  current: StoredEntry | undefined,
): EntryChange | null {
  if (current === undefined) return previous === undefined ? null : deleteOf(previous);
  const { network, table, key, owner, time, value } = current;
  const base = { network, table, key, owner, time, value };
  return previous === undefined
    ? { kind: 'create', ...base }
    : { kind: 'update', ...base, previous: previous.value };
}

function deleteOf(entry: StoredEntry): EntryChange {
  const { network, table, key, owner, value } = entry;
  return { kind: 'delete', network, table, key, owner, previous: value };
}
