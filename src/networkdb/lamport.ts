import { StateError } from '../runtime/index.ts';

/*
 * Lamport time. One clock orders attachments and node events of the whole cluster, another the
 * writes to tables. Invariant: the clock is at or past every time it has accepted, so a write made
 * now beats every write seen. Numbers above 2^53 - 1 never get in, and once the clock has met the
 * cluster (it is settled) neither does a time so far ahead that no honest history explains it.
 */

/** How far ahead of a settled clock a time may lie: 2^40 writes, decades at 1000 a second. */
export const MAX_LAMPORT_JUMP: number = 2 ** 40;

/** Where clocks end; above it plain numbers lose precision. */
export const MAX_LAMPORT_TIME: number = Number.MAX_SAFE_INTEGER;

/**
 * Largest time that is accepted from the network. It leaves room to count on from: a clock that was
 * driven to the very end could not stamp another write.
 */
export const MAX_ACCEPTED_TIME: number = MAX_LAMPORT_TIME - MAX_LAMPORT_JUMP;

/** What a clock says about a time from the network: usable, too large, or too far ahead. */
export type TimeVerdict = 'ok' | 'unsafe' | 'jump';

/** A Lamport clock over safe integers. */
export class LamportClock {
  #time = 0;
  #isSettled = false;

  /** The present time; 0 until the first event. */
  get time(): number {
    return this.#time;
  }

  /** From now on far jumps are refused; called when a first exchange with a peer has ended. */
  settle(): void {
    this.#isSettled = true;
  }

  /**
   * Moves one step on, for an event of our own.
   *
   * @returns the new time
   * @throws StateError with `ERR_INTERNAL` when the range of safe integers is used up
   */
  increment(): number {
    if (this.#time >= MAX_LAMPORT_TIME) {
      throw new StateError('ERR_INTERNAL', 'the Lamport clock has reached its end', {
        time: this.#time,
      });
    }
    this.#time += 1;
    return this.#time;
  }

  /** Whether a time from the network may be used; changes nothing. */
  judge(time: number | bigint): TimeVerdict {
    if (typeof time === 'bigint' || !Number.isInteger(time) || time < 0) return 'unsafe';
    if (time > MAX_ACCEPTED_TIME) return 'unsafe';
    if (this.#isSettled && time - this.#time > MAX_LAMPORT_JUMP) return 'jump';
    return 'ok';
  }

  /**
   * Moves past a time that was seen. Witnessing the present time also advances.
   *
   * @param time - a time that {@link LamportClock.judge} called ok
   */
  witness(time: number): void {
    if (time < this.#time) return;
    this.#time = Math.min(time + 1, MAX_LAMPORT_TIME);
  }
}
