import { wireStreamLimits } from '../codec/index.ts';
import type { Address, GossipError, Timer, WaitOptions } from '../runtime/index.ts';
import { checkWait, hostToBytes, StateError, TimeoutError, Waiters } from '../runtime/index.ts';
import type { AdvertiseChoice } from './advertise.ts';
import { chooseAdvertiseHost } from './advertise.ts';
import type { Parts } from './assemble.ts';
import { assemble, localMetadata, resolvePorts } from './assemble.ts';
import { resolveMemberlistConfig } from './config.ts';
import type { MemberlistDelegates } from './delegates.ts';
import type { Listener, MemberEventMap } from './events.ts';
import type { JoinTarget } from './join-targets.ts';
import { Joiner } from './join.ts';
import type { Member, MemberRecord } from './member.ts';
import { isMember, toMember } from './member.ts';
import type { MemberlistConfig, MemberlistOptions } from './options.ts';
import { asUserMessage } from './packet-sender.ts';
import { RingKeys } from './ring-keys.ts';

/** What `stats()` of a {@link Memberlist} returns. */
export interface MemberlistStats {
  readonly members: number;
  /** Records held, the gone ones included. */
  readonly knownNodes: number;
  /** 0 is healthy. */
  readonly healthScore: number;
  readonly queuedBroadcasts: number;
  /** Every counter by its dotted name. */
  readonly counters: Readonly<Record<string, number>>;
}

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
  #leaving: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

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
    const parts = assemble(config, resolvePorts(options.runtime), delegates);
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
   * @throws StateError with `ERR_ARGUMENT_INVALID`, `ERR_LEFT` or `ERR_CLOSED`
   */
  async join(targets: readonly JoinTarget[], wait: WaitOptions = {}): Promise<number> {
    this.#assertActive();
    const { core, pushPull, rejoin } = this.#parts;
    const joiner = new Joiner(core, pushPull, targets, (error, contacted) => {
      if (contacted > 0) pushPull.followUp();
      if (error === null) waiter.resolve(contacted);
      else waiter.reject(error);
    });
    const waiter = this.#waiters.create<number>('a join', wait, () => {
      joiner.abandon();
    });
    rejoin.remember(targets);
    if (waiter.isOpen) joiner.run();
    return waiter.promise;
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
   * Measures the round trip to a member.
   *
   * @returns milliseconds
   * @param wait - default time limit: the probe timeout
   * @throws StateError with `ERR_MEMBER_UNKNOWN`; TimeoutError with `ERR_NO_PING_RESPONSE`
   */
  async ping(name: string, wait: WaitOptions = {}): Promise<number> {
    this.#assertOpen();
    const record = this.#recordOf(name);
    const timeoutMs = wait.timeoutMs ?? this.#config.probe.timeoutMs;
    let giveUp: (() => void) | null = null;
    const waiter = this.#waiters.create<number>('a ping', { signal: wait.signal }, () =>
      giveUp?.(),
    );
    if (!waiter.isOpen) return waiter.promise;
    const node = { name, endpoint: record.address };
    giveUp = this.#parts.prober.ping(node, timeoutMs, (roundTripMs) => {
      const text = `${name} did not answer within ${timeoutMs} ms`;
      if (roundTripMs !== null) waiter.resolve(roundTripMs);
      else waiter.reject(new TimeoutError('ERR_NO_PING_RESPONSE', text, { node: name, timeoutMs }));
    });
    return waiter.promise;
  }

  /** Bytes that a message of `sendBestEffort` may have without exceeding `maxPacketBytes`. */
  packetRoomBytes(): number {
    this.#assertOpen();
    return this.#parts.sender.roomBytes() - USER_TYPE_BYTES;
  }

  /**
   * Sends one packet straight to a member: no receipt, no repetition.
   *
   * @throws StateError with `ERR_PACKET_TOO_LARGE` (both sizes in `fields`) or `ERR_MEMBER_UNKNOWN`
   */
  sendBestEffort(name: string, message: Uint8Array): void {
    this.#assertOpen();
    const { address } = this.#recordOf(name);
    this.#assertFitsPacket(message, address);
    this.#parts.sender.sendAlone([address], asUserMessage(message));
  }

  /**
   * `sendBestEffort` to several members, sealed once for all of them; names of no member are passed over.
   *
   * @internal
   */
  sendBestEffortToAll(names: readonly string[], message: Uint8Array): void {
    this.#assertOpen();
    const { table } = this.#parts.core;
    const addresses = names.flatMap((name) => table.get(name)?.address ?? []);
    for (const address of addresses) this.#assertFitsPacket(message, address);
    this.#parts.sender.sendAlone(addresses, asUserMessage(message));
  }

  /**
   * Sends one message to a member over a stream of its own.
   *
   * @returns when the peer's kernel has taken all of it; the peer's service may still fail to use it
   * @throws StateError with `ERR_MESSAGE_TOO_LARGE` or `ERR_MEMBER_UNKNOWN`; TransportError;
   * TimeoutError
   */
  async sendReliable(name: string, message: Uint8Array, wait: WaitOptions = {}): Promise<void> {
    this.#assertOpen();
    const { address } = this.#recordOf(name);
    this.#assertStreamSize(message);
    let giveUp: (() => void) | null = null;
    const waiter = this.#waiters.create<undefined>('a send', wait, () => giveUp?.());
    if (waiter.isOpen) {
      giveUp = this.sendStream(address, message, (error) => {
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
    this.#assertStreamSize(message);
    const options = { wantsReply: false, timeoutMs: this.#config.limits.streamTimeoutMs };
    return this.#parts.client.exchange(to, { type: 'user', payload: message }, options, done);
  }

  /** The layer above has fresh broadcasts: gossip within 5 ms. Nothing once closed. @internal */
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
    const { core, gossip } = this.#parts;
    let timer: Timer | null = null;
    const round = (): void => {
      timer = core.ports.clock.schedule(HURRIED_ROUND_MS, () => {
        gossip.round();
        if (timer !== null) round();
      });
    };
    round();
    return () => {
      timer?.cancel();
      timer = null;
    };
  }

  /**
   * Announces that this node leaves, and waits until that was gossiped often enough.
   *
   * The node goes on answering until `close()`. Leaving twice is the same leave.
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
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Leaves (at most 1 s), then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#phase !== 'closed') await this.leave({ timeoutMs: DISPOSE_LEAVE_MS }).catch(ignore);
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

  /** Sizes and counters at this moment. */
  stats(): MemberlistStats {
    this.#assertOpen();
    const { core } = this.#parts;
    return {
      members: this.memberCount,
      knownNodes: core.table.size,
      healthScore: this.healthScore,
      queuedBroadcasts: core.queue.length,
      counters: core.counters.snapshot(),
    };
  }

  async #open(): Promise<void> {
    const { core, inbound, server } = this.#parts;
    const { bindAddress, bindPort, limits } = this.#config;
    const waiter = this.#waiters.create<Address>('binding');
    core.ports.transport.listen(
      {
        bindAddress,
        bindPort,
        limits: {
          maxInboundStreams: limits.maxInboundStreams,
          maxStreamBytes: maxStreamBytes(this.#config),
          streamIdleMs: limits.streamTimeoutMs,
          dialTimeoutMs: limits.streamTimeoutMs,
        },
      },
      {
        onPacket: (bytes, from) => {
          inbound.onPacket(bytes, from);
        },
        onStream: (connection) => server.accept(connection),
      },
      (error, bound) => {
        if (error === null) waiter.resolve(bound);
        else waiter.reject(error);
      },
    );
    this.#announce(await waiter.promise);
  }

  #announce(bound: Address): void {
    const { core, rules, gossip, prober, pushPull, rejoin } = this.#parts;
    const { advertiseAddress, advertisePort } = this.#config;
    const interfaces = core.ports.transport.interfaceAddresses();
    const choice = chooseAdvertiseHost(bound, advertiseAddress, interfaces);
    const { local } = core;
    local.addressBytes = hostToBytes(choice.host);
    local.address = { host: choice.host, port: advertisePort ?? bound.port };
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
    await this.#leaving?.catch(ignore);
    this.#phase = 'closed';
    this.#warnings?.cancel();
    this.#waiters.failAll(closedError());
    const {
      core,
      acks,
      answers,
      client,
      gossip,
      inbound,
      prober,
      pushPull,
      rejoin,
      rules,
      server,
    } = this.#parts;
    inbound.stop();
    gossip.stop();
    prober.stop();
    pushPull.stop();
    rejoin.stop();
    answers.stop();
    client.stop();
    server.stop();
    rules.close();
    acks.clear();
    await new Promise<void>((resolve) => {
      core.ports.transport.close(resolve);
    });
    core.events.listeners.clear();
    core.queue.clear();
  }

  #sorted(wanted: (record: MemberRecord) => boolean): readonly Member[] {
    const found = this.#parts.core.table.all().filter(wanted).map(toMember);
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #recordOf(name: string): MemberRecord {
    const record = this.#parts.core.table.get(name);
    if (record !== undefined) return record;
    throw new StateError('ERR_MEMBER_UNKNOWN', `no member is called ${name}`, { node: name });
  }

  #assertStreamSize({ length: sizeBytes }: Uint8Array): void {
    const limitBytes = this.#config.limits.maxStreamMessageBytes;
    if (sizeBytes <= limitBytes) return;
    const text = `a message of ${sizeBytes} bytes is above the cap of ${limitBytes}`;
    throw new StateError('ERR_MESSAGE_TOO_LARGE', text, { sizeBytes, limitBytes });
  }

  #assertFitsPacket(message: Uint8Array, to: Address): void {
    const overheadBytes = USER_TYPE_BYTES + this.#parts.sender.overheadBytes(to);
    const sizeBytes = message.length + overheadBytes;
    const limitBytes = this.#config.maxDirectPacketBytes;
    if (sizeBytes <= limitBytes) return;
    const text = `a packet of ${sizeBytes} bytes is above the cap of ${limitBytes}`;
    throw new StateError('ERR_PACKET_TOO_LARGE', text, { sizeBytes, limitBytes });
  }

  #assertOpen(): void {
    if (this.#phase === 'closed' || this.#closing !== null) throw closedError();
  }

  #assertActive(): void {
    this.#assertOpen();
    if (this.#phase === 'left') throw new StateError('ERR_LEFT', 'this node has left its ring');
  }
}

/** What a peer may send on one stream: also where user messages are kept small, records must pass. */
function maxStreamBytes({ limits, wire }: MemberlistConfig): number {
  const recordBytes = wire === 'memberlist' ? wireStreamLimits(wire).maxMessageBytes : 0;
  return Math.max(limits.maxStreamMessageBytes, recordBytes) + STREAM_FRAMING_BYTES;
}

function closedError(): StateError {
  return new StateError('ERR_CLOSED', 'this node is closed');
}

function ignore(): void {
  // The wait is over either way.
}

const USER_TYPE_BYTES = 1;
const LEAVE_TIMEOUT_MS = 5000;
const DISPOSE_LEAVE_MS = 1000;
/** Extra gossip rounds while leaving, so that a leave does not take a second. */
const HURRIED_ROUND_MS = 20;
const STREAM_FRAMING_BYTES = 1024 * 1024;
