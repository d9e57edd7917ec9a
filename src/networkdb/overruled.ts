import type { TableEvent } from '../codec/index.ts';
import { placeKey, tupleKey } from './broadcasts.ts';
import type { EntryAddress, EntryVersion, StoredEntry } from './entry.ts';
import { compareVersions } from './entry.ts';
import type { Forwards } from './forwards.ts';
import { MAX_RESIDUAL_MS } from './options.ts';
import type { Rewrites } from './rewrites.ts';
import { eventOf } from './sync-walk.ts';
import type { TableState } from './transitions.ts';

/*
 * Live writes that lose to one of a failed owner, which nobody sees. Members that knew the failed one hold its entry, hidden, and
 * pass over what is older. A member that never knew it cannot hold the entry; what that wrote at the same key, at a low
 * Lamport time because it had heard of nobody yet, it alone would see until the retention of the other ends. Nobody else may
 * let the older write win: one that was replaced long ago looks the same. Its owner may write it anew, so
 *
 *   who passes over such a write     sends its owner what stands there
 *   an owner that is told so         takes it, where it knows the other owner, and agrees; or else writes anew,
 *                                    once the other owner can be taken for gone
 *   who holds it of a third one      holds what stands there instead, hidden, until its time to live is over or its owner comes: the
 *                                    writer may know of it, and does not show its own then; else its new write will win
 *
 * Gone is who is still not a member after the time in which news of a member reaches all, a periodic push/pull included, and
 * has failed for who tells of its write: of such alone a live entry comes with a time to live. An owner that is only not known yet
 * wins, as the later write; of two that refuse each other, and have a member between them, neither writes anew.
 */

/** Milliseconds after which an owner of whom the membership knows nothing is taken for gone. */
const UNHEARD_MS = 30_000;

/** No packet that tells of a member has room for a longer name. It is remembered for each key that waits. */
const MAX_OWNER_LENGTH = 1_400;

/** Collaborators of {@link Overruled}. */
export interface OverruledParts {
  readonly state: TableState;
  readonly rewrites: Rewrites;
  readonly forwards: Forwards;
}

/** A write and its place, as an event tells it. */
export type ToldWrite = EntryAddress & EntryVersion & Pick<TableEvent, 'residualReapSeconds'>;

/** Makes members that knew a failed owner and those that did not agree. */
export class Overruled {
  readonly #parts: OverruledParts;

  constructor(parts: OverruledParts) {
    this.#parts = parts;
  }

  /** A write of somebody else was passed over for what is held there. */
  passedOver(told: ToldWrite, held: StoredEntry): void {
    if (told.isDeleted || held.group.state !== 'hidden' || held.owner === told.owner) return;
    const { state, forwards } = this.#parts;
    const id = tupleKey(placeKey(told), tupleKey(told.owner, held.owner));
    forwards.send(told.owner, id, () => eventOf(state, held));
  }

  /** Somebody who is not known to be in the network has written, perhaps where we have. */
  told(told: ToldWrite): void {
    const { network, table, key, owner, time, isDeleted, residualReapSeconds } = told;
    // Told by somebody in whose eyes its owner lives. If we never learn of that one, it may be as deaf to us: to write would be
    // answered by a write.
    if (!isDeleted && residualReapSeconds <= 0) return;
    if (owner.length > MAX_OWNER_LENGTH) return;
    const { state, rewrites } = this.#parts;
    const mine = state.store.get(network, table, key);
    if (mine === undefined) return;
    if (mine.owner !== state.localName) {
      this.#agree(told, mine);
      return;
    }
    // Of two owners the value never decides.
    const version: EntryVersion = { owner, time, isDeleted, value: '' };
    const isOverruled = (held: StoredEntry): boolean =>
      held.owner === state.localName &&
      !held.isDeleted &&
      compareVersions(version, held) > 0 &&
      !state.nodes.isActive(owner);
    if (!isOverruled(mine)) return;
    rewrites.plan({
      address: mine,
      mine,
      delayMs: UNHEARD_MS,
      stands: (held) => isOverruled(held) && state.attachments.peer(owner, network) === undefined,
    });
  }

  /**
   * Of a third one's entry its writer knows more than we do: those that knew the failed one do not show it, nor do we. A writer
   * of Go would not answer.
   */
  #agree(told: ToldWrite, held: StoredEntry): void {
    const { state } = this.#parts;
    const { time, owner, isDeleted, residualReapSeconds } = told;
    const node = state.nodes.get(owner)?.state ?? 'failed';
    if (held.isDeleted || node !== 'failed' || state.nodes.isForeign(held.owner)) return;
    const version: EntryVersion = { time, owner, isDeleted, value: told.value };
    if (compareVersions(version, held) <= 0) return;
    const residualMs = Math.min(residualReapSeconds * 1000, MAX_RESIDUAL_MS);
    if (residualMs <= state.options.reapPeriodMs) return;
    state.write(told, version, state.countdown.after(residualMs), 'remote', held);
  }
}
