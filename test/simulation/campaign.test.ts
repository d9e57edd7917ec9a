import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { BREAKAGES } from '../../sim/campaign/breakages.ts';
import { campaign, simpler, withoutFaults } from '../../sim/campaign/campaign.ts';
import { ENOUGH_RUNS, idleOf } from '../../sim/campaign/exercised.ts';
import { ordersOf } from '../../sim/campaign/orders.ts';
import type { Fault, Plan } from '../../sim/campaign/plan.ts';
import { FAULTS, faultOf, NO_MTU, planOf, reduced } from '../../sim/campaign/plan.ts';
import { failureText, rangesOf, rangesText, replayLine } from '../../sim/campaign/report.ts';
import { playShared } from '../../sim/campaign/players.ts';
import { run } from '../../sim/campaign/run.ts';
import { UsageError } from '../../sim/command.ts';
import { shrink } from '../../sim/support/shrink.ts';

/*
 * A fixed band of the campaign, and the campaign put to the test: it repeats, it draws every kind of fault, it
 * notices when a rule is missing, and it makes a failure small.
 */

const MAIN = fileURLToPath(new URL('../../sim/main.js', import.meta.url));
const BREAK_MAIN = fileURLToPath(new URL('../../sim/campaign/break-main.js', import.meta.url));
const BAND = 40;

/** What the band must have exercised; the rest is asked of larger campaigns. */
const SELDOM =
  /split|cuts|returns|keys|lookups|forgot|ghosts|conflict|reaped|clock|clogged|pause|above/;

test(`seeds 1 to ${BAND}: no checker finds anything, and all agree in time`, async () => {
  const seeds = Array.from({ length: BAND }, (_, i) => i + 1);
  const { failures, counts, largestCalmShare } = await campaign({ seeds, shrinkRuns: 40 });
  assert.equal(failures.length, 0, failures.map((each) => failureText(each)).join('\n'));
  const idle = idleOf(counts, BAND / 2).filter((line) => !SELDOM.test(line));
  assert.deepEqual(idle, [], 'idle runs must not pass as good ones');
  assert.ok(largestCalmShare > 0.01, 'some run took time to agree');
});

for (const { name, noticedBy } of BREAKAGES) {
  test(`the campaign notices when ${name}`, async () => {
    const notices = async (seed: number, seeds: number): Promise<boolean> => {
      const values = { seed: `${seed}`, seeds: `${seeds}`, break: name, 'no-shrink': true };
      const args = [BREAK_MAIN, JSON.stringify(ordersOf(values))];
      return promisify(execFile)(process.execPath, args).then(
        ({ stdout }) => stdout.startsWith('noticed after'),
        () => false,
      );
    };
    assert.ok((await notices(noticedBy, 1)) || (await notices(1, 60)), name);
  });
}

test('a seed gives the same packets, counts and outcome each time, another seed others', async () => {
  const hashes = new Set<string>();
  for (const seed of [11, 12]) {
    const first = await run(planOf(seed), { hashPackets: true });
    const second = await run(planOf(seed), { hashPackets: true });
    assert.equal(second.hash, first.hash);
    assert.deepEqual(second.counts, first.counts);
    hashes.add(first.hash);
  }
  assert.equal(hashes.size, 2);
});

test('every fault is on in about half of the runs, and every setting comes up', () => {
  const all = Array.from({ length: 400 }, (_, i) => planOf(i + 1).settings);
  for (const fault of FAULTS) {
    const share = all.filter(({ faults }) => faults.includes(fault)).length / all.length;
    const [least, most] =
      fault === 'tight' ? [0.05, 0.2] : fault === 'rotate' ? [0.15, 0.35] : [0.4, 0.6];
    assert.ok(share > least && share < most, `${fault}: ${share}`);
  }
  for (const wire of ['protobuf', 'memberlist'] as const) {
    for (const profile of ['lan', 'local'] as const) {
      assert.ok(all.some((one) => one.wire === wire && one.profile === profile));
    }
  }
  assert.ok(all.some(({ nodes }) => nodes === 2) && all.some(({ nodes }) => nodes > 9));
  assert.ok(all.some(({ label }) => label !== '') && all.some(({ isForgetting }) => isForgetting));
  for (const compression of [null, true, false]) {
    assert.ok(all.some((one) => one.compression === compression));
  }
});

test('a failing plan is made small: steps, nodes and faults that it does not need go', async () => {
  const plan = planOf(3);
  const { steps } = plan;
  const needed = [steps[2], steps[7]];
  const fails = (one: Plan): Promise<boolean> =>
    Promise.resolve(needed.every((step) => step !== undefined && one.steps.includes(step)));
  const smaller = await shrink(plan, { fails, simpler, maxRuns: 300 });
  assert.deepEqual(smaller.steps, needed);
  assert.equal(smaller.settings.nodes, 2);
  assert.equal(smaller.settings.lossRate + smaller.settings.jitterMs, 0);
});

/** A seed whose plan has all of a fault: its setting, and a step of it where it is one. */
function seedWith(fault: Fault): number {
  const isStep = STEPS_ARE.has(fault);
  for (let seed = 1; ; seed += 1) {
    const { settings, steps } = planOf(seed);
    const hasStep = steps.some((step) => faultOf(step) === fault);
    if (settings.faults.includes(fault) && hasStep === isStep) return seed;
  }
}

const OF_SETTINGS = ['loss', 'jitter', 'duplicates', 'reorder', 'mtu', 'return', 'large', 'tight'];
const STEPS_ARE: ReadonlySet<string> = new Set(FAULTS.filter((one) => !OF_SETTINGS.includes(one)));

for (const fault of FAULTS) {
  test(`a plan without ${fault} has nothing of it, and all of the rest`, () => {
    const whole = planOf(seedWith(fault));
    const { settings, steps } = reduced(whole, { off: [fault] });
    const values: Partial<Record<Fault, readonly [is: number, rest: number]>> = {
      loss: [settings.lossRate, 0],
      jitter: [settings.jitterMs, 0],
      duplicates: [settings.duplicateRate, 0],
      reorder: [settings.reorderRate, 0],
      mtu: [settings.mtu, NO_MTU],
    };
    const [is, rest] = values[fault] ?? [0, 0];
    assert.equal(is, rest);
    assert.ok(!settings.faults.includes(fault));
    assert.ok(!steps.some((step) => faultOf(step) === fault));
    assert.equal(steps.length < whole.steps.length, STEPS_ARE.has(fault));
    assert.deepEqual(
      steps,
      whole.steps.filter((step) => faultOf(step) !== fault),
    );
  });
}

test('faults that a failure does not need are left out whole, each in one run', async () => {
  const plan = planOf(seedWith('crash'));
  const fails = (one: Plan): Promise<boolean> =>
    Promise.resolve(one.steps.some(({ kind }) => kind === 'crash'));
  const { plan: less, runs } = await withoutFaults(plan, { fails, maxRuns: 100 });
  assert.deepEqual(less.settings.faults, ['crash']);
  assert.equal(runs, plan.settings.faults.length);
  assert.ok(less.steps.every((step) => [null, 'crash'].includes(faultOf(step))));
  assert.doesNotMatch(replayLine(less), /--keep/);
  const none = await withoutFaults(plan, { fails, maxRuns: 0 });
  assert.deepEqual(none, { plan, runs: 0 });
});

test('no band of plans comes near to too few rotations of keys', () => {
  const bands = Array.from({ length: 12 }, (_, i) => i * ENOUGH_RUNS);
  for (const from of bands) {
    const counts: Record<string, number> = { 'keys added': 0, 'keys used': 0, 'keys removed': 0 };
    for (let seed = from; seed < from + ENOUGH_RUNS; seed += 1) {
      const { steps, settings } = planOf(seed);
      let hasTwo = false;
      for (const { key } of steps.filter(({ kind }) => settings.isEncrypted && kind === 'rotate')) {
        const what = hasTwo ? (key % 3 === 0 ? 'removed' : 'used') : 'added';
        if (what !== 'used') hasTwo = !hasTwo;
        counts[`keys ${what}`] = (counts[`keys ${what}`] ?? 0) + 1;
      }
    }
    const halved = Object.fromEntries(Object.entries(counts).map(([what, n]) => [what, n / 2]));
    const idle = idleOf(halved, ENOUGH_RUNS).filter((line) => line.startsWith('keys'));
    assert.deepEqual(idle, [], `seeds from ${from}`);
  }
});

test('the line that a failure prints stands for the very plan that failed', () => {
  const whole = planOf(9);
  const off = whole.settings.faults.filter((fault) => fault === 'loss' || fault === 'jitter');
  const small = reduced(whole, { nodes: 2, off, keep: new Set([1, 2, 3, 7]) });
  const line = replayLine(small);
  assert.match(line, /campaign --seed 9 --seeds 1 .*--keep 1-3,7$/);
  const keep = rangesOf(/--keep (\S+)/.exec(line)?.[1] ?? '');
  assert.ok(keep !== null);
  assert.deepEqual(reduced(planOf(9), { nodes: 2, off, keep }), small);
  assert.equal(replayLine(whole), 'npm run sim -- campaign --seed 9 --seeds 1');
});

test('lists of steps are read as they are written, and nonsense is refused', () => {
  for (const numbers of [[0], [1, 2, 3], [0, 2, 3, 9], [5, 7]]) {
    assert.deepEqual([...(rangesOf(rangesText(numbers)) ?? [])], numbers);
  }
  assert.deepEqual(rangesOf('none'), new Set());
  for (const text of ['', 'x', '1-', '-2', '1,,2', '3-1']) assert.equal(rangesOf(text), null, text);
});

test('a campaign that exercised nothing is told so', () => {
  const idle = idleOf({ crashes: 40 }, ENOUGH_RUNS);
  assert.ok(idle.includes('leaves: 0 times, at least 20'));
  assert.ok(!idle.some((line) => line.startsWith('crashes:')));
  assert.ok(!idle.some((line) => line.startsWith('name conflicts')), 'too seldom for so few runs');
  assert.ok(idleOf({}, 2 * ENOUGH_RUNS).includes('name conflicts: 0 times, at least 1'));
});

test('options of a campaign that mean nothing together, or name nothing, are refused', () => {
  const refused = (values: Record<string, string>, why: RegExp): void => {
    assert.throws(
      () => ordersOf(values),
      (error) => error instanceof UsageError && why.test(error.message),
      JSON.stringify(values),
    );
  };
  refused({ seed: '3', keep: '9999' }, /seed 3 has the steps 0 to \d+, there is no 9999/);
  refused({ seed: '3', keep: '3-1' }, /--keep must be like .*'3-1'/);
  refused({ keep: '1', seeds: '5' }, /--keep runs one seed, not --seeds 5/);
  refused({ nodes: '5', seeds: '100' }, /--nodes runs one seed, not --seeds 100/);
  refused({ off: 'gravity' }, /--off knows loss.*'gravity'/);
  refused({ break: '' }, /see --list/);
  refused({ break: 'gravity' }, /no rule is called 'gravity'; see --list/);
  refused({ break: 'suspect' }, /may be one of\n {2}others raise .*\n {2}suspects are never/);
});

test('a rule to be taken out is found by the one name that contains the word, and goes with all other options', () => {
  const values = { seed: '2', keep: '1-3', break: 'never declared', jobs: '4', json: true };
  assert.deepEqual(ordersOf(values), {
    ...{ seed: 2, seeds: 1, jobs: 4, maxFailures: 1, shrinkRuns: 200, isJson: true },
    part: { nodes: null, keep: [1, 2, 3], off: [] },
    broken: 'suspects are never declared dead',
  });
  const { maxFailures, shrinkRuns } = ordersOf({ break: 'cap', failures: '7', 'no-shrink': true });
  assert.deepEqual([maxFailures, shrinkRuns], [7, 0]);
});

test('seeds that are shared out go to no more processes than there are seeds', async () => {
  const before = process.getActiveResourcesInfo().filter((what) => what === 'ProcessWrap').length;
  const answers = playShared([9], { jobs: 5, broken: null });
  const first = answers.next();
  const children =
    process.getActiveResourcesInfo().filter((what) => what === 'ProcessWrap').length - before;
  assert.equal((await first).value?.outcome.problem, null);
  await answers.return();
  assert.equal(children, 1);
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function sim(...args: string[]): Promise<Ended> {
  return promisify(execFile)(process.execPath, [MAIN, 'campaign', ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, out: stdout, err: stderr };
    },
  );
}

test('the command replays a part of a seed, as text and as JSON, and refuses what it does not know', async () => {
  const part = ['--seed', '9', '--nodes', '2', '--keep', 'none', '--off', 'loss'];
  const [text, json, unknown, rules] = await Promise.all([
    sim(...part),
    sim(...part, '--json'),
    sim('--off', 'gravity'),
    sim('--list', '--json'),
  ]);
  assert.deepEqual([text.code, /^seed 9: all well/.test(text.out)], [0, true]);
  const { seed, again, outcome } = JSON.parse(json.out) as Record<string, unknown>;
  const line = 'npm run sim -- campaign --seed 9 --seeds 1 --nodes 2 --off loss --keep none';
  assert.deepEqual([seed, again], [9, line]);
  assert.equal((outcome as Record<string, unknown>)['problem'], null);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /--off knows loss/);
  assert.deepEqual(
    JSON.parse(rules.out),
    BREAKAGES.map(({ name }) => name),
  );
});

test('a campaign without a rule tells the line that shows it again, which runs that part of that seed', async () => {
  const rule = ['--break', 'close leaves', '--no-shrink'];
  const [whole, part] = await Promise.all([
    sim('--seed', '1', '--seeds', '1', '--jobs', '2', ...rule),
    sim('--seed', '1', '--nodes', '2', '--keep', '1', '--json', ...rule),
  ]);
  assert.equal(whole.code, 0, whole.err);
  assert.match(whole.out, /^noticed after 1 runs: a close leaves the tickers running\nseed 1: /);
  assert.match(
    whole.out,
    /again: npm run sim -- campaign --seed 1 --seeds 1 --break 'a close leaves the tickers running'\n/,
  );
  const { again, isNoticed } = JSON.parse(part.out) as Record<string, unknown>;
  assert.deepEqual([part.code, isNoticed], [0, true]);
  assert.match(String(again), /--keep 1 --break 'a close leaves the tickers running'$/);
});
