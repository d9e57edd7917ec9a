import type { Clock, Random, Timer } from '../runtime/index.ts';
import { sample, shuffle, StateError, Ticker } from '../runtime/index.ts';
import type { BulkSync } from './bulk-sync.ts';
import type { GoPeers } from './go-peers.ts';
import { inTurn } from './in-turn.ts';
import { JoinSync } from './join-sync.ts';
import type { TableState } from './transitions.ts';

/*
 * When whole networks are exchanged, and with whom:
 *   - on joining a network, with every member of it (`join-sync.ts`);
 *   - on meeting the first member of a network that we joined alone, likewise;
 *   - every so often, each network with one random member, or a second if the first fails, and with a
 *     member of Go where there are any (`go-peers.ts`);
 *   - after nodes came back, with one of them, after a random wait: not one exchange per pair, since
 *     after a partition half the cluster comes back at once. Members of Go that forget are told then.
 */

/**
 * Whoever joins asks us within this time; only who is not asked has to ask, for whole tables both ways. With something
 * to lose we wait longer to be asked, and the longer the more it is: it would go over the wire twice, and of two
 * that were alone the one that holds less should ask.
 */
const CATCH_UP_EMPTY_MS = 50;
const CATCH_UP_HOLDING_MS = 500;
const CATCH_UP_ENTRIES_PER_MS = 50;
const CATCH_UP_MAX_MS = 2_000;
const RETURN_DELAY_MAX_MS = 5_000;

/** Collaborators of {@link SyncRounds}. */
export interface SyncRoundsParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly state: TableState;
  readonly bulkSync: BulkSync;
  readonly goPeers: GoPeers;
  /** Calls back when the attachments that peers told of are known; at once if they are. */
  readonly whenMerged: (run: () => void) => void;
}

/** Decides on bulk syncs. */
export class SyncRounds {
  readonly #parts: SyncRoundsParts;
  readonly #ticker: Ticker | null;
  readonly #returned = new Set<string>();
  /** By network where somebody has appeared while we were alone: when we ask, if nobody has asked us. */
  readonly #catchUpTimers = new Map<string, Timer>();
  /** Those that run; null before the first is asked. */
  readonly #catchUps = new Map<string, JoinSync | null>();
  readonly #joins = new Set<(reason: unknown) => void>();
  #returnTimer: Timer | null = null;
  #isRoundRunning = false;
  #isStopped = false;

  constructor(parts: SyncRoundsParts) {
    this.#parts = parts;
    const intervalMs = parts.state.options.bulkSyncIntervalMs;
    this.#ticker =
      intervalMs === false
        ? null
        : new Ticker(parts, {
            intervalMs: () => intervalMs,
            onTick: () => {
              this.#round();
            },
          });
  }

  start(): void {
    this.#ticker?.start();
  }

  stop(): void {
    this.#isStopped = true;
    this.#ticker?.stop();
    this.#returnTimer?.cancel();
    for (const timer of this.#catchUpTimers.values()) timer.cancel();
    this.#catchUpTimers.clear();
    this.#parts.goPeers.stop();
    for (const finish of [...this.#joins]) {
      finish(new StateError('ERR_CLOSED', 'the node was closed during the join'));
    }
  }

  /**
   * Exchanges a network with its members, so that we hold what each of them has written.
   *
   * @param done - called once with null, or with why it was given up: only an abort or a stop does
   * that, since members that cannot be reached are counted and left to later rounds
   * @param begins - gets the exchange before it asks anybody
   */
  joinSync(
    network: string,
    signal: AbortSignal | undefined,
    done: (reason: unknown) => void,
    begins?: (join: JoinSync) => void,
  ): void {
    const finish = (reason: unknown): void => {
      if (!this.#joins.delete(finish)) return;
      signal?.removeEventListener('abort', onAbort);
      join?.abandon();
      done(reason);
    };
    const onAbort = (): void => {
      finish(signal?.reason);
    };
    let join: JoinSync | null = null;
    this.#joins.add(finish);
    if (signal?.aborted === true) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#parts.whenMerged(() => {
      if (!this.#joins.has(finish)) return;
      const peers = shuffle(this.#parts.random, [...this.#othersOn(network)]);
      join = new JoinSync(this.#parts, network, peers, () => {
        finish(null);
      });
      begins?.(join);
      join.run();
    });
  }

  /**
   * A node is a member of a network now; if it is the first that we meet there, catch up. Others that appear before
   * the first has answered are asked as well, by the same exchange.
   */
  participantAdded(network: string, node: string): void {
    const { state } = this.#parts;
    const own = state.attachments.joined(network);
    if (own?.isSynced !== true || own.hasMetPeers || node === state.localName) return;
    if (this.#catchUps.has(network)) this.#catchUps.get(network)?.add(node);
    else if (!this.#catchUpTimers.has(network)) this.#armCatchUp(network);
  }

  /** A node that had failed is back. */
  nodeReturned(node: string): void {
    const { clock, random } = this.#parts;
    this.#returned.add(node);
    const delayMs = (random.uint32() / 0x1_0000_0000) * RETURN_DELAY_MAX_MS;
    this.#returnTimer ??= clock.schedule(delayMs, () => {
      this.#returnTimer = null;
      const candidates = [...this.#returned].sort();
      this.#returned.clear();
      // What the returned wrote while they were away is among what is told of them.
      this.#tryInTurn(
        shuffle(random, candidates),
        (peer) => this.#commonNetworks(peer),
        () => {
          if (!this.#isStopped) this.#parts.goPeers.returned(candidates);
        },
      );
    });
  }

  #armCatchUp(network: string): void {
    const { clock, state } = this.#parts;
    const entries = state.store.sizeOf(network);
    const holdingMs = CATCH_UP_HOLDING_MS + entries / CATCH_UP_ENTRIES_PER_MS;
    const delayMs = entries === 0 ? CATCH_UP_EMPTY_MS : Math.min(holdingMs, CATCH_UP_MAX_MS);
    const timer = clock.schedule(delayMs, () => {
      this.#catchUpTimers.delete(network);
      if (state.attachments.joined(network)?.hasMetPeers === false) this.#catchUp(network);
    });
    this.#catchUpTimers.set(network, timer);
  }

  #catchUp(network: string): void {
    this.#catchUps.set(network, null);
    const done = (): void => {
      this.#catchUps.delete(network);
    };
    this.joinSync(network, undefined, done, (join) => this.#catchUps.set(network, join));
  }

  #round(): void {
    if (this.#isRoundRunning || this.#isStopped) return;
    const { bulkSync, state, random } = this.#parts;
    const { attachments } = state;
    // Where the first exchange, or one to catch up, is under way a second one would carry the same.
    const isDue = (network: string): boolean =>
      attachments.joined(network)?.isSynced === true && !this.#catchUps.has(network);
    const left = new Set(attachments.joinedNetworks().filter(isDue));
    const met = new Set<string>();
    this.#isRoundRunning = true;
    inTurn((next) => {
      const [network] = left;
      if (network === undefined || this.#isStopped) {
        this.#isRoundRunning = false;
        this.#parts.goPeers.visit(met);
        return;
      }
      left.delete(network);
      // Who has asked us and is being answered exchanges with us already.
      const others = this.#othersOn(network).filter((name) => !bulkSync.isAnswering(name));
      const peers = sample(random, others, 2);
      this.#tryInTurn(
        peers,
        (peer) => this.#commonNetworks(peer),
        (covered, peer) => {
          if (peer !== null) met.add(peer);
          for (const name of covered) left.delete(name);
          next();
        },
      );
    });
  }

  /** Exchanges with the first peer that works; `done` hears which networks that covered, and with whom. */
  #tryInTurn(
    peers: readonly string[],
    networksOf: (peer: string) => readonly string[],
    done: (covered: readonly string[], peer: string | null) => void,
  ): void {
    let tries = 0;
    inTurn((next) => {
      const peer = peers[tries];
      tries += 1;
      if (peer === undefined || this.#isStopped) {
        done([], null);
        return;
      }
      const networks = networksOf(peer);
      if (networks.length === 0) {
        next();
        return;
      }
      this.#parts.bulkSync.request(peer, networks, 'all', (error) => {
        if (error === null) done(networks, peer);
        else next();
      });
    });
  }

  #commonNetworks(peer: string): readonly string[] {
    const { attachments } = this.#parts.state;
    return attachments
      .networksOf(peer)
      .filter((name) => attachments.joined(name) !== undefined)
      .filter((name) => attachments.isParticipant(name, peer));
  }

  #othersOn(network: string): readonly string[] {
    const { attachments, localName } = this.#parts.state;
    return attachments.participants(network).filter((name) => name !== localName);
  }
}
