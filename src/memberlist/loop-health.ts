import type { Clock } from '../runtime/index.ts';

/**
 * How much time this process has lost because its event loop stood still.
 *
 * A blocked loop looks like a network that fell silent: when it runs again, timers that would blame
 * peers are due although nobody was listened to. So lateness is read from every timer that runs
 * anyway, without a sampler, of which the ticker of the gossip is the most frequent; a timer that ran late by more than {@link STALL_MS} shows a stall. Blame
 * deadlines move by what was lost, and probes that ran through a stall are void.
 *
 * Invariant: each moment counts once. Several timers that were due during one stall report the same
 * stretch of time, and only what lies behind the last known stall is added.
 *
 * @remarks Lifeguard section III: slow processing of messages is what raises false alarms. memberlist
 * has no such measure; it relies on goroutines.
 */
export class LoopHealth {
  readonly #onStall: (stallMs: number, now: number) => void;
  #lostMs = 0;
  #stallCount = 0;
  #longestMs = 0;
  #countedUntil = 0;
  /** Whether stalls are noticed by late timers alone, so that some must run: set by {@link observedClock}. */
  needsTimers = false;

  /** @param onStall - hears each stall with its length in milliseconds and the clock time of its end */
  constructor(onStall: (stallMs: number, now: number) => void) {
    this.#onStall = onStall;
  }

  /** Milliseconds lost in stalls since the start; only grows. */
  get lostMs(): number {
    return this.#lostMs;
  }

  /** Stalls seen, and the longest of them in milliseconds. */
  get stalls(): { readonly count: number; readonly longestMs: number } {
    return { count: this.#stallCount, longestMs: this.#longestMs };
  }

  /** A timer that was due at one clock time ran at another. */
  observe(dueAt: number, ranAt: number): void {
    const stallMs = ranAt - Math.max(dueAt, this.#countedUntil);
    if (stallMs < STALL_MS) return;
    this.#countedUntil = ranAt;
    this.#lostMs += stallMs;
    this.#stallCount += 1;
    this.#longestMs = Math.max(this.#longestMs, stallMs);
    this.#onStall(stallMs, ranAt);
  }
}

/** The same clock, whose timers tell how late they ran; the very clock where it tells of stalls itself. */
export function observedClock(clock: Clock, health: LoopHealth): Clock {
  if (clock.onStall !== undefined) {
    // It does so before anything that waited runs, so lateness would show nothing more.
    clock.onStall((beganAt, endedAt) => {
      health.observe(beganAt, endedAt);
    });
    return clock;
  }
  health.needsTimers = true;
  return {
    now: () => clock.now(),
    schedule: (delayMs, run) => {
      const dueAt = clock.now() + delayMs;
      return clock.schedule(delayMs, () => {
        health.observe(dueAt, clock.now());
        run();
      });
    },
    afterPendingInput: (run) => clock.afterPendingInput(run),
  };
}

/** Lateness from which a stall is assumed; below it, it is the ordinary jitter of a busy process. */
export const STALL_MS = 100;
