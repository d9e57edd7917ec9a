import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import type { GossipError } from '../../../src/runtime/index.ts';
import { nodeFiles } from '../../../src/runtime/node/index.ts';
import { runReal } from '../../support/drivers.ts';

test('what is appended stands in order in a file that its owner alone can read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'networkdb-files-'));
  try {
    const files = nodeFiles();
    const path = join(folder, 'log');
    const ends: (GossipError | null)[] = [];
    files.append(path, 'one\n', (error) => {
      ends.push(error);
      files.append(path, 'two\n', (again) => ends.push(again));
    });
    assert.equal(ends.length, 0, 'answered inside the call');
    await runReal(() => ends.length === 2);
    assert.equal(ends.filter((error) => error !== null).length, 0);
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    files.append(join(folder, 'missing', 'log'), 'x', (error) => ends.push(error));
    await runReal(() => ends.length === 3);
    assert.equal(ends[2]?.code, 'ERR_FILE');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
