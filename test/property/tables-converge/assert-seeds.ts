import assert from 'node:assert/strict';

import { campaign, failureText } from './campaign.ts';

/** What a hundred seeds must have exercised at least, so that idle runs do not pass as good ones. */
const EXERCISED: Readonly<Record<string, number>> = {
  writes: 1_000,
  collisions: 50,
  crash: 20,
  farewell: 10,
  split: 6,
  pause: 6,
  forged: 10,
  rotations: 2,
  'returned names': 10,
  'reused addresses': 3,
  'returns of the lost': 20,
  'first exchanges judged': 3,
  'tables.ghosts.entries': 2,
  'tables.ghosts.attachments': 2,
  'tables.early.replayed': 50,
  'tables.writeConflicts': 50,
};

/** Runs seeds and fails with the first that does not end as it must, made small. */
export async function assertSeeds(first: number, count: number): Promise<void> {
  const seeds = Array.from({ length: count }, (_, i) => first + i);
  const { failures, counts } = await campaign({ seeds, shrinkRuns: 100 });
  assert.equal(failures.length, 0, failures.map(failureText).join('\n'));
  for (const [what, least] of Object.entries(EXERCISED)) {
    const times = counts[what] ?? 0;
    assert.ok(times >= Math.floor((least * count) / 100), `${what} only ${times} times`);
  }
}
