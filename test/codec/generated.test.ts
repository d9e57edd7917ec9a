import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test('the checked-in protobuf code is what the schemas give today', () => {
  const run = spawnSync(process.execPath, ['scripts/generate-schema.js', '--check'], {
    encoding: 'utf8',
  });
  assert.equal(run.stderr, '');
  assert.equal(run.status, 0);
});

test('every text field is read with the strict UTF-8 check', () => {
  for (const name of ['swim', 'networkdb']) {
    const code = readFileSync(`src/codec/generated/${name}.js`, 'utf8');
    assert.match(code, /reader\.stringVerify\(\)/);
    assert.doesNotMatch(code, /reader\.string\(\)/);
  }
});

test('SWIM bodies keep to field numbers of one-byte tags', () => {
  const schema = readFileSync('src/codec/schema/swim.proto', 'utf8');
  const numbers = [...schema.matchAll(/= (\d+);/g)].map((match) => Number(match[1]));
  assert.ok(numbers.length > 30);
  assert.ok(Math.max(...numbers) <= 15);
});
