/*
 * How the exchanges with each peer went. The sums over all peers are counters; these say which peer it is
 * that does not answer. Kept for the peers met last, so that names that come and go cost no memory.
 */

/** Peers remembered. */
export const MAX_PEER_SYNCS = 1_024;

/** Exchanges of whole networks with one peer, since it was first met or remembered again. */
export interface PeerSyncStats {
  /** Requests of ours that it answered. */
  readonly ok: number;
  /** Requests of ours that failed: it could not be reached, or went away. */
  readonly failed: number;
  /** Requests of ours that it did not answer in time (`tables.bulkSyncTimeoutMs`). */
  readonly timedOut: number;
  /** Requests of its that we answered. */
  readonly answered: number;
  /** Requests of its whose answer could not be sent. */
  readonly answerFailed: number;
  /** Milliseconds that its last answer took, from our decision to ask; null before the first. */
  readonly lastMs: number | null;
}

/** How an exchange ended. */
export type PeerSyncEnd = Exclude<keyof PeerSyncStats, 'lastMs'>;

const NONE: PeerSyncStats = Object.freeze({
  ...{ ok: 0, failed: 0, timedOut: 0, answered: 0, answerFailed: 0 },
  lastMs: null,
});

/** The figures of all peers, the longest unmet first. */
export class PeerSyncs {
  readonly #byPeer = new Map<string, PeerSyncStats>();

  /**
   * Notes the end of an exchange.
   *
   * @param tookMs - of a request of ours that was answered; null for everything else
   */
  note(peer: string, end: PeerSyncEnd, tookMs: number | null): void {
    const before = this.#byPeer.get(peer) ?? NONE;
    this.#byPeer.delete(peer);
    const lastMs = tookMs ?? before.lastMs;
    this.#byPeer.set(peer, Object.freeze({ ...before, [end]: before[end] + 1, lastMs }));
    if (this.#byPeer.size <= MAX_PEER_SYNCS) return;
    const [oldest = peer] = this.#byPeer.keys();
    this.#byPeer.delete(oldest);
  }

  /** The figures as they are now. */
  snapshot(): Readonly<Record<string, PeerSyncStats>> {
    return Object.fromEntries(this.#byPeer);
  }
}
