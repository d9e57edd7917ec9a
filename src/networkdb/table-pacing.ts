import type { Clock } from '../runtime/index.ts';

/*
 * How fast one node may send table events, whoever they go to. Credit grows with time up to a tenth of
 * a second's worth; a send is allowed while there is any and may overdraw it, so one large stream passes
 * and is paid for afterwards. Besides, no destination gets more than a few packets per short window,
 * because a receiver's socket buffer holds only so many and drops the rest.
 *
 * A node of Go has a queue besides, of 1,024 messages for all that come by packet, and drops what comes beyond. It
 * empties the queue slowly while it holds much: each event that it passes on is compared with all that wait. So it gets
 * no more than an eighth of the queue at once, and as many packets a second; what is left over gathers, and goes by
 * stream once it is much.
 */

/** Packets that one destination may get within {@link PACKET_WINDOW_MS}. */
export const PACKETS_PER_WINDOW = 32;

/** Milliseconds of that window. */
export const PACKET_WINDOW_MS = 10;

/** Packets that a node of Go may get at once, and in each second after. */
export const GO_PACKETS = 128;

const GO_BURST_MS = 1_000;
const GO_PACKET_MS = GO_BURST_MS / GO_PACKETS;

const BURST_MS = 100;

/** Send budget of a node. */
export class TablePacing {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  readonly #isGo: (peer: string) => boolean;
  readonly #packetsTo = new Map<string, number>();
  /** When what each node of Go was sent is made up for; the one that was sent nothing for longest first. */
  readonly #goDueAt = new Map<string, number>();
  #credit: number;
  #creditedAt: number;
  #windowStartedAt: number;

  /**
   * @param bytesPerSecond - above 0
   * @param isGo - whether a peer has the queue of a node of Go
   */
  constructor(clock: Clock, bytesPerSecond: number, isGo: (peer: string) => boolean = nobody) {
    this.#clock = clock;
    this.#isGo = isGo;
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
    const goLimit = now + GO_BURST_MS - GO_PACKET_MS;
    return peers.every((peer) => {
      if ((this.#goDueAt.get(peer) ?? now) > goLimit) return false;
      return (this.#packetsTo.get(peer) ?? 0) < PACKETS_PER_WINDOW;
    });
  }

  /** Notes a packet to a peer. */
  notePacket(peer: string): void {
    this.#packetsTo.set(peer, (this.#packetsTo.get(peer) ?? 0) + 1);
    if (!this.#isGo(peer)) return;
    const now = this.#clock.now();
    const dueAt = Math.max(this.#goDueAt.get(peer) ?? 0, now) + GO_PACKET_MS;
    this.#goDueAt.delete(peer); // it goes to the end
    this.#goDueAt.set(peer, dueAt);
    for (const [longestUnsent, itsDueAt] of this.#goDueAt) {
      if (itsDueAt > now) return;
      this.#goDueAt.delete(longestUnsent);
    }
  }

  #refill(): void {
    const now = this.#clock.now();
    const earned = (now - this.#creditedAt) * this.#bytesPerMs;
    this.#credit = Math.min(this.#credit + earned, this.#bytesPerMs * BURST_MS);
    this.#creditedAt = now;
  }
}

function nobody(): boolean {
  return false;
}
