import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';

import type { Plain } from '../../../sim/board.ts';
import { forecast } from '../../../sim/boards/forecast/index.ts';
import { InputError } from '../../../sim/command.ts';
import { KeptOutcomes } from '../../../sim/kept-outcomes.ts';

const task = (seed: number) => ({ title: `seed ${seed}`, input: { seed } });

function inFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'kept-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  return join(folder, 'outcomes.jsonl');
}

test('outcomes are found again by their input, of the same board and commit alone', (t) => {
  const path = inFolder(t);
  const first = new KeptOutcomes({ path, board: 'keys', commit: 'abc' });
  first.add(task(1), { lost: 0 });
  assert.deepEqual(first.find(task(1)), { lost: 0 });
  const again = new KeptOutcomes({ path, board: 'keys', commit: 'abc' });
  assert.deepEqual(again.find(task(1)), { lost: 0 });
  assert.equal(again.find(task(2)), undefined);
  for (const other of [
    { path, board: 'quiet', commit: 'abc' },
    { path, board: 'keys', commit: 'abd' },
  ]) {
    assert.equal(new KeptOutcomes(other).find(task(1)), undefined);
  }
});

test('a line that was cut short is none, and of changed files nothing is written', (t) => {
  const path = inFolder(t);
  new KeptOutcomes({ path, board: 'keys', commit: 'abc' }).add(task(1), 7);
  appendFileSync(path, '{"board":"keys","comm');
  assert.equal(new KeptOutcomes({ path, board: 'keys', commit: 'abc' }).find(task(1)), 7);
  const before = readFileSync(path, 'utf8');
  const changed = new KeptOutcomes({ path, board: 'keys', commit: 'abc+' });
  changed.add(task(2), 8);
  assert.equal(changed.find(task(2)), 8);
  assert.equal(readFileSync(path, 'utf8'), before);
});

test('what follows a line that was cut short stands on a line of its own', (t) => {
  const path = inFolder(t);
  const options = { path, board: 'keys', commit: 'abc' };
  new KeptOutcomes(options).add(task(1), 7);
  appendFileSync(path, '{"board":"keys","comm');
  new KeptOutcomes(options).add(task(2), 8);
  const again = new KeptOutcomes(options);
  assert.deepEqual([again.find(task(1)), again.find(task(2))], [7, 8]);
});

test('a file that holds something else than outcomes is refused and left as it is', (t) => {
  const path = inFolder(t);
  const record = '{"board":"keys","commit":"abc","input":1,"outcome":7}\n';
  for (const text of ['# Notes', '# Notes\n', `${record}{}\n`, `{"board":"ke\n${record}`]) {
    writeFileSync(path, text);
    assert.throws(() => new KeptOutcomes({ path, board: 'keys', commit: 'abc' }), InputError, text);
    assert.equal(readFileSync(path, 'utf8'), text);
  }
});

test('the folder of the file is created at once, and a file that cannot be written is refused at once', (t) => {
  const path = inFolder(t);
  const options = { board: 'keys', commit: 'abc' };
  const kept = new KeptOutcomes({ ...options, path: join(path, 'a', 'b') });
  kept.add(task(1), 7);
  assert.match(readFileSync(join(path, 'a', 'b'), 'utf8'), /"outcome":7/);
  assert.throws(() => new KeptOutcomes({ ...options, path }), InputError);
  assert.throws(
    () => new KeptOutcomes({ ...options, path: join(path, 'a', 'b', 'c') }),
    InputError,
  );
});

test('of an input nothing is written down that is secret, and inputs are told apart all the same', (t) => {
  const path = inFolder(t);
  const [plain, base64] = ['0707'.repeat(8), Buffer.alloc(32, 9).toString('base64')];
  const task = (key: string) => ({
    title: 'one',
    input: { name: 'my', config: { label: 'l', encryption: { keys: [key] } } },
  });
  const keptInput = (input: Plain): Plain => forecast.keptInput?.(input) ?? input;
  const options = { path, board: 'forecast', commit: 'abc', keptInput };
  const kept = new KeptOutcomes(options);
  kept.add(task(plain), 7);
  kept.add(task(base64), 8);
  const text = readFileSync(path, 'utf8');
  assert.ok(!text.includes(plain) && !text.includes(base64), text);
  assert.match(text, /"label":"l"/);
  const again = new KeptOutcomes(options);
  assert.deepEqual([again.find(task(plain)), again.find(task(base64))], [7, 8]);
  assert.equal(again.find(task('01'.repeat(16))), undefined);
});
