import type { Clock, Timer } from '../runtime/index.ts';

/**
 * A deadline that grows with what really moves: a base time and one second per MiB.
 *
 * The transport drops streams that stand still; this drops those that trickle.
 */
export class StreamDeadline {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #baseMs: number;
  readonly #onMissed: () => void;
  #movedBytes = 0;
  #timer: Timer;

  constructor(clock: Clock, baseMs: number, onMissed: () => void) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#baseMs = baseMs;
    this.#onMissed = onMissed;
    this.#timer = this.#arm();
  }

  /** Bytes went by in either direction. */
  moved(bytes: number): void {
    this.#movedBytes += bytes;
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #arm(): Timer {
    return this.#clock.schedule(Math.max(1, this.#remainingMs()), () => {
      if (this.#remainingMs() > 0) this.#timer = this.#arm();
      else this.#timer = this.#clock.afterPendingInput(this.#onMissed);
    });
  }

  #remainingMs(): number {
    const allowedMs = this.#baseMs + (this.#movedBytes / BYTES_PER_MIB) * 1000;
    return this.#startedAt + allowedMs - this.#clock.now();
  }
}

const BYTES_PER_MIB = 1024 * 1024;
