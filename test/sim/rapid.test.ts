import assert from 'node:assert/strict';
import { test } from 'node:test';

import { countRemovals, playFault } from '../../sim/boards/rapid/faults.ts';
import { rapid } from '../../sim/boards/rapid/index.ts';
import { playStartup } from '../../sim/boards/rapid/startup.ts';
import { UsageError } from '../../sim/command.ts';
import type { RingEvent } from '../../sim/rings/member-ring.ts';

test('a ring whose processes start within a second is whole soon after, whichever seeds came first', async () => {
  const outcome = await playStartup({ kind: 'startup', nodes: 12, seeds: 3, seed: 1 });
  assert.ok(outcome.wholeMs !== null && outcome.wholeMs > 500 && outcome.wholeMs < 10_000);
  assert.ok(outcome.distinctSizes >= 1 && outcome.distinctSizes <= 12);
  assert.ok(outcome.traffic.received.mean > 0 && outcome.traffic.sent.max < 100);
});

test('crashed members are gone soon, and nobody else', async () => {
  const outcome = await playFault({
    ...{
      kind: 'fault',
      fault: 'crash',
      nodes: 12,
      faulty: 2,
      forMs: 30_000,
      rules: 'ours',
      seed: 1,
    },
  });
  assert.ok(outcome.goneMs !== null && outcome.goneMs >= 4_000 && outcome.goneMs <= 25_000);
  assert.deepEqual([outcome.healthyRemoved, outcome.leastSize], [0, 10]);
  assert.deepEqual([outcome.flapsMost, outcome.flapsMean], [1, 1]);
});

test('a member that is deaf every other twenty seconds is removed a few times and then borne with', async () => {
  const outcome = await playFault({
    ...{
      kind: 'fault',
      fault: 'deaf',
      nodes: 12,
      faulty: 1,
      forMs: 200_000,
      rules: 'ours',
      seed: 1,
    },
  });
  assert.equal(outcome.healthyRemoved, 0);
  assert.ok(outcome.flapsMost >= 1 && outcome.flapsMost <= 3, `${outcome.flapsMost} flaps`);
});

test("by Go's rules alone a deaf member is removed in every cycle, as memberlist does in the paper", async () => {
  const outcome = await playFault({
    ...{ kind: 'fault', fault: 'deaf', nodes: 12, faulty: 1, forMs: 200_000, rules: 'go', seed: 1 },
  });
  assert.ok(outcome.flapsMost >= 4, `${outcome.flapsMost} flaps`);
});

test('removals are counted by pair, those by faulty members apart', () => {
  const fail = (observer: number, subject: number): RingEvent => {
    return { at: 0, kind: 'fail', observer, subject };
  };
  const events = [fail(0, 3), fail(0, 3), fail(1, 3), fail(0, 1), fail(3, 0), fail(3, 1)];
  assert.deepEqual(countRemovals(events, new Set([3]), 4), {
    healthyRemoved: 1,
    healthyRemovedByFaulty: 2,
    flapsMost: 2,
    flapsMean: 1,
  });
});

test("of several seeds the worst is held against the aim, and Go's rules against none", () => {
  const tasks = rapid.plan({ nodes: '50', seeds: '2', faults: 'deaf' }, 1);
  const rates = { mean: 0, p99: 0, max: 0 };
  const common = { traffic: { received: rates, sent: rates }, curve: [] };
  const flapsOf = (input: unknown): number => {
    const { rules, seed } = input as { rules: string; seed: number };
    return rules === 'go' ? 22 : seed;
  };
  const outcomes = tasks.map(({ input }) =>
    (input as { kind: string }).kind === 'startup'
      ? { wholeMs: 1_000, distinctSizes: 2, ...common }
      : {
          ...{ healthyRemoved: 0, healthyRemovedByFaulty: 1, flapsMost: flapsOf(input) },
          ...{ flapsMean: 1, goneMs: null, leastSize: 49, ...common },
        },
  );
  const { aims, tables } = rapid.report(tasks, outcomes);
  assert.deepEqual(
    tables[1]?.rows.map((row) => row.slice(1, 3)),
    [
      ['ours', 1],
      ['ours', 2],
      ["Go's", 1],
    ],
  );
  assert.deepEqual(aims.at(-1)?.ours, 2);
  assert.equal(aims.length, 3);
});

test('three flaps miss the aim at any length, two meet it after the whole time only', () => {
  const verdict = (seconds: string, flapsMost: number): (boolean | null)[] => {
    const tasks = rapid.plan(
      { nodes: '50', seeds: '1', faults: 'deaf', rules: 'ours', seconds },
      1,
    );
    const rates = { mean: 0, p99: 0, max: 0 };
    const common = { traffic: { received: rates, sent: rates }, curve: [] };
    const { aims } = rapid.report(tasks, [
      { wholeMs: 1_000, distinctSizes: 2, ...common },
      {
        ...{ healthyRemoved: 0, healthyRemovedByFaulty: 1, flapsMost, flapsMean: 1 },
        ...{ goneMs: null, leastSize: 49, ...common },
      },
    ]);
    return aims.map(({ isMet }) => isMet);
  };
  assert.deepEqual(verdict('900', 2), [null, true, true]);
  assert.deepEqual(verdict('200', 2), [null, true, null]);
  assert.deepEqual(verdict('200', 3), [null, true, false]);
  assert.throws(() => rapid.plan({ faults: 'mute' }, 1), UsageError);
  assert.throws(() => rapid.plan({ rules: 'theirs' }, 1), UsageError);
});

test('the aim of a start is met by several seeds alone, and missed by any', () => {
  const verdict = (nodes: string, seeds: string, wholeMs: number): boolean | null | undefined => {
    const tasks = rapid.plan({ nodes, seeds, faults: 'none' }, 1);
    const rates = { mean: 0, p99: 0, max: 0 };
    const traffic = { received: rates, sent: rates };
    const outcome = { wholeMs, distinctSizes: 2, traffic, curve: [] };
    const { aims } = rapid.report(
      tasks,
      tasks.map(() => outcome),
    );
    return aims[0]?.isMet;
  };
  assert.equal(verdict('2000', '2', 2_000), true);
  assert.equal(verdict('2000', '1', 2_000), null);
  assert.equal(verdict('200', '3', 2_000), null);
  assert.equal(verdict('2000', '1', 80_001), false);
});

test('at most half of a ring is faulty, however odd its size', () => {
  assert.throws(() => rapid.plan({ nodes: '5', faulty: '50' }, 1), {
    name: 'UsageError',
    message: '--faulty must be an integer of 1 to 2, not 50',
  });
});
