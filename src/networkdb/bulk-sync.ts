import type { BulkSync as BulkSyncMessage } from '../codec/index.ts';
import { BulkSyncWriter } from '../codec/index.ts';
import type { Address, Clock, Timer } from '../runtime/index.ts';
import { GossipError, sameAddress, StateError, TimeoutError } from '../runtime/index.ts';
import { FEATURE } from './capabilities.ts';
import type { Membership } from './membership.ts';
import { PeerSyncs } from './peer-syncs.ts';
import type { Slices } from './slices.ts';
import type { SyncScope } from './sync-walk.ts';
import { SyncWalk } from './sync-walk.ts';
import type { TableState } from './transitions.ts';

/*
 * The exchange of whole networks between two nodes, over streams:
 *
 *   us                               peer
 *   chunk, chunk, request(L)  ---->  applies, its clock passes L
 *   applies, done             <----  chunk, chunk, answer(more than L)
 *
 * Chunks before the last carry no Lamport time, so only a last chunk can answer a request: any message
 * from the peer with a time above L does, also in Go, unless it says that it holds less. An answer that does not come is a failure here and
 * another peer is tried; Go counts it as done. What is waited for is the next chunk, not the whole: large tables
 * over a slow line take longer than any fixed time, and asking again would only send them twice.
 *
 * Either side sends all entries of the networks, or, when the request asks for it, those that it owns
 * itself. That wish is a field of ours, and is told only to who has announced that it knows it: with all
 * others everything is exchanged.
 */

/** Bytes of entries after which the first chunk ends: the peer applies it while the next one is under way. */
const FIRST_CHUNK_BYTES = 262_144;

/** The same for later ones, each twice as large as the one before, at most: every chunk costs a round trip or two. */
export const CHUNK_BYTES = 4_194_304;

/** An answer may take so many times the time of a chunk, however its chunks come. */
const LONGEST_ANSWER_CHUNKS = 20;

const ANSWERS_AT_ONCE = 8;

/**
 * Milliseconds that a request waits for its node to appear: one that we do not know, or that does not
 * answer to the address we know.
 */
const STRANGER_MS = 5_000;

/** Hears how an exchange ended. */
export type SyncDone = (error: GossipError | null) => void;

/** Collaborators of {@link BulkSync}. */
export interface BulkSyncParts {
  readonly clock: Clock;
  readonly membership: Membership;
  readonly state: TableState;
  readonly slices: Slices;
}

/** What a peer is to be answered with. */
interface Wanted {
  readonly networks: Set<string>;
  readonly scope: SyncScope;
}

/** An answer that was begun a moment ago, and where it went. */
interface Given {
  readonly wanted: Wanted;
  readonly address: Address;
  readonly at: number;
}

interface Pending {
  readonly time: number;
  readonly scope: SyncScope;
  readonly finish: SyncDone;
  /** The peer has sent a chunk: the time of the next begins. */
  readonly moved: () => void;
}

/** Requests and answers of bulk syncs. */
export class BulkSync {
  /** How exchanges with each peer went. */
  readonly peerSyncs: PeerSyncs = new PeerSyncs();
  readonly #parts: BulkSyncParts;
  readonly #pending = new Map<string, Set<Pending>>();
  readonly #answers = new Map<string, Wanted>();
  readonly #strangers = new Map<string, { readonly wanted: Wanted; readonly timer: Timer }>();
  /** By peer, oldest first. */
  readonly #given = new Map<string, Given>();
  /** Peers that are being answered, with how many answers. */
  readonly #answering = new Map<string, number>();
  #isStopped = false;

  constructor(parts: BulkSyncParts) {
    this.#parts = parts;
  }

  /** Requests that wait for an answer. */
  get pendingCount(): number {
    let count = 0;
    for (const pending of this.#pending.values()) count += pending.size;
    return count;
  }

  /**
   * Exchanges networks with a peer.
   *
   * @param scope - whose entries go both ways
   * @param done - called once, when the answer was applied or has failed to come
   */
  request(peer: string, networks: readonly string[], scope: SyncScope, done: SyncDone): void {
    const { clock, state } = this.#parts;
    const { counters } = state;
    const startedAt = clock.now();
    this.#send({ peer, networks, scope, isRequest: true }, (error) => {
      if (error === null) {
        counters.add('tables.sync.ok');
        this.peerSyncs.note(peer, 'ok', clock.now() - startedAt);
      } else {
        const isTimeout = error.code === 'ERR_TIMEOUT';
        counters.add(isTimeout ? 'tables.sync.timedOut' : 'tables.sync.failed');
        this.peerSyncs.note(peer, isTimeout ? 'timedOut' : 'failed', null);
      }
      done(error);
    });
  }

  /**
   * Tells a peer of some owners, their attachments and their entries, unasked; nothing comes back.
   *
   * @param done - called once, when all is written or has failed to be
   */
  tell(
    o: {
      readonly peer: string;
      readonly networks: readonly string[];
      readonly owners: readonly string[];
    },
    done: SyncDone,
  ): void {
    const { counters } = this.#parts.state;
    this.#send({ ...o, scope: 'all', isRequest: false }, (error) => {
      counters.add(error === null ? 'tables.sync.told' : 'tables.sync.tellFailed');
      done(error);
    });
  }

  /** Whether a peer is being answered: it gets all that it asked for. */
  isAnswering(peer: string): boolean {
    return this.#answering.has(peer);
  }

  /** When the latest answer to a peer was begun that carries a network, among the peers answered last; or null. */
  answeredAt(peer: string, network: string): number | null {
    const given = this.#given.get(peer);
    return given?.wanted.networks.has(network) === true ? given.at : null;
  }

  /** Whose entries an exchange with a peer carries, when those of the sender alone would do. */
  ownScope(peer: string): SyncScope {
    return this.#parts.state.nodes.announces(peer, FEATURE.ownOnlySync) ? 'own' : 'all';
  }

  /** A message from a peer was applied whole: it may answer us, and may want an answer. */
  applied(message: BulkSyncMessage, time: number): void {
    const scope = message.ownOnly === true ? 'own' : 'all';
    if (time === 0) {
      for (const pending of this.#pending.get(message.node) ?? []) pending.moved();
    } else {
      this.#parts.state.tableClock.settle();
      for (const pending of [...(this.#pending.get(message.node) ?? [])]) {
        const isEnough = scope === 'all' || pending.scope === 'own';
        if (pending.time < time && isEnough) pending.finish(null);
      }
    }
    if (!message.isRequest) return;
    for (const network of message.networks) {
      const own = this.#parts.state.attachments.joined(network);
      if (own !== undefined) own.hasMetPeers = true;
    }
    this.#queueAnswer(message.node, message.networks, scope);
  }

  /** A peer has failed or left: waiting for it is over. */
  peerGone(peer: string): void {
    for (const pending of [...(this.#pending.get(peer) ?? [])]) {
      pending.finish(
        new StateError('ERR_MEMBER_UNKNOWN', `${peer} went away during a bulk sync`, { peer }),
      );
    }
  }

  /**
   * A node has appeared: a request of its that came before it is answered now. If it has appeared
   * elsewhere, so is one whose answer went to where the node was in an earlier life.
   */
  nodeJoined(node: string): void {
    const stranger = this.#strangers.get(node);
    const given = this.#given.get(node);
    const address = this.#parts.state.nodes.get(node)?.address;
    if (stranger !== undefined) {
      stranger.timer.cancel();
      this.#strangers.delete(node);
      this.#queueAnswer(node, [...stranger.wanted.networks], stranger.wanted.scope);
    } else if (given !== undefined && address !== undefined) {
      const isRecent = this.#parts.clock.now() - given.at < STRANGER_MS;
      if (!isRecent || sameAddress(given.address, address)) return;
      this.#queueAnswer(node, [...given.wanted.networks], given.wanted.scope);
    }
  }

  /** Ends everything; requests that wait fail. */
  stop(): void {
    this.#isStopped = true;
    this.#answers.clear();
    for (const { timer } of this.#strangers.values()) timer.cancel();
    this.#strangers.clear();
    this.#given.clear();
    for (const pendings of [...this.#pending.values()]) {
      for (const pending of [...pendings]) {
        pending.finish(new StateError('ERR_CLOSED', 'the node was closed during a bulk sync'));
      }
    }
  }

  #queueAnswer(peer: string, networks: readonly string[], scope: SyncScope): void {
    const { state } = this.#parts;
    const queued = this.#answers.get(peer);
    const waiting = this.#answers.size + this.#strangers.size;
    if (queued === undefined && waiting >= state.options.limits.maxWaitingAnswers) {
      state.counters.add('tables.sync.unanswered');
      return;
    }
    if (state.nodes.get(peer) === undefined) {
      this.#keepStranger(peer, networks, scope);
      return;
    }
    this.#answers.set(peer, this.#joinWanted(queued, networks, scope));
    this.#pumpAnswers();
  }

  /** Requests that meet in the queue are served by one answer, later than all of them. */
  #joinWanted(earlier: Wanted | undefined, networks: readonly string[], scope: SyncScope): Wanted {
    const { attachments } = this.#parts.state;
    const joined = networks.filter((name) => attachments.joined(name) !== undefined);
    return {
      networks: new Set([...(earlier?.networks ?? []), ...joined]),
      scope: earlier?.scope === 'all' ? 'all' : scope,
    };
  }

  /** A joiner's stream is often faster than the news of it. */
  #keepStranger(peer: string, networks: readonly string[], scope: SyncScope): void {
    const { clock, state } = this.#parts;
    const earlier = this.#strangers.get(peer);
    earlier?.timer.cancel();
    const timer = clock.schedule(STRANGER_MS, () => {
      this.#strangers.delete(peer);
      state.counters.add('tables.sync.unanswered');
    });
    const wanted = this.#joinWanted(earlier?.wanted, networks, scope);
    this.#strangers.set(peer, { wanted, timer });
  }

  #pumpAnswers(): void {
    while (this.#answersUnderWay() < ANSWERS_AT_ONCE && !this.#isStopped) {
      const [next] = this.#answers;
      if (next === undefined) return;
      const [peer, wanted] = next;
      this.#answers.delete(peer);
      this.#answer(peer, wanted);
    }
  }

  #answer(peer: string, wanted: Wanted): void {
    const { counters } = this.#parts.state;
    const scope = wanted.scope === 'own' ? this.ownScope(peer) : 'all';
    this.#noteAnswering(peer, 1);
    this.#noteGiven(peer, wanted);
    const networks = [...wanted.networks];
    this.#send({ peer, networks, scope, isRequest: false }, (error) => {
      this.#noteAnswering(peer, -1);
      counters.add(error === null ? 'tables.sync.answered' : 'tables.sync.answerFailed');
      this.peerSyncs.note(peer, error === null ? 'answered' : 'answerFailed', null);
      this.#pumpAnswers();
    });
  }

  #answersUnderWay(): number {
    let count = 0;
    for (const answers of this.#answering.values()) count += answers;
    return count;
  }

  #noteAnswering(peer: string, change: 1 | -1): void {
    const count = (this.#answering.get(peer) ?? 0) + change;
    if (count > 0) this.#answering.set(peer, count);
    else this.#answering.delete(peer);
  }

  #noteGiven(peer: string, wanted: Wanted): void {
    const { clock, state } = this.#parts;
    const now = clock.now();
    for (const [name, { at }] of this.#given) {
      const isFull = this.#given.size >= state.options.limits.maxWaitingAnswers;
      if (now - at < STRANGER_MS && !isFull) break;
      this.#given.delete(name);
    }
    const address = state.nodes.get(peer)?.address;
    this.#given.delete(peer);
    if (address !== undefined) this.#given.set(peer, { wanted, address, at: now });
  }

  #send(exchange: Exchange, done: SyncDone): void {
    const { state, slices } = this.#parts;
    const { peer, networks, scope, owners = null } = exchange;
    const record = state.nodes.get(peer);
    if (record === undefined || record.state === 'left') {
      done(new StateError('ERR_MEMBER_UNKNOWN', `cannot sync with ${peer}`, { peer }));
      return;
    }
    const tellsAttachments = owners !== null || state.nodes.takesAttachments(peer);
    const walk = new SyncWalk(state, { networks, scope, owners, tellsAttachments });
    const head = {
      node: state.localName,
      networks: [...networks],
      ownOnly: scope === 'own',
    };
    let chunkBytes = FIRST_CHUNK_BYTES;
    const nextChunk = (): void => {
      const maxBytes = chunkBytes;
      const room = { atMost: maxBytes, isLikely: maxBytes > FIRST_CHUNK_BYTES };
      const writer = new BulkSyncWriter(head, room);
      chunkBytes = Math.min(2 * chunkBytes, CHUNK_BYTES);
      slices.run(walk.fill(writer, maxBytes), () => {
        this.#sendChunk({ ...exchange, writer, isLast: walk.isDone }, nextChunk, done);
      });
    };
    nextChunk();
  }

  #sendChunk(chunk: Chunk, nextChunk: () => void, done: SyncDone): void {
    const { membership, state } = this.#parts;
    const { peer, isLast } = chunk;
    const isRequest = chunk.isRequest && isLast;
    const time = isLast ? state.tableClock.increment() : 0;
    const message = chunk.writer.finish({ time, isRequest });
    state.counters.add('tables.sync.bytes', message.length);
    const pending = isRequest ? this.#register(chunk, time, done) : null;
    const record = state.nodes.get(peer);
    const target = record?.state === 'failed' ? record.address : peer;
    membership.sendStream(target, message, (error) => {
      if (pending !== null) {
        if (error !== null) pending.finish(asGossipError(error));
        else pending.startTimer();
      } else if (error !== null) done(asGossipError(error));
      else if (this.#isStopped) done(new StateError('ERR_CLOSED', 'the node was closed'));
      else if (isLast) done(null);
      else nextChunk();
    });
  }

  /** Notes a request before it is sent; its time runs from when it was sent. */
  #register(
    { peer, scope }: Exchange,
    time: number,
    done: SyncDone,
  ): { finish: SyncDone; startTimer: () => void } {
    const { clock, state } = this.#parts;
    const pendings = this.#pending.get(peer) ?? new Set<Pending>();
    this.#pending.set(peer, pendings);
    let timer: Timer | null = null;
    let isFinished = false;
    const finish: SyncDone = (error) => {
      if (isFinished) return;
      isFinished = true;
      timer?.cancel();
      pendings.delete(pending);
      if (pendings.size === 0 && this.#pending.get(peer) === pendings) this.#pending.delete(peer);
      done(error);
    };
    const timeoutMs = state.options.bulkSyncTimeoutMs;
    let latest: number | null = null;
    const startTimer = (): void => {
      if (isFinished) return;
      const now = clock.now();
      latest ??= now + LONGEST_ANSWER_CHUNKS * timeoutMs;
      timer?.cancel();
      timer = clock.schedule(Math.max(0, Math.min(timeoutMs, latest - now)), () => {
        // The answer may have arrived while the loop was blocked.
        timer = clock.afterPendingInput(() => {
          finish(
            new TimeoutError('ERR_TIMEOUT', `${peer} did not answer a bulk sync`, {
              peer,
              timeoutMs,
            }),
          );
        });
      });
    };
    const moved = (): void => {
      if (latest !== null) startTimer();
    };
    const pending: Pending = { time, scope, finish, moved };
    pendings.add(pending);
    return { finish, startTimer };
  }
}

interface Exchange {
  readonly peer: string;
  readonly networks: readonly string[];
  readonly scope: SyncScope;
  readonly isRequest: boolean;
  /** Those whose entries and attachments alone are told. */
  readonly owners?: readonly string[];
}

interface Chunk extends Exchange {
  /** Holds what it carries. */
  readonly writer: BulkSyncWriter;
  readonly isLast: boolean;
}

function asGossipError(error: Error): GossipError {
  if (error instanceof GossipError) return error;
  return new StateError('ERR_STREAM_CLOSED', 'a bulk sync could not be sent', { cause: error });
}
