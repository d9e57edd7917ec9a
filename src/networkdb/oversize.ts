import type { Clock, Timer } from '../runtime/index.ts';
import { tupleKey } from './broadcasts.ts';
import type { EntryAddress } from './entry.ts';
import type { Membership } from './membership.ts';
import type { TablePacing } from './table-pacing.ts';
import type { TableState } from './transitions.ts';

/*
 * Events too large for a packet. In Go they stay in the queue for ever and the entry spreads only when
 * whole networks are exchanged. Here the writer sends them by stream to every peer of the network, a few
 * at a time and within the send budget; whom that misses gets them by bulk sync.
 */

const STREAMS_AT_ONCE = 8;

interface Parcel {
  readonly message: Uint8Array;
  readonly peers: string[];
}

/** Collaborators of {@link OversizeSender}. */
export interface OversizeParts {
  readonly clock: Clock;
  readonly membership: Membership;
  readonly state: TableState;
  readonly pacer: TablePacing;
}

/** Sends large events by stream. */
export class OversizeSender {
  readonly #parts: OversizeParts;
  readonly #parcels = new Map<string, Parcel>();
  #bytes = 0;
  #inFlight = 0;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(parts: OversizeParts) {
    this.#parts = parts;
  }

  /** Events that wait. */
  get length(): number {
    return this.#parcels.size;
  }

  /** Sends an event to all peers of its network, in place of an older one of the same key. */
  send(address: EntryAddress, message: Uint8Array): void {
    const { state } = this.#parts;
    const { maxQueuedEvents, maxWaitingBytes } = state.options.limits;
    const peers = state.attachments
      .participants(address.network)
      .filter((name) => name !== state.localName);
    if (peers.length === 0) return;
    const key = tupleKey(address.network, tupleKey(address.table, address.key));
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

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = null;
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

  #remove(key: string): void {
    const parcel = this.#parcels.get(key);
    if (parcel === undefined) return;
    this.#parcels.delete(key);
    this.#bytes -= parcel.message.length;
  }
}
