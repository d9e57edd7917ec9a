import type { KeptBytes } from '../codec/index.ts';
import { compareKept } from '../codec/index.ts';
import type { EntryList, Listed } from './entry-list.ts';
import { compareText } from './order.ts';

/*
 * One entry: the newest known write to (network, table, key). Which of two writes is the newer is a
 * total order, so nodes that have seen the same writes hold the same entry, in whatever order they
 * came. An entry is replaced, never changed. Whether it is hidden, and until when, follows from its
 * owner's group, so that an owner with any number of entries fails and returns in one step.
 */

/** A write, without the place it was made to. */
export interface EntryVersion {
  /** Lamport time of the write at its owner. */
  readonly time: number;
  /** The node that wrote; its entries go when it goes. */
  readonly owner: string;
  /** True for a tombstone, which keeps the last value. */
  readonly isDeleted: boolean;
  readonly value: KeptBytes;
}

/** Where an entry stands. */
export interface EntryAddress {
  readonly network: string;
  readonly table: string;
  readonly key: string;
}

/**
 * All entries of one owner in one network, whose fate they share.
 *
 * `present`: visible unless tombstones. `hidden`: the owner has failed and may return. `gone`: the
 * owner has left, nothing of this may be seen any more, and the index is cleared bit by bit.
 */
export interface OwnerGroup {
  readonly network: string;
  readonly owner: string;
  state: 'present' | 'hidden' | 'gone';
  /** How often the owner has failed. Tells what was written during this failure from what was before. */
  failureCount: number;
  /** Reaper time at which the live entries from before the failure are forgotten; while hidden. */
  hiddenUntil: number;
  readonly entries: EntryList<StoredEntry>;
  /** The tombstones among them. */
  readonly tombstones: Set<StoredEntry>;
  /** How many live ones each table has. */
  readonly liveCounts: Map<string, number>;
}

/**
 * An entry as the store holds it. There may be a hundred thousand, and what each is made of is copied by the collector: so it
 * has what its group says by reference, and nothing that could be told from the rest.
 */
export class StoredEntry implements EntryVersion, EntryAddress, Listed {
  readonly group: OwnerGroup;
  readonly table: string;
  readonly key: string;
  readonly time: number;
  readonly isDeleted: boolean;
  readonly value: KeptBytes;
  /** `failureCount` of the group at the write. */
  readonly failureCount: number;
  /**
   * Reaper time at which a tombstone, or a live entry written while its owner was failed, is forgotten;
   * what holds now is told by {@link expiryOf}.
   */
  readonly expiresAt: number;
  place: number = -1;

  constructor(
    group: OwnerGroup,
    { table, key }: Pick<EntryAddress, 'table' | 'key'>,
    { time, isDeleted, value }: Omit<EntryVersion, 'owner'>,
    expiresAt: number,
  ) {
    this.group = group;
    this.table = table;
    this.key = key;
    this.time = time;
    this.isDeleted = isDeleted;
    this.value = value;
    this.failureCount = group.failureCount;
    this.expiresAt = expiresAt;
  }

  get network(): string {
    return this.group.network;
  }

  get owner(): string {
    return this.group.owner;
  }
}

/**
 * The order of writes to one key: later time, then greater owner name by UTF-8 bytes, then live over
 * tombstone, then greater value bytes.
 *
 * @returns positive when `a` wins, negative when `b` does, zero when they are the same write
 * @remarks Networkdb in Go has the first rule only, so on equal times whichever arrived first stays
 * and nodes differ for good. Live beats tombstone because a tombstone with the time and owner of a
 * live entry was not made by its owner: old peers forge such when someone leaves a network.
 */
export function compareVersions(a: EntryVersion, b: EntryVersion): number {
  if (a.time !== b.time) return a.time - b.time;
  const byOwner = compareText(a.owner, b.owner);
  if (byOwner !== 0) return byOwner;
  if (a.isDeleted !== b.isDeleted) return a.isDeleted ? -1 : 1;
  return compareKept(a.value, b.value);
}

/** Reaper time at which the entry is forgotten, as things stand now; 0 for never. */
export function expiryOf(entry: StoredEntry): number {
  const { group } = entry;
  if (entry.isDeleted) return entry.expiresAt;
  if (group.state !== 'hidden') return 0;
  const isOfThisFailure = entry.failureCount === group.failureCount && entry.expiresAt > 0;
  return isOfThisFailure ? entry.expiresAt : group.hiddenUntil;
}

/** Whether readers and watchers see the entry. */
export function isVisible(entry: StoredEntry | undefined): entry is StoredEntry {
  return entry !== undefined && !entry.isDeleted && entry.group.state === 'present';
}
