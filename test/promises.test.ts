import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readFiles } from './support/source-files.ts';

/*
 * A promise in the documents names the test that shows it, and that test must be there.
 */

const [doc] = readFiles(['docs/guarantees.md'], ['.md']);
const tests = new Map(readFiles(['test'], ['.test.ts']).map((file) => [file.path, file.text]));

/** Rows of tables with the tests they name. */
function promisesOf(text: string): { row: string; file: string | null; name: string | null }[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (promise|-)/.test(line))
    .map((row) => {
      const [, file = null, name = null] = /`([\w/.-]+\.test\.ts)`: _([^_]+)_/.exec(row) ?? [];
      return { row, file, name };
    });
}

test('every promise names a test that exists', () => {
  assert.ok(doc !== undefined);
  const promises = promisesOf(doc.text);
  assert.ok(promises.length >= 30);
  for (const { row, file, name } of promises) {
    assert.ok(file !== null && name !== null, row);
    assert.ok(tests.get(`test/${file}`)?.includes(`'${name}'`), row);
  }
});

test('a promise without a test, or with one that is gone, is found', () => {
  const found = promisesOf(
    '| promise | shown by |\n| --- | --- |\n| a | b |\n| a | `x.test.ts`: _y_ |',
  );
  assert.deepEqual(
    found.map(({ file, name }) => [file, name]),
    [
      [null, null],
      ['x.test.ts', 'y'],
    ],
  );
});
