// The command of the benchmarks: what it refuses before it plays anything.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const BENCH = fileURLToPath(new URL('../../benchmarks/run.js', import.meta.url));

test('what makes no sense is refused in one line, before anything is played', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'networkdb-bench-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const kept = join(folder, 'kept.json');
  writeFileSync(kept, '{ "rows": 3 }');
  const cases: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['--rows', 'get:10000,nope'], /no row is called nope/],
    [['--rows', 'get:10000', '--runs', '0'], /--runs must be an integer of 1 to 1000, not 0/],
    [['--rows', 'get:10000', '--out', join(folder, 'none', 'x')], /cannot write to .*ENOENT/],
    [['--against', 'nobody', '--rows', 'get:10000'], /--against knows only go and swim/],
    [['compare', kept, kept], /kept\.json is no report: it has no commit and rows/],
  ];
  for (const [args, says] of cases) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, ...args]);
    assert.match(String(stderr), says);
    assert.doesNotMatch(String(stderr), /\n./, 'one line');
    assert.deepEqual([status, String(stdout)], [2, '']);
  }
  assert.equal(readFileSync(kept, 'utf8'), '{ "rows": 3 }');
});
