import { encodeCompoundMessage } from '../codec/index.ts';
import { BroadcastQueue, retransmitLimit } from '../memberlist/index.ts';
import type { EntryAddress } from './entry.ts';
import type { TakeBudget, WaitingEvent } from './event-list.ts';
import { EventList } from './event-list.ts';
import type { Neighbours, Side } from './ring.ts';
import { SIDES } from './ring.ts';
import type { TableState } from './transitions.ts';

/*
 * What waits to be gossiped. Events about nodes and networks go to the whole cluster, with the packets
 * of the membership. Events of tables go only to the members of their network, in one list for each
 * purpose:
 *
 *   own        our writes: first to both neighbours and random members, then again to random members
 *              until they were sent often enough, whatever we hear
 *   relay      news of others that came by packet, never sent by us
 *   streamed   news of others that came by stream and goes on by stream
 *   next, previous   what a neighbour may lack: sent to it again until the event comes from there, or
 *              it was sent often enough
 *
 * Invariant: an event is in one of the first three lists until it is sent for the first time, and of
 * each key only the newest that we know waits anywhere.
 */

/** What a part of a compound costs beyond its bytes, at most: exact from 128 bytes to 16 KiB. */
const PART_OVERHEAD_BYTES = 6;

/** The same for parts of any size that a stream carries. */
const LARGE_PART_OVERHEAD_BYTES = 12;

/** What a compound itself costs, with room for the length of a packet's content. */
const COMPOUND_OVERHEAD_BYTES = 5;

/** What an event of a table costs a packet beyond its bytes, when it is alone in it. */
export const EVENT_OVERHEAD_BYTES: number = PART_OVERHEAD_BYTES + COMPOUND_OVERHEAD_BYTES;

/** An event goes to a neighbour that keeps silent at least so often: a quarter lost leaves 1 in 65,000. */
const NEIGHBOUR_SENDS = 8;

/** Lists of events that were never sent: own writes, and those of others by the way they came. */
export type NewsList = 'own' | 'relay' | 'streamed';

/** Lists of events that are sent again. */
export type RepeatList = 'own' | Side;

/** Events that were drained together, and the message that carries them. */
export interface Drained {
  readonly message: Uint8Array;
  readonly events: readonly WaitingEvent[];
}

interface TableNews {
  readonly own: EventList;
  readonly relay: EventList;
  readonly streamed: EventList;
  readonly next: EventList;
  readonly previous: EventList;
}

/** All that waits to be gossiped by a node. */
export class Broadcasts {
  readonly #state: TableState;
  readonly #networkEvents: BroadcastQueue;
  readonly #nodeEvents: BroadcastQueue;
  readonly #tables = new Map<string, TableNews>();
  readonly #onRepeat: () => void;

  /** @param onRepeat - hears of each event of a table that waits to be sent again */
  constructor(state: TableState, onRepeat: () => void = () => undefined) {
    this.#state = state;
    this.#onRepeat = onRepeat;
    this.#networkEvents = this.#newQueue();
    this.#nodeEvents = this.#newQueue();
  }

  /** Queues an event about a node and a network, in place of an older one about both. */
  queueNetworkEvent(network: string, node: string, message: Uint8Array): void {
    this.#networkEvents.queue({ message, key: tupleKey(network, node) });
  }

  /** Queues an event about a node. `finished` hears when it was sent as often as it should. */
  queueNodeEvent(message: Uint8Array, finished?: () => void): void {
    this.#nodeEvents.queue(
      finished === undefined ? { message, key: null } : { message, key: null, finished },
    );
  }

  /** Makes the lists of a network, or keeps those it has. */
  openNetwork(network: string): void {
    if (this.#tables.has(network)) return;
    const newList = (): EventList => new EventList(this.#state.options.limits.maxQueuedEvents);
    this.#tables.set(network, {
      own: newList(),
      relay: newList(),
      streamed: newList(),
      next: newList(),
      previous: newList(),
    });
  }

  /** Drops the lists of a network. */
  closeNetwork(network: string): void {
    this.#tables.delete(network);
  }

  /**
   * Queues an event of a table, in place of all older ones of its key.
   *
   * @param heardFrom - the neighbour that it came from, which does not need it
   */
  queueTableEvent(
    list: NewsList,
    address: EntryAddress,
    message: Uint8Array,
    heardFrom: Side | null = null,
  ): void {
    const news = this.#tables.get(address.network);
    if (news === undefined) return;
    const key = tupleKey(address.table, address.key);
    for (const each of allLists(news)) each.delete(key);
    const event: WaitingEvent = { key, message, sends: 0, sentAt: 0, heardFrom: null };
    if (heardFrom !== null) noteHeard(event, heardFrom);
    news[list].put(event);
  }

  /** A neighbour has sent us an event that we hold: it has it. */
  heardAgain(address: EntryAddress, from: Side): void {
    const news = this.#tables.get(address.network);
    if (news === undefined) return;
    const key = tupleKey(address.table, address.key);
    const unsent = news.relay.get(key);
    if (unsent !== undefined) noteHeard(unsent, from);
    else if (news[from].delete(key)) this.#state.counters.add('tables.relay.confirmed');
  }

  /**
   * Of two neighbours one is left, and it counts as the next one: what waits for the previous waits for it, where
   * nothing newer does.
   */
  joinSides(network: string): void {
    const news = this.#tables.get(network);
    if (news === undefined || news.previous.length === 0) return;
    const all = {
      overheadBytes: 0,
      limitBytes: Number.MAX_SAFE_INTEGER,
      which: { sentUntil: Infinity },
    };
    for (const event of news.previous.take(all)) {
      if (news.next.get(event.key) === undefined) news.next.put(event);
    }
  }

  /** What came by stream was too little for one: it goes by packet. */
  demoteStreamed(network: string): void {
    const news = this.#tables.get(network);
    if (news === undefined) return;
    const all = { overheadBytes: 0, limitBytes: Number.MAX_SAFE_INTEGER, which: 'fresh' } as const;
    for (const event of news.streamed.take(all)) news.relay.put(event);
  }

  /** Events of a network that wait, for a first or a further sending; for two neighbours once. */
  tableLength(network: string, kind: 'own' | 'relay'): number {
    const news = this.#tables.get(network);
    if (news === undefined) return 0;
    if (kind === 'own') return news.own.length;
    const repeats = Math.max(news.next.length, news.previous.length);
    return news.relay.length + news.streamed.length + repeats;
  }

  /** Bytes in a list of events that were never sent. */
  freshBytes(network: string, list: NewsList): number {
    return this.#tables.get(network)?.[list].freshBytes ?? 0;
  }

  /** Bytes of events that wait to be sent again. */
  repeatBytes(network: string, list: RepeatList): number {
    const events = this.#tables.get(network)?.[list];
    return events === undefined ? 0 : events.bytes - events.freshBytes;
  }

  /** Whether events of tables wait to be sent again. */
  get hasRepeats(): boolean {
    for (const { own, next, previous } of this.#tables.values()) {
      if (own.bytes > own.freshBytes || next.length > 0 || previous.length > 0) return true;
    }
    return false;
  }

  /** Whether events about nodes or networks wait. */
  get hasClusterNews(): boolean {
    return this.#networkEvents.length > 0 || this.#nodeEvents.length > 0;
  }

  /** Events for the packets of the membership: about networks first, then about nodes. */
  drainCluster(overheadBytes: number, limitBytes: number, freshOnly: boolean): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let left = limitBytes;
    for (const queue of [this.#networkEvents, this.#nodeEvents]) {
      if (left <= overheadBytes) break;
      const messages = freshOnly
        ? queue.takeFresh(overheadBytes, left)
        : queue.getBroadcasts(overheadBytes, left);
      for (const message of messages) left -= message.length + overheadBytes;
      taken.push(...messages);
    }
    return taken;
  }

  /**
   * News of a network for one packet, our own first, or null when there is none.
   *
   * @param neighbours - who is to be sent it again until it is heard from there
   */
  drainNews(
    network: string,
    roomBytes: number,
    neighbours: Neighbours,
    now: number,
  ): Drained | null {
    const news = this.#tables.get(network);
    if (news === undefined) return null;
    const budget = packetBudget(roomBytes, 'fresh');
    const own = news.own.take(budget);
    const usedBytes = own.reduce((sum, { message }) => sum + message.length, 0);
    const limitBytes = budget.limitBytes - usedBytes - own.length * PART_OVERHEAD_BYTES;
    const relayed = news.relay.take({ ...budget, limitBytes });
    const limit = this.#sendLimit(network);
    for (const event of own) this.#putBack(news.own, event, now, limit);
    const all = [...own, ...relayed];
    for (const event of all) {
      for (const side of SIDES) {
        if (event.heardFrom?.[side] === true || neighbours[side] === null) continue;
        this.#putBack(news[side], event, now, Math.max(limit, NEIGHBOUR_SENDS));
      }
    }
    return asDrained(all);
  }

  /** Events for one packet that were sent before, last at `sentUntil` or earlier, or null. */
  drainRepeats(
    network: string,
    list: RepeatList,
    roomBytes: number,
    times: { readonly now: number; readonly sentUntil: number },
  ): Drained | null {
    const news = this.#tables.get(network);
    if (news === undefined) return null;
    const events = news[list].take(packetBudget(roomBytes, { sentUntil: times.sentUntil }));
    const limit = this.#sendLimit(network);
    const sends = list === 'own' ? limit : Math.max(limit, NEIGHBOUR_SENDS);
    for (const event of events) this.#putBack(news[list], event, times.now, sends);
    return asDrained(events);
  }

  /** News for one stream, or null; it will not be sent again unless it is given back. */
  drainStream(network: string, list: NewsList, limitBytes: number): Drained | null {
    const overheadBytes = LARGE_PART_OVERHEAD_BYTES;
    const news = this.#tables.get(network);
    if (news === undefined) return null;
    const events = news[list].take({ overheadBytes, limitBytes, which: 'fresh' });
    return asDrained(events);
  }

  /**
   * A stream reached nobody: what it carried goes by packet, unless there is something newer.
   *
   * @param now - tells the time, which passes between two events
   * @returns a generator that gives back one event at a time and yields its bytes
   */
  *giveBack(
    network: string,
    list: NewsList,
    events: readonly WaitingEvent[],
    now: () => number,
  ): Generator<number, void> {
    for (const event of events) {
      const news = this.#tables.get(network);
      if (news === undefined) return;
      if (allLists(news).every((each) => each.get(event.key) === undefined)) {
        const targets = list === 'own' ? [news.own] : [news.next, news.previous];
        const limit = this.#sendLimit(network);
        for (const target of targets) this.#putBack(target, event, now(), limit);
      }
      yield event.message.length;
    }
  }

  /** Lengths of all lists together. */
  lengths(): { own: number; relay: number; cluster: number } {
    let own = 0;
    let relay = 0;
    for (const network of this.#tables.keys()) {
      own += this.tableLength(network, 'own');
      relay += this.tableLength(network, 'relay');
    }
    return { own, relay, cluster: this.#networkEvents.length + this.#nodeEvents.length };
  }

  /** Events looked at or moved so far, in the lists of a network: tests bound this, never time. */
  work(network: string): number {
    const news = this.#tables.get(network);
    return news === undefined ? 0 : allLists(news).reduce((sum, { work }) => sum + work, 0);
  }

  /** Drops everything, for a stop. */
  clear(): void {
    this.#tables.clear();
  }

  #putBack(list: EventList, event: WaitingEvent, now: number, limit: number): void {
    const sends = event.sends + 1;
    if (sends >= limit) return;
    list.put({ ...event, sends, sentAt: now });
    this.#onRepeat();
  }

  #sendLimit(network: string): number {
    const { attachments, options } = this.#state;
    return retransmitLimit(options.retransmitMult, attachments.participantCount(network));
  }

  #newQueue(): BroadcastQueue {
    const { retransmitMult, limits } = this.#state.options;
    const nodeCount = (): number => this.#state.nodes.activeCount;
    return new BroadcastQueue({ nodeCount, retransmitMult, maxQueued: limits.maxQueuedEvents });
  }
}

function allLists({ own, relay, streamed, next, previous }: TableNews): readonly EventList[] {
  return [own, relay, streamed, next, previous];
}

function noteHeard(event: WaitingEvent, from: Side): void {
  event.heardFrom ??= { next: false, previous: false };
  event.heardFrom[from] = true;
}

function packetBudget(roomBytes: number, which: TakeBudget['which']): TakeBudget {
  const limitBytes = roomBytes - COMPOUND_OVERHEAD_BYTES;
  const mostBytes = limitBytes - PART_OVERHEAD_BYTES;
  return { overheadBytes: PART_OVERHEAD_BYTES, limitBytes, which, mostBytes };
}

function asDrained(events: readonly WaitingEvent[]): Drained | null {
  const [only] = events;
  if (only === undefined) return null;
  // A compound of one would cost its envelope and say nothing more.
  const message =
    events.length === 1 ? only.message : encodeCompoundMessage(events.map((e) => e.message));
  return { message, events };
}

/** Network, table and key as one text. */
export function placeKey({ network, table, key }: EntryAddress): string {
  return tupleKey(network, tupleKey(table, key));
}

/** Two texts as one, without two pairs ever meeting in the same one. */
export function tupleKey(first: string, second: string): string {
  return `${first.length}:${first}${second}`;
}
