import type { BytePlace, KeptBytes } from '../codec/index.ts';
import { compareKept, fitsPage, lastPage, pageText, putInPage } from '../codec/index.ts';
import type { EntryList, Listed } from './entry-list.ts';
import { compareText } from './order.ts';
import type { Leaf } from './radix-node.ts';
import { utf8Bytes, utf8Text } from './radix-text.ts';

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

/** A write to be stored. */
export interface NewVersion extends Omit<EntryVersion, 'owner'> {
  /** Where the value stands among others that came with it, whose company it keeps. */
  readonly valuePlace?: BytePlace;
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

/** What few entries have: of a tombstone, or of a write while the owner was failed. */
interface Retention {
  readonly isDeleted: boolean;
  readonly expiresAt: number;
  /** `failureCount` of the group at the write. */
  readonly failureCount: number;
}

const NO_PAGE = -1;

/**
 * An entry as the store holds it. There may be a hundred thousand, all of which the collector copies: so an entry is the
 * leaf of its tree itself, and has by reference what its group says of all.
 */
export class StoredEntry implements EntryVersion, EntryAddress, Leaf<StoredEntry>, Listed {
  readonly group: OwnerGroup;
  readonly table: string;
  /** The key as it stands in the tree, mostly the same text. */
  readonly text: string;
  readonly time: number;
  place: number;
  /** Null for most. */
  readonly retention: Retention | null;
  /** The value, or the page that it is in. */
  readonly #bytes: KeptBytes;
  /** Where in the page, {@link NO_PAGE} for a value by itself. */
  readonly #pagePlace: number;

  constructor(
    group: OwnerGroup,
    { table, key }: Pick<EntryAddress, 'table' | 'key'>,
    version: NewVersion,
    expiresAt: number,
  ) {
    const { failureCount } = group;
    const { time, isDeleted, valuePlace } = version;
    this.group = group;
    this.table = table;
    this.text = utf8Bytes(key);
    this.time = time;
    this.place = -1;
    this.retention = isDeleted || expiresAt > 0 ? { isDeleted, expiresAt, failureCount } : null;
    if (valuePlace !== undefined && fitsPage(valuePlace.end - valuePlace.start)) {
      this.#pagePlace = putInPage(valuePlace);
      this.#bytes = lastPage();
    } else {
      this.#pagePlace = NO_PAGE;
      this.#bytes = version.value;
    }
  }

  get key(): string {
    return utf8Text(this.text);
  }

  /** Of what is in a page a copy, made anew each time. */
  get value(): KeptBytes {
    const bytes = this.#bytes;
    return this.#pagePlace === NO_PAGE ? bytes : pageText(bytes as Uint8Array, this.#pagePlace);
  }

  get network(): string {
    return this.group.network;
  }

  get owner(): string {
    return this.group.owner;
  }

  get item(): this {
    return this;
  }

  get isDeleted(): boolean {
    return this.retention?.isDeleted === true;
  }

  /**
   * Reaper time at which a tombstone, or a live entry written while its owner was failed, is forgotten; 0 for any other.
   * What holds now is told by {@link expiryOf}.
   */
  get expiresAt(): number {
    return this.retention?.expiresAt ?? 0;
  }

  /** Whether it was written in the failure that its owner's group is in now, or was in last. */
  get isOfThisFailure(): boolean {
    return this.retention?.failureCount === this.group.failureCount && this.expiresAt > 0;
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
  return entry.isOfThisFailure ? entry.expiresAt : group.hiddenUntil;
}

/** Whether readers and watchers see the entry. */
export function isVisible(entry: StoredEntry | undefined): entry is StoredEntry {
  return entry !== undefined && !entry.isDeleted && entry.group.state === 'present';
}
