import type { KeptTableEvent } from '../codec/index.ts';
import { encodeTableEventMessage } from '../codec/index.ts';
import type { Clock } from '../runtime/index.ts';
import type { Membership } from './membership.ts';
import type { Publisher } from './publisher.ts';
import { RateLimit } from './rate-limit.ts';
import { Recent } from './recent.ts';
import type { TablePacing } from './table-pacing.ts';
import type { TableState } from './transitions.ts';

/*
 * Writes sent to the one member that can act on them. Nobody else may: only the owner of an entry writes it anew, and it need not
 * have met the write that makes this necessary, since members pass on what wins alone. Thousands of keys may be met in one bulk
 * sync: what fits no packet takes a stream each, and goes no faster than all else that is sent.
 */

const FORWARDS = { perSecond: 100, burst: 1_000 };

/** Collaborators of {@link Forwards}. */
export interface ForwardsParts {
  readonly clock: Clock;
  readonly state: TableState;
  readonly membership: Membership;
  readonly publisher: Publisher;
  readonly pacer: TablePacing;
}

/** Sends writes to the members that have to act on them, each once in 30 s. */
export class Forwards {
  readonly #parts: ForwardsParts;
  readonly #limit: RateLimit;
  readonly #sent = new Recent();

  constructor(parts: ForwardsParts) {
    this.#parts = parts;
    this.#limit = new RateLimit(parts.clock, FORWARDS);
  }

  /**
   * Sends a write to an owner, if that is here and not of Go.
   *
   * @param id - what is not sent again so soon
   */
  send(owner: string, id: string, event: () => KeptTableEvent): void {
    const { clock, membership, pacer, publisher, state } = this.#parts;
    if (!state.nodes.isActive(owner) || state.nodes.isForeign(owner)) return;
    const now = clock.now();
    if (now < this.#sent.freeAt(id)) return;
    if (!this.#sent.hasRoom(now) || !this.#limit.tryTake()) {
      state.counters.add('tables.rewrites.skipped');
      return;
    }
    const message = encodeTableEventMessage(event());
    if (message.length <= publisher.packetRoomBytes()) membership.sendPackets([owner], message);
    else if (pacer.hasCredit()) {
      pacer.spend(message.length);
      membership.sendStream(owner, message, () => undefined);
    } else {
      state.counters.add('tables.rewrites.skipped');
      return;
    }
    this.#sent.add(id, now);
    state.counters.add('tables.rewrites.forwarded');
  }
}
