import type { Clock, Timer } from '../runtime/index.ts';
import { suspicionTotalMs } from './formulas.ts';

/** What a suspicion needs to know at its start. */
export interface SuspicionInit {
  /** First accuser; does not count as a confirmation. */
  readonly from: string;
  /** Confirmations at which the doubt is shortest. */
  readonly expected: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** The time is over: declare the member dead. */
  readonly onExpire: (confirmations: number) => void;
  /** Milliseconds this process has lost in stalls so far; the doubt lasts longer by what is lost in it. */
  readonly lostMs?: () => number;
  /** Called every so many milliseconds while nobody confirms the doubt. */
  readonly reminder?: { readonly everyMs: number; readonly run: () => void };
  readonly lastLook?: LastLook;
}

/** A question to the suspect itself, `aheadMs` before the doubt may end. */
export interface LastLook {
  readonly aheadMs: number;
  /** Asks; `answered` is called if an answer comes before the returned function gives up. */
  readonly ask: (answered: () => void) => () => void;
}

/**
 * One doubt about one member: a timer that independent accusers shorten.
 *
 * ```
 *   max ┤━━━┓ first accuser
 *       │   ┗━━━━┓ one confirmation
 *   min ┤        ┗━━━━━━━ expected confirmations
 * ```
 *
 * @remarks Lifeguard section IV-B. Each accuser counts once; confirmations beyond the expected number
 * are not news. The expiry is re-checked after pending input, so that a refutation that arrived while
 * the loop was blocked is read first; time lost in a stall does not count against the suspect. A suspect that
 * answers a last look gets the shortest doubt from there on, to say its refutation again. There are two at most: one ahead
 * of the earliest end that confirmations can bring, and where nobody confirms one ahead of the end.
 */
export class Suspicion {
  readonly #clock: Clock;
  readonly #init: SuspicionInit;
  readonly #startedAt: number;
  readonly #lostAtStart: number;
  readonly #accusers: Set<string>;
  #timer: Timer;
  #reminder: Timer | null = null;
  #look: Timer | null = null;
  #looks = 0;
  #lookedAt = -Infinity;
  #endQuestion: (() => void) | null = null;
  /** The doubt does not end earlier, whoever confirms it. */
  #notBefore = -Infinity;

  constructor(clock: Clock, init: SuspicionInit) {
    this.#clock = clock;
    this.#init = init;
    this.#startedAt = clock.now();
    this.#lostAtStart = this.#lostMs();
    this.#accusers = new Set([init.from]);
    this.#timer = this.#arm();
    this.#remind();
    this.#aimLook();
  }

  /** Accusers beyond the first, at most the expected number. */
  get confirmations(): number {
    return this.#accusers.size - 1;
  }

  /**
   * Another accuser spoke.
   *
   * @returns whether this was news, and so worth passing on
   */
  confirm(from: string): boolean {
    if (this.confirmations >= this.#init.expected || this.#accusers.has(from)) return false;
    this.#accusers.add(from);
    this.#rearm();
    return true;
  }

  /** Ends the doubt without a verdict. */
  cancel(): void {
    this.#timer.cancel();
    this.#reminder?.cancel();
    this.#endLooks();
  }

  #remind(): void {
    const { reminder } = this.#init;
    if (reminder === undefined) return;
    this.#reminder = this.#clock.schedule(reminder.everyMs, () => {
      if (this.confirmations > 0) return;
      reminder.run();
      this.#remind();
    });
  }

  #aimLook(): void {
    const { lastLook, minMs } = this.#init;
    if (lastLook === undefined || this.#looks === MAX_LOOKS) return;
    this.#look?.cancel();
    const now = this.#clock.now();
    const lostAtAim = this.#lostMs();
    const end = this.#looks === 0 ? this.#after(minMs) : this.#endsAt();
    const dueAt = end - lastLook.aheadMs;
    // The first one was just now, or it is too late for an answer.
    if (this.#looks > 0 && (dueAt < this.#lookedAt + lastLook.aheadMs || end <= now)) return;
    this.#look = this.#clock.schedule(Math.max(0, dueAt - now), () => {
      if (this.#lostMs() === lostAtAim) this.#lookNow(lastLook);
      this.#aimLook();
    });
  }

  #lookNow(lastLook: LastLook): void {
    this.#looks += 1;
    this.#lookedAt = this.#clock.now();
    this.#endQuestion?.();
    this.#endQuestion = lastLook.ask(() => {
      this.#notBefore = this.#clock.now() + this.#init.minMs;
      this.#rearm();
    });
  }

  #endLooks(): void {
    this.#look?.cancel();
    this.#endQuestion?.();
    this.#looks = MAX_LOOKS;
  }

  /** The end is another one than before. */
  #rearm(): void {
    this.#timer.cancel();
    this.#timer = this.#arm();
    if (this.#looks > 0) this.#aimLook();
  }

  #arm(): Timer {
    const lostAtArm = this.#lostMs();
    return this.#clock.schedule(Math.max(0, this.#endsAt() - this.#clock.now()), () => {
      if (this.#lostMs() > lostAtArm) {
        this.#timer = this.#arm();
        return;
      }
      this.#timer = this.#clock.afterPendingInput(() => {
        this.#endLooks();
        this.#init.onExpire(this.confirmations);
      });
    });
  }

  #endsAt(): number {
    const { minMs, maxMs, expected } = this.#init;
    const { confirmations } = this;
    const totalMs = suspicionTotalMs({ confirmations, expected, minMs, maxMs });
    return Math.max(this.#after(totalMs), this.#notBefore);
  }

  /** So long after the beginning, time lost in stalls not counted. */
  #after(durationMs: number): number {
    return this.#startedAt + durationMs + this.#lostMs() - this.#lostAtStart;
  }

  #lostMs(): number {
    return this.#init.lostMs?.() ?? 0;
  }
}

/** A suspect that answers and does not refute is declared dead after three times the shortest doubt. */
const MAX_LOOKS = 2;
