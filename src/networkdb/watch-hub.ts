import type { Address, Clock } from '../runtime/index.ts';
import type { OwnerGroup, StoredEntry } from './entry.ts';
import { Fifo } from './fifo.ts';
import type { NodeRecord, NodeTable } from './nodes.ts';
import type { Notice } from './notices.ts';
import { changeBetween, createOf, deleteOf } from './notices.ts';
import type { EntryStore } from './store.ts';
import type { WatchFeed, WatchSource } from './watch-feed.ts';

/*
 * Feeds the watchers. Everything is told after the state has changed, so a watch that starts, or starts
 * over, in the middle of it finds the new state.
 *
 * An owner with 60,000 entries appears or disappears for readers in one step, but its watchers are told
 * of 128 entries between two turns of the loop. What happens meanwhile waits behind, so that all is told
 * in the order in which it happened.
 */

/** Where a change came from: a call on this node, or the cluster. */
export type Origin = 'local' | 'remote';

/** What the hub needs. */
export interface WatchHubParts {
  readonly store: EntryStore;
  readonly nodes: NodeTable;
  readonly localName: string;
  readonly clock: Clock;
  /** Does the first slice of a job at once, and the rest with later turns of the loop. */
  readonly inSlices: (steps: Iterator<number, void>) => void;
}

/** Something that happened, told in as many steps as it has changes. */
interface Happening {
  readonly sequence: number;
  readonly origin: Origin;
  /** Empty for a node. */
  readonly network: string;
  readonly length: number;
  readonly noticeAt: (index: number) => Notice | null;
  next: number;
}

/** Changes of which watchers have not heard yet; beyond it they are told of all of them at once. */
const MAX_UNTOLD = 1_048_576;

/** Bytes that telling one watcher of one change counts for in a slice. */
const TELLING_BYTES = 64;

/** All watchers of one node. */
export class WatchHub implements WatchSource {
  readonly store: EntryStore;
  readonly nodes: NodeTable;
  readonly localName: string;
  readonly clock: Clock;
  readonly #inSlices: WatchHubParts['inSlices'];
  readonly #feeds = new Set<WatchFeed>();
  readonly #happenings = new Fifo<Happening>();
  #untold = 0;
  #isTelling = false;
  #sequence = 0;

  constructor(parts: WatchHubParts) {
    this.store = parts.store;
    this.nodes = parts.nodes;
    this.localName = parts.localName;
    this.clock = parts.clock;
    this.#inSlices = parts.inSlices;
  }

  /** Watchers at present. */
  get size(): number {
    return this.#feeds.size;
  }

  get sequence(): number {
    return this.#sequence;
  }

  attach(feed: WatchFeed): void {
    if (!feed.isEnded) this.#feeds.add(feed);
  }

  detach(feed: WatchFeed): void {
    this.#feeds.delete(feed);
  }

  /** One entry was replaced; nothing is told unless what readers see has changed. */
  tellWrite(
    previous: StoredEntry | undefined,
    current: StoredEntry | undefined,
    origin: Origin,
  ): void {
    if (this.#feeds.size === 0) return;
    const change = changeBetween(previous, current);
    if (change !== null) this.#tell(change.network, origin, 1, () => change);
  }

  /** All live entries of a group appeared or disappeared. */
  tellGroup(group: OwnerGroup, kind: 'create' | 'delete'): void {
    const { network } = group;
    const isHeard = [...this.#feeds].some((feed) => feed.concerns(network, this.#sequence + 1));
    if (!isHeard) return;
    if (group.entries.size === 0) return;
    // Only the list is copied at once. Entries never change, so it says what was seen at this moment.
    const entries = group.entries.toArray();
    this.#tell(network, 'remote', entries.length, (index) => {
      const entry = entries[index] as StoredEntry;
      if (entry.isDeleted) return null;
      return kind === 'create' ? createOf(entry) : deleteOf(entry);
    });
  }

  /** A node came, went or moved. */
  tellNode(
    kind: 'nodeJoin' | 'nodeUpdate' | 'nodeGone',
    record: NodeRecord,
    previousAddress: Address = record.address,
  ): void {
    if (this.#feeds.size === 0) return;
    const { name, address, state } = record;
    const origin = name === this.localName ? 'local' : 'remote';
    const hasLeft = state === 'left';
    const notice: Notice = { kind, node: name, address, previousAddress, hasLeft };
    this.#tell('', origin, 1, () => notice);
  }

  /** Ends all watches, after they were told everything. */
  end(): void {
    while (this.#step());
    for (const feed of [...this.#feeds]) feed.end();
  }

  #tell(
    network: string,
    origin: Origin,
    length: number,
    noticeAt: (index: number) => Notice | null,
  ): void {
    this.#sequence += 1;
    this.#happenings.push({ sequence: this.#sequence, origin, network, length, noticeAt, next: 0 });
    this.#untold += length;
    if (this.#untold > MAX_UNTOLD) while (this.#step());
    if (this.#isTelling) return;
    // A single change with nothing before it is the usual case and needs no job.
    if (length === 1 && this.#happenings.length === 1) {
      this.#step();
      return;
    }
    this.#isTelling = true;
    this.#inSlices(this.#steps());
  }

  *#steps(): Generator<number, void> {
    while (this.#step()) yield TELLING_BYTES * this.#feeds.size;
    this.#isTelling = false;
  }

  /** Tells one change; false when there is none. */
  #step(): boolean {
    const happening = this.#happenings.peek();
    if (happening === undefined) return false;
    if (this.#feeds.size === 0) {
      this.#happenings.clear();
      this.#untold = 0;
      return false;
    }
    const { sequence, origin, network, length, noticeAt } = happening;
    const notice = noticeAt(happening.next);
    if (notice !== null) {
      for (const feed of this.#feeds) {
        if (origin === 'local' && !feed.isLocal) continue;
        if (feed.concerns(network, sequence)) feed.push(notice);
      }
    }
    happening.next += 1;
    this.#untold -= 1;
    if (happening.next >= length) this.#happenings.take();
    return true;
  }
}
