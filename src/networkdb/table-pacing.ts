import type { Clock } from '../runtime/index.ts';

/*
 * How fast one node may send table events, whoever they go to. Credit grows with time up to a tenth of
 * a second's worth; a send is allowed while there is any and may overdraw it, so one large stream passes
 * and is paid for afterwards. Besides, no destination gets more than a few packets per short window,
 * because a receiver's socket buffer holds only so many and drops the rest.
 */

/** Packets that one destination may get within {@link PACKET_WINDOW_MS}. */
export const PACKETS_PER_WINDOW = 32;

/** Milliseconds of that window. */
export const PACKET_WINDOW_MS = 10;

const BURST_MS = 100;

/** Send budget of a node. */
export class TablePacing {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  readonly #packetsTo = new Map<string, number>();
  #credit: number;
  #creditedAt: number;
  #windowStartedAt: number;

  /** @param bytesPerSecond - above 0 */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#credit = this.#bytesPerMs * BURST_MS;
    this.#creditedAt = clock.now();
    this.#windowStartedAt = this.#creditedAt;
  }

  /** Whether anything may be sent now. */
  hasCredit(): boolean {
    this.#refill();
    return this.#credit > 0;
  }

  /** Milliseconds until something may be sent; 0 for now. */
  msUntilCredit(): number {
    this.#refill();
    return this.#credit > 0 ? 0 : Math.ceil(-this.#credit / this.#bytesPerMs) + 1;
  }

  /** Pays for bytes that are sent. */
  spend(bytes: number): void {
    this.#credit -= bytes;
  }

  /** Whether each of the peers may get one packet more in this window. */
  hasRoomFor(peers: readonly string[]): boolean {
    const now = this.#clock.now();
    if (now - this.#windowStartedAt >= PACKET_WINDOW_MS) {
      this.#packetsTo.clear();
      this.#windowStartedAt = now;
    }
    return peers.every((peer) => (this.#packetsTo.get(peer) ?? 0) < PACKETS_PER_WINDOW);
  }

  /** Notes a packet to a peer. */
  notePacket(peer: string): void {
    this.#packetsTo.set(peer, (this.#packetsTo.get(peer) ?? 0) + 1);
  }

  #refill(): void {
    const now = this.#clock.now();
    const earned = (now - this.#creditedAt) * this.#bytesPerMs;
    this.#credit = Math.min(this.#credit + earned, this.#bytesPerMs * BURST_MS);
    this.#creditedAt = now;
  }
}
