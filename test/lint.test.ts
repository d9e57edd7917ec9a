import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ESLint } from 'eslint';

/*
 * The lint rules that the design leans on, each shown to bite. Samples stand in for a file that
 * exists, since the typed rules only know the files of the compiler's project.
 */

const eslint = new ESLint({
  overrideConfig: {
    languageOptions: {
      // Under CI=true typescript-eslint takes it that every file is linted once, as it lies on
      // disk, and would judge that instead of the sample.
      parserOptions: { disallowAutomaticSingleRunInference: true },
    },
  },
});

async function rulesHit(filePath: string, code: string): Promise<(string | null)[]> {
  const results = await eslint.lintText(code, { filePath });
  return results.flatMap((result) => result.messages.map((message) => message.ruleId));
}

const PROTOCOL_FILE = 'src/memberlist/broadcast-queue.ts';

test('what would make a run unrepeatable is refused in protocol code', async () => {
  const samples: [string, string][] = [
    ['no-restricted-globals', 'export const id = setTimeout(() => undefined, 1);'],
    ['no-restricted-globals', "console.log('hello');"],
    ['no-restricted-globals', 'export const name = process.title;'],
    ['no-restricted-globals', 'export const now = performance.now();'],
    ['no-restricted-properties', 'export const now = Date.now();'],
    ['no-restricted-properties', 'export const dice = Math.random();'],
    ['no-restricted-syntax', 'export const now = new Date();'],
    ['no-restricted-syntax', 'export default 1;'],
    ['no-restricted-imports', "export { createSocket } from 'node:dgram';"],
    ['no-restricted-imports', "export { connect } from 'node:net';"],
    ['no-restricted-imports', "export { createCipheriv } from 'node:crypto';"],
    ['no-restricted-imports', "export { readFileSync } from 'node:fs';"],
    ['no-restricted-imports', "export { lookup } from 'node:dns';"],
  ];
  for (const [rule, code] of samples) {
    assert.ok((await rulesHit(PROTOCOL_FILE, `${code}\n`)).includes(rule), code);
  }
});

test('faults that only types reveal are refused', async () => {
  const samples: [string, string][] = [
    ['@typescript-eslint/no-floating-promises', 'Promise.resolve(1);'],
    [
      '@typescript-eslint/no-misused-promises',
      '[1].forEach(async () => { await Promise.resolve(); });',
    ],
    [
      '@typescript-eslint/switch-exhaustiveness-check',
      "export function f(x: 'a' | 'b'): number { switch (x) { case 'a': return 1; } return 2; }",
    ],
  ];
  for (const [rule, code] of samples) {
    assert.ok((await rulesHit(PROTOCOL_FILE, `${code}\n`)).includes(rule), code);
  }
});

test('events, helpers and plain computation pass', async () => {
  const code = [
    "import { EventEmitter } from 'node:events';",
    'export const emitter: EventEmitter = new EventEmitter();',
    'export const half: number = Math.floor(5 / 2);',
    '',
  ].join('\n');
  assert.deepEqual(await rulesHit(PROTOCOL_FILE, code), []);
});
