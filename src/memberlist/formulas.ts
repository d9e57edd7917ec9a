/*
 * Numbers that scale with the size of the ring, exactly as Go's memberlist computes them: the logarithm
 * base, the rounding and the order of operations are part of the contract (table in the tests).
 */

/**
 * Shortest time a member stays suspect.
 *
 * @param memberCount - records held, the gone ones included until they are reaped
 * @returns milliseconds: mult x max(1, log10(n)), cut to three decimals, x probe interval
 * @remarks SWIM section 4.2; memberlist suspicionTimeout
 */
export function suspicionMinMs(o: {
  readonly mult: number;
  readonly memberCount: number;
  readonly probeIntervalMs: number;
}): number {
  const scale = Math.max(1, Math.log10(Math.max(1, o.memberCount)));
  return (o.mult * Math.trunc(scale * 1000) * o.probeIntervalMs) / 1000;
}

/**
 * Independent confirmations at which the doubt is shortest; 0 when too few members are left to confirm.
 *
 * @remarks Lifeguard section IV-B, K = mult - 2
 */
export function expectedConfirmations(mult: number, memberCount: number): number {
  const wanted = mult - 2;
  return wanted < 1 || memberCount - 2 < wanted ? 0 : wanted;
}

/**
 * Whole length of a doubt after so many confirmations.
 *
 * @returns milliseconds from the start of the suspicion, between `minMs` and `maxMs`
 * @remarks Lifeguard section IV-B: falls from `maxMs` to `minMs` with log(confirmations + 1) / log(k + 1)
 */
export function suspicionTotalMs(o: {
  readonly confirmations: number;
  readonly expected: number;
  readonly minMs: number;
  readonly maxMs: number;
}): number {
  if (o.expected < 1) return o.minMs;
  if (o.confirmations < 1) return o.maxMs;
  const fraction = Math.log(o.confirmations + 1) / Math.log(o.expected + 1);
  const minSeconds = o.minMs / 1000;
  const maxSeconds = o.maxMs / 1000;
  const total = Math.floor(1000 * (maxSeconds - fraction * (maxSeconds - minSeconds)));
  return Math.max(o.minMs, total);
}

/**
 * Time between two push/pulls, stretched in rings above 32 members so that the load stays level.
 *
 * @returns milliseconds
 * @remarks memberlist pushPullScale
 */
export function pushPullScaleMs(intervalMs: number, memberCount: number): number {
  if (memberCount <= 32) return intervalMs;
  return intervalMs * (Math.ceil(Math.log2(memberCount) - Math.log2(32)) + 1);
}
