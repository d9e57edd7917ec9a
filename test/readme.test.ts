import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import type { DocBlock } from './support/doc-blocks.ts';
import { compileBlocks, runnableModule, tsBlocks } from './support/doc-blocks.ts';
import { readFiles } from './support/source-files.ts';

/*
 * The examples that a newcomer copies: every TypeScript block of the README and of docs/ compiles
 * against the sources, and those marked to run end by themselves, in time and without an error.
 */

const FOLDER = join('.test-dist', 'readme');
const TIME_LIMIT_MS = 30_000;

const documents = readFiles(['README.md', 'docs'], ['.md']);
const blocks = documents.flatMap(tsBlocks);

interface Outcome {
  readonly error: string | null;
  readonly output: string;
}

/** Runs a block in a process of its own; the error holds what it wrote on its way out. */
function run(block: DocBlock, name: string, timeLimitMs: number): Promise<Outcome> {
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, `${name}.mjs`);
  writeFileSync(path, runnableModule(block, '..'));
  return new Promise((resolve) => {
    execFile(process.execPath, [path], { timeout: timeLimitMs }, (error, output, errors) => {
      const reason = error?.killed === true ? `not over after ${timeLimitMs} ms` : errors;
      resolve({ error: error === null ? null : `${block.where}: ${reason}`, output });
    });
  });
}

test('every TypeScript block of the documents compiles', () => {
  assert.ok(documents.length > 0);
  assert.deepEqual(compileBlocks(blocks, FOLDER), []);
});

test('a README shows at least one example that runs', () => {
  const readmes = documents.filter((document) => document.path === 'README.md');
  for (const readme of readmes) assert.ok(tsBlocks(readme).some((block) => block.isRunnable));
});

for (const [at, block] of blocks.entries()) {
  if (!block.isRunnable) continue;
  test(`the example at ${block.where} runs to its end`, async () => {
    assert.equal((await run(block, `block-${at}`, TIME_LIMIT_MS)).error, null);
  });
}

test('blocks are found with their line, their mark and what is given for them', () => {
  const text = [
    '# Title',
    '```ts run',
    "console.log('one');",
    '```',
    '<!-- given',
    'declare const count: number;',
    '-->',
    '',
    '```ts',
    'count.toFixed();',
    '```',
    '```sh',
    'npm install',
    '```',
  ].join('\n');
  const found = tsBlocks({ path: 'doc.md', text });
  assert.deepEqual(
    found.map(({ where, isRunnable }) => [where, isRunnable]),
    [
      ['doc.md:2', true],
      ['doc.md:9', false],
    ],
  );
  assert.match(found[1]?.code ?? '', /^declare const count: number;\ncount\.toFixed\(\);\n/);
});

test('a block that does not compile is reported with its place', () => {
  const broken = {
    where: 'doc.md:3',
    code: 'const n: number = "text";\nexport {};\n',
    isRunnable: false,
  };
  const unknown = { ...broken, code: "import { x } from 'networkdb/nowhere';\nvoid x;\n" };
  const fine = { ...broken, where: 'doc.md:9', code: 'const n = 1;\nexport { n };\n' };
  const errors = compileBlocks([broken, fine, unknown], FOLDER);
  assert.equal(errors.length, 2);
  assert.ok(errors.every((error) => error.startsWith('doc.md:3: ')));
});

test('a block that throws or never ends is reported, and one that ends is not', async () => {
  const block = (code: string): DocBlock => ({ where: 'doc.md:1', code, isRunnable: true });
  const fine = await run(
    block("const text: string = 'ran';\nconsole.log(text);\n"),
    'ends',
    20_000,
  );
  assert.deepEqual(fine, { error: null, output: 'ran\n' });
  const thrown = await run(block("throw new Error('no');\n"), 'throws', 20_000);
  assert.match(thrown.error ?? '', /Error: no/);
  const endless = await run(block('setInterval(() => undefined, 1000);\n'), 'endless', 1500);
  assert.match(endless.error ?? '', /not over after/);
});

test('a runnable block imports the compiled sources under the names of the package', () => {
  const code =
    "import { NetworkDB } from 'networkdb';\nimport x from 'networkdb/other';\nNetworkDB; x;\n";
  const module = runnableModule({ where: '', code, isRunnable: true }, '..');
  assert.match(module, /from '\.\.\/src\/index\.js'/);
  assert.match(module, /from 'networkdb\/other'/);
});
