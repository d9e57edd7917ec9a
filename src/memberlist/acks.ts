import type { Clock, Random, Timer } from '../runtime/index.ts';

/** Someone who waits for the answer to a numbered question. */
export interface AckWaiter {
  /** The answer came; the number is forgotten. */
  onAck(payload: Uint8Array): void;
  /** A helper says that it heard nothing; the number stays. */
  onNack?(): void;
  /** Nothing came in time; the number is forgotten. */
  onExpire?(): void;
  /** Nothing came for a first part of the time; the number stays. */
  readonly late?: { readonly afterMs: number; readonly run: () => void };
}

interface Pending {
  readonly waiter: AckWaiter;
  timer: Timer;
}

/**
 * Numbered questions that wait for an ack.
 *
 * Every number has a deadline, so nothing is kept for ever. Numbers start at random, so that blind
 * forging is harder, and wrap at 32 bits.
 */
export class AckTable {
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  #lastSeq: number;

  constructor(ports: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = ports.clock;
    this.#lastSeq = ports.random.uint32();
  }

  /** Questions without an answer so far. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Takes the next free number and waits on it.
   *
   * @param timeoutMs - milliseconds until the waiter is told that nothing came
   * @returns the number to put into the question, uint32
   */
  register(timeoutMs: number, waiter: AckWaiter): number {
    let seq = (this.#lastSeq + 1) >>> 0;
    while (this.#pending.has(seq)) seq = (seq + 1) >>> 0;
    this.#lastSeq = seq;
    const { late } = waiter;
    const isLateFirst = late !== undefined && late.afterMs < timeoutMs;
    const expire = (): Timer =>
      this.#clock.afterPendingInput(() => {
        this.#pending.delete(seq);
        waiter.onExpire?.();
      });
    const dueAt = isLateFirst ? this.#clock.now() + timeoutMs : 0;
    // One timer, which nearly always is cancelled, for both deadlines: every probe has one.
    const timer = isLateFirst
      ? this.#clock.schedule(late.afterMs, () => {
          pending.timer = this.#clock.schedule(dueAt - this.#clock.now(), () => {
            pending.timer = expire();
          });
          this.#clock.afterPendingInput(() => {
            if (this.#pending.get(seq) === pending) late.run();
          });
        })
      : this.#clock.schedule(timeoutMs, () => {
          pending.timer = expire();
        });
    const pending: Pending = { waiter, timer };
    this.#pending.set(seq, pending);
    return seq;
  }

  /** An ack arrived. @returns whether anyone waited for it */
  ack(seq: number, payload: Uint8Array): boolean {
    const pending = this.#pending.get(seq);
    if (pending === undefined) return false;
    this.forget(seq);
    pending.waiter.onAck(payload);
    return true;
  }

  /** A nack arrived. @returns whether anyone waited for it */
  nack(seq: number): boolean {
    const pending = this.#pending.get(seq);
    pending?.waiter.onNack?.();
    return pending !== undefined;
  }

  /** Stops waiting for one number. */
  forget(seq: number): void {
    this.#pending.get(seq)?.timer.cancel();
    this.#pending.delete(seq);
  }

  /** Stops waiting for all of them, telling nobody. */
  clear(): void {
    for (const pending of this.#pending.values()) pending.timer.cancel();
    this.#pending.clear();
  }
}
