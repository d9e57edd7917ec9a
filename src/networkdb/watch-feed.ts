import type { Clock } from '../runtime/index.ts';
import { StateError } from '../runtime/index.ts';
import { NODE_TABLE } from './change.ts';
import type { OwnerGroup } from './entry.ts';
import { Fifo } from './fifo.ts';
import type { NodeTable } from './nodes.ts';
import type { Notice } from './notices.ts';
import { createOf } from './notices.ts';
import type { EntryStore, FrozenTable } from './store.ts';
import type { WatchFilter, WatchOptions } from './watch-options.ts';
import { DEFAULT_WATCH_BUFFER } from './watch-options.ts';

/*
 * What one watcher has still to read: what was there at its start, then what changed since.
 *
 * The start is walked lazily over frozen tables, so it costs no buffer. An entry belongs to it if its
 * group was present at the start; which groups were is noted then, because their state moves while the
 * walk goes on. Changes made meanwhile wait in a buffer with a bound, behind the start.
 *
 * No gap and no doubling: each notice of the hub has a number, and a start contains exactly those up to
 * `startsAfter`, also those that the hub has not handed out yet.
 */

/** What a feed reads. */
export interface FeedFilter extends WatchFilter {
  /** Whether changes of nodes are wanted. */
  readonly hasNodes: boolean;
}

/** A filter over the whole cluster; nodes have neither network nor key, and their own table. */
export function clusterFilter(filter: WatchFilter): FeedFilter {
  const { network, table, prefix } = (filter as WatchFilter | null) ?? {};
  const isNodeTable = table === undefined || table === NODE_TABLE;
  const hasNodes = network === undefined && isNodeTable && (prefix ?? '') === '';
  return { network, table, prefix, hasNodes };
}

/** What a watch needs of the hub that feeds it. */
export interface WatchSource {
  readonly store: EntryStore;
  readonly nodes: NodeTable;
  readonly localName: string;
  readonly clock: Clock;
  /** Number of the newest notice. */
  readonly sequence: number;
  /** The feed is told what happens from now on, unless it has ended already. */
  attach(feed: WatchFeed): void;
  /** The feed wants nothing more. */
  detach(feed: WatchFeed): void;
}

/** Who reads a feed. */
export interface FeedListener {
  /** There may be something to read, or it is over. */
  news(): void;
  /** What was not read is lost, and the reader drops the feed. */
  failed(reason: unknown): void;
}

/** Stands for entries that were passed over, so that the reader can count the work. */
export const PASSED_OVER: unique symbol = Symbol('entries passed over');

/** Entries passed over that count as one that is read. */
const PASSED_OVER_ENTRIES = 16;

/** See the head of the file. */
export class WatchFeed {
  readonly #source: WatchSource;
  readonly #filter: FeedFilter;
  readonly #options: WatchOptions;
  readonly #limit: number;
  readonly #listener: FeedListener;
  readonly #buffer = new Fifo<Notice>();
  #start: Iterator<Notice | typeof PASSED_OVER> | null = null;
  #startsAfter = 0;
  #readableSince = 0;
  #isEnded = false;

  constructor(
    source: WatchSource,
    filter: FeedFilter,
    options: WatchOptions,
    listener: FeedListener,
  ) {
    this.#source = source;
    this.#filter = filter;
    this.#options = options;
    this.#limit = options.buffer ?? DEFAULT_WATCH_BUFFER;
    this.#listener = listener;
    this.#restart(false);
  }

  /** Changes that wait for the reader, those of the start not counted. */
  get bufferedCount(): number {
    return this.#buffer.length;
  }

  /** Whether nothing more will come than what can be read. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** When the oldest of what waits came, or earlier. */
  get readableSince(): number {
    return this.#readableSince;
  }

  /** Whether our own writes are wanted. */
  get isLocal(): boolean {
    return this.#options.local === true;
  }

  /** Whether a notice of that number, about that network (empty for a node), can be news. */
  concerns(network: string, sequence: number): boolean {
    if (this.#isEnded || sequence <= this.#startsAfter) return false;
    if (network === '') return this.#filter.hasNodes;
    return this.#filter.network === undefined || this.#filter.network === network;
  }

  /** Keeps a notice that {@link WatchFeed.concerns} the feed, if it matches in all else. */
  push(notice: Notice): void {
    if (!this.#matches(notice)) return;
    if (this.#buffer.length >= this.#limit) {
      this.#overflow();
      return;
    }
    if (this.#buffer.length === 0 && this.#start === null) {
      this.#readableSince = this.#source.clock.now();
    }
    this.#buffer.push(notice);
    this.#listener.news();
  }

  /** The next thing to read, or null when nothing waits. */
  take(): Notice | typeof PASSED_OVER | null {
    if (this.#start !== null) {
      const step = this.#start.next();
      if (step.done !== true) return step.value;
      this.#start = null;
    }
    return this.#buffer.take() ?? null;
  }

  /** Nothing more will come; what waits can be read. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#source.detach(this);
    this.#listener.news();
  }

  /** Nothing more will come, and what waits is dropped. */
  drop(): void {
    this.#start = null;
    this.#buffer.clear();
    this.end();
  }

  #matches(notice: Notice): boolean {
    if (!('owner' in notice)) return true;
    const { table, prefix } = this.#filter;
    if (table !== undefined && table !== notice.table) return false;
    return prefix === undefined || notice.key.startsWith(prefix);
  }

  #overflow(): void {
    if (this.#options.overflow === 'resync') {
      this.#buffer.clear();
      this.#restart(true);
      this.#listener.news();
      return;
    }
    const text = 'the watch was read too slowly and lost changes';
    this.#listener.failed(new StateError('ERR_WATCH_OVERFLOW', text, { buffer: this.#limit }));
  }

  #restart(isResync: boolean): void {
    const { store, sequence, clock } = this.#source;
    this.#startsAfter = sequence;
    this.#readableSince = clock.now();
    const tables = store.snapshot(this.#filter);
    const nodes = this.#presentNodes();
    const groups = new Map<string, ReadonlySet<OwnerGroup>>();
    for (const { network } of tables) groups.set(network, store.presentGroups(network));
    this.#start = this.#replay({ isResync, nodes, tables, groups });
  }

  #presentNodes(): readonly Notice[] {
    if (!this.#filter.hasNodes) return [];
    const { nodes, localName } = this.#source;
    return nodes.names('active').flatMap((name) => {
      const record = nodes.get(name);
      if (record === undefined || (name === localName && !this.isLocal)) return [];
      const { address } = record;
      const notice: Notice = {
        kind: 'nodeJoin',
        node: name,
        address,
        previousAddress: address,
        hasLeft: false,
      };
      return [notice];
    });
  }

  *#replay(moment: {
    readonly isResync: boolean;
    readonly nodes: readonly Notice[];
    readonly tables: readonly FrozenTable[];
    readonly groups: ReadonlyMap<string, ReadonlySet<OwnerGroup>>;
  }): Generator<Notice | typeof PASSED_OVER, void> {
    if (moment.isResync) yield { kind: 'resync' };
    yield* moment.nodes;
    const { localName } = this.#source;
    let passedOver = 0;
    for (const { network, entries } of moment.tables) {
      const groups = moment.groups.get(network);
      for (const [, entry] of entries.entries(this.#filter.prefix)) {
        const isWanted = this.isLocal || entry.owner !== localName;
        if (isWanted && !entry.isDeleted && groups?.has(entry.group) === true) {
          yield createOf(entry);
        } else {
          passedOver += 1;
          if (passedOver % PASSED_OVER_ENTRIES === 0) yield PASSED_OVER;
        }
      }
    }
  }
}
