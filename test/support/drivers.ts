import assert from 'node:assert/strict';

import type { VirtualClock } from '../../src/simulator/index.ts';

/** Lets things happen until the condition holds; rejects when that takes unreasonably long. */
export type Run = (condition: () => boolean) => Promise<void>;

const REAL_BOUND_MS = 10_000;
const VIRTUAL_BOUND_MS = 120_000;

/** Waits on the event loop, looking at the condition after its turns. */
export const runReal: Run = async (condition) => {
  const end = performance.now() + REAL_BOUND_MS;
  while (!condition()) {
    assert.ok(
      performance.now() < end,
      `did not happen within ${REAL_BOUND_MS} ms: ${String(condition)}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};

/** Gives the event loop turns enough to deliver what the loopback interface holds. */
export async function settleReal(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Moves virtual time. */
export function runVirtual(clock: VirtualClock): Run {
  return async (condition) => {
    const isReached = clock.runUntil(condition, VIRTUAL_BOUND_MS);
    assert.ok(
      isReached,
      `did not happen within ${VIRTUAL_BOUND_MS} virtual ms: ${String(condition)}`,
    );
  };
}
