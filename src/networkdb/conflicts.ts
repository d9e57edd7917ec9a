import type { EntryAddress, EntryVersion } from './entry.ts';
import { placeKey, tupleKey } from './broadcasts.ts';

/*
 * Two nodes wrote one key at the same Lamport time, without knowing of each other. All nodes keep the
 * same one of the two writes; the other is lost, and whoever runs the service may want to know. Beside nodes
 * of Go more is needed to end alike: `rewrites.ts`.
 */

/** Two concurrent writes to one key. */
export interface WriteConflict extends EntryAddress {
  readonly time: number;
  /** The node whose write stays. */
  readonly winner: string;
  /** The node whose write is lost. */
  readonly loser: string;
}

/** Conflicts that are remembered; one that was forgotten, and is met again, is reported again. */
const REMEMBERED = 1024;

/** Reports each conflict once. */
export class Conflicts {
  readonly #report: (conflict: WriteConflict) => void;
  readonly #seen = new Set<string>();

  constructor(report: (conflict: WriteConflict) => void) {
    this.#report = report;
  }

  /** Two different owners' writes with one time have met; the first argument wins. */
  note(address: EntryAddress, winner: EntryVersion, loser: EntryVersion): void {
    const { network, table, key } = address;
    const id = `${winner.time}:${tupleKey(placeKey(address), tupleKey(winner.owner, loser.owner))}`;
    // What is met again and again stays remembered.
    if (this.#seen.delete(id)) {
      this.#seen.add(id);
      return;
    }
    const [oldest] = this.#seen;
    if (oldest !== undefined && this.#seen.size >= REMEMBERED) this.#seen.delete(oldest);
    this.#seen.add(id);
    const { time } = winner;
    this.#report(
      Object.freeze({ network, table, key, time, winner: winner.owner, loser: loser.owner }),
    );
  }
}
