import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { BREAKAGES } from './breakages.ts';
import { shrink } from '../../../sim/support/shrink.ts';
import { failureText, withFewerNodes } from './campaign.ts';
import type { Write } from './model.ts';
import { Model } from './model.ts';
import type { Plan } from './plan.ts';
import { planOf } from './plan.ts';
import { run } from './run.ts';

/*
 * The property test put to the test: it repeats, its model knows the order of writes, and it notices when
 * a rule of the tables is missing.
 */

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

for (const { name, noticedBy } of BREAKAGES) {
  test(`it is noticed when ${name}`, async () => {
    const notices = async (seed: number, runs: number): Promise<boolean> => {
      const args = [MAIN, '--break', name, '--seed', `${seed}`, '--runs', `${runs}`];
      return promisify(execFile)(process.execPath, args).then(
        ({ stdout }) => stdout.includes('\nnoticed after') || stdout.startsWith('noticed after'),
        () => false,
      );
    };
    assert.ok((await notices(noticedBy, 1)) || (await notices(1, 200)), name);
  });
}

test('a seed gives the same steps, packets and outcome each time, another seed others', async () => {
  for (const seed of [6, 34, 57]) {
    const [first, second] = [
      await run(planOf(seed), { hashPackets: true }),
      await run(planOf(seed), { hashPackets: true }),
    ];
    assert.deepEqual(second.trace, first.trace);
    assert.deepEqual(second.counts, first.counts);
    assert.equal(second.hash, first.hash);
  }
  assert.notEqual((await run(planOf(6))).hash, (await run(planOf(7))).hash);
});

test('wires, ciphers, faults and sizes all come up among the seeds', () => {
  const all = Array.from({ length: 200 }, (_, i) => planOf(i + 1).settings);
  for (const wire of ['protobuf', 'memberlist']) {
    for (const isEncrypted of [true, false]) {
      assert.ok(all.some((one) => one.wire === wire && one.isEncrypted === isEncrypted));
    }
  }
  for (const kind of ['prompt', 'faults', 'forget']) assert.ok(all.some((s) => s.kind === kind));
  assert.ok(all.some(({ nodes }) => nodes === 2) && all.some(({ nodes }) => nodes > 12));
  assert.ok(all.some(({ networks }) => networks === 5));
  const without = all.filter(({ lossRate, kind }) => lossRate === 0 && kind === 'faults');
  assert.ok(without.length > 10, 'runs without loss');
});

const at = { network: 'n', table: 't', key: 'k' };
const [a, b] = [
  { id: 0, name: 'a' },
  { id: 1, name: 'b' },
];

function modelOf(...writes: readonly Partial<Write>[]): Model {
  const model = new Model();
  for (const write of writes) {
    model.wrote(at, { life: a, time: 1, isDeleted: false, value: 'v', at: 0, ...write });
  }
  return model;
}

const allowed = (model: Model) => [...model.expected('n', 't')][0]?.[1].allowed;

test('the model lets the greatest write of several writers stand, by time and then by owner', () => {
  const value = (time: number, life = a) => ({ time, life, value: `${life.name}${time}` });
  const seen = (life: { name: string }, time: number) => [
    { owner: life.name, value: `${life.name}${time}` },
  ];
  assert.deepEqual(allowed(modelOf(value(2), value(1, b))), seen(a, 2));
  assert.deepEqual(allowed(modelOf(value(2), value(2, b))), seen(b, 2));
  assert.deepEqual(allowed(modelOf(value(2, b), value(2))), seen(b, 2));
  assert.deepEqual(allowed(modelOf(value(2), { ...value(3, b), isDeleted: true })), [null]);
});

test('the model forgets what a process wrote that left or ended', () => {
  const left = modelOf({ time: 1 });
  left.left(a, 'n');
  assert.deepEqual(allowed(left), [null]);
  const other = modelOf({ time: 1 });
  other.left(a, 'm');
  assert.deepEqual(allowed(other), [{ owner: 'a', value: 'v' }]);
  const torn = modelOf({ time: 1 }, { time: 2, life: b });
  torn.ended(b);
  assert.deepEqual(allowed(torn), [null, { owner: 'a', value: 'v' }]);
  const again = { id: 2, name: 'a' };
  const back = modelOf({ time: 9 });
  back.ended(a);
  back.wrote(at, { life: again, time: 1, isDeleted: false, value: 'new', at: 0 });
  assert.deepEqual(allowed(back), [{ owner: 'a', value: 'new' }]);
});

test('a failing plan is made smaller as long as it fails', async () => {
  const plan = planOf(3);
  const [needed, another] = [plan.steps[4], plan.steps[9]];
  const fails = (one: Plan) =>
    Promise.resolve([needed, another].every((step) => step && one.steps.includes(step)));
  const smaller = await shrink(plan, { fails, simpler: withFewerNodes, maxRuns: 500 });
  assert.deepEqual(smaller.steps, [needed, another]);
  assert.equal(smaller.settings.nodes, 2);
});

test('a failure names its seed, how to see it again, and what happened last', async () => {
  const outcome = { ...(await run(planOf(5))), problems: ['n1 sees too much'] };
  const text = failureText({ seed: 5, outcome, smaller: null });
  assert.match(text, /^seed 5: n1 sees too much/);
  assert.match(text, /npm run test:property -- --seed 5 --runs 1/);
  assert.ok(text.includes(outcome.trace.at(-1) ?? 'no trace'));
});
