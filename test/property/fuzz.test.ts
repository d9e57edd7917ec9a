// A slice of `npm run fuzz` for every target, and proof that the harness finds what it looks for: a
// decoder that throws what is not ours, holds too much, allocates by an announced length, or is slow.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Mutator } from '../../fuzz/mutate.ts';
import { runTarget } from '../../fuzz/run-target.ts';
import { sizeOf } from '../../fuzz/sizes.ts';
import type { FuzzTarget } from '../../fuzz/target.ts';
import { allTargets } from '../../fuzz/targets.ts';
import { CodecError } from '../../src/runtime/errors.ts';

const now = (): number => performance.now();
const slice = { count: 1000, seed: 1, now };
const seeds = [Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), new Uint8Array(100).fill(7)];

for (const target of allTargets()) {
  test(`changed input is read or refused: ${target.name}`, async () => {
    const report = await runTarget(target, slice);
    // What took long once on a busy machine is for the full run to judge.
    const failures = report.failures.filter(({ why }) => why !== 'slow');
    assert.deepEqual(failures, []);
    const refused = Object.values(report.rejected).reduce((sum, count) => sum + count, 0);
    assert.equal(report.accepted + refused, slice.count);
    assert.ok(report.accepted > slice.count / 50, `${report.accepted} accepted`);
  });
}

test('every target has a name of its own, and reads most of its seeds', async () => {
  const targets = allTargets();
  assert.equal(new Set(targets.map(({ name }) => name)).size, targets.length);
  for (const target of targets) {
    await target.prepare?.();
    // What is valid may still be refused: another label, a refusal, the numbers of a later version.
    const refused = target.seeds.filter((seed) => !reads(target, seed));
    assert.ok(refused.length * 2 <= target.seeds.length, `${target.name}: ${refused.length}`);
    await target.finish?.();
  }
});

function reads(target: FuzzTarget, seed: Uint8Array): boolean {
  try {
    target.run(seed.slice());
    return true;
  } catch {
    return false;
  }
}

async function failuresOf(target: Partial<FuzzTarget> & Pick<FuzzTarget, 'run'>) {
  const report = await runTarget({ name: 'sample', seeds, ...target }, { ...slice, count: 300 });
  return { count: report.failed, reasons: new Set(report.failures.map(({ why }) => why)), report };
}

test('an error that is not ours is found, with the input that caused it', async () => {
  const { count, reasons, report } = await failuresOf({
    run: (bytes) => {
      if (bytes[0] === 0xff) throw new RangeError('offset is out of bounds');
      throw new CodecError('ERR_CODEC_MALFORMED', 'as it should be');
    },
  });
  assert.ok(count > 0);
  assert.deepEqual(reasons, new Set(['untyped']));
  assert.match(report.failures[0]?.hex ?? '', /^ff/);
  const { index } = report.failures[0] ?? {};
  const replayed = new Mutator({ name: 'sample', seeds, seed: 1, maxInputBytes: 4096 });
  assert.equal(replayed.input(index ?? -1)[0], 0xff);
});

test('output beyond the bound of its target is found', async () => {
  const bound = { perByte: 2, base: 64 };
  const tripled = await failuresOf({ bound, run: (bytes) => new Uint8Array(bytes.length * 3) });
  assert.deepEqual(tripled.reasons, new Set(['output']));
  const doubled = await failuresOf({ bound, run: (bytes) => new Uint8Array(bytes.length * 2) });
  assert.equal(doubled.count, 0);
});

test('memory by an announced length is found, though it is not kept', async () => {
  const { reasons } = await failuresOf({
    run: (bytes) => {
      if (bytes[0] === 0xff && new Uint8Array(32 << 20)[0] === 0) return;
      throw new CodecError('ERR_CODEC_TRUNCATED', 'shorter than announced');
    },
  });
  assert.deepEqual(reasons, new Set(['allocation']));
});

test('a slow step is found, and one that was slow only once is not', async () => {
  let clock = 0;
  const run = (target: FuzzTarget['run']) =>
    runTarget({ name: 'sample', seeds, run: target }, { count: 50, seed: 1, now: () => clock });
  const slow = await run((bytes) => (clock += bytes.length > 50 ? 11 : 0));
  assert.ok(slow.failed > 0);
  assert.equal(slow.worstStepMs, 11);
  let calls = 0;
  const once = await run(() => (clock += calls++ === 10 ? 40 : 1));
  assert.equal(once.failed, 0);
  assert.equal(once.slowOnce, 1);
  assert.equal(once.worstStepMs, 1);
});

test('the same seed makes the same inputs, another one others, and none is too long', () => {
  const make = (seed: number, name = 'sample') =>
    new Mutator({ name, seeds, seed, maxInputBytes: 128 });
  const some = (mutator: Mutator) => Array.from({ length: 200 }, (_, i) => mutator.input(i));
  assert.deepEqual(some(make(1)), some(make(1)));
  assert.notDeepEqual(some(make(1)), some(make(2)));
  assert.notDeepEqual(some(make(1)), some(make(1, 'other')));
  const inputs = Array.from({ length: 20_000 }, (_, i) => make(3).input(i));
  assert.ok(inputs.every((input) => input.length <= 128));
  assert.ok(inputs.some((input) => input.length === 128));
  assert.ok(inputs.some((input) => input.length === 0));
  const unchanged = inputs.filter((input) => seeds.some((seed) => sameBytes(seed, input)));
  assert.ok(unchanged.length > 500 && unchanged.length < 15_000, `${unchanged.length} unchanged`);
});

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b);
}

test('the size of a value counts its bytes, its text and its fields', () => {
  assert.equal(sizeOf('four'), 8);
  assert.equal(sizeOf(new Uint8Array(10)), 26);
  assert.equal(sizeOf({ name: 'ab', times: [1, 2n] }), 16 + 8 + 4 + 8 + (16 + 2 * 16));
});
