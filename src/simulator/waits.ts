import type { Clock, Timer } from '../runtime/index.ts';
import { TimeoutError } from '../runtime/index.ts';
import { checkAnswer } from './arguments.ts';
import { failedAt } from './failure.ts';

/*
 * Who waits for a condition. Each is asked when the wait begins and whenever time is about to move on, so that whoever's
 * condition holds goes on in the instant in which it came true.
 */

interface Waiting {
  readonly condition: () => boolean;
  readonly until: number;
  readonly what: string;
  readonly withinMs: number;
  readonly site: () => string;
  readonly mayOutlast: boolean;
  readonly alarm: Timer;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** How a wait is made. */
export interface WaitParts {
  readonly withinMs: number;
  /** What is waited for. */
  readonly what: string;
  /** Frames of the call. */
  readonly site: () => string;
  /** Whether the scenario may end before it. */
  readonly mayOutlast: boolean;
}

/** All waits of a world. */
export class Waits {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Waits until the condition holds.
   *
   * @throws TimeoutError with `ERR_TIMEOUT`; StateError with `ERR_ARGUMENT_INVALID` for an answer that is none; whatever
   * the condition throws
   */
  async until(condition: () => boolean, parts: WaitParts): Promise<void> {
    const { withinMs } = parts;
    return new Promise((resolve, reject) => {
      const until = this.#clock.now() + withinMs;
      // So that time moves no further than to the end of the wait.
      const alarm = this.#clock.schedule(withinMs, () => undefined);
      const waiting = { ...parts, condition, until, alarm, resolve, reject };
      this.#waiting.add(waiting);
      this.#look(waiting);
    });
  }

  /** What is waited for and must not be when the scenario ends. */
  get pending(): readonly string[] {
    return [...this.#waiting].filter((each) => !each.mayOutlast).map(({ what }) => what);
  }

  /** Asks all. @returns whether a wait has ended */
  look(): boolean {
    const before = this.#waiting.size;
    for (const waiting of this.#waiting) this.#look(waiting);
    return this.#waiting.size < before;
  }

  #look(waiting: Waiting): void {
    try {
      const holds = waiting.condition();
      checkAnswer(holds);
      if (holds) this.#end(waiting, waiting.resolve);
      else if (this.#clock.now() >= waiting.until) {
        const text = `${waiting.what} did not hold within ${waiting.withinMs} ms`;
        const error = new TimeoutError('ERR_TIMEOUT', text, { timeoutMs: waiting.withinMs });
        this.#end(waiting, () => {
          waiting.reject(failedAt(error, waiting.site));
        });
      }
    } catch (error) {
      this.#end(waiting, () => {
        waiting.reject(error);
      });
    }
  }

  #end(waiting: Waiting, end: () => void): void {
    waiting.alarm.cancel();
    if (this.#waiting.delete(waiting)) end();
  }
}
