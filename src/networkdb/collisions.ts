import type { KeptTableEvent } from '../codec/index.ts';
import type { Random } from '../runtime/index.ts';
import { randomFraction } from '../runtime/index.ts';
import { placeKey, tupleKey } from './broadcasts.ts';
import type { EntryAddress, EntryVersion } from './entry.ts';
import type { Forwards } from './forwards.ts';
import type { Rewrites } from './rewrites.ts';
import type { TableState } from './transitions.ts';

/*
 * Concurrent writes beside nodes of Go. Among equal Lamport times they keep whichever write came first,
 * so where one of them is on the network the order of writes alone does not make all nodes agree: those
 * that heard the loser first keep it for good. A write at a later time is taken by everybody. So an
 * owner writes its entry once more, 1 to 2 s after it has met the other write:
 *
 *   both owners are ours     the winner does it
 *   one owner is of Go       ours does it, whichever name wins
 *
 * if by then the key still holds one of the writes of that time. Two writes of one owner are of two of its lives;
 * whoever of us sees both sends it the lesser, and it answers as to any trace of an earlier life (`ghosts.ts`). The
 * winner may never meet the losing write, since nodes of ours do not pass it on: who of us sees both
 * sends it there.
 */

const DELAY_MIN_MS = 1_000;
const DELAY_SPAN_MS = 1_000;

/** Collaborators of {@link Collisions}. */
export interface CollisionsParts {
  readonly random: Random;
  readonly state: TableState;
  readonly rewrites: Rewrites;
  readonly forwards: Forwards;
}

/** Two writes to one key at one time, by different owners or in two lives of one. */
export interface Collision {
  readonly address: EntryAddress;
  readonly winner: EntryVersion;
  readonly loser: EntryVersion;
}

/** Makes nodes with and without our order of writes agree. */
export class Collisions {
  readonly #parts: CollisionsParts;

  constructor(parts: CollisionsParts) {
    this.#parts = parts;
  }

  /** Two writes have met here, perhaps not for the first time. */
  met(collision: Collision): void {
    const { address, winner, loser } = collision;
    const { localName, nodes } = this.#parts.state;
    if (!this.#hasForeignMember(address.network)) return;
    if (winner.owner === loser.owner) {
      this.#forward(collision, false);
      return;
    }
    const isForeignWinner = nodes.isForeign(winner.owner);
    if (winner.owner === localName) this.#plan(address, winner);
    else if (loser.owner !== localName) this.#forward(collision, isForeignWinner);
    else if (isForeignWinner) this.#plan(address, loser);
  }

  #hasForeignMember(network: string): boolean {
    const { attachments, nodes, localName } = this.#parts.state;
    return attachments
      .participants(network)
      .some((name) => name !== localName && nodes.isForeign(name));
  }

  /** The owner of ours that has to act may know its own write alone. */
  #forward({ address, winner, loser }: Collision, isForeignWinner: boolean): void {
    const actor = isForeignWinner ? loser.owner : winner.owner;
    const owners = tupleKey(winner.owner, loser.owner);
    const id = tupleKey(placeKey(address), tupleKey(`${winner.time}`, owners));
    const news = isForeignWinner ? winner : loser;
    this.#parts.forwards.send(actor, id, () => this.#event(address, news));
  }

  #event(
    { network, table, key }: EntryAddress,
    { time, owner, isDeleted, value }: EntryVersion,
  ): KeptTableEvent {
    const kind = isDeleted ? 'delete' : 'create';
    const seconds = Math.max(1, Math.floor(this.#parts.state.options.reapEntryMs / 1000));
    const residualReapSeconds = isDeleted ? seconds : 0;
    return { kind, time, owner, network, table, key, value, residualReapSeconds };
  }

  #plan(address: EntryAddress, mine: EntryVersion): void {
    const { random, rewrites, state } = this.#parts;
    rewrites.plan({
      address,
      mine,
      delayMs: DELAY_MIN_MS + randomFraction(random) * DELAY_SPAN_MS,
      // Nothing was written since: the key holds our write, or the one that beat it.
      stands: ({ time, owner }) =>
        time === mine.time && (owner === mine.owner || state.nodes.isForeign(owner)),
    });
  }
}
