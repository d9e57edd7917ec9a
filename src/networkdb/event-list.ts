import type { Side } from './ring.ts';

/*
 * Events of tables that wait for one kind of sending, each with the number of times it was sent.
 *
 * Idea: one queue per number of sends, oldest first; a packet takes from the queues in that order. What
 * is taken, replaced or dropped out of order is only marked, and skipped when its turn comes. So all
 * operations cost the same whether ten events wait or 100,000: no search, no sorting, no moving.
 *
 * Invariants: of each key there is one event, the latest; marked ones are never more than the live ones
 * and a few, so memory stays in proportion; a take looks at no more than LOOKAHEAD events that do not fit.
 */

/** Events that may be passed over because they do not fit into what is left of a packet. */
const LOOKAHEAD = 16;

/** Marked ones that are let be, however few live ones there are. */
const MARKED_MIN = 64;

/** An event that waits. */
export interface WaitingEvent {
  readonly key: string;
  /** In its envelope. */
  readonly message: Uint8Array;
  /** Times it was sent. */
  readonly sends: number;
  /** When it was sent last; of no meaning while `sends` is 0. */
  readonly sentAt: number;
  /** Neighbours that have it, null for none. */
  heardFrom: Record<Side, boolean> | null;
}

/** What may be taken. */
export interface TakeBudget {
  /** What each event costs beside its bytes. */
  readonly overheadBytes: number;
  /** What all of them may cost together. */
  readonly limitBytes: number;
  /** Only events that were never sent, or only those last sent at this time or before. */
  readonly which: 'fresh' | { readonly sentUntil: number };
  /** What no packet holds, since there is less room in one than there was, is dropped. Left out: nothing is. */
  readonly mostBytes?: number;
}

interface Slot {
  event: WaitingEvent;
  isGone: boolean;
}

interface Tier {
  slots: Slot[];
  head: number;
  live: number;
}

/** The list; see the head of the file. */
export class EventList {
  readonly #maxEvents: number;
  readonly #tiers: Tier[] = [];
  readonly #byKey = new Map<string, Slot>();
  #bytes = 0;
  #freshBytes = 0;
  #work = 0;
  #droppedCount = 0;

  /** @param maxEvents - beyond it the one that was sent most often, of those the oldest, is dropped */
  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents;
  }

  get length(): number {
    return this.#byKey.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of events that were never sent. */
  get freshBytes(): number {
    return this.#freshBytes;
  }

  /** Events looked at or moved so far: tests bound this, never time. */
  get work(): number {
    return this.#work;
  }

  /** Events dropped because too many were waiting, or no packet holds them any more. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** The event of a key. */
  get(key: string): WaitingEvent | undefined {
    return this.#byKey.get(key)?.event;
  }

  /** Adds an event, in place of the one of the same key. */
  put(event: WaitingEvent): void {
    this.delete(event.key);
    while (this.#tiers.length <= event.sends) this.#tiers.push({ slots: [], head: 0, live: 0 });
    const tier = this.#tiers[event.sends] as Tier;
    const slot = { event, isGone: false };
    tier.slots.push(slot);
    tier.live += 1;
    this.#byKey.set(event.key, slot);
    this.#count(event, 1);
    this.#work += 1;
    if (this.#byKey.size > this.#maxEvents) this.#dropOne();
  }

  /** Drops the event of a key. @returns whether there was one */
  delete(key: string): boolean {
    const slot = this.#byKey.get(key);
    if (slot === undefined) return false;
    this.#remove(slot);
    return true;
  }

  /** Takes events out, the least often sent first, of those the oldest first. */
  take({ overheadBytes, limitBytes, which, mostBytes = Infinity }: TakeBudget): WaitingEvent[] {
    const taken: Slot[] = [];
    const tooLarge: Slot[] = [];
    const tiers = which === 'fresh' ? this.#tiers.slice(0, 1) : this.#tiers.slice(1);
    let left = limitBytes - overheadBytes;
    let passes = LOOKAHEAD;
    for (const tier of tiers) {
      for (let at = this.#headOf(tier); at < tier.slots.length; at += 1) {
        if (left <= 0 || passes === 0) break;
        const slot = tier.slots[at] as Slot;
        this.#work += 1;
        if (slot.isGone) continue;
        const { event } = slot;
        // Within a queue events stand in the order in which they were sent.
        if (which !== 'fresh' && event.sentAt > which.sentUntil) break;
        if (event.message.length > left) {
          if (event.message.length > mostBytes) tooLarge.push(slot);
          else passes -= 1;
          continue;
        }
        left -= event.message.length + overheadBytes;
        taken.push(slot);
      }
    }
    // Only now, since it may move what is left.
    for (const slot of [...taken, ...tooLarge]) this.#remove(slot);
    this.#droppedCount += tooLarge.length;
    return taken.map(({ event }) => event);
  }

  #headOf(tier: Tier): number {
    while (tier.head < tier.slots.length && tier.slots[tier.head]?.isGone === true) {
      tier.head += 1;
      this.#work += 1;
    }
    return tier.head;
  }

  #remove(slot: Slot): void {
    const { event } = slot;
    slot.isGone = true;
    this.#byKey.delete(event.key);
    this.#count(event, -1);
    const tier = this.#tiers[event.sends] as Tier;
    tier.live -= 1;
    if (tier.live === 0) {
      tier.slots = [];
      tier.head = 0;
    } else if (tier.slots.length > 2 * tier.live + MARKED_MIN) {
      this.#work += tier.slots.length;
      tier.slots = tier.slots.filter(({ isGone }) => !isGone);
      tier.head = 0;
    }
  }

  #dropOne(): void {
    const tier = this.#tiers.findLast(({ live }) => live > 0);
    const slot = tier?.slots[this.#headOf(tier)];
    if (slot === undefined) return;
    this.#remove(slot);
    this.#droppedCount += 1;
  }

  #count(event: WaitingEvent, sign: 1 | -1): void {
    this.#bytes += sign * event.message.length;
    if (event.sends === 0) this.#freshBytes += sign * event.message.length;
  }
}
