import type { Clock, Timer } from '../runtime/index.ts';
import { placeKey } from './broadcasts.ts';
import type { EntryAddress, EntryVersion, StoredEntry } from './entry.ts';
import { writeAnew } from './own-write.ts';
import type { Publisher } from './publisher.ts';
import { MAX_RECENT, Recent } from './recent.ts';
import type { TableState } from './transitions.ts';

/*
 * Own entries that are to be written once more, at a later time, since members differ about what stands at their keys; who finds that
 * is in `collisions.ts` and `overruled.ts`. A key is written anew at most once in 30 s, so that owners who write it in turns do
 * not drive each other; what is due earlier waits. Everything that is remembered for this is bounded. What finds no room
 * is met again, for as long as nodes differ every bulk sync between them brings the writes together.
 */

/** Keys written anew between two turns of the loop. */
const SLICE = 128;
/** Bytes of values that wait. */
const MAX_WAITING_BYTES = 8_388_608;

/** Collaborators of {@link Rewrites}. */
export interface RewritesParts {
  readonly clock: Clock;
  readonly state: TableState;
  readonly publisher: Publisher;
}

/** An own entry to be written anew. */
export interface Rewrite {
  readonly address: EntryAddress;
  /** What this node has written there. */
  readonly mine: EntryVersion;
  /** Milliseconds until it is done. */
  readonly delayMs: number;
  /** Whether it is still to be done then, for what is held there by then. */
  readonly stands: (held: StoredEntry) => boolean;
}

interface Waiting extends Omit<Rewrite, 'delayMs'> {
  readonly dueAt: number;
}

/** Writes own entries anew. */
export class Rewrites {
  readonly #parts: RewritesParts;
  readonly #waiting = new Map<string, Waiting>();
  /** The keys written anew lately. */
  readonly #done = new Recent();
  #waitingBytes = 0;
  #timer: Timer | null = null;
  #armedFor = Infinity;

  constructor(parts: RewritesParts) {
    this.#parts = parts;
  }

  /** Keys that wait to be written anew. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Plans one, unless one for this write or a later one of the key waits already. */
  plan({ address, mine, delayMs, stands }: Rewrite): void {
    const { clock, state } = this.#parts;
    const place = placeKey(address);
    const earlier = this.#waiting.get(place);
    if (earlier !== undefined && earlier.mine.time >= mine.time) return;
    const now = clock.now();
    const freedBytes = earlier?.mine.value.length ?? 0;
    const bytes = this.#waitingBytes - freedBytes + mine.value.length;
    const isFull = earlier === undefined && this.#waiting.size >= MAX_RECENT;
    if (isFull || bytes > MAX_WAITING_BYTES || !this.#done.hasRoom(now)) {
      state.counters.add('tables.rewrites.skipped');
      return;
    }
    const dueAt = Math.max(now + delayMs, this.#done.freeAt(place));
    const { network, table, key } = address;
    this.#waiting.set(place, { address: { network, table, key }, mine, dueAt, stands });
    this.#waitingBytes = bytes;
    this.#arm(dueAt);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#waiting.clear();
    this.#waitingBytes = 0;
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
      this.#done.add(place, now);
      writeAnew(this.#parts, waiting.address, waiting.mine);
      this.#parts.state.counters.add('tables.rewrites.written');
    }
    return soonest;
  }

  #stands({ address: { network, table, key }, stands }: Waiting): boolean {
    const { attachments, store } = this.#parts.state;
    if (attachments.joined(network) === undefined) return false;
    const held = store.get(network, table, key);
    return held !== undefined && stands(held);
  }
}
