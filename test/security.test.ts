// SECURITY.md names the test of each of its claims; this holds that those tests are there, and that no
// number points to nothing.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const text = readFileSync('SECURITY.md', 'utf8');
const [claims = '', list = ''] = text.split('\n## Tests\n');

/** The tests at the end, by number. */
function namedTests(): Map<number, { path: string; name: string }> {
  const named = new Map<number, { path: string; name: string }>();
  for (const [, number = '', path = '', name = ''] of list.matchAll(/^(\d+)\. `(.+?)`: (.+)$/gm)) {
    named.set(Number(number), { path, name });
  }
  return named;
}

test('every test that SECURITY.md names exists', () => {
  const named = [...namedTests().values()];
  assert.ok(named.length > 40);
  const missing = named.filter(({ path, name }) => {
    return !existsSync(path) || !readFileSync(path, 'utf8').includes(`'${name}'`);
  });
  assert.deepEqual(missing, []);
});

test('every number in SECURITY.md points to a test, and every test is pointed to', () => {
  const brackets = [...claims.matchAll(/\[([\d, ]+)\](?!\()/g)].map(([, inside = '']) => inside);
  const cells = [...claims.matchAll(/\| ([\d, ]+?) *\|$/gm)].map(([, inside = '']) => inside);
  const used = new Set([...brackets, ...cells].join(',').split(',').map(Number));
  assert.deepEqual(
    [...used].sort((a, b) => a - b),
    [...namedTests().keys()],
  );
});
