import type { NetworkEvent, ReadTableEvent } from '../codec/index.ts';
import type { Clock, Timer } from '../runtime/index.ts';
import type { EntryVersion } from './entry.ts';
import { compareVersions } from './entry.ts';
import { writeAnew } from './own-write.ts';
import type { Publisher } from './publisher.ts';
import { RateLimit } from './rate-limit.ts';
import type { TableState } from './transitions.ts';

/*
 * Traces of an earlier life. A process that restarts under its old name finds peers that remember what
 * it wrote and joined before, and only it can put that right, since only the owner may write its state.
 * So an event about ourselves that does not agree with what we hold is answered at a time later than the
 * event's: an entry with our value or a tombstone, an attachment with a join or leave. In Go such events
 * are dropped unread; the entries stay for ever, and first writes lose against them. So it is too with a write
 * of an earlier life at the very time of one of ours: of the two, members of ours keep the greater, Go the first.
 *
 * Answers are bounded in rate, because a peer could invent such events. What is not answered now comes
 * again with the next exchange. While another process claims our name there are no answers at all: two
 * owners would correct each other without end. Whether there is one is not known at the start, so around a
 * join answers are held back until the membership had time to ask.
 */

const ANSWERS = { perSecond: 1_000, burst: 4_000 };

/** Events held back at most, and bytes of their values; further ones come again with the next exchange. */
const MAX_HELD = 4_096;
const MAX_HELD_BYTES = 8_388_608;

/** Collaborators of {@link Ghosts}. */
export interface GhostParts {
  readonly clock: Clock;
  readonly state: TableState;
  readonly publisher: Publisher;
}

/** Answers events about ourselves. */
export class Ghosts {
  readonly #parts: GhostParts;
  readonly #limit: RateLimit;
  #isSuspended = false;
  #held: (() => void)[] | null = null;
  #heldBytes = 0;
  #holdTimer: Timer | null = null;

  constructor(parts: GhostParts) {
    this.#parts = parts;
    this.#limit = new RateLimit(parts.clock, ANSWERS);
  }

  /** No answers while another process uses our name. */
  setSuspended(isSuspended: boolean): void {
    this.#isSuspended = isSuspended;
  }

  /** Holds answers back for so many milliseconds, and gives them then if nobody else uses our name. */
  hold(durationMs: number): void {
    this.#holdTimer?.cancel();
    this.#held ??= [];
    this.#holdTimer = this.#parts.clock.schedule(durationMs, () => {
      const held = this.#held ?? [];
      this.#held = null;
      this.#heldBytes = 0;
      for (const answer of held) answer();
    });
  }

  /** Forgets what is held back. */
  stop(): void {
    this.#holdTimer?.cancel();
    this.#held = null;
  }

  /** A write that claims to be ours, at a time that was judged usable. */
  answerWrite(event: ReadTableEvent, time: number): void {
    if (this.#isHeld(event.value.length, () => this.answerWrite(event, time))) return;
    const { state } = this.#parts;
    const { network, table, key, owner, value } = event;
    if (state.attachments.joined(network) === undefined) return;
    const claimed: EntryVersion = { time, owner, isDeleted: event.kind === 'delete', value };
    const held = state.store.get(network, table, key);
    const isOurs = held?.owner === state.localName;
    if (held !== undefined && compareVersions(claimed, held) <= 0) {
      const isOfEarlierLife = isOurs && time === held.time && !claimed.isDeleted && !held.isDeleted;
      if (!isOfEarlierLife || compareVersions(claimed, held) === 0) return;
    }
    state.tableClock.witness(time);
    if (claimed.isDeleted && !isOurs) return;
    if (!this.#mayAnswer()) return;
    const isDeleted = !isOurs || held.isDeleted;
    writeAnew(this.#parts, event, { isDeleted, value: isOurs ? held.value : value });
    state.counters.add('tables.ghosts.entries');
  }

  /** A join or leave that claims to be ours, at a time that was judged usable and witnessed. */
  answerAttachment(event: NetworkEvent, time: number): void {
    if (this.#isHeld(0, () => this.answerAttachment(event, time))) return;
    const { state, publisher } = this.#parts;
    const own = state.attachments.own(event.network);
    const isJoined = own?.isLeaving === false;
    if (own === undefined ? event.kind === 'leave' : time <= own.time) return;
    if (!this.#mayAnswer()) return;
    const answerTime = state.networkClock.increment();
    if (own !== undefined) state.attachments.stampOwn(own, answerTime);
    else {
      const never = { time: answerTime, isLeaving: true };
      state.attachments.watcher?.announced(event.network, never);
    }
    publisher.networkEvent(isJoined ? 'join' : 'leave', event.network, answerTime);
    state.counters.add('tables.ghosts.attachments');
  }

  #isHeld(bytes: number, answer: () => void): boolean {
    if (this.#held === null) return false;
    const hasRoom = this.#held.length < MAX_HELD && this.#heldBytes + bytes <= MAX_HELD_BYTES;
    if (hasRoom) {
      this.#heldBytes += bytes;
      this.#held.push(answer);
    } else this.#parts.state.counters.add('tables.ghosts.unanswered');
    return true;
  }

  #mayAnswer(): boolean {
    if (!this.#isSuspended && this.#limit.tryTake()) return true;
    this.#parts.state.counters.add('tables.ghosts.unanswered');
    return false;
  }
}
