import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../interop/system/programs.ts';

/*
 * How the interop suites run the programs of others.
 */

test('a program that fails, and one that does not end, are errors with what was said', async () => {
  const node = (code: string): string[] => [process.execPath, '-e', code];
  assert.equal(await run(node("console.log('fine')")), 'fine\n');
  await assert.rejects(run(node("console.error('bad'); process.exit(3)")), /ended with 3:\nbad/);
  await assert.rejects(
    run(node("console.log('on'); setInterval(() => 1, 1000)"), 500),
    /not within/,
  );
  await assert.rejects(run(['no-such-program-here']), /ENOENT/);
});
