import type {
  EventStreamOptions,
  JoinTarget,
  Listener,
  Member,
  MemberEventMap,
  MemberlistStats,
  RecordWatcher,
  RingKeys,
} from '../memberlist/index.ts';
import {
  EventStream,
  Listeners,
  Memberlist,
  randomNodeName,
  resolvePorts,
} from '../memberlist/index.ts';
import type { Timer, WaitOptions } from '../runtime/index.ts';
import { checkWait, closedError, StateError, Waiters } from '../runtime/index.ts';
import { LOCAL_GO_LEVEL } from './capabilities.ts';
import type { ClusterChange } from './change.ts';
import type { NetworkDBConfig, NetworkDBOptions } from './config.ts';
import { resolveNetworkDBConfig } from './config.ts';
import type { WriteConflict } from './conflicts.ts';
import { TableEngine } from './engine.ts';
import { delegatesOf, MembershipAdapter } from './membership-adapter.ts';
import { Network } from './network.ts';
import { toChange } from './notices.ts';
import type { TableStats } from './stats.ts';
import type { PresenceWatcher } from './presence-watcher.ts';
import type { StoreWatcher } from './store.ts';
import { clusterFilter } from './watch-feed.ts';
import type {
  BatchFilteredWatchOptions,
  BatchOptions,
  FilteredWatchOptions,
} from './watch-options.ts';
import { hasBatch } from './watch-options.ts';
import type { Watch } from './watch.ts';

/** Events of a {@link NetworkDB}: those of its membership, and conflicting writes. */
export interface NetworkDBEventMap extends MemberEventMap {
  /** Two members wrote one key at the same Lamport time; the same one of the two stays everywhere. */
  writeConflict: [conflict: WriteConflict];
}

/** What `stats()` of a {@link NetworkDB} returns. */
export interface NetworkDBStats {
  readonly membership: MemberlistStats;
  readonly tables: TableStats;
}

/** Hears of every change inside a node; see `NetworkDB.watchState`. */
export interface NodeWatcher {
  readonly record: RecordWatcher;
  readonly presence: PresenceWatcher;
  readonly store: StoreWatcher;
}

/** How to join a network. */
export interface JoinNetworkWait extends WaitOptions {
  /**
   * Whether to wait for the first exchange with the members of the network. Without it the promise is
   * fulfilled at once, and the tables fill as answers come.
   *
   * @defaultValue true
   */
  readonly waitForSync?: boolean;
}

/**
 * Who is in the cluster, and what each member publishes.
 *
 * This class wires the membership to the tables, keeps the life cycle and turns callbacks into
 * promises; it owns no rules itself.
 */
export class NetworkDB implements AsyncDisposable {
  /** The ring's keys, for rotation at run time. */
  readonly keyring: RingKeys;
  readonly #memberlist: Memberlist;
  readonly #engine: TableEngine;
  readonly #listeners: Listeners<NetworkDBEventMap>;
  readonly #waiters: Waiters;
  readonly #scheduleConflictEnd: (run: () => void) => Timer;
  readonly #nameCheckMs: number;
  #conflictEnd: Timer | null = null;
  #leaving: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  #death: (() => StateError) | null = null;
  #onClosed: (() => void) | null = null;

  private constructor(parts: {
    readonly memberlist: Memberlist;
    readonly engine: TableEngine;
    readonly listeners: Listeners<NetworkDBEventMap>;
    readonly ports: ReturnType<typeof resolvePorts>;
    readonly config: NetworkDBConfig;
  }) {
    this.#memberlist = parts.memberlist;
    this.#engine = parts.engine;
    this.#listeners = parts.listeners;
    this.keyring = parts.memberlist.keyring;
    this.#nameCheckMs = 2 * parts.config.memberlist.probe.timeoutMs;
    const { clock } = parts.ports;
    this.#waiters = new Waiters(clock);
    this.#scheduleConflictEnd = (run) => clock.schedule(NAME_CONFLICT_HOLD_MS, run);
    this.#forwardEvents();
  }

  /**
   * Starts a node: binds its sockets; it is a cluster of one until it joins.
   *
   * @throws ConfigError with `ERR_CONFIG_INVALID`, listing every problem
   * @throws TransportError with `ERR_ADDRESS_IN_USE` or `ERR_ADDRESS_UNAVAILABLE`
   */
  static async create(options: NetworkDBOptions = {}): Promise<NetworkDB> {
    const config = resolveNetworkDBConfig(options);
    const ports = resolvePorts(options.runtime, config.memberlist.dns);
    const { clock, logger } = ports;
    const localName = config.memberlist.nodeName ?? randomNodeName(ports.entropy);
    const adapter = new MembershipAdapter({ localName, clock, logger });
    const listeners = new Listeners<NetworkDBEventMap>((event, error) => {
      logger.error({ event, error }, 'a listener threw');
      ports.onListenerThrow?.(error);
    });
    const engine = new TableEngine(ports, adapter, config.tables, {
      writeConflict: (conflict) => {
        listeners.emit('writeConflict', conflict);
      },
      warning: ({ reason, fields }) => {
        const message = `tables: ${reason}, a time far ahead of the cluster's was refused`;
        adapter.warn('WARN_HOSTILE_TIME', message, fields);
      },
    });
    const memberlist = await startMembership({ config, localName, ports, engine });
    adapter.attach(memberlist);
    engine.start();
    return new NetworkDB({ memberlist, engine, listeners, ports, config });
  }

  /** This node's name. */
  get name(): string {
    return this.#memberlist.name;
  }

  /** This node as the others know it. */
  get localMember(): Member {
    return this.#memberlist.localMember;
  }

  /** 0 is healthy; more when this node has reason to doubt itself. */
  get healthScore(): number {
    return this.#memberlist.healthScore;
  }

  /**
   * Contacts members of a cluster; the node is one of them when this returns.
   *
   * The targets are remembered, and contacted again when they are missing later.
   *
   * @param targets - `host`, `host:port`, `[v6]:port`; names are resolved to all their addresses
   * @returns number of addresses that answered, 1 or more unless the list was empty
   * @throws GossipError with `ERR_JOIN_FAILED` when none answered; `fields.attempts` says why for each
   * @throws StateError with `ERR_ARGUMENT_INVALID`, `ERR_LEFT` or `ERR_CLOSED`
   */
  async join(targets: readonly JoinTarget[], wait: WaitOptions = {}): Promise<number> {
    this.#engine.holdCorrections(this.#nameCheckMs);
    const contacted = await this.#memberlist.join(targets, wait);
    this.#engine.announceJoin();
    return contacted;
  }

  /**
   * Changes the seeds while the node runs: those that are no members are contacted now, and again every
   * `rejoin.bootstrapIntervalMs`. They replace the targets of the last `join`.
   *
   * @param targets - as of `join`; an empty list for none; copied
   * @throws StateError with `ERR_ARGUMENT_INVALID` (nothing has changed), `ERR_LEFT` or `ERR_CLOSED`
   */
  setBootstrap(targets: readonly JoinTarget[]): void {
    this.#assertActive();
    this.#memberlist.setBootstrap(targets);
  }

  /**
   * Waits until the cluster has at least so many members, this one included.
   *
   * @returns the members at that moment, by name
   * @throws TimeoutError with `ERR_TIMEOUT`; the signal's reason; StateError with `ERR_CLOSED`
   */
  async waitForMembers(count: number, wait: WaitOptions = {}): Promise<readonly Member[]> {
    return this.#memberlist.waitForMembers(count, wait);
  }

  /** Nodes that are alive or suspect, this one included, by name. */
  members(): readonly Member[] {
    return this.#memberlist.members();
  }

  /** Whether these are the members, all of them and nobody else. @internal */
  hasMembers(names: readonly string[]): boolean {
    return this.#memberlist.hasMembers(names);
  }

  /** The node of a name, in whatever state; undefined when there is none. */
  member(name: string): Member | undefined {
    return this.#memberlist.member(name);
  }

  /** Members that are on a network, this one included if it is, by name. */
  peers(network: string): readonly Member[] {
    const found = this.#engine.peers(network).map((name) => this.#memberlist.member(name));
    return found.filter((member) => member !== undefined);
  }

  /** Names of the networks this node is on, in byte order. */
  networks(): readonly string[] {
    return this.#engine.networks();
  }

  /**
   * Names of the networks that any member is on, whether or not this node is, in byte order.
   *
   * Who is where is known to all members; what the tables hold is not, without joining.
   *
   * @throws StateError with `ERR_CLOSED`
   */
  knownNetworks(): readonly string[] {
    return this.#engine.knownNetworks();
  }

  /**
   * Joins a network: its tables can be read and written, and fill with what the members publish.
   *
   * @returns when the first exchange with all members of the network has ended. Members that could not
   * be reached do not fail it: later rounds bring what they have
   * @throws StateError with `ERR_NETWORK_JOINED`, `ERR_NAME_INVALID`, `ERR_LEFT` or `ERR_CLOSED`
   * @throws TimeoutError with `ERR_TIMEOUT` or the signal's reason: the network stays joined
   */
  async joinNetwork(name: string, wait: JoinNetworkWait = {}): Promise<Network> {
    this.#assertActive();
    const giveUp = new AbortController();
    const isWaiting = wait.waitForSync !== false;
    const waiter = this.#waiters.create<Network>(`the first exchange of ${name}`, wait, () => {
      // Whoever does not wait for the exchange still wants it.
      if (isWaiting) giveUp.abort();
    });
    if (!waiter.isOpen) return waiter.promise;
    let network: Network;
    try {
      network = new Network(this.#engine, name, { signal: giveUp.signal });
    } catch (error) {
      waiter.reject(error);
      return waiter.promise;
    }
    const isReady = (): void => {
      waiter.resolve(network);
    };
    if (isWaiting) network.synced.then(isReady, isReady);
    else isReady();
    return waiter.promise;
  }

  /**
   * Changes of all networks this node is on, and of who is in the cluster: what is there now, then every
   * change, without gap or doubling. Values are bytes. `network`, `table` and `prefix` narrow it down.
   *
   * It starts with the other nodes as `nodeJoin` by name, then the entries as creates by network, table
   * and key. Nodes are told unless a filter leaves them out: they are in no network, have no key, and their
   * table is called `NodeTable`.
   *
   * @throws StateError `ERR_ARGUMENT_INVALID`, `ERR_CLOSED`
   * @remarks networkdb: Watch, whose node events have the same table and value.
   */
  watch(options: BatchFilteredWatchOptions): Watch<readonly ClusterChange[]>;
  watch(options?: FilteredWatchOptions): Watch<ClusterChange>;
  watch(
    options: FilteredWatchOptions & { readonly batch?: BatchOptions } = {},
  ): Watch<ClusterChange> | Watch<readonly ClusterChange[]> {
    const filter = clusterFilter(options);
    return hasBatch(options)
      ? this.#engine.watchBatchesAs(filter, options, toChange)
      : this.#engine.watchAs(filter, options, toChange);
  }

  /**
   * Says good-bye and waits until the cluster has heard it; what this node published vanishes there.
   *
   * The node goes on answering until `close()`. Leaving twice is the same leave. To come back, a new instance is
   * made: the good-bye has ended what this one published.
   *
   * @param wait - default time limit 5 s
   * @throws TimeoutError with `ERR_TIMEOUT`: the good-bye is out, but not often enough to be sure
   */
  async leave(wait: WaitOptions = {}): Promise<void> {
    this.#assertOpen();
    checkWait(wait);
    this.#leaving ??= this.#leave(wait);
    return this.#leaving;
  }

  /**
   * Ends everything at once and silently: sockets, streams, timers, watches, waits. Idempotent.
   *
   * A leave under way is waited for first. Without a leave the others have to detect the failure.
   */
  async close(): Promise<void> {
    if (this.#death !== null) return;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Leaves (at most 1 s), then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing === null) await this.leave({ timeoutMs: DISPOSE_LEAVE_MS }).catch(ignore);
    await this.close();
  }

  /**
   * Hears an event; see {@link NetworkDBEventMap}.
   *
   * @throws StateError with `ERR_CLOSED`
   */
  on<Name extends keyof NetworkDBEventMap>(
    name: Name,
    listener: Listener<NetworkDBEventMap[Name]>,
  ): this {
    this.#assertOpen();
    checkListener(name, listener);
    this.#listeners.on(name, listener);
    return this;
  }

  /** Hears an event no longer; harmless after a close. */
  off<Name extends keyof NetworkDBEventMap>(
    name: Name,
    listener: Listener<NetworkDBEventMap[Name]>,
  ): this {
    this.#listeners.off(name, listener);
    return this;
  }

  /**
   * All events as a stream, from now on, for `for await`. It holds back up to `buffer` events for a slow
   * reader; of more the oldest are dropped, told of as `lost` and counted as `events.lost`.
   *
   * @returns a stream that ends with `close`, its signal, or when the loop is left
   * @throws StateError with `ERR_ARGUMENT_INVALID` or `ERR_CLOSED`
   */
  events(options: EventStreamOptions = {}): EventStream<NetworkDBEventMap> {
    this.#assertOpen();
    return new EventStream(this.#listeners, options, () => {
      this.#memberlist.countLostEvent();
    });
  }

  /** Sizes and counters at this moment. */
  stats(): NetworkDBStats {
    return { membership: this.#memberlist.stats(), tables: this.#engine.stats() };
  }

  /**
   * Every change of its member records and entries is told from now on, beginning with the records that are
   * there. For simulations, whose checkers hold the rules against each change. @internal
   */
  watchState(watcher: NodeWatcher): void {
    this.#memberlist.watchRecords(watcher.record);
    this.#engine.watchPresence(watcher.presence);
    this.#engine.watchStore(watcher.store);
  }

  /** Every entry that is stored is told from now on: own writes and those of others. For simulations. @internal */
  watchEntries(stored: StoreWatcher['stored']): void {
    this.#engine.watchStore({ stored, removed: ignore, groupChanged: ignore });
  }

  /** What is still there after a close, by name; all of it should be 0. @internal */
  leftBehind(): Readonly<Record<string, number>> {
    const { watchers, pendingSyncs, waitingBytes, queued } = this.#engine.stats();
    const events = queued.own + queued.relay;
    return { listeners: this.#listeners.size, watchers, pendingSyncs, waitingBytes, events };
  }

  /** Whether it is neither closed, closing nor of a dead process. @internal */
  get isOpen(): boolean {
    return this.#closing === null && this.#death === null;
  }

  /** Calls once a close has ended, whoever asked for it; for simulations, whose process ends with it. @internal */
  hearClosed(onClosed: () => void): void {
    this.#onClosed = onClosed;
  }

  /**
   * The simulated process it ran in is dead: every call throws what `death` makes, and every promise is rejected
   * with it. Nothing else happens: nothing is sent, and nobody is told. @internal
   */
  abandon(death: () => StateError): void {
    this.#death = death;
    this.#engine.abandon(death);
    this.#memberlist.abandon(death);
    this.#waiters.abandonAll(death());
  }

  async #leave(wait: WaitOptions): Promise<void> {
    const limited = { timeoutMs: LEAVE_TIMEOUT_MS, ...wait };
    const told = this.#waiters.create<undefined>('spreading the good-bye', limited);
    this.#engine.announceLeave(() => {
      told.resolve(undefined);
    });
    await Promise.all([this.#memberlist.leave(limited), told.promise]);
  }

  async #close(): Promise<void> {
    await this.#leaving?.catch(ignore);
    if (this.#death !== null) return;
    this.#conflictEnd?.cancel();
    this.#engine.stop();
    await this.#memberlist.close();
    this.#waiters.failAll(closedError());
    this.#listeners.clear();
    this.#onClosed?.();
  }

  #forwardEvents(): void {
    for (const name of FORWARDED_EVENTS) {
      this.#memberlist.on(name, (...args: unknown[]) => {
        this.#listeners.emit(name, ...(args as never));
      });
    }
    this.#memberlist.on('nameConflict', ({ existing }) => {
      if (existing.isLocal) this.#holdCorrections();
    });
  }

  /** While another process uses our name, correcting what it writes would be a fight without end. */
  #holdCorrections(): void {
    this.#engine.setNameConflict(true);
    this.#conflictEnd?.cancel();
    this.#conflictEnd = this.#scheduleConflictEnd(() => {
      this.#engine.setNameConflict(false);
    });
  }

  #assertOpen(): void {
    if (this.#death !== null) throw this.#death();
    if (this.#closing !== null) throw closedError();
  }

  #assertActive(): void {
    this.#assertOpen();
    if (this.#leaving !== null) throw new StateError('ERR_LEFT', 'this node has left its cluster');
  }
}

async function startMembership(o: {
  readonly config: NetworkDBConfig;
  readonly localName: string;
  readonly ports: ReturnType<typeof resolvePorts>;
  readonly engine: TableEngine;
}): Promise<Memberlist> {
  const config = { ...o.config.memberlist, nodeName: o.localName };
  const goLevel = config.wire === 'memberlist' ? LOCAL_GO_LEVEL : null;
  const delegates = delegatesOf(o.engine.events, goLevel);
  try {
    return await Memberlist.start(config, { runtime: o.ports }, delegates);
  } catch (error) {
    o.engine.stop();
    throw error;
  }
}

function checkListener(name: string, listener: unknown): void {
  const isEvent =
    name === 'writeConflict' || (FORWARDED_EVENTS as readonly string[]).includes(name);
  if (isEvent && typeof listener === 'function') return;
  const text = isEvent ? `a listener of ${name} must be a function` : `there is no event ${name}`;
  throw new StateError('ERR_ARGUMENT_INVALID', text, { event: name });
}

function ignore(): void {
  // A wait that is over either way, or what nobody wants to hear.
}

const FORWARDED_EVENTS = [
  'join',
  'suspect',
  'fail',
  'leave',
  'update',
  'nameConflict',
  'warning',
] as const satisfies readonly (keyof MemberEventMap)[];
const LEAVE_TIMEOUT_MS = 5000;
const DISPOSE_LEAVE_MS = 1000;
/** Corrections stay off for longer than the pause between two reports of one conflict. */
const NAME_CONFLICT_HOLD_MS = 90_000;
