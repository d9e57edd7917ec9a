import type { Clock, Timer } from '../runtime/index.ts';
import { placeKey, tupleKey } from './broadcasts.ts';
import type { EntryAddress } from './entry.ts';
import type { Membership } from './membership.ts';
import type { TablePacing } from './table-pacing.ts';
import type { TableState } from './transitions.ts';

/*
 * Events too large for a packet. In Go they stay in the queue for ever and the entry spreads only when
 * whole networks are exchanged. Here the writer sends them by stream to every peer of the network, a few
 * at a time and within the send budget; whom that misses gets them by bulk sync.
 *
 * What a node of Go wrote, which does none of this, is sent so by the member of ours that has it by a bulk
 * sync first.
 *
 * Two members that join a network at once do not know each other when they write, and nobody passes on what
 * a member of ours sent so. So a large event is kept for some seconds for peers that turn out to be there, and is
 * sent to one that does not ask for our tables first, as who has just joined does. And while our own join
 * spreads, peers may refuse what we write: they are sent it once more after the first exchange,
 * whose request has told them that we are a member.
 */

const STREAMS_AT_ONCE = 8;

/** Milliseconds in which a peer that appears is sent what was written before. */
const RECENT_MS = 5_000;

/** Milliseconds that a peer has to ask for our tables: what they bring it is not sent to it besides. */
const ASKING_MS = 500;
const KEPT_MS = RECENT_MS + ASKING_MS;

/** Large events kept for that, and their bytes, at most. */
const MAX_RECENT = 1_024;
const MAX_RECENT_BYTES = 8_388_608;

interface Parcel {
  readonly message: Uint8Array;
  readonly peers: string[];
}

interface Recent {
  readonly address: EntryAddress;
  readonly message: Uint8Array;
  readonly sentAt: number;
  readonly told: Set<string>;
}

/** Collaborators of {@link OversizeSender}. */
export interface OversizeParts {
  readonly clock: Clock;
  readonly membership: Membership;
  readonly state: TableState;
  readonly pacer: TablePacing;
  /** When the latest answer to a peer was begun that carries a network, or null. */
  readonly answeredAt: (peer: string, network: string) => number | null;
}

/** Sends large events by stream. */
export class OversizeSender {
  readonly #parts: OversizeParts;
  readonly #parcels = new Map<string, Parcel>();
  readonly #recent = new Map<string, Recent>();
  #recentBytes = 0;
  #bytes = 0;
  #inFlight = 0;
  #timer: Timer | null = null;
  /** Peers that have appeared and may ask for our tables, by network and name. */
  readonly #newcomers = new Map<string, Timer>();
  #isStopped = false;

  constructor(parts: OversizeParts) {
    this.#parts = parts;
  }

  /** Events that wait. */
  get length(): number {
    return this.#parcels.size;
  }

  /**
   * Sends an event to all peers of its network, in place of an older one of the same key.
   *
   * @param owner - who wrote it, and needs it not
   */
  send(address: EntryAddress, message: Uint8Array, owner?: string): void {
    const { state } = this.#parts;
    const { maxQueuedEvents, maxWaitingBytes } = state.options.limits;
    const peers = state.attachments
      .participants(address.network)
      .filter((name) => name !== state.localName && name !== owner);
    this.#remember(address, message, owner === undefined ? peers : [...peers, owner]);
    if (peers.length === 0) return;
    const key = placeKey(address);
    this.#remove(key);
    for (const oldest of this.#parcels.keys()) {
      const isFull = this.#parcels.size >= maxQueuedEvents;
      if (!isFull && this.#bytes + message.length <= maxWaitingBytes) break;
      state.counters.add('tables.oversize.dropped');
      this.#remove(oldest);
    }
    this.#parcels.set(key, { message, peers: [...peers] });
    this.#bytes += message.length;
    state.counters.add('tables.oversize.events');
    this.#pump();
  }

  /** The key was written anew, in a way that fits a packet: what was large there is no news. */
  forget(address: EntryAddress): void {
    if (this.#recent.size > 0) this.#forgetRecent(placeKey(address));
  }

  /** The first exchange has ended: all members that answered know now that we are one. */
  synced(network: string): void {
    const { attachments } = this.#parts.state;
    for (const { address, told } of this.#recent.values()) {
      if (address.network === network) told.clear();
    }
    for (const peer of attachments.participants(network)) this.#sendRecent(network, peer);
  }

  /** We have left the network: what we wrote there is no news, whoever comes. */
  left(network: string): void {
    for (const [key, { address }] of this.#recent) {
      if (address.network === network) this.#forgetRecent(key);
    }
  }

  /** A peer is on the network that may have been there already when we wrote. */
  participantAdded(network: string, peer: string): void {
    const { clock, state } = this.#parts;
    const id = tupleKey(network, peer);
    if (peer === state.localName || this.#recent.size === 0 || this.#newcomers.has(id)) return;
    const timer = clock.schedule(ASKING_MS, () => {
      this.#newcomers.delete(id);
      this.#sendRecent(network, peer);
    });
    this.#newcomers.set(id, timer);
  }

  /** Sends a peer what was written lately and neither went to it nor was in an answer to it. */
  #sendRecent(network: string, peer: string): void {
    const { answeredAt, clock, state } = this.#parts;
    if (peer === state.localName) return;
    const before = clock.now() - KEPT_MS;
    const toldUntil = answeredAt(peer, network) ?? -Infinity;
    for (const [key, recent] of this.#recent) {
      if (recent.sentAt < before) this.#forgetRecent(key);
      else if (recent.address.network === network && !recent.told.has(peer)) {
        recent.told.add(peer);
        if (recent.sentAt < toldUntil) continue;
        const waiting = this.#parcels.get(key);
        if (waiting !== undefined) waiting.peers.push(peer);
        else {
          this.#parcels.set(key, { message: recent.message, peers: [peer] });
          this.#bytes += recent.message.length;
        }
      }
    }
    this.#pump();
  }

  stop(): void {
    this.#isStopped = true;
    this.#recent.clear();
    this.#recentBytes = 0;
    this.#timer?.cancel();
    this.#timer = null;
    for (const timer of this.#newcomers.values()) timer.cancel();
    this.#newcomers.clear();
    this.#parcels.clear();
  }

  #pump(): void {
    const { clock, pacer } = this.#parts;
    while (this.#inFlight < STREAMS_AT_ONCE && !this.#isStopped) {
      const [next] = this.#parcels;
      if (next === undefined || this.#timer !== null) return;
      if (!pacer.hasCredit()) {
        this.#timer = clock.schedule(pacer.msUntilCredit(), () => {
          this.#timer = null;
          this.#pump();
        });
        return;
      }
      const [key, parcel] = next;
      const peer = parcel.peers.shift();
      if (parcel.peers.length === 0) this.#remove(key);
      if (peer !== undefined) this.#sendTo(peer, parcel.message);
    }
  }

  #sendTo(peer: string, message: Uint8Array): void {
    const { membership, pacer, state } = this.#parts;
    this.#inFlight += 1;
    pacer.spend(message.length);
    state.counters.add('tables.sent.bytes', message.length);
    membership.sendStream(peer, message, (error) => {
      this.#inFlight -= 1;
      if (error !== null) state.counters.add('tables.oversize.failed');
      this.#pump();
    });
  }

  #remember(address: EntryAddress, message: Uint8Array, told: readonly string[]): void {
    const key = placeKey(address);
    this.#forgetRecent(key);
    if (message.length > MAX_RECENT_BYTES) return;
    const sentAt = this.#parts.clock.now();
    const { network, table } = address;
    const kept = { network, table, key: address.key };
    this.#recent.set(key, { address: kept, message, sentAt, told: new Set(told) });
    this.#recentBytes += message.length;
    for (const [oldest, recent] of this.#recent) {
      const isOld = recent.sentAt < sentAt - KEPT_MS;
      const isFull = this.#recent.size > MAX_RECENT || this.#recentBytes > MAX_RECENT_BYTES;
      if (!isOld && !isFull) break;
      this.#forgetRecent(oldest);
    }
  }

  #forgetRecent(key: string): void {
    const recent = this.#recent.get(key);
    if (recent === undefined) return;
    this.#recent.delete(key);
    this.#recentBytes -= recent.message.length;
  }

  #remove(key: string): void {
    const parcel = this.#parcels.get(key);
    if (parcel === undefined) return;
    this.#parcels.delete(key);
    this.#bytes -= parcel.message.length;
  }
}
