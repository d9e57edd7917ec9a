import type { Address, GossipError, Timer, WaitOptions } from '../runtime/index.ts';
import {
  checkWait,
  closedError,
  formatAddress,
  hostToBytes,
  StateError,
  TimeoutError,
  Waiters,
} from '../runtime/index.ts';
import type { AdvertiseChoice } from './advertise.ts';
import { chooseAdvertiseHost } from './advertise.ts';
import type { Parts } from './assemble.ts';
import { assemble, localMetadata, resolvePorts } from './assemble.ts';
import { resolveMemberlistConfig } from './config.ts';
import type { MemberlistDelegates } from './delegates.ts';
import type { EventStreamOptions } from './event-stream.ts';
import { EventStream } from './event-stream.ts';
import type { Listener, MemberEventMap, WarningCode } from './events.ts';
import type { JoinTarget } from './join-targets.ts';
import { Joiner } from './join.ts';
import type { Member, MemberRecord } from './member.ts';
import { isMember, toMember } from './member.ts';
import type { RecordWatcher } from './members.ts';
import type { BroadcastOptions, MessageTarget } from './messages.ts';
import type { MemberlistConfig, MemberlistOptions } from './options.ts';
import { RingKeys } from './ring-keys.ts';
import { listen, stopParts } from './start-stop.ts';
import type { MemberlistStats } from './stats.ts';
import { collectStats } from './stats.ts';

type Phase = 'open' | 'left' | 'closed';

/**
 * A member of a ring: knows who is alive, and carries the data of the layer above.
 *
 * This class wires the parts, keeps the life cycle and turns callbacks into promises; the rules live in
 * the parts (`state-rules.ts`, `probe.ts`, `gossip.ts`, `push-pull.ts`).
 */
export class Memberlist implements AsyncDisposable {
  /** The ring's keys, for rotation at run time. */
  readonly keyring: RingKeys;
  readonly #parts: Parts;
  readonly #config: MemberlistConfig;
  readonly #waiters: Waiters;
  #phase: Phase = 'open';
  #warnings: Timer | null = null;
  #joins = 0;
  #leaving: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  /** Makes what every call throws, once its process is dead. */
  #death: (() => StateError) | null = null;

  private constructor(parts: Parts, config: MemberlistConfig) {
    this.#parts = parts;
    this.#config = config;
    this.#waiters = new Waiters(parts.core.ports.clock);
    const assertOpen = (): void => {
      this.#assertOpen();
    };
    this.keyring = new RingKeys(parts.keyring, parts.keyUse, assertOpen, parts.keyLog);
  }

  /**
   * Starts a member: binds its sockets and announces itself to nobody yet.
   *
   * @throws ConfigError with `ERR_CONFIG_INVALID`, listing every problem
   * @throws TransportError with `ERR_ADDRESS_IN_USE` or `ERR_ADDRESS_UNAVAILABLE`
   * @throws StateError with `ERR_VALUE_TOO_LARGE` when the delegate's metadata is above 512 bytes
   */
  static async create(
    options: MemberlistOptions = {},
    delegates: MemberlistDelegates = {},
  ): Promise<Memberlist> {
    return Memberlist.start(resolveMemberlistConfig(options), options, delegates);
  }

  /**
   * The same with a configuration that a layer above has resolved.
   *
   * @internal
   */
  static async start(
    config: MemberlistConfig,
    options: Pick<MemberlistOptions, 'runtime'>,
    delegates: MemberlistDelegates,
  ): Promise<Memberlist> {
    const parts = assemble(config, resolvePorts(options.runtime, config.dns), delegates);
    const memberlist = new Memberlist(parts, config);
    try {
      await memberlist.#open();
    } catch (error) {
      await memberlist.close();
      throw error;
    }
    return memberlist;
  }

  /** This node's name. */
  get name(): string {
    return this.#parts.core.local.name;
  }

  /** This node as the others know it. */
  get localMember(): Member {
    return toMember(this.#parts.core.local);
  }

  /** 0 is healthy; up to `awareness.maxMult - 1` when this node has reason to doubt itself. */
  get healthScore(): number {
    return this.#parts.core.awareness.score;
  }

  /** Nodes that are alive or suspect, this one included. */
  get memberCount(): number {
    return this.#parts.core.table.memberCount();
  }

  /** Nodes that are alive or suspect, this one included, by name. */
  members(): readonly Member[] {
    this.#assertOpen();
    return this.#sorted(isMember);
  }

  /** Every node on record, the dead and the left ones included, by name. */
  nodes(): readonly Member[] {
    this.#assertOpen();
    return this.#sorted(() => true);
  }

  /** Whether these are the members, all of them and nobody else: `members()` without the copies. @internal */
  hasMembers(names: readonly string[]): boolean {
    this.#assertOpen();
    const { table } = this.#parts.core;
    if (table.memberCount() !== names.length) return false;
    return names.every((name) => {
      const record = table.get(name);
      return record !== undefined && isMember(record);
    });
  }

  /** The node of a name, in whatever state; undefined when there is none. */
  member(name: string): Member | undefined {
    this.#assertOpen();
    const record = this.#parts.core.table.get(name);
    return record === undefined ? undefined : toMember(record);
  }

  /**
   * Contacts members of a ring and merges what they know.
   *
   * @param targets - `host`, `host:port`, `[v6]:port`; names are resolved to all their addresses
   * @returns number of addresses that answered, 1 or more unless the list was empty
   * @throws GossipError with `ERR_JOIN_FAILED` when none answered; `fields.attempts` says why for each,
   * and `cause` holds the errors
   * @throws StateError with `ERR_ARGUMENT_INVALID`, `ERR_NODE_NAME_REQUIRED`, `ERR_LEFT` or `ERR_CLOSED`
   */
  async join(targets: readonly JoinTarget[], wait: WaitOptions = {}): Promise<number> {
    this.#assertActive();
    return this.#join(targets, wait, () => {
      this.#parts.rejoin.remember(targets);
    });
  }

  /**
   * Comes back into the ring after a leave, as the same process: with an incarnation above the one that
   * left, and metadata asked for anew. Nothing else was lost, so nothing is made anew.
   *
   * A leave that is still being spread ends: the news of the return replaces it. From here on `leave` is
   * a new leave.
   *
   * @param targets - whom to contact; left out: up to eight members, or where none is left the dead on record and
   * the targets of the last `join`
   * @returns number of addresses that answered; 0 when there was nobody to contact
   * @throws StateError with `ERR_NOT_LEFT` when this node is in its ring, `ERR_JOIN_RUNNING` while a join
   * from before the leave goes on, `ERR_CLOSED`, `ERR_ARGUMENT_INVALID`, `ERR_NODE_NAME_REQUIRED` or
   * `ERR_VALUE_TOO_LARGE` (metadata); nothing has changed
   * @throws GossipError with `ERR_JOIN_FAILED` when none answered; TimeoutError with `ERR_TIMEOUT`; the signal's
   * reason. This node is back all the same, and `join` can be called again
   * @remarks In Go a process that left cannot come back (its alive messages are ignored). The tables of a
   * `NetworkDB` cannot either: they say good-bye to each network, so a `NetworkDB` that left is made anew
   */
  async rejoin(targets?: readonly JoinTarget[], wait: WaitOptions = {}): Promise<number> {
    this.#assertOpen();
    if (this.#phase !== 'left') {
      throw new StateError('ERR_NOT_LEFT', 'this node has not left its ring');
    }
    if (this.#joins > 0) {
      throw new StateError('ERR_JOIN_RUNNING', 'a join from before the leave is still going on');
    }
    const { core, rejoin, rules } = this.#parts;
    const metadata = localMetadata(core);
    return this.#join(targets === undefined ? rejoin.lastKnown() : targets, wait, () => {
      this.#phase = 'open';
      this.#leaving = null;
      if (targets !== undefined) rejoin.remember(targets);
      rules.comeBack(metadata);
    });
  }

  /**
   * Changes the seeds: those of them that are no members are contacted now, and again every
   * `rejoin.bootstrapIntervalMs`. They replace the targets of the last `join`, as those of the next do them.
   *
   * @param targets - as of `join`; an empty list for none; copied
   * @throws StateError with `ERR_ARGUMENT_INVALID` (nothing has changed), `ERR_LEFT` or `ERR_CLOSED`
   */
  setBootstrap(targets: readonly JoinTarget[]): void {
    this.#assertActive();
    this.#parts.rejoin.setTargets(targets);
  }

  /**
   * Waits until the ring has at least so many members, this one included.
   *
   * @returns the members at that moment
   * @throws TimeoutError with `ERR_TIMEOUT`; the signal's reason; StateError with `ERR_CLOSED`
   */
  async waitForMembers(count: number, wait: WaitOptions = {}): Promise<readonly Member[]> {
    this.#assertOpen();
    const { listeners } = this.#parts.core.events;
    const check = (): void => {
      if (this.memberCount >= count) waiter.resolve(this.#sorted(isMember));
    };
    if (!Number.isSafeInteger(count)) {
      throw new StateError('ERR_ARGUMENT_INVALID', 'members are counted in whole numbers', {
        count,
      });
    }
    const waiter = this.#waiters.create<readonly Member[]>(`a ring of ${count}`, wait, () => {
      listeners.off('join', check);
    });
    if (waiter.isOpen) listeners.on('join', check);
    check();
    return waiter.promise;
  }

  /**
   * Asks the delegate for metadata anew and announces it.
   *
   * @returns when the announcement was gossiped often enough, at once in a ring of one
   * @throws StateError with `ERR_VALUE_TOO_LARGE`, `ERR_LEFT` or `ERR_CLOSED`; nothing has changed
   * @throws TimeoutError with `ERR_TIMEOUT`, or the signal's reason: the announcement is under way
   */
  async updateNode(wait: WaitOptions = {}): Promise<void> {
    this.#assertActive();
    const { core, rules } = this.#parts;
    const metadata = localMetadata(core);
    const waiter = this.#waiters.create<undefined>('the announcement', wait);
    rules.announce(metadata, () => {
      waiter.resolve(undefined);
    });
    if (this.memberCount <= 1) waiter.resolve(undefined);
    return waiter.promise;
  }

  /**
   * Measures the round trip to a member, or to whatever answers at an address.
   *
   * @returns milliseconds
   * @param wait - default time limit: the probe timeout
   * @throws StateError with `ERR_MEMBER_UNKNOWN`, `ERR_ARGUMENT_INVALID`, `ERR_NODE_NAME_REQUIRED` or `ERR_CLOSED`
   * @throws TimeoutError with `ERR_NO_PING_RESPONSE`, or the signal's reason
   */
  async ping(to: MessageTarget, wait: WaitOptions = {}): Promise<number> {
    this.#assertOpen();
    checkWait(wait);
    const node = this.#parts.messages.resolve(to);
    const timeoutMs = wait.timeoutMs ?? this.#config.probe.timeoutMs;
    let giveUp: (() => void) | null = null;
    const waiter = this.#waiters.create<number>('a ping', { signal: wait.signal }, () =>
      giveUp?.(),
    );
    if (!waiter.isOpen) return waiter.promise;
    giveUp = this.#parts.prober.ping(node, timeoutMs, (roundTripMs) => {
      const name = node.name || formatAddress(node.endpoint);
      const text = `${name} did not answer within ${timeoutMs} ms`;
      if (roundTripMs !== null) waiter.resolve(roundTripMs);
      else waiter.reject(new TimeoutError('ERR_NO_PING_RESPONSE', text, { node: name, timeoutMs }));
    });
    return waiter.promise;
  }

  /** Bytes that a message of `sendBestEffort` may have without exceeding `maxPacketBytes`. */
  packetRoomBytes(): number {
    this.#assertOpen();
    return this.#parts.messages.roomBytes();
  }

  /**
   * Sends one packet straight to a member or an address: no receipt, no repetition.
   *
   * @throws StateError with `ERR_PACKET_TOO_LARGE` (both sizes in `fields`), `ERR_MEMBER_UNKNOWN`,
   * `ERR_ARGUMENT_INVALID`, `ERR_NODE_NAME_REQUIRED` or `ERR_CLOSED`
   */
  sendBestEffort(to: MessageTarget, message: Uint8Array): void {
    this.#assertOpen();
    const { messages } = this.#parts;
    messages.sendPackets([messages.resolve(to).endpoint], message);
  }

  /**
   * `sendBestEffort` to several members, sealed once for all of them; names of no member are passed over.
   *
   * @internal
   */
  sendBestEffortToAll(names: readonly string[], message: Uint8Array): void {
    this.#assertOpen();
    this.#parts.messages.sendPacketsToNames(names, message);
  }

  /**
   * Sends one message to a member or an address over a stream of its own.
   *
   * @returns when the peer's kernel has taken all of it; the peer's service may still fail to use it
   * @throws StateError with `ERR_MESSAGE_TOO_LARGE`, `ERR_MEMBER_UNKNOWN`, `ERR_ARGUMENT_INVALID`,
   * `ERR_NODE_NAME_REQUIRED` or `ERR_CLOSED`; TransportError; TimeoutError
   */
  async sendReliable(
    to: MessageTarget,
    message: Uint8Array,
    wait: WaitOptions = {},
  ): Promise<void> {
    this.#assertOpen();
    const { messages } = this.#parts;
    const { endpoint } = messages.resolve(to);
    messages.assertStreamSize(message);
    let giveUp: (() => void) | null = null;
    const waiter = this.#waiters.create<undefined>('a send', wait, () => giveUp?.());
    if (waiter.isOpen) {
      giveUp = messages.sendStream(endpoint, message, (error) => {
        if (error === null) waiter.resolve(undefined);
        else waiter.reject(error);
      });
    }
    return waiter.promise;
  }

  /**
   * `sendReliable` with a callback and to any endpoint, for layers that must not await.
   *
   * @returns a function that gives up
   * @internal
   */
  sendStream(
    to: Address,
    message: Uint8Array,
    done: (error: GossipError | null) => void,
  ): () => void {
    this.#assertOpen();
    return this.#parts.messages.sendStream(to, message, done);
  }

  /**
   * Queues a message to be gossiped to the members; each gets it through its `onUserMessage`, perhaps more than
   * once.
   *
   * Gossip is no multicast: this node sends it `retransmitMult x ceil(log10(members + 1))` times to random
   * members, which is all of them only in small rings. For all of a large one, receivers pass on what they had
   * not heard yet, by a `broadcast` of their own.
   *
   * @throws StateError with `ERR_PACKET_TOO_LARGE` (both sizes in `fields`), `ERR_ARGUMENT_INVALID`, `ERR_LEFT` or
   * `ERR_CLOSED`; nothing was queued
   */
  broadcast(message: Uint8Array, options: BroadcastOptions = {}): void {
    this.#assertActive();
    this.#parts.messages.queueBroadcast(message, options);
    this.nudge();
  }

  /**
   * Drops waiting user broadcasts, those sent most often first, until so many are left.
   *
   * @throws StateError with `ERR_CLOSED`
   */
  pruneBroadcasts(keep: number): void {
    this.#assertOpen();
    this.#parts.core.userQueue.prune(keep);
  }

  /**
   * The layer above has fresh broadcasts: gossip within 5 ms. Nothing once closed.
   *
   * @internal
   */
  nudge(): void {
    this.#parts.gossip.nudge();
  }

  /**
   * Runs extra gossip rounds, so that what is queued has gone out often enough soon.
   *
   * @returns a function that ends them
   * @internal
   */
  hurryGossip(): () => void {
    this.#assertOpen();
    return this.#parts.gossip.hurry();
  }

  /**
   * Announces that this node leaves, and waits until that was gossiped often enough.
   *
   * The node goes on answering until `close()`, and can come back with `rejoin()`. Leaving twice is the same
   * leave.
   *
   * @param wait - default time limit 5 s
   * @throws TimeoutError with `ERR_TIMEOUT`: the announcement is out, but not often enough to be sure
   */
  async leave(wait: WaitOptions = {}): Promise<void> {
    this.#assertOpen();
    checkWait(wait);
    this.#leaving ??= this.#leave({ timeoutMs: LEAVE_TIMEOUT_MS, ...wait });
    return this.#leaving;
  }

  /**
   * Ends everything at once and silently: sockets, streams, timers, waits. Idempotent.
   *
   * A leave under way is waited for first. Without a leave the others have to detect the failure.
   */
  async close(): Promise<void> {
    if (this.#death !== null) return;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Its simulated process is dead: calls throw, promises are rejected, and nothing else happens. @internal */
  abandon(death: () => StateError): void {
    this.#death = death;
    this.#waiters.abandonAll(death());
  }

  /** Leaves (at most 1 s), then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    const isOpen = this.#phase !== 'closed';
    if (isOpen) await this.leave({ timeoutMs: DISPOSE_LEAVE_MS }).catch(() => undefined);
    await this.close();
  }

  /** Hears an event; see {@link MemberEventMap}. */
  on<Name extends keyof MemberEventMap>(
    name: Name,
    listener: Listener<MemberEventMap[Name]>,
  ): this {
    this.#assertOpen();
    this.#parts.core.events.listeners.on(name, listener);
    return this;
  }

  /** Hears an event no longer. */
  off<Name extends keyof MemberEventMap>(
    name: Name,
    listener: Listener<MemberEventMap[Name]>,
  ): this {
    this.#parts.core.events.listeners.off(name, listener);
    return this;
  }

  /**
   * All events as a stream, from now on, for `for await`. It holds back up to `buffer` events for a slow
   * reader; of more the oldest are dropped, told of as `lost` and counted as `events.lost`.
   *
   * @returns a stream that ends with `close`, its signal, or when the loop is left
   * @throws StateError with `ERR_ARGUMENT_INVALID` or `ERR_CLOSED`
   */
  events(options: EventStreamOptions = {}): EventStream<MemberEventMap> {
    this.#assertOpen();
    return new EventStream(this.#parts.core.events.listeners, options, () => {
      this.countLostEvent();
    });
  }

  /** A reader of events was too slow, here or in the layer above. @internal */
  countLostEvent(): void {
    this.#parts.core.counters.add('events.lost');
  }

  /** Tells of a warning of the layer above, as of our own. Nothing once closed. @internal */
  warn(code: WarningCode, message: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#phase !== 'closed') this.#parts.core.events.warn(code, message, fields);
  }

  /** Every change of a record is told from now on, beginning with those that are there. @internal */
  watchRecords(watcher: RecordWatcher): void {
    const { table } = this.#parts.core;
    for (const record of table.all()) watcher(record, 'changed');
    table.watcher = watcher;
  }

  /** Sizes and counters at this moment. */
  stats(): MemberlistStats {
    this.#assertOpen();
    return collectStats(this.#parts.core);
  }

  async #open(): Promise<void> {
    const waiter = this.#waiters.create<Address>('binding');
    listen(this.#parts, (error, bound) => {
      if (error === null) waiter.resolve(bound);
      else waiter.reject(error);
    });
    this.#announce(await waiter.promise);
  }

  #announce(bound: Address): void {
    const { core, rules, gossip, prober, pushPull, rejoin } = this.#parts;
    const { advertiseAddress, advertisePort } = this.#config;
    const interfaces = core.ports.transport.interfaceAddresses();
    const choice = chooseAdvertiseHost(bound, advertiseAddress, interfaces);
    const { local } = core;
    local.amend({
      addressBytes: hostToBytes(choice.host),
      address: { host: choice.host, port: advertisePort ?? bound.port },
    });
    core.ports.logger.debug({ bound, advertised: local.address }, 'listening');
    rules.announce(localMetadata(core));
    gossip.start();
    prober.start();
    pushPull.start();
    rejoin.start();
    this.#parts.keyLog?.note(this.#parts.keyring.entries().map(({ bytes }) => bytes));
    // Late enough for whoever awaits the start to listen first.
    this.#warnings = core.ports.clock.afterPendingInput(() => {
      this.#warnAboutAddress(choice, bound);
    });
  }

  #warnAboutAddress({ host, doubt }: AdvertiseChoice, bound: Address): void {
    const { events } = this.#parts.core;
    const isChosen = bound.host === '0.0.0.0' || bound.host === '::';
    if (doubt === 'loopback' && isChosen && this.#config.advertiseAddress === null) {
      const text = 'no address of this machine can be reached from others; advertising loopback';
      events.warn('WARN_ADVERTISE_LOOPBACK', text, { host });
    }
    if (doubt === 'public' && this.#parts.keyring.size === 0) {
      const text = 'a public address is advertised and nothing is encrypted';
      events.warn('WARN_PUBLIC_UNENCRYPTED', text, { host });
    }
  }

  /** @param begin - runs once nothing can be refused any more, before anybody is contacted */
  #join(targets: readonly JoinTarget[], wait: WaitOptions, begin: () => void): Promise<number> {
    const { core, pushPull } = this.#parts;
    checkWait(wait);
    const joiner = new Joiner(core, pushPull, targets, (error, contacted) => {
      if (contacted > 0) pushPull.followUp();
      if (error === null) waiter.resolve(contacted);
      else waiter.reject(error);
    });
    this.#joins += 1;
    const waiter = this.#waiters.create<number>('a join', wait, () => {
      this.#joins -= 1;
      joiner.abandon();
    });
    if (!waiter.isOpen) return waiter.promise;
    begin();
    joiner.run();
    return waiter.promise;
  }

  async #leave(wait: WaitOptions): Promise<void> {
    const { rules } = this.#parts;
    const stopHurry = this.hurryGossip();
    const waiter = this.#waiters.create<undefined>('spreading the leave', wait, stopHurry);
    this.#phase = 'left';
    rules.leave(() => {
      waiter.resolve(undefined);
    });
    if (this.memberCount === 0) waiter.resolve(undefined);
    return waiter.promise;
  }

  async #close(): Promise<void> {
    await this.#leaving?.catch(() => undefined);
    if (this.#death !== null) return;
    this.#phase = 'closed';
    this.#warnings?.cancel();
    this.#waiters.failAll(closedError());
    await stopParts(this.#parts);
  }

  #sorted(wanted: (record: MemberRecord) => boolean): readonly Member[] {
    const found = this.#parts.core.table.all().filter(wanted).map(toMember);
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #assertOpen(): void {
    if (this.#death !== null) throw this.#death();
    if (this.#phase === 'closed' || this.#closing !== null) throw closedError();
  }

  #assertActive(): void {
    this.#assertOpen();
    if (this.#phase === 'left') throw new StateError('ERR_LEFT', 'this node has left its ring');
  }
}

const LEAVE_TIMEOUT_MS = 5000;
const DISPOSE_LEAVE_MS = 1000;
