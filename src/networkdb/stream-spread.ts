import type { Clock, Random } from '../runtime/index.ts';
import { sample } from '../runtime/index.ts';
import type { Broadcasts, Drained, NewsList } from './broadcasts.ts';
import type { Membership } from './membership.ts';
import type { TablePacing } from './table-pacing.ts';
import type { Ring } from './ring.ts';
import type { Slices } from './slices.ts';
import type { TableState } from './transitions.ts';

/*
 * Large backlogs of news, by stream. A stream loses nothing, so each member sends each event on just
 * once: to the next member of the ring, and to one random member. The random one makes it quick, as each
 * hop doubles those who have it; the ring makes it certain, for if everybody serves the next, all are
 * served. Whoever cannot be reached is passed over: the batch then goes to the one after it. Only when
 * a few in a row fail does it fall back to packets.
 *
 * Each peer has a lane of batches that go one after the other, so that a slow one holds up nobody else;
 * a lane that is full counts as a failed one. A member may take a batch and die before it has sent it on.
 * So what the next one was given lately is remembered, and when it is found gone the one after it is
 * given the same.
 */

/** Bytes of news in one stream. */
export const BATCH_BYTES = 262_144;

/** Bytes that wait for one peer. */
const LANE_BYTES = 4_194_304;

/** Bytes of batches that are remembered, and for how long: longer than it takes to find a member gone. */
const SERVED_BYTES = 4_194_304;
const SERVED_MS = 30_000;

const MAX_PASSED_OVER = 3;

/** Collaborators of {@link StreamSpread}. */
export interface StreamSpreadParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly membership: Membership;
  readonly state: TableState;
  readonly broadcasts: Broadcasts;
  readonly ring: Ring;
  readonly pacer: TablePacing;
  readonly slices: Slices;
}

interface Batch extends Drained {
  readonly network: string;
  readonly list: NewsList;
}

interface Served {
  readonly peer: string;
  readonly batch: Batch;
  readonly at: number;
}

interface Delivery {
  readonly message: Uint8Array;
  readonly failed: () => void;
}

interface Lane {
  readonly waiting: Delivery[];
  bytes: number;
}

/** Sends batches of news by stream. */
export class StreamSpread {
  readonly #parts: StreamSpreadParts;
  readonly #lanes = new Map<string, Lane>();
  #served: Served[] = [];
  #servedBytes = 0;
  #isStopped = false;

  constructor(parts: StreamSpreadParts) {
    this.#parts = parts;
  }

  stop(): void {
    this.#isStopped = true;
    this.#lanes.clear();
    this.#served = [];
  }

  /** Sends one batch of a list on its way. @returns whether there was anything to send */
  spread(network: string, list: NewsList): boolean {
    const { broadcasts, random, ring } = this.#parts;
    const others = ring.order(network);
    if (others.length === 0) return false;
    const drained = broadcasts.drainStream(network, list, BATCH_BYTES);
    if (drained === null) return false;
    this.#serve(others, 0, { ...drained, network, list });
    const [lucky] = sample(random, others.slice(1), 1);
    if (lucky !== undefined) this.#deliver(lucky, drained, () => undefined);
    return true;
  }

  /** A member is gone: the one after it gets what it was given lately. */
  peerGone(peer: string): void {
    const lane = this.#lanes.get(peer);
    this.#lanes.delete(peer);
    const lost = this.#served.filter((served) => served.peer === peer);
    this.#forget((served) => served.peer !== peer);
    // What is under way to it or waits is among what it was given, or was sent by chance.
    lane?.waiting.splice(0);
    for (const { batch } of lost) this.#serve(this.#parts.ring.order(batch.network), 0, batch);
  }

  /** Sends to the member at `at`, or to those after it when that fails. */
  #serve(others: readonly string[], at: number, batch: Batch): void {
    const { broadcasts, clock, slices } = this.#parts;
    const peer = others[at];
    if (peer === undefined || at > MAX_PASSED_OVER) {
      // A batch may hold thousands of events, and a member that is gone leaves many batches.
      const { network, list, events } = batch;
      const now = (): number => clock.now();
      slices.run(broadcasts.giveBack(network, list, events, now), () => undefined);
      return;
    }
    const served = { peer, batch, at: clock.now() };
    this.#remember(served);
    this.#deliver(peer, batch, () => {
      this.#forget((each) => each !== served);
      this.#serve(others, at + 1, batch);
    });
  }

  #remember(served: Served): void {
    this.#served.push(served);
    this.#servedBytes += served.batch.message.length;
    const since = served.at - SERVED_MS;
    while (this.#servedBytes > SERVED_BYTES || (this.#served[0]?.at ?? since) < since) {
      const oldest = this.#served.shift();
      this.#servedBytes -= oldest?.batch.message.length ?? 0;
    }
  }

  #forget(isKept: (served: Served) => boolean): void {
    this.#served = this.#served.filter(isKept);
    this.#servedBytes = this.#served.reduce((sum, { batch }) => sum + batch.message.length, 0);
  }

  #deliver(peer: string, { message, events }: Drained, failed: () => void): void {
    const { counters } = this.#parts.state;
    const lane = this.#lanes.get(peer) ?? { waiting: [], bytes: 0 };
    if (lane.bytes > 0 && lane.bytes + message.length > LANE_BYTES) {
      counters.add('tables.sent.streamsFailed');
      failed();
      return;
    }
    this.#parts.pacer.spend(message.length);
    counters.add('tables.sent.streams');
    counters.add('tables.sent.events', events.length);
    counters.add('tables.sent.bytes', message.length);
    this.#lanes.set(peer, lane);
    lane.waiting.push({ message, failed });
    lane.bytes += message.length;
    if (lane.waiting.length === 1) this.#run(peer, lane);
  }

  #run(peer: string, lane: Lane): void {
    const [delivery] = lane.waiting;
    if (delivery === undefined) {
      this.#lanes.delete(peer);
      return;
    }
    this.#parts.membership.sendStream(peer, delivery.message, (error) => {
      if (this.#isStopped || this.#lanes.get(peer) !== lane) return;
      lane.waiting.shift();
      lane.bytes -= delivery.message.length;
      if (error !== null) {
        this.#parts.state.counters.add('tables.sent.streamsFailed');
        delivery.failed();
      }
      this.#run(peer, lane);
    });
  }
}
