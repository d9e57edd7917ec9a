import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { compare } from './check.ts';
import { CHECKS, reportOn } from './report.ts';

/*
 * Recorded bytes of the Go programs through our code, in both directions; `npm run test:vectors` prints the
 * figures.
 */

for (const [file, check] of Object.entries(CHECKS)) {
  test(`every vector of ${file} is equal, or differs as listed`, () => {
    const { checked, unexplained, stale } = reportOn(file, check());
    assert.ok(checked > 5);
    assert.deepEqual(unexplained, []);
    assert.deepEqual(stale, []);
  });
}

test('every recording has a check, but for the scenarios, which have a test of their own', () => {
  const recorded = readdirSync(join('test', 'interop', 'vectors')).filter((name) =>
    name.endsWith('.json'),
  );
  const checked = [...Object.keys(CHECKS), 'networkdb-scenarios.json'];
  assert.deepEqual(recorded.sort(), checked.sort());
});

test('a vector that differs without a reason is found, and a reason without a difference too', () => {
  const differs = compare('a', (comparison) => comparison.equal('x', () => 1, 2));
  assert.equal(reportOn('none.json', [differs]).unexplained.length, 1);
  const accepts = compare('b', (comparison) => comparison.refused('x', () => 1));
  assert.equal(accepts.problems.length, 1);
  const isEqual = compare('c', (comparison) => comparison.equal('x', () => [1], [1]));
  assert.deepEqual(isEqual.problems, []);
  const { stale } = reportOn('memberlist-decrypt.json', []);
  assert.ok(stale.length > 0);
});
