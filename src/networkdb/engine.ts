import type { Clock, Logger, Random } from '../runtime/index.ts';
import { Counters, silentLogger, StateError } from '../runtime/index.ts';
import { Broadcasts } from './broadcasts.ts';
import { BulkSync } from './bulk-sync.ts';
import type { WriteConflict } from './conflicts.ts';
import { Conflicts } from './conflicts.ts';
import { EarlyEvents } from './early-events.ts';
import type { EntryAddress } from './entry.ts';
import { isVisible } from './entry.ts';
import { Ghosts } from './ghosts.ts';
import { TableGossip } from './gossip.ts';
import type { HandlerParts } from './handlers.ts';
import { Inbound } from './inbound.ts';
import { MembershipPort } from './membership-port.ts';
import type { Membership, MembershipEvents } from './membership.ts';
import { checkName } from './names.ts';
import type { NodeState } from './nodes.ts';
import type { TablesOptions } from './options.ts';
import { attachmentRetentionMs } from './options.ts';
import { OversizeSender } from './oversize.ts';
import { Pacer } from './pacing.ts';
import { Publisher } from './publisher.ts';
import { RateLimit } from './rate-limit.ts';
import { Reaper } from './reaper.ts';
import { Reconnector } from './reconnect.ts';
import { Slices } from './slices.ts';
import type { TableStats } from './stats.ts';
import { collectStats } from './stats.ts';
import { SyncRounds } from './sync-rounds.ts';
import { TableState } from './transitions.ts';
import type { Watch, WatchFilter, WatchOptions } from './watch.ts';
import { Writer } from './writer.ts';
import type { WritersPolicy } from './writer.ts';

/*
 * The tables of one node: makes the parts, connects them, and is what the handles and the facade call.
 * It owns no rules itself. Nothing here waits; whatever takes time calls back.
 */

/** Milliseconds that a farewell may take. */
const LEAVE_TIMEOUT_MS = 5_000;

/** At most a few warnings at once, then one a minute. */
const WARNINGS = { perSecond: 1 / 60, burst: 5 };

/** Ports of the engine. */
export interface EnginePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger;
}

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

/** An entry as a reader gets it; frozen, and its bytes are the reader's own. */
export interface EntryView extends EntryAddress {
  readonly owner: string;
  /** Lamport time of the write. */
  readonly time: number;
  readonly value: Uint8Array;
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
  readonly #warnings: RateLimit;
  readonly #state: TableState;
  readonly #broadcasts: Broadcasts;
  readonly #gossip: TableGossip;
  readonly #oversize: OversizeSender;
  readonly #publisher: Publisher;
  readonly #slices: Slices;
  readonly #bulkSync: BulkSync;
  readonly #rounds: SyncRounds;
  readonly #reaper: Reaper;
  readonly #reconnector: Reconnector;
  readonly #early: EarlyEvents;
  readonly #ghosts: Ghosts;
  readonly #inbound: Inbound;
  readonly #writer: Writer;
  #isClosed = false;

  constructor(
    ports: EnginePorts,
    membership: Membership,
    options: TablesOptions,
    hooks: EngineHooks = {},
  ) {
    const { clock, random } = ports;
    this.#clock = clock;
    this.#logger = ports.logger ?? silentLogger;
    this.#hooks = hooks;
    this.#warnings = new RateLimit(clock, WARNINGS);
    const state = new TableState(membership.localName, options, new Counters(), {
      participantAdded: (network, node) => {
        this.#gossip.newsQueued();
        this.#rounds.participantAdded(network, node);
      },
      retired: () => {
        this.#reaper.sweep();
      },
    });
    this.#state = state;
    this.#slices = new Slices(clock);
    const pacer = new Pacer(clock, options.maxBytesPerSecond);
    const broadcasts = new Broadcasts(state);
    this.#broadcasts = broadcasts;
    const gossip = new TableGossip({ clock, random, membership, state, broadcasts, pacer });
    this.#gossip = gossip;
    const oversize = new OversizeSender({ clock, membership, state, pacer });
    this.#oversize = oversize;
    const publisher = new Publisher({ state, membership, broadcasts, gossip, oversize });
    this.#publisher = publisher;
    const slices = this.#slices;
    this.#bulkSync = new BulkSync({ clock, membership, state, slices });
    this.#rounds = new SyncRounds({ clock, random, state, bulkSync: this.#bulkSync });
    this.#reaper = new Reaper({ clock, random, state, broadcasts, slices });
    this.#reconnector = new Reconnector({ clock, random, membership, state });
    this.#early = new EarlyEvents(clock, options.limits, state.counters);
    this.#ghosts = new Ghosts({ clock, state, publisher });
    const handlers: HandlerParts = {
      state,
      publisher,
      early: this.#early,
      ghosts: this.#ghosts,
      conflicts: new Conflicts((conflict) => {
        state.counters.add('tables.writeConflicts');
        this.#hooks.writeConflict?.(conflict);
      }),
      replay: (events) => {
        this.#inbound.replay(events);
      },
      warn: (reason, fields) => {
        this.#warn({ reason, fields });
      },
    };
    this.#inbound = new Inbound({ handlers, slices, bulkSync: this.#bulkSync });
    this.#writer = new Writer({ state, publisher });
    this.events = new MembershipPort({
      state,
      handlers,
      broadcasts,
      early: this.#early,
      inbound: this.#inbound,
      bulkSync: this.#bulkSync,
      rounds: this.#rounds,
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
    this.#gossip.start();
    this.#rounds.start();
    this.#reaper.start();
    this.#reconnector.start();
  }

  /** Ends everything at once, without a farewell; harmless when repeated. */
  stop(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#gossip.stop();
    this.#oversize.stop();
    this.#rounds.stop();
    this.#reaper.stop();
    this.#reconnector.stop();
    this.#early.stop();
    this.#bulkSync.stop();
    this.#slices.stop();
    this.#broadcasts.clear();
    this.#state.watches.end();
  }

  /**
   * Joins a network: tells the cluster, and exchanges tables with all members.
   *
   * @throws StateError `ERR_NETWORK_JOINED`, `ERR_NAME_INVALID`, `ERR_CLOSED`
   */
  joinNetwork(network: string, options: JoinNetworkOptions = {}): void {
    this.#checkOpen();
    checkName('network', network);
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
    this.#broadcasts.openNetwork(network);
    this.#state.addParticipant(network, localName);
    this.#publisher.networkEvent('join', network, time);
    this.#rounds.joinSync(network, options.signal, (reason) => {
      own.isSynced = true;
      options.done?.(reason);
    });
  }

  /**
   * Leaves a network: our entries vanish at the others, theirs here.
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
    own.time = time;
    own.isLeaving = true;
    own.expiresAt = this.#state.countdown.after(attachmentRetentionMs(this.#state.options));
    this.#state.leaveNetwork(network);
    this.#publisher.networkEvent('leave', network, time);
  }

  /** Writes a key that does not exist. See {@link Writer.create} for what is thrown. */
  create(address: EntryAddress, value: Uint8Array): void {
    this.#checkOpen();
    this.#writer.create(address, value);
  }

  /** Writes a key that exists. See {@link Writer.update} for what is thrown. */
  update(address: EntryAddress, value: Uint8Array, writers: WritersPolicy = 'any'): void {
    this.#checkOpen();
    this.#writer.update(address, value, writers);
  }

  /** Writes a key. See {@link Writer.set} for what is thrown. */
  set(address: EntryAddress, value: Uint8Array, writers: WritersPolicy = 'any'): void {
    this.#checkOpen();
    this.#writer.set(address, value, writers);
  }

  /** Deletes a key. See {@link Writer.delete} for what is thrown. */
  delete(address: EntryAddress, writers: WritersPolicy = 'any'): void {
    this.#checkOpen();
    this.#writer.delete(address, writers);
  }

  /** The entry of a key, or undefined if there is none to see. */
  get(address: EntryAddress): EntryView | undefined {
    this.#checkOpen();
    const entry = this.#state.store.get(address.network, address.table, address.key);
    return isVisible(entry) ? viewOf(entry) : undefined;
  }

  /** The visible entries of a table as they are at this call, in the byte order of their keys. */
  *entries(network: string, table: string, keyPrefix = ''): Generator<EntryView, void> {
    this.#checkOpen();
    for (const entry of this.#state.store.visible(network, table, keyPrefix)) yield viewOf(entry);
  }

  /** Those of them that this node wrote. */
  *ownEntries(network: string, table: string, keyPrefix = ''): Generator<EntryView, void> {
    this.#checkOpen();
    for (const entry of this.#state.store.visible(network, table, keyPrefix)) {
      if (entry.owner === this.localName) yield viewOf(entry);
    }
  }

  /** Watches entries; see {@link Watch}. */
  watch(filter: WatchFilter = {}, options: WatchOptions = {}): Watch {
    this.#checkOpen();
    return this.#state.watches.watch(filter, options);
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

  /** Names of the nodes in a state, in byte order. */
  nodes(state: NodeState): readonly string[] {
    this.#checkOpen();
    return this.#state.nodes.names(state);
  }

  /** Counts a value that a table's codec could not read. */
  noteUnreadable(): void {
    this.#state.counters.add('tables.unreadable');
  }

  /** While another process uses our name, what it writes is not corrected. */
  setNameConflict(isOpen: boolean): void {
    this.#ghosts.setSuspended(isOpen);
  }

  /** Tells the cluster that we are there; moves the clocks of the others, nothing more. */
  announceJoin(): void {
    this.#checkOpen();
    this.#publisher.nodeEvent('join', this.#state.networkClock.increment());
  }

  /**
   * Says good-bye to the cluster, so that nobody takes us for failed.
   *
   * @param done - called once; whether the message went out as often as it should within 5 seconds
   */
  announceLeave(done: (isTold: boolean) => void): void {
    this.#checkOpen();
    const time = this.#state.networkClock.increment();
    if (this.#state.nodes.activeCount <= 1) {
      done(true);
      return;
    }
    let isDone = false;
    const finish = (isTold: boolean): void => {
      if (isDone) return;
      isDone = true;
      timer.cancel();
      done(isTold);
    };
    const timer = this.#clock.schedule(LEAVE_TIMEOUT_MS, () => {
      finish(false);
    });
    this.#publisher.nodeEvent('leave', time, () => {
      finish(true);
    });
  }

  /** Sizes and counters, as a plain object. */
  stats(): TableStats {
    return collectStats({
      state: this.#state,
      broadcasts: this.#broadcasts,
      oversize: this.#oversize,
      early: this.#early,
      inbound: this.#inbound,
      bulkSync: this.#bulkSync,
      slices: this.#slices,
    });
  }

  #warn(warning: TableWarning): void {
    if (!this.#warnings.tryTake()) return;
    this.#logger.warn({ ...warning.fields }, `tables: ${warning.reason}`);
    this.#hooks.warning?.(Object.freeze(warning));
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StateError('ERR_CLOSED', 'the node was closed');
  }
}

function viewOf(entry: EntryView): EntryView {
  const { network, table, key, owner, time, value } = entry;
  return Object.freeze({ network, table, key, owner, time, value: value.slice() });
}
