import type { Cursor } from './ordered-list.ts';
import { OrderedList } from './ordered-list.ts';

/*
 * News waits here and goes out with packets that leave anyway, each item a bounded number of times:
 * often enough that all nodes hear it with high probability, rarely enough that old news makes way.
 *
 * Order: fewest transmits first, then the longest message, then the newest. Long before short is
 * how a packet is filled well, since what is left over is filled by the short ones of the same tier.
 *
 * Invariants: a message goes out at most once per call and at most max(1, limit) times in all; of
 * each key there is one entry, the latest; `finished` runs once for every message that was queued and
 * has left, and only when the queue is consistent again, so that it may call back in. Entry ids never
 * restart: in Go's queue they do when it runs empty, and a re-used one can make a message vanish.
 */

/** A message to spread. */
export interface Broadcast {
  /** The bytes; not copied, so they must not change any more. */
  readonly message: Uint8Array;
  /** What the message is about: it replaces a queued one of the same key. Null replaces nothing. */
  readonly key: string | null;
  /** Called once when the message has left the queue for good: sent often enough, replaced or dropped. */
  readonly finished?: () => void;
}

/** Options of a {@link BroadcastQueue}. */
export interface BroadcastQueueOptions {
  /** Nodes to reach, ourselves included; read at each fetch. */
  readonly nodeCount: () => number;
  /** Factor of {@link retransmitLimit}, 1 or more. */
  readonly retransmitMult: number;
  /**
   * Entries held at most; beyond it the last in order is dropped and counted.
   *
   * @defaultValue 131072
   */
  readonly maxQueued?: number;
  /** Hears what a `finished` callback threw; must not throw itself. */
  readonly onError?: (error: unknown) => void;
}

interface Entry {
  transmits: number;
  readonly length: number;
  readonly id: number;
  readonly broadcast: Broadcast | null;
}

const DEFAULT_MAX_QUEUED = 131_072;

/**
 * How often each message is sent, for a cluster of `nodeCount` nodes.
 *
 * @param mult - retransmit multiplier, 1 or more
 * @param nodeCount - nodes, ourselves included; 0 or more
 * @returns `mult * ceil(log10(nodeCount + 1))`: 0 for none, `mult` up to 9, twice that up to 99
 * @remarks SWIM section 4.1: O(log n) transmissions reach all with high probability. Counted in whole
 * decimal digits, so that no rounding of a logarithm decides.
 */
export function retransmitLimit(mult: number, nodeCount: number): number {
  let digits = 0;
  for (let power = 1; power < nodeCount + 1; power *= 10) digits += 1;
  return mult * digits;
}

/** The transmit-limited queue; see the head of the file. */
export class BroadcastQueue {
  readonly #options: BroadcastQueueOptions;
  readonly #maxQueued: number;
  readonly #ordered = new OrderedList<Entry>(compareEntries);
  readonly #byKey = new Map<string, Entry>();
  #nextId = 0;
  #freshCount = 0;
  #freshBytes = 0;
  #queuedBytes = 0;
  #droppedCount = 0;

  constructor(options: BroadcastQueueOptions) {
    this.#options = options;
    this.#maxQueued = options.maxQueued ?? DEFAULT_MAX_QUEUED;
  }

  /** Entries queued. */
  get length(): number {
    return this.#ordered.length;
  }

  /** Entries that were never sent. */
  get freshCount(): number {
    return this.#freshCount;
  }

  /** Message bytes of the entries that were never sent. */
  get freshBytes(): number {
    return this.#freshBytes;
  }

  /** Message bytes of all entries. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Entries dropped so far because more than `maxQueued` were waiting. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Comparisons made and pointers moved so far: tests bound this, never time. */
  get work(): number {
    return this.#ordered.work;
  }

  /** Adds a message, replacing the queued one of the same key. */
  queue(broadcast: Broadcast): void {
    const gone: Entry[] = [];
    const { key, message } = broadcast;
    const replaced = key === null ? undefined : this.#byKey.get(key);
    if (replaced !== undefined) {
      this.#ordered.delete(replaced);
      this.#forget(replaced);
      gone.push(replaced);
    }
    const entry: Entry = { transmits: 0, length: message.length, id: this.#nextId, broadcast };
    this.#nextId += 1;
    this.#ordered.insert(entry);
    this.#remember(entry);
    if (this.#ordered.length > this.#maxQueued) {
      this.#droppedCount += this.#ordered.length - this.#maxQueued;
      this.#dropLast(this.#maxQueued, gone);
    }
    this.#finish(gone);
  }

  /** Drops the message of a key, if there is one. */
  drop(key: string): void {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return;
    this.#ordered.delete(entry);
    this.#forget(entry);
    this.#finish([entry]);
  }

  /**
   * Takes messages for one packet and counts one transmit for each.
   *
   * @param overheadBytes - what each message costs beyond its length
   * @param limitBytes - what all of them may cost together
   * @returns the messages, fewest transmits first, then longest, then newest; empty if none fits
   */
  getBroadcasts(overheadBytes: number, limitBytes: number): Uint8Array[] {
    return this.#take(overheadBytes, limitBytes, Number.MAX_SAFE_INTEGER);
  }

  /** Like {@link BroadcastQueue.getBroadcasts}, but only messages that were never sent before. */
  takeFresh(overheadBytes: number, limitBytes: number): Uint8Array[] {
    return this.#freshCount === 0 ? [] : this.#take(overheadBytes, limitBytes, 0);
  }

  /** Drops the last in order (most transmits, then shortest, then oldest) until `keep` are left. */
  prune(keep: number): void {
    const gone: Entry[] = [];
    this.#dropLast(Math.max(0, keep), gone);
    this.#finish(gone);
  }

  /** Drops everything. */
  clear(): void {
    const gone = this.#ordered.drain();
    for (const entry of gone) this.#forget(entry);
    this.#finish(gone);
  }

  #take(overheadBytes: number, limitBytes: number, lastTier: number): Uint8Array[] {
    if (this.#ordered.length === 0) return [];
    const transmitsMax = retransmitLimit(this.#options.retransmitMult, this.#options.nodeCount());
    const taken: Entry[] = [];
    const cursor: Cursor = { chunk: 0, index: 0 };
    let room = limitBytes - overheadBytes;
    let entry = this.#ordered.at(cursor);
    while (entry !== undefined && entry.transmits <= lastTier && room > 0) {
      if (entry.length > room) {
        Object.assign(cursor, this.#ordered.lowerBound(longestWithin(entry.transmits, room)));
      } else {
        taken.push(entry);
        room -= entry.length + overheadBytes;
        this.#ordered.removeAt(cursor);
      }
      entry = this.#ordered.at(cursor);
    }
    if (taken.length > 0) this.#settle(taken, transmitsMax);
    return taken.map((sent) => (sent.broadcast as Broadcast).message);
  }

  /** Counts a transmit for what was taken: back into the order, or gone. */
  #settle(taken: readonly Entry[], transmitsMax: number): void {
    const gone: Entry[] = [];
    for (const entry of taken) {
      this.#forget(entry);
      entry.transmits += 1;
      if (entry.transmits >= transmitsMax) {
        gone.push(entry);
      } else {
        this.#ordered.insert(entry);
        this.#remember(entry);
      }
    }
    this.#finish(gone);
  }

  #dropLast(keep: number, gone: Entry[]): void {
    while (this.#ordered.length > keep) {
      const entry = this.#ordered.pop() as Entry;
      this.#forget(entry);
      gone.push(entry);
    }
  }

  #remember(entry: Entry): void {
    const key = entry.broadcast?.key ?? null;
    if (key !== null) this.#byKey.set(key, entry);
    this.#count(entry, 1);
  }

  #forget(entry: Entry): void {
    const key = entry.broadcast?.key ?? null;
    if (key !== null) this.#byKey.delete(key);
    this.#count(entry, -1);
  }

  #count(entry: Entry, sign: 1 | -1): void {
    this.#queuedBytes += sign * entry.length;
    if (entry.transmits > 0) return;
    this.#freshCount += sign;
    this.#freshBytes += sign * entry.length;
  }

  #finish(gone: readonly Entry[]): void {
    for (const entry of gone) {
      try {
        entry.broadcast?.finished?.();
      } catch (error) {
        this.#options.onError?.(error);
      }
    }
  }
}

function compareEntries(a: Entry, b: Entry): number {
  return a.transmits - b.transmits || b.length - a.length || b.id - a.id;
}

/** A probe that stands before every entry of the tier that is at most `room` long. */
function longestWithin(transmits: number, room: number): Entry {
  return { transmits, length: room, id: Number.MAX_SAFE_INTEGER, broadcast: null };
}
