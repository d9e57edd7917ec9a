import type { Clock, Random } from '../runtime/index.ts';
import { Ticker } from '../runtime/index.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { StoredEntry } from './entry.ts';
import { expiryOf } from './entry.ts';
import type { Slices } from './slices.ts';
import type { Strays } from './strays.ts';
import type { TableState } from './transitions.ts';

/*
 * Forgets what was kept long enough: tombstones, entries of failed nodes, attachments that were left,
 * nodes that are gone. Each tick counts for one period, however long it really took (`countdown.ts`).
 * Removing an entry touches an index, so it is done in slices; watchers heard of it long ago.
 */

/** What is left of retention goes over the wire in whole seconds, which must not become none. */
const LAST_SECOND_MS = 1_000;

/** Bytes an entry's removal counts for in a slice. */
const REMOVAL_BYTES = 128;

/** Collaborators of {@link Reaper}. */
export interface ReaperParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly state: TableState;
  readonly broadcasts: Broadcasts;
  readonly slices: Slices;
  readonly strays: Strays;
}

/** The periodic clean-up. */
export class Reaper {
  readonly #parts: ReaperParts;
  readonly #ticker: Ticker;
  #isReaping = false;
  #isSweeping = false;

  constructor(parts: ReaperParts) {
    this.#parts = parts;
    this.#ticker = new Ticker(parts, {
      intervalMs: () => parts.state.options.reapPeriodMs,
      onTick: () => {
        this.tick();
      },
    });
  }

  start(): void {
    this.#ticker.start();
  }

  stop(): void {
    this.#ticker.stop();
  }

  /** One round. */
  tick(): void {
    const { state, slices } = this.#parts;
    state.countdown.advance(state.options.reapPeriodMs);
    this.#reapAttachments();
    this.#reapNodes();
    this.#parts.strays.tick();
    if (this.#isReaping) return;
    this.#isReaping = true;
    slices.run(this.#reapEntries(), () => {
      this.#isReaping = false;
    });
  }

  /** Frees, bit by bit, what leavers left behind. */
  sweep(): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    this.#parts.slices.run(this.#sweepSteps(), () => {
      this.#isSweeping = false;
    });
  }

  *#sweepSteps(): Generator<number, void> {
    const steps = this.#parts.state.store.sweep();
    while (steps.next().done !== true) yield REMOVAL_BYTES;
  }

  *#reapEntries(): Generator<number, void> {
    const { state } = this.#parts;
    for (const own of state.attachments.ownList()) {
      for (const group of state.store.groupsOf(own.network)) {
        const candidates = group.state === 'hidden' ? group.entries : group.tombstones;
        for (const entry of this.#expired(candidates)) {
          // Later slices may find it replaced, or its owner back.
          if (!this.#isExpired(entry)) continue;
          state.store.remove(entry);
          state.counters.add('tables.reaped');
          yield REMOVAL_BYTES;
        }
      }
    }
  }

  #expired(entries: Iterable<StoredEntry>): readonly StoredEntry[] {
    const expired: StoredEntry[] = [];
    for (const entry of entries) if (this.#isExpired(entry)) expired.push(entry);
    return expired;
  }

  #isExpired(entry: StoredEntry): boolean {
    if (!entry.isDeleted && entry.group.state !== 'hidden') return false;
    return this.#parts.state.countdown.leftMs(expiryOf(entry)) <= LAST_SECOND_MS;
  }

  #reapAttachments(): void {
    const { state, broadcasts } = this.#parts;
    const { attachments, countdown } = state;
    for (const own of attachments.ownList()) {
      if (!own.isLeaving || countdown.leftMs(own.expiresAt) > 0) continue;
      attachments.dropOwn(own.network);
      broadcasts.closeNetwork(own.network);
      for (const group of state.store.groupsOf(own.network)) state.store.retire(group);
      this.sweep();
    }
    for (const { node, network, attachment } of [...attachments.leavingPeers()]) {
      if (countdown.leftMs(attachment.expiresAt) <= 0) attachments.dropPeer(node, network);
    }
  }

  #reapNodes(): void {
    const { state } = this.#parts;
    for (const record of [...state.nodes.inactive()]) {
      if (state.countdown.leftMs(record.expiresAt) > 0) continue;
      if (record.state === 'failed') state.forgetState(record.name);
      state.nodes.remove(record.name);
    }
  }
}
