import type { Clock, Counters, Timer } from '../runtime/index.ts';
import type { TableLimits } from './options.ts';
import { copyOf } from './order.ts';

/*
 * Events that came before what they rest on: a write whose owner we do not know to be on the network, an
 * attachment of a node we do not know to be alive. The one is a packet away from the other, so they are
 * kept for a few seconds and handled again when the missing piece arrives. In Go they are refused, and
 * an entry written right after a join may wait for the next exchange of whole networks.
 */

/** Milliseconds that an early event is kept. */
export const EARLY_EVENT_MS = 5_000;

/** Bytes of all kept events, the names of their nodes included. */
const MAX_BYTES = 8_388_608;

/** A kept event. */
export interface EarlyEvent {
  readonly kind: 'network' | 'table';
  readonly node: string;
  readonly network: string;
  /** The event as it came, a copy. */
  readonly inner: Uint8Array;
}

/** The kept events, oldest first. */
export class EarlyEvents {
  readonly #clock: Clock;
  readonly #limits: TableLimits;
  readonly #counters: Counters;
  readonly #byNode = new Map<string, Set<EarlyEvent>>();
  readonly #due = new Map<EarlyEvent, number>();
  #bytes = 0;
  #timer: Timer | null = null;

  constructor(clock: Clock, limits: TableLimits, counters: Counters) {
    this.#clock = clock;
    this.#limits = limits;
    this.#counters = counters;
  }

  get size(): number {
    return this.#due.size;
  }

  /** Keeps an event for a while; at a bound the oldest makes room. */
  keep(event: EarlyEvent): void {
    const bytes = bytesOf(event);
    if (bytes > MAX_BYTES) {
      this.#counters.add('tables.early.dropped');
      return;
    }
    const held = this.#byNode.get(event.node) ?? new Set<EarlyEvent>();
    const [oldestOfNode] = held;
    if (oldestOfNode !== undefined && held.size >= this.#limits.maxEarlyEventsPerOwner) {
      this.#drop(oldestOfNode);
    }
    for (const oldest of this.#due.keys()) {
      const hasRoom = this.#bytes + bytes <= MAX_BYTES;
      if (hasRoom && this.#due.size < this.#limits.maxEarlyEvents) break;
      this.#drop(oldest);
    }
    const copy = { ...event, inner: copyOf(event.inner) };
    this.#byNode.set(event.node, held.add(copy));
    this.#due.set(copy, this.#clock.now() + EARLY_EVENT_MS);
    this.#bytes += bytes;
    this.#counters.add('tables.early.kept');
    this.#arm();
  }

  /** Takes out the writes of a node to a network, for its attachment has arrived. */
  takeWrites(node: string, network: string): readonly EarlyEvent[] {
    return this.#take(node, (event) => event.kind === 'table' && event.network === network);
  }

  /** Takes out the attachments of a node, for it has come to life. */
  takeAttachments(node: string): readonly EarlyEvent[] {
    return this.#take(node, (event) => event.kind === 'network');
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#byNode.clear();
    this.#due.clear();
    this.#bytes = 0;
  }

  #take(node: string, matches: (event: EarlyEvent) => boolean): readonly EarlyEvent[] {
    const taken = [...(this.#byNode.get(node) ?? [])].filter(matches);
    for (const event of taken) this.#remove(event);
    this.#counters.add('tables.early.replayed', taken.length);
    return taken;
  }

  #drop(event: EarlyEvent): void {
    this.#remove(event);
    this.#counters.add('tables.early.dropped');
  }

  #remove(event: EarlyEvent): void {
    this.#due.delete(event);
    this.#bytes -= bytesOf(event);
    const held = this.#byNode.get(event.node);
    held?.delete(event);
    if (held?.size === 0) this.#byNode.delete(event.node);
  }

  #arm(): void {
    if (this.#timer !== null) return;
    const [first] = this.#due.values();
    if (first === undefined) return;
    this.#timer = this.#clock.schedule(Math.max(0, first - this.#clock.now()), () => {
      this.#timer = null;
      const now = this.#clock.now();
      for (const [event, dueAt] of this.#due) {
        if (dueAt > now) break;
        this.#drop(event);
      }
      this.#arm();
    });
  }
}

function bytesOf({ inner, node }: EarlyEvent): number {
  return inner.length + node.length;
}
