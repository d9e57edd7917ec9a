import assert from 'node:assert/strict';
import { test } from 'node:test';

import { countFalseAlarms, playDistress } from '../../sim/boards/lifeguard/distress.ts';
import { playCrash } from '../../sim/boards/lifeguard/crash.ts';
import { lifeguard } from '../../sim/boards/lifeguard/index.ts';
import { UsageError } from '../../sim/command.ts';
import type { RingEvent } from '../../sim/rings/member-ring.ts';

const CELL = {
  kind: 'distress',
  fault: 'messages',
  nodes: 16,
  distressed: 4,
  stillMs: 32_768,
  runMs: 4,
  readMs: 0,
  forMs: 60_000,
  seed: 1,
} as const;

test('a death is a false alarm by whom it is about and by whom it is told', () => {
  const fail = (observer: number, subject: number): RingEvent => {
    return { at: 0, kind: 'fail', observer, subject };
  };
  const events: RingEvent[] = [
    fail(0, 9), // a healthy member about a slow one
    fail(9, 0), // a slow one about a healthy one
    fail(9, 8), // the slow about each other
    fail(0, 1), // the healthy about each other
    { at: 0, kind: 'suspect', observer: 0, subject: 1 },
    { at: 0, kind: 'join', observer: 0, subject: 1 },
  ];
  const counted = countFalseAlarms(events, new Set([8, 9]));
  assert.deepEqual(counted, { all: 4, aboutHealthy: 2, amongHealthy: 1 });
});

test('slow members blame healthy ones in SWIM, less with Lifeguard, not at all with all of ours', async () => {
  const swim = await playDistress({ ...CELL, configuration: 'SWIM' });
  const lifeguarded = await playDistress({ ...CELL, configuration: 'Lifeguard' });
  const ours = await playDistress({ ...CELL, configuration: 'ours' });
  assert.ok(swim.aboutHealthy >= 5, `${swim.aboutHealthy} false alarms`);
  assert.ok(lifeguarded.aboutHealthy < swim.aboutHealthy / 2);
  assert.equal(ours.aboutHealthy, 0);
  // Whoever is silent for half a minute is reported by all, rightly.
  assert.ok(ours.all >= 2 * 4 * 12);
});

test('a frozen loop makes nobody blame a healthy member, even in SWIM', async () => {
  const outcome = await playDistress({ ...CELL, fault: 'loop', configuration: 'SWIM' });
  assert.equal(outcome.aboutHealthy, 0);
  assert.ok(outcome.all > 0);
});

test('a crash is timed until the first and until the last report of it', async () => {
  const input = { kind: 'crash', configuration: 'ours-4', nodes: 5, crashes: 2, seed: 1 } as const;
  const { firstMs, fullMs } = await playCrash(input);
  assert.equal(firstMs.length, 2);
  for (const [at, ms] of fullMs.entries()) {
    const first = firstMs[at] ?? Number.NaN;
    assert.ok(first >= 4_000 && first <= ms && ms < 30_000, `${first} then ${ms}`);
  }
});

test('the report holds every row against SWIM and leaves open what was too small to say', () => {
  const tasks = lifeguard.plan(
    {
      grid: 'quick',
      rows: 'SWIM,ours',
      still: '32768',
      distressed: '4',
      nodes: '16',
      crashes: '0',
    },
    1,
  );
  const outcomes = tasks.map(({ input }) => {
    const isSwim = (input as { configuration: string }).configuration === 'SWIM';
    const load = { packets: 10, bytes: 100, overflowed: 0 };
    return { all: 60, aboutHealthy: isSwim ? 200 : 1, amongHealthy: isSwim ? 3 : 0, ...load };
  });
  const { aims, tables } = lifeguard.report(tasks, outcomes);
  assert.deepEqual(
    aims.map(({ ours, isMet }) => [ours, isMet]),
    [
      [0.5, true],
      [100, false],
      [0, null],
    ],
  );
  assert.deepEqual(tables[0]?.rows[1]?.slice(0, 4), ['ours', 1, 0, '0.5 (0.5 to 0.5)']);
});

test('the median of a few crashes meets no aim, and misses it all the same', () => {
  const verdict = (crashes: number, oursMs: number): boolean | null | undefined => {
    const tasks = lifeguard.plan({ rows: 'SWIM,ours-4', sizes: '8', distressed: '4' }, 1);
    const timed = tasks.filter(({ input }) => (input as { kind: string }).kind === 'crash');
    const outcomes = timed.map(({ input }) => {
      const isSwim = (input as { configuration: string }).configuration === 'SWIM';
      const ms = new Array<number>(crashes).fill(isSwim ? 10_000 : oursMs);
      return { firstMs: ms, fullMs: ms };
    });
    return lifeguard.report(timed, outcomes).aims.at(-1)?.isMet;
  };
  assert.deepEqual(
    [verdict(20, 8_000), verdict(19, 8_000), verdict(1, 9_000)],
    [true, null, false],
  );
});

test('a row that there is not is a wrong option', () => {
  assert.throws(() => lifeguard.plan({ rows: 'SWIM,hers' }, 1), UsageError);
  assert.throws(() => lifeguard.plan({ grid: 'huge' }, 1), UsageError);
});
