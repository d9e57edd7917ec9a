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
  /** A question to the suspect itself, asked `aheadMs` before the doubt can end at the earliest. */
  readonly lastLook?: { readonly aheadMs: number; readonly ask: (answered: () => void) => void };
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
 * answers the last look gets the shortest doubt once more, to say its refutation again.
 */
export class Suspicion {
  readonly #clock: Clock;
  readonly #init: SuspicionInit;
  readonly #startedAt: number;
  readonly #lostAtStart: number;
  readonly #accusers: Set<string>;
  #timer: Timer;
  #reminder: Timer | null = null;
  #lastLook: Timer | null = null;
  #isOver = false;
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
    this.#lookLast();
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
    this.#isOver = true;
    this.#timer.cancel();
    this.#reminder?.cancel();
    this.#lastLook?.cancel();
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

  #lookLast(): void {
    const { lastLook, minMs } = this.#init;
    if (lastLook === undefined) return;
    this.#lastLook = this.#clock.schedule(Math.max(0, minMs - lastLook.aheadMs), () => {
      lastLook.ask(() => {
        if (this.#isOver) return;
        this.#notBefore = this.#clock.now() + minMs;
        this.#rearm();
      });
    });
  }

  #rearm(): void {
    this.#timer.cancel();
    this.#timer = this.#arm();
  }

  #arm(): Timer {
    const { minMs, maxMs, expected } = this.#init;
    const totalMs = suspicionTotalMs({ confirmations: this.confirmations, expected, minMs, maxMs });
    const lostAtArm = this.#lostMs();
    const usualEnd = this.#startedAt + totalMs + lostAtArm - this.#lostAtStart;
    const endsAt = Math.max(usualEnd, this.#notBefore);
    return this.#clock.schedule(Math.max(0, endsAt - this.#clock.now()), () => {
      if (this.#lostMs() > lostAtArm) {
        this.#timer = this.#arm();
        return;
      }
      this.#timer = this.#clock.afterPendingInput(() => {
        this.#isOver = true;
        this.#lastLook?.cancel();
        this.#init.onExpire(this.confirmations);
      });
    });
  }

  #lostMs(): number {
    return this.#init.lostMs?.() ?? 0;
  }
}
