import { encodeTableEventMessage } from '../codec/index.ts';
import type { Clock, Random, Timer } from '../runtime/index.ts';
import { randomFraction } from '../runtime/index.ts';
import { tupleKey } from './broadcasts.ts';
import type { EntryAddress, EntryVersion } from './entry.ts';
import type { Membership } from './membership.ts';
import { writeAnew } from './own-write.ts';
import type { Publisher } from './publisher.ts';
import { RateLimit } from './rate-limit.ts';
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
 * whoever of us sees both sends it the lesser, and it answers as to any trace of an earlier life (`ghosts.ts`). A key is written anew at most once in
 * 30 s, so that owners who write it in turns do not drive each other; what is due earlier waits. The
 * winner may never meet the losing write, since nodes of ours do not pass it on: who of us sees both
 * sends it there, once in 30 s. Everything that is remembered for this is bounded. What finds no room
 * is met again, for as long as nodes differ every bulk sync between them brings the two writes together.
 */

const DELAY_MIN_MS = 1_000;
const DELAY_SPAN_MS = 1_000;
/** Milliseconds between two of our re-writes of one key, and two forwards of one collision. */
const PAUSE_MS = 30_000;
/** Keys that wait to be written anew, keys that were, and collisions that were forwarded: of each. */
const MAX_REMEMBERED = 4_096;
/** Keys written anew between two turns of the loop. */
const SLICE = 128;
/** Bytes of values that wait. */
const MAX_WAITING_BYTES = 8_388_608;
const FORWARDS = { perSecond: 100, burst: 1_000 };

/** Collaborators of {@link Rewrites}. */
export interface RewritesParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly state: TableState;
  readonly membership: Membership;
  readonly publisher: Publisher;
}

/** Two writes to one key at one time, by different owners or in two lives of one. */
export interface Collision {
  readonly address: EntryAddress;
  readonly winner: EntryVersion;
  readonly loser: EntryVersion;
}

interface Waiting {
  readonly address: EntryAddress;
  readonly mine: EntryVersion;
  readonly dueAt: number;
}

/** Makes nodes with and without our order of writes agree. */
export class Rewrites {
  readonly #parts: RewritesParts;
  readonly #forwardLimit: RateLimit;
  readonly #waiting = new Map<string, Waiting>();
  /** When each key was written anew, oldest first. */
  readonly #done = new Map<string, number>();
  /** When each collision was forwarded, oldest first. */
  readonly #forwarded = new Map<string, number>();
  #waitingBytes = 0;
  #timer: Timer | null = null;
  #armedFor = Infinity;

  constructor(parts: RewritesParts) {
    this.#parts = parts;
    this.#forwardLimit = new RateLimit(parts.clock, FORWARDS);
  }

  /** Keys that wait to be written anew. */
  get waitingCount(): number {
    return this.#waiting.size;
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
    if (winner.owner === localName) this.#schedule(address, winner);
    else if (loser.owner !== localName) this.#forward(collision, isForeignWinner);
    else if (isForeignWinner) this.#schedule(address, loser);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#waiting.clear();
    this.#waitingBytes = 0;
  }

  #hasForeignMember(network: string): boolean {
    const { attachments, nodes, localName } = this.#parts.state;
    return attachments
      .participants(network)
      .some((name) => name !== localName && nodes.isForeign(name));
  }

  /** The owner of ours that has to act may know its own write alone. */
  #forward({ address, winner, loser }: Collision, isForeignWinner: boolean): void {
    const { clock, membership, publisher, state } = this.#parts;
    const actor = isForeignWinner ? loser.owner : winner.owner;
    if (!state.nodes.isActive(actor) || state.nodes.isForeign(actor)) return;
    const id = tupleKey(
      placeOf(address),
      tupleKey(`${winner.time}`, tupleKey(winner.owner, loser.owner)),
    );
    const now = clock.now();
    if (now - (this.#forwarded.get(id) ?? -PAUSE_MS) < PAUSE_MS) return;
    const news = isForeignWinner ? winner : loser;
    const message = encodeTableEventMessage(this.#event(address, news));
    if (!hasRoom(this.#forwarded, now) || !this.#forwardLimit.tryTake()) {
      state.counters.add('tables.rewrites.skipped');
      return;
    }
    this.#forwarded.delete(id);
    this.#forwarded.set(id, now);
    if (message.length <= publisher.packetRoomBytes()) membership.sendPackets([actor], message);
    else membership.sendStream(actor, message, () => undefined);
    state.counters.add('tables.rewrites.forwarded');
  }

  #event(
    { network, table, key }: EntryAddress,
    { time, owner, isDeleted, value }: EntryVersion,
  ): Parameters<typeof encodeTableEventMessage>[0] {
    const kind = isDeleted ? 'delete' : 'create';
    const seconds = Math.max(1, Math.floor(this.#parts.state.options.reapEntryMs / 1000));
    const residualReapSeconds = isDeleted ? seconds : 0;
    return { kind, time, owner, network, table, key, value, residualReapSeconds };
  }

  #schedule(address: EntryAddress, mine: EntryVersion): void {
    const { clock, random, state } = this.#parts;
    const place = placeOf(address);
    const earlier = this.#waiting.get(place);
    if (earlier !== undefined && earlier.mine.time >= mine.time) return;
    const now = clock.now();
    const freedBytes = earlier?.mine.value.length ?? 0;
    const bytes = this.#waitingBytes - freedBytes + mine.value.length;
    const isFull = earlier === undefined && this.#waiting.size >= MAX_REMEMBERED;
    if (isFull || bytes > MAX_WAITING_BYTES || !hasRoom(this.#done, now)) {
      state.counters.add('tables.rewrites.skipped');
      return;
    }
    const soonest = now + DELAY_MIN_MS + randomFraction(random) * DELAY_SPAN_MS;
    const dueAt = Math.max(soonest, (this.#done.get(place) ?? -PAUSE_MS) + PAUSE_MS);
    const { network, table, key } = address;
    this.#waiting.set(place, { address: { network, table, key }, mine, dueAt });
    this.#waitingBytes = bytes;
    this.#arm(dueAt);
  }

  #arm(dueAt: number): void {
    if (dueAt >= this.#armedFor) return;
    const { clock } = this.#parts;
    this.#timer?.cancel();
    this.#armedFor = dueAt;
    this.#timer = clock.schedule(Math.max(0, dueAt - clock.now()), () => {
      this.#timer = null;
      this.#armedFor = Infinity;
      this.#arm(this.#runDue());
    });
  }

  /** Writes what is due, a slice of it at most. @returns when to look again */
  #runDue(): number {
    const now = this.#parts.clock.now();
    let soonest = Infinity;
    let room = SLICE;
    for (const [place, waiting] of this.#waiting) {
      if (waiting.dueAt > now || room === 0) {
        soonest = Math.min(soonest, waiting.dueAt);
        continue;
      }
      room -= 1;
      this.#waiting.delete(place);
      this.#waitingBytes -= waiting.mine.value.length;
      if (!this.#stands(waiting)) continue;
      this.#done.delete(place);
      this.#done.set(place, now);
      writeAnew(this.#parts, waiting.address, waiting.mine);
      this.#parts.state.counters.add('tables.rewrites.written');
    }
    return soonest;
  }

  /** Whether nothing was written since: the key holds our write, or the one that beat it. */
  #stands({ address, mine }: Waiting): boolean {
    const { attachments, nodes, store } = this.#parts.state;
    if (attachments.joined(address.network) === undefined) return false;
    const held = store.get(address.network, address.table, address.key);
    if (held?.time !== mine.time) return false;
    return held.owner === mine.owner || nodes.isForeign(held.owner);
  }
}

function placeOf({ network, table, key }: EntryAddress): string {
  return tupleKey(network, tupleKey(table, key));
}

/** Forgets what is over, oldest first, and says whether one more may be remembered. */
function hasRoom(remembered: Map<string, number>, now: number): boolean {
  for (const [id, at] of remembered) {
    if (now - at < PAUSE_MS) break;
    remembered.delete(id);
  }
  return remembered.size < MAX_REMEMBERED;
}
