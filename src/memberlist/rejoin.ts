import type { Address, GossipError, Timer } from '../runtime/index.ts';
import type { TickerOptions } from '../runtime/index.ts';
import { randomBelow, randomFraction, StateError, Ticker } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { EndpointIndex } from './endpoint-index.ts';
import type { JoinTarget } from './join-targets.ts';
import { parseJoinTarget, resolveJoinTarget } from './join-targets.ts';
import type { MemberRecord } from './member.ts';
import { isMember } from './member.ts';
import { PeersFile } from './peers-file.ts';

/** What rejoining needs from other parts. */
export interface RejoinHooks {
  /** Push/pull with an endpoint, as a join of one. */
  readonly exchange: (to: Address, done: (error: GossipError | null) => void) => void;
}

/**
 * Finds members again that were lost, with nothing configured.
 *
 * Three sources, each at its own pace:
 * - members that failed: the last 64 are remembered beyond their record. At each tick one of them is
 *   tried with probability failed / alive, so that the two halves of a split ring together make about
 *   one attempt per tick and node lost, not one per pair;
 * - the targets of the last `join`: those that are no members are contacted again, so that islands that
 *   each hold a seed find together;
 * - the peers file: while the node is alone, the peers of its former life.
 *
 * One exchange is enough to heal: each side then holds the other's members as alive with incarnations
 * of their own, or suspects what the other holds for dead, and the accused refute.
 *
 * @remarks memberlist has none of this: after a partition longer than suspicion and gossip to the dead
 * both halves forget each other (Serf adds a reconnect of its own).
 */
export class Rejoin {
  readonly #core: Core;
  readonly #hooks: RejoinHooks;
  readonly #lost = new Map<string, { readonly address: Address; readonly since: number }>();
  readonly #tickers: Ticker[] = [];
  readonly #endpoints: EndpointIndex;
  readonly #reconnect: Ticker | null;
  readonly #peersFile: PeersFile | null;
  #targets: readonly JoinTarget[] = [];
  #saved: readonly Address[] = [];
  #contacting = 0;
  #isOpen = false;
  #first: Timer | null = null;

  constructor(core: Core, hooks: RejoinHooks) {
    this.#core = core;
    this.#hooks = hooks;
    const { reconnectIntervalMs, bootstrapIntervalMs, peersFile } = core.config.rejoin;
    this.#peersFile = peersFile === null ? null : new PeersFile(core, peersFile);
    this.#endpoints = new EndpointIndex(core.table);
    this.#reconnect = this.#addTicker(reconnectIntervalMs, {
      onTick: () => {
        this.#tryLost();
      },
      isIdle: () => this.#lost.size === 0,
    });
    this.#addTicker(bootstrapIntervalMs, {
      onTick: () => {
        this.#tryMissing();
      },
    });
  }

  /** Peers that were lost and are still looked for. */
  get lostCount(): number {
    return this.#lost.size;
  }

  /**
   * Whom to contact after an absence: a few random members, so that nobody waits for the dead; where none is
   * left, the dead on record and the seeds.
   */
  lastKnown(): readonly JoinTarget[] {
    const pick = (wanted: (record: MemberRecord) => boolean): JoinTarget[] =>
      this.#core.table
        .pick(MAX_LAST_KNOWN, (record) => !record.isLocal && wanted(record))
        .map(({ name, address }) => ({ name, ...address }));
    const members = pick(isMember);
    if (members.length > 0) return members;
    return [...pick(({ state }) => state === 'dead'), ...this.#targets];
  }

  start(): void {
    this.#isOpen = true;
    const { listeners } = this.#core.events;
    listeners.on('fail', ({ name, host, port }) => {
      this.#remember(name, { host, port });
    });
    listeners.on('join', ({ name }) => this.#lost.delete(name));
    listeners.on('leave', ({ name }) => this.#lost.delete(name));
    for (const ticker of this.#tickers) ticker.start();
    this.#peersFile?.start((peers) => {
      this.#saved = peers;
      this.#first = this.#core.ports.clock.schedule(0, () => {
        this.#tryMissing();
      });
    });
  }

  stop(): void {
    this.#isOpen = false;
    for (const ticker of this.#tickers) ticker.stop();
    this.#first?.cancel();
    this.#peersFile?.stop();
    this.#lost.clear();
    this.#targets = [];
    this.#saved = [];
  }

  /** These are the seeds from now on. */
  remember(targets: readonly JoinTarget[]): void {
    this.#targets = [...targets];
  }

  /**
   * These are the seeds from now on, and those that are missing are looked for at once.
   *
   * @throws StateError with `ERR_ARGUMENT_INVALID`
   */
  setTargets(targets: readonly JoinTarget[]): void {
    const given: unknown = targets;
    if (!Array.isArray(given)) {
      throw new StateError('ERR_ARGUMENT_INVALID', 'the seeds come in a list', { targets });
    }
    const { config, local, ports } = this.#core;
    for (const target of targets) parseJoinTarget(target, local.address.port);
    this.remember(targets);
    if (config.rejoin.bootstrapIntervalMs === false) return;
    this.#first?.cancel();
    this.#first = ports.clock.schedule(0, () => {
      this.#tryMissing();
    });
  }

  #addTicker(intervalMs: number | false, o: Omit<TickerOptions, 'intervalMs'>): Ticker | null {
    if (intervalMs === false) return null;
    const ticker = new Ticker(this.#core.ports, { intervalMs: () => intervalMs, ...o });
    this.#tickers.push(ticker);
    return ticker;
  }

  #remember(name: string, address: Address): void {
    this.#lost.delete(name);
    this.#lost.set(name, { address, since: this.#core.ports.clock.now() });
    const [oldest] = this.#lost.keys();
    if (oldest !== undefined && this.#lost.size > MAX_LOST) this.#lost.delete(oldest);
    this.#reconnect?.wake();
  }

  #tryLost(): void {
    const { ports, table } = this.#core;
    this.#forgetOld();
    if (this.#lost.size === 0 || this.#contacting > 0) return;
    if (randomFraction(ports.random) >= this.#lost.size / table.memberCount()) return;
    const names = [...this.#lost.keys()].sort();
    const name = names[randomBelow(ports.random, names.length)] ?? '';
    const lost = this.#lost.get(name);
    if (lost !== undefined) this.#contact([lost.address]);
  }

  #forgetOld(): void {
    const before = this.#core.ports.clock.now() - LOST_RETENTION_MS;
    for (const [name, { since }] of this.#lost) if (since <= before) this.#lost.delete(name);
  }

  /** Seeds that are no members; and, while nobody else is there, the peers of a former life. */
  #tryMissing(): void {
    if (!this.#isOpen) return;
    const { ports, table, local } = this.#core;
    // Members are counted by looking at each, so that is asked last.
    if (this.#saved.length > 0 && table.memberCount() <= 1) this.#contact(this.#saved);
    for (const target of this.#targets) {
      const endpoint = parseJoinTarget(target, local.address.port);
      resolveJoinTarget(ports.resolver, endpoint, (error, endpoints) => {
        if (this.#isOpen && error === null) this.#contact(endpoints);
      });
    }
  }

  /** Contacts those of the endpoints that no member has, one after the other. */
  #contact(endpoints: readonly Address[]): void {
    const { counters } = this.#core;
    const missing = endpoints.filter((endpoint) => this.#endpoints.find(endpoint) === undefined);
    const next = (): void => {
      const endpoint = missing.shift();
      if (endpoint === undefined || !this.#isOpen) {
        this.#contacting -= 1;
        return;
      }
      counters.add('rejoin.attempts');
      this.#hooks.exchange(endpoint, (error) => {
        if (error === null) counters.add('rejoin.contacts');
        next();
      });
    };
    this.#contacting += 1;
    next();
  }
}

/** Members that are contacted after an absence: one that answers is enough. */
const MAX_LAST_KNOWN = 8;
/** Failed members remembered beyond their record. */
const MAX_LOST = 64;
/** A member that is not back after a day is not looked for any more. */
const LOST_RETENTION_MS = 86_400_000;
