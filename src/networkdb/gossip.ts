import type { Clock, Random, Timer } from '../runtime/index.ts';
import { sample, Ticker } from '../runtime/index.ts';
import type { Broadcasts, Drained } from './broadcasts.ts';
import type { Membership } from './membership.ts';
import type { Pacer } from './pacing.ts';
import { PACKET_WINDOW_MS } from './pacing.ts';
import type { TableState } from './transitions.ts';

/*
 * Sends table events to random members of their network. News leaves within 5 ms of being queued, all
 * that gathered meanwhile together; the ticker only repeats it, for those whom it did not reach. When a
 * lot is new, packets would take long and overrun buffers, so it goes by stream to the peers that were
 * chosen. With nobody to send to, nothing is drained, since each message has a limited number of sends.
 */

const PROMPT_DELAY_MS = 4;
const STREAM_ABOVE_BYTES = 65_536;
const STREAM_BYTES = 262_144;
const PACKETS_PER_TICK = 8;

/** Collaborators of {@link TableGossip}. */
export interface GossipParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly membership: Membership;
  readonly state: TableState;
  readonly broadcasts: Broadcasts;
  readonly pacer: Pacer;
}

/** The sending side of table gossip. */
export class TableGossip {
  readonly #parts: GossipParts;
  readonly #ticker: Ticker;
  readonly #streaming = new Set<string>();
  #prompt: Timer | null = null;
  #isStarted = false;
  #turn = 0;

  constructor(parts: GossipParts) {
    this.#parts = parts;
    this.#ticker = new Ticker(parts, {
      intervalMs: () => parts.state.options.gossipIntervalMs,
      onTick: () => {
        this.#repeat();
      },
    });
  }

  start(): void {
    this.#isStarted = true;
    this.#ticker.start();
    this.newsQueued();
  }

  stop(): void {
    this.#isStarted = false;
    this.#ticker.stop();
    this.#prompt?.cancel();
    this.#prompt = null;
  }

  /** Something was queued that was never sent, or somebody has come to whom it can be sent. */
  newsQueued(): void {
    this.#promptIn(PROMPT_DELAY_MS);
  }

  #promptIn(delayMs: number): void {
    if (this.#prompt !== null || !this.#isStarted) return;
    this.#prompt = this.#parts.clock.schedule(delayMs, () => {
      this.#prompt = null;
      this.#sendNews();
    });
  }

  #sendNews(): void {
    const { state, pacer } = this.#parts;
    const networks = state.attachments.ownList().map((own) => own.network);
    let isMore = false;
    // Networks take turns at being first, so that a busy one does not use up all credit.
    this.#turn += 1;
    for (let i = 0; i < networks.length; i += 1) {
      const network = networks[(i + this.#turn) % networks.length] as string;
      isMore = this.#sendNewsOf(network) || isMore;
    }
    if (isMore) this.#promptIn(Math.max(PACKET_WINDOW_MS, pacer.msUntilCredit()));
  }

  /** @returns whether something had to stay for later */
  #sendNewsOf(network: string): boolean {
    const { broadcasts, pacer } = this.#parts;
    if (broadcasts.freshTableBytes(network) === 0) return false;
    const peers = this.#choosePeers(network);
    if (peers.length === 0) return false;
    while (broadcasts.freshTableBytes(network) > 0) {
      if (!pacer.hasCredit()) return true;
      if (broadcasts.freshTableBytes(network) > STREAM_ABOVE_BYTES) {
        if (!this.#sendStreams(network, peers)) return true;
        continue;
      }
      if (!pacer.hasRoomFor(peers)) return true;
      if (!this.#sendPackets(network, peers, true)) return false;
    }
    return false;
  }

  /** Sends once more what is queued, the least often sent first. */
  #repeat(): void {
    const { state, broadcasts, membership, pacer } = this.#parts;
    for (const { network } of state.attachments.ownList()) {
      const queuedBytes = broadcasts.tableBytes(network);
      if (queuedBytes === 0) continue;
      const room = Math.max(1, membership.packetRoomBytes());
      // Once through the queue at most, so that no packet repeats another of this tick.
      const packetCount = Math.min(PACKETS_PER_TICK, Math.max(1, Math.floor(queuedBytes / room)));
      for (let i = 0; i < packetCount; i += 1) {
        const peers = this.#choosePeers(network);
        if (peers.length === 0 || !pacer.hasCredit() || !pacer.hasRoomFor(peers)) break;
        if (!this.#sendPackets(network, peers, false)) break;
      }
    }
  }

  #sendPackets(network: string, peers: readonly string[], freshOnly: boolean): boolean {
    const { broadcasts, membership, pacer } = this.#parts;
    const drained = broadcasts.drainPacket(network, membership.packetRoomBytes(), freshOnly);
    if (drained === null) return false;
    for (const peer of peers) {
      membership.sendPacket(peer, drained.message);
      pacer.notePacket(peer);
      this.#account('packets', drained);
    }
    return true;
  }

  /** @returns false when each of the peers is still busy with the last one */
  #sendStreams(network: string, peers: readonly string[]): boolean {
    const { broadcasts, membership, state } = this.#parts;
    const free = peers.filter((peer) => !this.#streaming.has(peer));
    if (free.length === 0) return false;
    const drained = broadcasts.drainStream(network, STREAM_BYTES);
    if (drained === null) return false;
    for (const peer of free) {
      this.#streaming.add(peer);
      this.#account('streams', drained);
      membership.sendStream(peer, drained.message, (error) => {
        this.#streaming.delete(peer);
        if (error !== null) state.counters.add('tables.sent.streamsFailed');
      });
    }
    return true;
  }

  #account(carrier: 'packets' | 'streams', { message, eventCount }: Drained): void {
    const { counters } = this.#parts.state;
    this.#parts.pacer.spend(message.length);
    counters.add(carrier === 'packets' ? 'tables.sent.packets' : 'tables.sent.streams');
    counters.add('tables.sent.events', eventCount);
    counters.add('tables.sent.bytes', message.length);
  }

  #choosePeers(network: string): readonly string[] {
    const { random, state } = this.#parts;
    const others = state.attachments
      .participants(network)
      .filter((name) => name !== state.localName);
    return sample(random, others, state.options.gossipNodes);
  }
}
