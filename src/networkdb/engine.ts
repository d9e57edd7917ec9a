import type { Clock, Logger } from '../runtime/index.ts';
import { closedError, silentLogger, StateError } from '../runtime/index.ts';
import type { Change } from './change.ts';
import type { WriteConflict } from './conflicts.ts';
import type { EngineParts, EnginePorts } from './engine-parts.ts';
import { buildParts } from './engine-parts.ts';
import type { EntryAddress } from './entry.ts';
import { isVisible } from './entry.ts';
import type { Notice } from './notices.ts';
import { toChange } from './notices.ts';
import type { RadixRange } from './radix.ts';
import type { EntryView } from './table-view.ts';
import { FrozenView, liveWithin, viewOf } from './table-view.ts';
import { MembershipPort } from './membership-port.ts';
import type { Membership, MembershipEvents } from './membership.ts';
import { checkName } from './names.ts';
import type { NodeState } from './nodes.ts';
import type { TablesOptions } from './options.ts';
import { attachmentRetentionMs } from './options.ts';
import type { PresenceWatcher } from './presence-watcher.ts';
import { RateLimit } from './rate-limit.ts';
import type { TableStats } from './stats.ts';
import { collectStats } from './stats.ts';
import type { StoreWatcher } from './store.ts';
import type { TableState } from './transitions.ts';
import type { FeedFilter } from './watch-feed.ts';
import type { BatchOptions, WatchFilter, WatchOptions } from './watch-options.ts';
import { checkWatch, resolveBatch } from './watch-options.ts';
import type { WatchParts } from './watch.ts';
import { Watch } from './watch.ts';
import type { WritersPolicy } from './writer.ts';

/*
 * The tables of one node: what the handles and the facade call. It owns no rules itself, they are in
 * the parts. Nothing here waits; whatever takes time calls back.
 */

/** Milliseconds that a farewell may take. */
const LEAVE_TIMEOUT_MS = 5_000;

/** At most a few warnings at once, then one a minute. */
const WARNINGS = { perSecond: 1 / 60, burst: 5 };

/** What the engine reports besides changes of entries. */
export interface EngineHooks {
  /** Two nodes wrote a key at once; told once for each. */
  readonly writeConflict?: (conflict: WriteConflict) => void;
  /** Something strange that somebody should look at; told at a bounded rate. */
  readonly warning?: (warning: TableWarning) => void;
}

/** A reason to look. */
export interface TableWarning {
  /** `lamport-jump`: a peer sent a time that no honest history explains; it was refused. */
  readonly reason: 'lamport-jump';
  readonly fields: Readonly<Record<string, unknown>>;
}

/** How to join a network. */
export interface JoinNetworkOptions {
  /** Gives up the first exchange; the network stays joined. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called once when the first exchange with the members has ended: with null, or with why it was
   * given up.
   */
  readonly done?: ((reason: unknown) => void) | undefined;
}

/** The table engine of one node. */
export class TableEngine {
  /** What the membership calls. */
  readonly events: MembershipEvents;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hooks: EngineHooks;
  readonly #onListenerThrow: EnginePorts['onListenerThrow'];
  readonly #warnings: RateLimit;
  readonly #parts: EngineParts;
  readonly #state: TableState;
  /** Farewells under way: each ends in time, or with a stop. */
  readonly #farewells = new Set<(isTold: boolean) => void>();
  #isClosed = false;
  #death: (() => StateError) | null = null;
  #hasLeft = false;

  constructor(
    ports: EnginePorts,
    membership: Membership,
    options: TablesOptions,
    hooks: EngineHooks = {},
  ) {
    this.#clock = ports.clock;
    this.#logger = ports.logger ?? silentLogger;
    this.#hooks = hooks;
    this.#onListenerThrow = ports.onListenerThrow;
    this.#warnings = new RateLimit(ports.clock, WARNINGS);
    const parts = buildParts(ports, membership, options, {
      conflict: (conflict) => {
        hooks.writeConflict?.(conflict);
      },
      warn: (reason, fields) => {
        this.#warn({ reason, fields });
      },
    });
    this.#parts = parts;
    this.#state = parts.state;
    this.events = new MembershipPort({
      ...parts,
      logger: this.#logger,
      isClosed: () => this.#isClosed,
    });
  }

  /** Name of this node. */
  get localName(): string {
    return this.#state.localName;
  }

  /** Starts the periodic tasks. */
  start(): void {
    this.#checkOpen();
    this.#parts.gossip.start();
    this.#parts.rounds.start();
    this.#parts.reaper.start();
  }

  /** Ends everything at once, without a farewell; harmless when repeated. */
  stop(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#parts.gossip.stop();
    this.#parts.oversize.stop();
    this.#parts.rounds.stop();
    this.#parts.reaper.stop();
    this.#parts.early.stop();
    this.#parts.ghosts.stop();
    this.#parts.rewrites.stop();
    this.#parts.bulkSync.stop();
    this.#parts.slices.stop();
    this.#parts.broadcasts.clear();
    this.#state.watches.end();
    for (const finish of [...this.#farewells]) finish(false);
  }

  /**
   * Joins a network: tells the cluster, and exchanges tables with all members.
   *
   * @throws StateError `ERR_NETWORK_JOINED`, `ERR_NAME_INVALID`, `ERR_CLOSED`
   */
  joinNetwork(network: string, options: JoinNetworkOptions = {}): void {
    this.#checkOpen();
    checkName('network', network, this.#state.options.allowSlash);
    const { attachments, networkClock, localName } = this.#state;
    if (attachments.joined(network) !== undefined) {
      throw new StateError('ERR_NETWORK_JOINED', `network ${network} is already joined`, {
        network,
      });
    }
    const time = networkClock.increment();
    const own = {
      network,
      time,
      isLeaving: false,
      expiresAt: 0,
      isSynced: false,
      hasMetPeers: false,
    };
    attachments.setOwn(own);
    this.#parts.broadcasts.openNetwork(network);
    this.#state.addParticipant(network, localName);
    this.#parts.publisher.networkEvent('join', network, time);
    this.#parts.rounds.joinSync(network, options.signal, (reason) => {
      own.isSynced = true;
      this.#parts.oversize.synced(network);
      options.done?.(reason);
    });
  }

  /**
   * Leaves a network: our entries vanish at the others, theirs here. Where there are many of ours, they
   * vanish here over some turns of the loop.
   *
   * @throws StateError `ERR_NETWORK_NOT_JOINED`, `ERR_CLOSED`
   */
  leaveNetwork(network: string): void {
    this.#checkOpen();
    const own = this.#state.attachments.joined(network);
    if (own === undefined) {
      throw new StateError('ERR_NETWORK_NOT_JOINED', `this node is not on network ${network}`, {
        network,
      });
    }
    const time = this.#state.networkClock.increment();
    this.#state.attachments.stampOwn(own, time, true);
    own.expiresAt = this.#state.countdown.after(attachmentRetentionMs(this.#state.options));
    this.#parts.oversize.left(network);
    this.#parts.slices.start(this.#state.leaveNetwork(network), () => undefined);
    this.#parts.publisher.networkEvent('leave', network, time);
  }

  /** Writes a key that does not exist. See {@link Writer.create} for what is thrown. */
  create(address: EntryAddress, value: Uint8Array): void {
    this.#checkWritable();
    this.#parts.writer.create(address, value);
  }

  /** Writes a key that exists. See {@link Writer.update} for what is thrown. */
  update(address: EntryAddress, value: Uint8Array, writers: WritersPolicy = 'any'): void {
    this.#checkWritable();
    this.#parts.writer.update(address, value, writers);
  }

  /** Writes a key. See {@link Writer.set} for what is thrown. */
  set(address: EntryAddress, value: Uint8Array, writers: WritersPolicy = 'any'): void {
    this.#checkWritable();
    this.#parts.writer.set(address, value, writers);
  }

  /** Deletes a key. See {@link Writer.delete} for what is thrown. */
  delete(address: EntryAddress, writers: WritersPolicy = 'any'): void {
    this.#checkWritable();
    this.#parts.writer.delete(address, writers);
  }

  /** The entry of a key, or undefined if there is none to see. */
  get(address: EntryAddress): EntryView | undefined {
    this.#checkOpen();
    const entry = this.#state.store.get(address.network, address.table, address.key);
    return isVisible(entry) ? viewOf(entry) : undefined;
  }

  /** The visible entries of a table as they are at this call, in the byte order of their keys. */
  entries(network: string, table: string, range: RadixRange = {}): Generator<EntryView, void> {
    return this.freeze(network, table).entries(range);
  }

  /** Those of them that this node wrote. Costs what this node wrote in the network, no more. */
  ownEntries(network: string, table: string, range: RadixRange = {}): readonly EntryView[] {
    this.#checkOpen();
    const own = this.#state.store.findGroup(network, this.localName);
    return liveWithin(own, table, range).map(viewOf);
  }

  /** Visible entries of a table. Costs the number of owners in the network. */
  tableSize(network: string, table: string): number {
    this.#checkOpen();
    return this.#state.store.visibleCount(network, table);
  }

  /** The visible entries of a table as they are at this call, for as long as one likes. */
  freeze(network: string, table: string): FrozenView {
    this.#checkOpen();
    return new FrozenView(this.#state.store, network, table);
  }

  /** Watches entries; see {@link Watch}. */
  watch(filter: WatchFilter = {}, options: WatchOptions = {}): Watch {
    return this.watchAs(filter, options, entryChange);
  }

  /**
   * Watches entries, and nodes if the filter says so.
   *
   * @param map - what the reader gets of a notice, null for nothing; must not throw
   * @throws StateError `ERR_ARGUMENT_INVALID`, `ERR_CLOSED`
   */
  watchAs<C>(
    filter: WatchFilter & Partial<FeedFilter>,
    options: WatchOptions,
    map: (notice: Notice) => C | null,
  ): Watch<C> {
    return Watch.single(this.#watchParts(filter, options, map));
  }

  /** Like {@link TableEngine.watchAs}, in batches. */
  watchBatchesAs<C>(
    filter: WatchFilter & Partial<FeedFilter>,
    options: WatchOptions & { readonly batch: BatchOptions },
    map: (notice: Notice) => C | null,
  ): Watch<readonly C[]> {
    const parts = this.#watchParts(filter, options, map);
    return Watch.batches(parts, resolveBatch(options.batch));
  }

  /** Names of the active nodes on a network, ourselves included, in byte order. */
  peers(network: string): readonly string[] {
    this.#checkOpen();
    return this.#state.attachments.participants(network);
  }

  /** Names of the networks that we are on, in byte order. */
  networks(): readonly string[] {
    this.#checkOpen();
    return this.#state.attachments.joinedNetworks();
  }

  /** Names of the networks that any active node is on, in byte order. */
  knownNetworks(): readonly string[] {
    this.#checkOpen();
    return this.#state.attachments.populatedNetworks();
  }

  /** Names of the nodes in a state, in byte order. */
  nodes(state: NodeState): readonly string[] {
    this.#checkOpen();
    return this.#state.nodes.names(state);
  }

  /** Counts a value that a table's codec could not read, and tells whoever asked to hear of it. */
  noteUnreadable<U>(unreadable: U, hear: ((unreadable: U) => void) | undefined): void {
    this.#state.counters.add('tables.unreadable');
    try {
      hear?.(unreadable);
    } catch (error) {
      this.#logger.error({ error }, 'tables: a listener of unreadable values threw');
      this.#onListenerThrow?.(error);
    }
  }

  /** While another process uses our name, what it writes is not corrected. */
  setNameConflict(isOpen: boolean): void {
    this.#parts.ghosts.setSuspended(isOpen);
  }

  /** Until the membership knows whether another process uses our name, corrections wait. */
  holdCorrections(durationMs: number): void {
    this.#parts.ghosts.hold(durationMs);
  }

  /** Tells the cluster that we are there; moves the clocks of the others, nothing more. */
  announceJoin(): void {
    this.#checkOpen();
    this.#parts.publisher.nodeEvent('join', this.#state.networkClock.increment());
  }

  /**
   * Says good-bye to the cluster, so that nobody takes us for failed.
   *
   * @param done - called once; whether the message went out as often as it should within 5 seconds,
   * and before a stop
   */
  announceLeave(done: (isTold: boolean) => void): void {
    this.#checkOpen();
    this.#hasLeft = true;
    const time = this.#state.networkClock.increment();
    this.#state.nodes.watcher?.farewell(time);
    if (this.#state.nodes.activeCount <= 1) {
      done(true);
      return;
    }
    const finish = (isTold: boolean): void => {
      if (!this.#farewells.delete(finish)) return;
      timer.cancel();
      done(isTold);
    };
    this.#farewells.add(finish);
    const timer = this.#clock.schedule(LEAVE_TIMEOUT_MS, () => {
      finish(false);
    });
    this.#parts.publisher.nodeEvent('leave', time, () => {
      finish(true);
    });
  }

  /** Every change of the entries is told to it from now on, and to those that watch already before. @internal */
  watchStore(watcher: StoreWatcher): void {
    const { store } = this.#state;
    store.watcher = store.watcher === null ? watcher : bothOf(store.watcher, watcher);
  }

  /** Who comes and goes is told to it from now on, beginning with what is there. @internal */
  watchPresence(watcher: PresenceWatcher): void {
    this.#state.watchPresence(watcher);
  }

  /** Sizes and counters, as a plain object. */
  stats(): TableStats {
    return collectStats(this.#parts);
  }

  #watchParts<C>(
    filter: WatchFilter & Partial<FeedFilter>,
    options: WatchOptions,
    map: (notice: Notice) => C | null,
  ): WatchParts<C> {
    this.#checkOpen();
    checkWatch(filter, options);
    const source = this.#state.watches;
    return { source, filter: { hasNodes: false, ...filter }, options, map };
  }

  #warn(warning: TableWarning): void {
    if (!this.#warnings.tryTake()) return;
    this.#hooks.warning?.(Object.freeze(warning));
  }

  /** What is written after the farewell would reach nobody. */
  #checkWritable(): void {
    this.#checkOpen();
    if (this.#hasLeft) throw new StateError('ERR_LEFT', 'this node has left its cluster');
  }

  /** The simulated process it ran in is dead: every call throws, and nothing else happens. @internal */
  abandon(death: () => StateError): void {
    this.#death = death;
  }

  #checkOpen(): void {
    if (this.#death !== null) throw this.#death();
    if (this.#isClosed) throw closedError();
  }
}

function bothOf(first: StoreWatcher, second: StoreWatcher): StoreWatcher {
  return {
    stored: (entry, isNew, occupied) => {
      first.stored(entry, isNew, occupied);
      second.stored(entry, isNew, occupied);
    },
    removed: (entry) => {
      first.removed(entry);
      second.removed(entry);
    },
    groupChanged: (group) => {
      first.groupChanged(group);
      second.groupChanged(group);
    },
  };
}

/** What a watch without nodes can tell. */
export function entryChange(notice: Notice): Change | null {
  const change = toChange(notice);
  return 'node' in change ? null : change;
}
