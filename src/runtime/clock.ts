/** A pending call that was handed to a {@link Clock}. */
export interface Timer {
  /** Forgets the call if it has not run yet; harmless afterwards. */
  cancel(): void;
}

/**
 * Time as the protocol layers see it.
 *
 * Everything above this port measures durations only, so the origin is arbitrary and wall-clock
 * jumps do not matter. The simulator replaces it with virtual time.
 */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never goes back; may be fractional. */
  now(): number;

  /**
   * Runs `run` once, `delayMs` or more from now, never inside this call.
   *
   * @param delayMs - milliseconds; below 0 counts as 0
   * @throws GossipError with `ERR_ARGUMENT_INVALID` when the delay is not finite
   */
  schedule(delayMs: number, run: () => void): Timer;

  /**
   * Runs `run` once, after the input that is already waiting at the transport has been delivered.
   *
   * Two uses: a timer that would blame a peer re-checks its condition this way, because after a
   * stall Node runs due timers before datagrams that arrived in time; and long work is cut in
   * slices with it, so that probes are answered in between.
   */
  afterPendingInput(run: () => void): Timer;

  /**
   * For a clock that knows by itself when the process stood still: a simulated one. The layers above then need no
   * timer that looks for stalls by running late, and rest while there is nothing to do. Others leave it out.
   *
   * @param hear - called after each stall, before what is due by then: when it began and when it ended
   */
  onStall?(hear: (beganAt: number, endedAt: number) => void): void;
}
