import type { Address } from '../runtime/index.ts';
import { sameAddress } from '../runtime/index.ts';
import type { MemberRecord } from './member.ts';

/*
 * Word of newcomers goes round the ring of names (`neighbours.ts`) instead of being told at random again and again.
 *
 * Idea: chance alone needs some 16 copies for each member before one in a million is left out. Who tells
 * both neighbours, and repeats it to one from whom the same word has not come back, needs three: two neighbours,
 * and a random member, so that the word also leaps across the ring. Nobody is left out then unless both its
 * neighbours fail to reach it. What is lost, or goes to one who is dead, is not heard back and is said again, to the
 * neighbour and to random members, up to as often as any claim: loss makes repeats, quiet ends them.
 *
 *   first    both neighbours and random members; gathered, so that of a thousand who start together many share
 *            a packet
 *   repeats  to the neighbours of now that have not been heard, and to a random member, with the gossip ticker
 *   answers  to a neighbour that says what has long gone by here: it waits for us to say so, and repeats it until we do
 *
 * The ring holds as long as everybody in it passes each word on. Who knows a newcomer from an exchange has passed
 * nothing on, and does so when the word comes along: from that on it is news like any other.
 *
 * Invariants: of a name at most one claim waits, here or in the broadcast queue; one that waits is what our record
 * says. It is kept for a while after it was sent, so that a neighbour that we learn of meanwhile is told too,
 * and one that says it again is answered. Each is sent at most as often as a claim in the queue, and what is not sent before the cap
 * on waiting claims is met is left to push/pull.
 *
 * Only claims about newcomers go this way. Accusations and refutations race against a timer, and keep to chance.
 *
 * @remarks Demers et al. 1987, rumor mongering with feedback; networkdb's table events are passed on alike
 */

/** A claim that waits, and who is known to have it. */
interface Word {
  readonly message: Uint8Array;
  sends: number;
  /** Clock time of the last sending. */
  sentAt: number;
  /** The last two neighbours that it came from: they have it. */
  heard: readonly MemberRecord[];
  /** The last two that it went to: they know that we have it, unless they say it again. */
  told: readonly MemberRecord[];
  /** Whether one of them has said it again. */
  hasAnswered: boolean;
}

/** What a packet may hold. */
export interface PacketRoom {
  readonly overheadBytes: number;
  readonly limitBytes: number;
}

/** What is to be said again to some of the neighbours. */
export interface Repeat {
  readonly to: readonly MemberRecord[];
  readonly messages: readonly Uint8Array[];
  /** Whether one of them was not heard to have some of it; else they only hear that we have it. */
  readonly isUnheard: boolean;
}

/** The list of claims about newcomers; see the head of the file. */
export class Newcomers {
  readonly #neighbours: () => readonly MemberRecord[];
  readonly #sendLimit: () => number;
  /** Never sent, in the order of arrival. */
  readonly #fresh = new Map<string, Word>();
  /** Sent, in the order of their last sending. */
  readonly #sent = new Map<string, Word>();
  /** Needs no repeat, and is kept for a while, in the order of its last sending. */
  readonly #settled = new Map<string, Word>();
  /** Known from exchanges, and not passed round by us. */
  #silent = new Set<string>();
  #silentSince = 0;

  /**
   * @param neighbours - those of now
   * @param sendLimit - times that a claim is sent at most
   */
  constructor(neighbours: () => readonly MemberRecord[], sendLimit: () => number) {
    this.#neighbours = neighbours;
    this.#sendLimit = sendLimit;
  }

  /** Claims that wait. */
  get length(): number {
    return this.#fresh.size + this.#sent.size + this.#settled.size;
  }

  /** Whether some were never sent. */
  get hasFresh(): boolean {
    return this.#fresh.size > 0;
  }

  /** Whether rounds have something to do: to say again, or to forget. */
  get needsRounds(): boolean {
    return this.length > 0 || this.#silent.size > 0;
  }

  /** Adds a claim in place of the one about the same name. */
  add(name: string, message: Uint8Array): void {
    this.drop(name);
    this.#silent.delete(name);
    this.#fresh.set(name, wordOf(message));
  }

  /** Drops the claim about a name, if there is one. */
  drop(name: string): void {
    this.#fresh.delete(name);
    this.#sent.delete(name);
    this.#settled.delete(name);
  }

  /** Drops some, those first that were sent. */
  dropSome(count: number): void {
    let left = count;
    for (const words of [this.#settled, this.#sent, this.#fresh]) {
      for (const name of words.keys()) {
        if (left <= 0) return;
        words.delete(name);
        left -= 1;
      }
    }
  }

  clear(): void {
    this.#fresh.clear();
    this.#sent.clear();
    this.#settled.clear();
    this.#silent.clear();
  }

  /** We know a newcomer from an exchange, and do not pass the word round. */
  keepSilent(name: string, now: number): void {
    if (this.#silent.size === 0) this.#silentSince = now;
    this.#silent.add(name);
  }

  /** Whether word of a newcomer that we knew already is to be passed round by us all the same. */
  isSilent(name: string): boolean {
    return this.#silent.has(name);
  }

  /** Forgets what we were silent of, when the first came at this time or before: what went round then is round. */
  forgetSilent(until: number): void {
    if (this.#silent.size > 0 && this.#silentSince <= until) this.#silent = new Set();
  }

  /**
   * The claim about a name that waits here came in a packet: a neighbour that sent it has it.
   *
   * @returns false when none waits
   */
  heard(name: string, from: Address): boolean {
    const settled = this.#settled.get(name);
    const word = settled ?? this.#sent.get(name) ?? this.#fresh.get(name);
    if (word === undefined) return false;
    this.#noteHeard(name, word, from, settled !== undefined);
    return true;
  }

  /**
   * Says a claim that does not wait here any more to the neighbour that has just said it, and to nobody else.
   *
   * @param message - the claim's bytes, or null when no packet can hold them
   * @returns whether there is something to be sent now
   */
  answer(name: string, from: Address, now: number, message: () => Uint8Array | null): boolean {
    const neighbours = this.#neighbours();
    const asker = neighbours.find(({ address }) => sameAddress(address, from));
    if (asker === undefined || asker.name === name) return false;
    const bytes = message();
    if (bytes === null) return false;
    const told = neighbours.filter((each) => each !== asker);
    const word = wordOf(bytes);
    word.sentAt = now;
    word.heard = neighbours;
    word.told = told;
    this.#sent.set(name, word);
    return true;
  }

  #noteHeard(name: string, word: Word, from: Address, isSettled: boolean): void {
    const neighbour = this.#neighbours().find(({ address }) => sameAddress(address, from));
    if (neighbour === undefined) return;
    if (!word.heard.includes(neighbour)) {
      word.heard = [...word.heard.slice(-1), neighbour];
    } else if (neighbour.name !== name && !word.hasAnswered) {
      // Only who speaks of itself says things again without need.
      word.hasAnswered = true;
      word.told = word.told.filter((each) => each !== neighbour);
    }
    if (!isSettled || word.told.includes(neighbour)) return;
    this.#settled.delete(name);
    this.#sent.set(name, word);
  }

  /** Takes what was never sent for one packet, and counts it as sent. */
  takeFresh(room: PacketRoom, now: number): Uint8Array[] {
    const neighbours = this.#neighbours();
    const messages: Uint8Array[] = [];
    let left = room.limitBytes - room.overheadBytes;
    for (const [name, word] of this.#fresh) {
      if (word.message.length > left) {
        if (messages.length > 0) break;
        // No packet holds it: there is less room in one than there was, as when encryption begins.
        this.#fresh.delete(name);
        continue;
      }
      left -= word.message.length + room.overheadBytes;
      messages.push(word.message);
      this.#fresh.delete(name);
      this.#noteSent(name, word, neighbours, now);
    }
    return messages;
  }

  /**
   * Takes, for one packet, what some neighbour has not been heard to have, or does not know that we have; and
   * forgets what needs no repeat any more.
   *
   * @param pauseMs - only what was sent so long ago: what was sent later may still be answered
   * @returns null when nothing is to be said again
   */
  takeRepeat(room: PacketRoom, now: number, pauseMs: number): Repeat | null {
    const neighbours = this.#neighbours();
    if (neighbours.length === 0) return null;
    this.#forgetSettled(now - KEPT_PAUSES * pauseMs);
    const limit = this.#sendLimit();
    const messages: Uint8Array[] = [];
    let to: readonly MemberRecord[] | null = null;
    let isUnheard = false;
    const mostBytes = room.limitBytes - room.overheadBytes;
    let left = mostBytes;
    let passes = LOOKAHEAD;
    for (const [name, word] of this.#sent) {
      if (word.sentAt > now - pauseMs || passes === 0) break;
      passes -= 1;
      if (word.sends >= limit || word.message.length > mostBytes) {
        this.#sent.delete(name);
        continue;
      }
      const lacking = neighbours.filter((neighbour) => {
        return !word.heard.includes(neighbour) || !word.told.includes(neighbour);
      });
      if (lacking.length === 0) {
        this.#sent.delete(name);
        this.#settled.set(name, word);
        continue;
      }
      // One packet holds what the same neighbours lack; the rest comes with the next.
      if (word.message.length > left || !isSame((to ??= lacking), lacking)) continue;
      left -= word.message.length + room.overheadBytes;
      messages.push(word.message);
      isUnheard ||= lacking.some((each) => !word.heard.includes(each));
      this.#noteSent(name, word, lacking, now);
    }
    return to === null ? null : { to, messages, isUnheard };
  }

  #forgetSettled(sentUntil: number): void {
    for (const [name, { sentAt }] of this.#settled) {
      if (sentAt > sentUntil) return;
      this.#settled.delete(name);
    }
  }

  #noteSent(name: string, word: Word, to: readonly MemberRecord[], now: number): void {
    this.#sent.delete(name); // it goes to the end
    this.#sent.set(name, word);
    word.sends += 1;
    word.sentAt = now;
    word.told =
      to.length > 1 ? to : [...word.told.filter((each) => !to.includes(each)), ...to].slice(-2);
  }
}

/** One that was never sent. Not by spreading: V8 would give each a shape of its own. */
function wordOf(message: Uint8Array): Word {
  return { message, sends: 0, sentAt: 0, heard: NOBODY, told: NOBODY, hasAnswered: false };
}

function isSame(a: readonly MemberRecord[], b: readonly MemberRecord[]): boolean {
  return a.length === b.length && a[0] === b[0];
}

const NOBODY: readonly MemberRecord[] = [];
/** Pauses for which a claim is kept that needs no repeat: somebody may say it again, or stand beside us now. */
const KEPT_PAUSES = 10;
/** Claims looked at for one packet, at most. */
const LOOKAHEAD = 512;
