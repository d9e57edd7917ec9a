import type { Clock } from '../runtime/index.ts';

/**
 * Lets the same thing be told once a minute, per subject.
 *
 * What peers send decides how often a subject comes up, and how many there are: the source of a packet
 * is easily forged. So of each kind only so many subjects are told in a minute, and those of one kind
 * do not silence another.
 */
export class Reminders {
  readonly #clock: Clock;
  /** By kind, when each subject was told last; the longest ago first. */
  readonly #toldAt = new Map<ReminderKind, Map<string, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whether to tell now; if so, not again for a minute.
   *
   * @param kind - what it is about
   * @param subject - of which one; left out where there is only one
   */
  isDue(kind: ReminderKind, subject = ''): boolean {
    const now = this.#clock.now();
    const toldAt = this.#toldAt.get(kind) ?? new Map<string, number>();
    this.#toldAt.set(kind, toldAt);
    for (const [told, at] of toldAt) {
      if (now - at < TELL_AGAIN_MS) break;
      toldAt.delete(told);
    }
    if (toldAt.has(subject) || toldAt.size >= MAX_SUBJECTS) return false;
    toldAt.set(subject, now);
    return true;
  }
}

/** What can be told too often. */
export type ReminderKind =
  | 'packets'
  | 'streams'
  | 'conflict'
  | 'incarnation'
  | 'blocked'
  | 'peers file'
  | 'key log'
  | 'unreached'
  | 'limit'
  | 'oversize';

const TELL_AGAIN_MS = 60_000;
/** Subjects of one kind that are told within a minute. */
const MAX_SUBJECTS = 64;
