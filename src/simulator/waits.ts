import type { Clock, Timer } from '../runtime/index.ts';
import { TimeoutError } from '../runtime/index.ts';
import { checkAnswer } from './arguments.ts';

/*
 * Who waits for a condition. Each is asked when the wait begins and whenever time is about to move on, so that whoever's
 * condition holds goes on in the instant in which it came true.
 */

interface Waiting {
  readonly condition: () => boolean;
  readonly until: number;
  readonly what: string;
  readonly withinMs: number;
  readonly alarm: Timer;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
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
  async until(
    condition: () => boolean,
    { withinMs, what }: { readonly withinMs: number; readonly what: string },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const until = this.#clock.now() + withinMs;
      // So that time moves no further than to the end of the wait.
      const alarm = this.#clock.schedule(withinMs, () => undefined);
      const waiting = { condition, until, what, withinMs, alarm, resolve, reject };
      this.#waiting.add(waiting);
      this.#look(waiting);
    });
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
          waiting.reject(error);
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
