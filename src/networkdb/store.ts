import { EntryList } from './entry-list.ts';
import type { EntryAddress, NewVersion, OwnerGroup } from './entry.ts';
import { StoredEntry } from './entry.ts';
import { sortedTexts } from './order.ts';
import type { RadixSnapshot } from './radix.ts';
import { RadixTree } from './radix.ts';

/*
 * All entries, found three ways: by network and table and key (a radix tree per table, for reads and
 * ordered walks), by table (which networks have it), and by network and owner (groups, for what happens
 * to all entries of a node at once).
 *
 * Invariant: an entry is in its tree if and only if it is in its group, except for groups that are
 * gone. Those leave by a mark: from that moment nobody sees their entries, and `sweep` takes them out of
 * the trees a few at a time, so that a leaver with 100,000 entries does not stop the loop.
 */

type Table = RadixTree<StoredEntry>;

/** One table of a network, frozen at a moment. */
export interface FrozenTable {
  readonly network: string;
  readonly table: string;
  readonly entries: RadixSnapshot<StoredEntry>;
}

/**
 * Hears of every change of the store, right after it took effect. Only simulations have one; it must not throw, and
 * must not change what it is shown.
 */
export interface StoreWatcher {
  /**
   * An entry stands where another or none stood.
   *
   * @param isNew - nothing stood there
   * @param occupied - entries in memory now
   */
  stored(entry: StoredEntry, isNew: boolean, occupied: number): void;
  /** An entry was forgotten. */
  removed(entry: StoredEntry): void;
  /** A group is hidden, present or gone now. */
  groupChanged(group: OwnerGroup): void;
}

/** The indexes of entries. */
export class EntryStore {
  /** Null but in simulations. */
  watcher: StoreWatcher | null = null;
  readonly #networks = new Map<string, Map<string, Table>>();
  readonly #networksByTable = new Map<string, Set<string>>();
  readonly #groups = new Map<string, Map<string, OwnerGroup>>();
  readonly #retired = new Set<OwnerGroup>();
  /** Kept until a group comes or changes its state. */
  readonly #present = new Map<string, ReadonlySet<OwnerGroup>>();
  #size = 0;
  #retiredSize = 0;

  /** Entries held: live, hidden and tombstones. */
  get size(): number {
    return this.#size;
  }

  /** Entries in memory: those held, and those that are gone and wait for the sweep. */
  get occupied(): number {
    return this.#size + this.#retiredSize;
  }

  /** The entry in whatever state, or undefined. */
  get(network: string, table: string, key: string): StoredEntry | undefined {
    const entry = this.#networks.get(network)?.get(table)?.get(key);
    return entry === undefined || entry.group.state === 'gone' ? undefined : entry;
  }

  /** The group of an owner in a network, made with `state` if there is none. */
  group(network: string, owner: string, state: 'present' | 'hidden'): OwnerGroup {
    let owners = this.#groups.get(network);
    if (owners === undefined) {
      owners = new Map();
      this.#groups.set(network, owners);
    }
    let group = owners.get(owner);
    if (group === undefined) {
      group = {
        network,
        owner,
        state,
        failureCount: state === 'hidden' ? 1 : 0,
        hiddenUntil: 0,
        entries: new EntryList(),
        tombstones: new Set(),
        liveCounts: new Map(),
      };
      owners.set(owner, group);
      this.#present.delete(network);
    }
    return group;
  }

  /** The group of an owner in a network, if it has any entries there. */
  findGroup(network: string, owner: string): OwnerGroup | undefined {
    return this.#groups.get(network)?.get(owner);
  }

  /** The groups of a network, in the order they appeared. */
  groupsOf(network: string): readonly OwnerGroup[] {
    return [...(this.#groups.get(network)?.values() ?? [])];
  }

  /** The groups of an owner over all networks. */
  groupsOfOwner(owner: string): readonly OwnerGroup[] {
    const groups: OwnerGroup[] = [];
    for (const owners of this.#groups.values()) {
      const group = owners.get(owner);
      if (group !== undefined) groups.push(group);
    }
    return groups;
  }

  /** The owner of a group has failed: nobody sees its entries until it is back. */
  hide(group: OwnerGroup, hiddenUntil: number): void {
    group.state = 'hidden';
    group.failureCount += 1;
    group.hiddenUntil = hiddenUntil;
    this.#present.delete(group.network);
    this.watcher?.groupChanged(group);
  }

  /** The owner of a hidden group is back. */
  restore(group: OwnerGroup): void {
    group.state = 'present';
    this.#present.delete(group.network);
    this.watcher?.groupChanged(group);
  }

  /**
   * The groups of a network whose live entries can be seen now. The set does not change any more, so
   * that with a frozen table it tells for as long as one likes what could be seen at this moment.
   */
  presentGroups(network: string): ReadonlySet<OwnerGroup> {
    let present = this.#present.get(network);
    if (present === undefined) {
      present = new Set(this.groupsOf(network).filter(({ state }) => state === 'present'));
      this.#present.set(network, present);
    }
    return present;
  }

  /**
   * Stores a write, in place of whatever stood there.
   *
   * @param expiresAt - reaper time; 0 for what does not expire
   */
  put(
    group: OwnerGroup,
    address: Pick<EntryAddress, 'table' | 'key'>,
    version: NewVersion,
    expiresAt: number,
  ): StoredEntry {
    const { network } = group;
    const { table } = address;
    const entry = new StoredEntry(group, address, version, expiresAt);
    const replaced = this.#table(network, table).setLeaf(entry);
    // Added before the replaced one goes, since a group that runs empty is dropped.
    group.entries.add(entry);
    if (entry.isDeleted) group.tombstones.add(entry);
    else countLive(group, table, 1);
    this.#size += 1;
    if (replaced !== undefined) this.#ungroup(replaced);
    if (this.watcher !== null) {
      const isNew = replaced === undefined || replaced.group.state === 'gone';
      this.watcher.stored(entry, isNew, this.occupied);
    }
    return entry;
  }

  /** Takes one entry out. */
  remove(entry: StoredEntry): void {
    if (this.get(entry.network, entry.table, entry.key) !== entry) return;
    this.#unlink(entry);
    this.#ungroup(entry);
    this.watcher?.removed(entry);
  }

  /** Makes a group disappear for everybody at once; its memory is freed by {@link EntryStore.sweep}. */
  retire(group: OwnerGroup): void {
    if (group.state === 'gone') return;
    group.state = 'gone';
    this.#present.delete(group.network);
    this.#dropGroup(group);
    this.#size -= group.entries.size;
    this.#retiredSize += group.entries.size;
    if (group.entries.size > 0) this.#retired.add(group);
    this.watcher?.groupChanged(group);
  }

  /** Frees entries of groups that are gone, one for each step that is taken. */
  *sweep(): Generator<undefined, void> {
    for (const group of this.#retired) {
      for (const entry of group.entries) {
        group.entries.delete(entry);
        this.#retiredSize -= 1;
        const held = this.#networks.get(entry.network)?.get(entry.table)?.get(entry.key);
        if (held === entry) this.#unlink(entry);
        yield;
      }
      group.tombstones.clear();
      this.#retired.delete(group);
    }
  }

  /** Frozen tables in path order, whole networks and tables matched only. */
  snapshot(filter: { network?: string | undefined; table?: string | undefined }): FrozenTable[] {
    const snapshots: FrozenTable[] = [];
    for (const network of this.#matchingNetworks(filter)) {
      const tables = this.#networks.get(network);
      if (tables === undefined) continue;
      const names = filter.table === undefined ? sortedTexts(tables.keys()) : [filter.table];
      for (const table of names) {
        const tree = tables.get(table);
        if (tree !== undefined) {
          snapshots.push({ network, table, entries: tree.snapshot() });
        }
      }
    }
    return snapshots;
  }

  /** One table as it is now, in whatever state its entries are; undefined if it has none. */
  frozen(network: string, table: string): RadixSnapshot<StoredEntry> | undefined {
    return this.#networks.get(network)?.get(table)?.snapshot();
  }

  /** Visible entries of one table. Costs the number of owners in the network, not of entries. */
  visibleCount(network: string, table: string): number {
    let count = 0;
    for (const group of this.#groups.get(network)?.values() ?? []) {
      if (group.state === 'present') count += group.liveCounts.get(table) ?? 0;
    }
    return count;
  }

  /** Counts over all groups. */
  counts(): { entries: number; tombstones: number; hidden: number } {
    let tombstones = 0;
    let hidden = 0;
    for (const owners of this.#groups.values()) {
      for (const group of owners.values()) {
        tombstones += group.tombstones.size;
        if (group.state === 'hidden') hidden += group.entries.size - group.tombstones.size;
      }
    }
    return { entries: this.#size, tombstones, hidden };
  }

  /** Entries of one network: live, hidden and tombstones. */
  sizeOf(network: string): number {
    let size = 0;
    for (const group of this.#groups.get(network)?.values() ?? []) size += group.entries.size;
    return size;
  }

  #matchingNetworks(filter: {
    network?: string | undefined;
    table?: string | undefined;
  }): readonly string[] {
    if (filter.network !== undefined) return [filter.network];
    if (filter.table === undefined) return sortedTexts(this.#networks.keys());
    return sortedTexts(this.#networksByTable.get(filter.table) ?? []);
  }

  #table(network: string, table: string): Table {
    let tables = this.#networks.get(network);
    if (tables === undefined) {
      tables = new Map();
      this.#networks.set(network, tables);
    }
    let tree = tables.get(table);
    if (tree === undefined) {
      tree = new RadixTree<StoredEntry>();
      tables.set(table, tree);
      const networks = this.#networksByTable.get(table) ?? new Set();
      this.#networksByTable.set(table, networks.add(network));
    }
    return tree;
  }

  /** Takes an entry off its tree, and what that leaves empty off both indexes. */
  #unlink(entry: StoredEntry): void {
    const { network, table, key } = entry;
    const tables = this.#networks.get(network);
    const tree = tables?.get(table);
    if (tables === undefined || tree === undefined) return;
    tree.delete(key);
    if (tree.size > 0) return;
    tables.delete(table);
    if (tables.size === 0) this.#networks.delete(network);
    const networks = this.#networksByTable.get(table);
    networks?.delete(network);
    if (networks?.size === 0) this.#networksByTable.delete(table);
  }

  /** Takes an entry off its group. */
  #ungroup(entry: StoredEntry): void {
    const { group } = entry;
    if (!group.entries.delete(entry)) return;
    if (!group.tombstones.delete(entry)) countLive(group, entry.table, -1);
    if (group.state === 'gone') {
      this.#retiredSize -= 1;
      return;
    }
    this.#size -= 1;
    if (group.entries.size === 0) this.#dropGroup(group);
  }

  #dropGroup(group: OwnerGroup): void {
    const owners = this.#groups.get(group.network);
    if (owners?.get(group.owner) !== group) return;
    owners.delete(group.owner);
    if (owners.size === 0) this.#groups.delete(group.network);
  }
}

function countLive(group: OwnerGroup, table: string, change: 1 | -1): void {
  const count = (group.liveCounts.get(table) ?? 0) + change;
  if (count > 0) group.liveCounts.set(table, count);
  else group.liveCounts.delete(table);
}
