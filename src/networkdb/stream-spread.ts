import type { Clock, Random } from '../runtime/index.ts';
import { sample } from '../runtime/index.ts';
import type { Broadcasts, Drained, NewsList } from './broadcasts.ts';
import type { Membership } from './membership.ts';
import type { Pacer } from './pacing.ts';
import type { Ring } from './ring.ts';
import type { TableState } from './transitions.ts';

/*
 * Large backlogs of news, by stream. A stream loses nothing, so each member sends each event on just
 * once: to the next member of the ring, and to one random member. The random one makes it quick, as each
 * hop doubles those who have it; the ring makes it certain, for if everybody serves the next, all are
 * served. Whoever cannot be reached is passed over: the batch then goes to the one after it. Only when
 * a few in a row fail does it fall back to packets.
 *
 * Each peer has a lane of batches that go one after the other, so that a slow one holds up nobody else;
 * a lane that is full counts as a failed one.
 */

/** Bytes of news in one stream. */
export const BATCH_BYTES = 262_144;

const LANE_BYTES = 4_194_304;
const MAX_PASSED_OVER = 3;

/** Collaborators of {@link StreamSpread}. */
export interface StreamSpreadParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly membership: Membership;
  readonly state: TableState;
  readonly broadcasts: Broadcasts;
  readonly ring: Ring;
  readonly pacer: Pacer;
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
  #isStopped = false;

  constructor(parts: StreamSpreadParts) {
    this.#parts = parts;
  }

  stop(): void {
    this.#isStopped = true;
    this.#lanes.clear();
  }

  /** Sends one batch of a list on its way. @returns whether there was anything to send */
  spread(network: string, list: NewsList): boolean {
    const { broadcasts, random, ring } = this.#parts;
    const others = ring.order(network);
    if (others.length === 0) return false;
    const drained = broadcasts.drainStream(network, list, BATCH_BYTES);
    if (drained === null) return false;
    this.#serve(others, 0, drained, () => {
      broadcasts.giveBack(network, list, drained.events, this.#parts.clock.now());
    });
    const [lucky] = sample(random, others.slice(1), 1);
    if (lucky !== undefined) this.#deliver(lucky, drained, () => undefined);
    return true;
  }

  /** Sends to the member at `at`, or to those after it when that fails. */
  #serve(others: readonly string[], at: number, drained: Drained, giveUp: () => void): void {
    const peer = others[at];
    if (peer === undefined || at > MAX_PASSED_OVER) {
      giveUp();
      return;
    }
    this.#deliver(peer, drained, () => {
      this.#serve(others, at + 1, drained, giveUp);
    });
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
      if (this.#isStopped) return;
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
