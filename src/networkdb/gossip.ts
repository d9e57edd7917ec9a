import type { Clock, Random, Timer } from '../runtime/index.ts';
import { sample, Ticker } from '../runtime/index.ts';
import type { Broadcasts, Drained, NewsList, RepeatList } from './broadcasts.ts';
import type { Membership } from './membership.ts';
import type { TablePacing } from './table-pacing.ts';
import { PACKET_WINDOW_MS } from './table-pacing.ts';
import type { Neighbours, Ring } from './ring.ts';
import { SIDES } from './ring.ts';
import type { StreamSpread } from './stream-spread.ts';
import { BATCH_BYTES } from './stream-spread.ts';
import type { TableState } from './transitions.ts';

/*
 * Sends table events to members of their network.
 *
 *   news       within 4 ms of being queued, all that gathered meanwhile together: to both neighbours in
 *              the ring and to random members, so that a few hops of some milliseconds reach everybody
 *   ticker     repeats: our own writes to random members, what we relay to the neighbour from which
 *              it has not come back; while nothing waits to be repeated it rests
 *   streams    more than 64 KiB of news at once, which would take long and overrun buffers as packets
 *
 * What we relay stops being sent when both neighbours have sent it to us: then they have it, and their
 * other neighbours are theirs to serve. Loss makes repeats, quiet ends them: without loss an event costs
 * each member one sending to three others. Our own writes are repeated whatever we hear, because members
 * may not all know each other yet.
 *
 * What came by stream goes on by stream, when the one that it came in has been applied: sent on while
 * slices of it still wait, it would drip away in packets. With nobody to send to nothing is drained, since
 * each event is sent a limited number of times.
 */

const PROMPT_DELAY_MS = 4;
const STREAM_ABOVE_BYTES = 65_536;
const LEAST_STREAM_BYTES = 16_384;
const PACKETS_PER_TICK = 8;

/** Collaborators of {@link TableGossip}. */
export interface GossipParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly membership: Membership;
  readonly state: TableState;
  readonly broadcasts: Broadcasts;
  readonly pacer: TablePacing;
  readonly ring: Ring;
  readonly streams: StreamSpread;
  /** Whether a stream of news has arrived that is not all applied yet. */
  readonly isApplyingStream: () => boolean;
}

/** The sending side of table gossip. */
export class TableGossip {
  readonly #parts: GossipParts;
  readonly #ticker: Ticker;
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
      isIdle: () => !parts.broadcasts.hasRepeats,
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
    this.#parts.streams.stop();
  }

  /** Something was queued that was never sent, or somebody has come to whom it can be sent. */
  newsQueued(): void {
    this.#promptIn(PROMPT_DELAY_MS);
  }

  /** Something waits to be sent again. */
  repeatQueued(): void {
    this.#ticker.wake();
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
    const { broadcasts, ring, pacer } = this.#parts;
    if (ring.order(network).length === 0) return false;
    const isOut = (): boolean => !pacer.hasCredit();
    // Own news first, whatever else waits.
    this.#spread(network, 'own', STREAM_ABOVE_BYTES);
    while (broadcasts.freshBytes(network, 'own') > 0) {
      if (isOut() || !this.#sendNewsPacket(network)) return true;
    }
    this.#spread(network, 'relay', STREAM_ABOVE_BYTES);
    this.#spreadStreamed(network);
    while (broadcasts.freshBytes(network, 'relay') > 0) {
      if (isOut() || !this.#sendNewsPacket(network)) return true;
    }
    return isOut() && broadcasts.freshBytes(network, 'streamed') > 0;
  }

  #spreadStreamed(network: string): void {
    const { broadcasts, isApplyingStream } = this.#parts;
    if (isApplyingStream()) {
      this.#spread(network, 'streamed', BATCH_BYTES);
      return;
    }
    this.#spread(network, 'streamed', LEAST_STREAM_BYTES);
    const leftBytes = broadcasts.freshBytes(network, 'streamed');
    if (leftBytes > 0 && leftBytes <= LEAST_STREAM_BYTES) broadcasts.demoteStreamed(network);
  }

  /** Sends batches while there is more than `aboveBytes` and the pace allows. */
  #spread(network: string, list: NewsList, aboveBytes: number): void {
    const { broadcasts, pacer, streams } = this.#parts;
    while (broadcasts.freshBytes(network, list) > aboveBytes && pacer.hasCredit()) {
      if (!streams.spread(network, list)) return;
    }
  }

  /** @returns false when somebody has no room for a packet just now */
  #sendNewsPacket(network: string): boolean {
    const { broadcasts, clock, membership, pacer, ring } = this.#parts;
    const neighbours = ring.neighbours(network);
    const others = this.#randomPeers(network, neighbours);
    const all = [...SIDES.flatMap((side) => neighbours[side] ?? []), ...others];
    if (!pacer.hasRoomFor(all)) return false;
    const room = membership.packetRoomBytes();
    const drained = broadcasts.drainNews(network, room, neighbours, clock.now());
    if (drained === null) return false;
    // A neighbour that has it is served too: that is how it hears that we have it.
    this.#send(all, drained);
    return true;
  }

  /** Sends once more what is queued, the least often sent first. */
  #repeat(): void {
    const { state, ring } = this.#parts;
    for (const { network } of state.attachments.ownList()) {
      this.#repeatList(network, 'own', () => this.#randomPeers(network));
      const { next, previous } = ring.neighbours(network);
      if (next !== null && previous === null) this.#parts.broadcasts.joinSides(network);
      for (const side of SIDES) {
        this.#repeatList(network, side, () => {
          const name = ring.neighbours(network)[side];
          return name === null ? [] : [name];
        });
      }
    }
  }

  #repeatList(network: string, list: RepeatList, choosePeers: () => readonly string[]): void {
    const { broadcasts, clock, membership, pacer, state } = this.#parts;
    const queuedBytes = broadcasts.repeatBytes(network, list);
    if (queuedBytes === 0) return;
    const room = Math.max(1, membership.packetRoomBytes());
    const now = clock.now();
    // What was sent a moment ago may still be answered.
    const sentUntil = now - state.options.gossipIntervalMs / 2;
    // Once through the list at most, so that no packet repeats another of this tick.
    const packetCount = Math.min(PACKETS_PER_TICK, Math.ceil(queuedBytes / room));
    for (let i = 0; i < packetCount; i += 1) {
      const peers = choosePeers();
      if (peers.length === 0 || !pacer.hasCredit() || !pacer.hasRoomFor(peers)) return;
      const drained = broadcasts.drainRepeats(network, list, room, { now, sentUntil });
      if (drained === null) return;
      this.#send(peers, drained);
    }
  }

  #send(peers: readonly string[], { message, events }: Drained): void {
    const { membership, pacer, state } = this.#parts;
    membership.sendPackets(peers, message);
    for (const peer of peers) pacer.notePacket(peer);
    pacer.spend(message.length * peers.length);
    state.counters.add('tables.sent.packets', peers.length);
    state.counters.add('tables.sent.events', events.length * peers.length);
    state.counters.add('tables.sent.bytes', message.length * peers.length);
  }

  /** Random members, as many as one sending goes to less those that are served anyway. */
  #randomPeers(network: string, served?: Neighbours): readonly string[] {
    const { random, ring, state } = this.#parts;
    const taken = new Set([served?.next, served?.previous]);
    const others = ring.order(network).filter((name) => !taken.has(name));
    const servedCount = SIDES.filter((side) => (served?.[side] ?? null) !== null).length;
    return sample(random, others, Math.max(0, state.options.gossipNodes - servedCount));
  }
}
