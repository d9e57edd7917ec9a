import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

import { ERROR_CODES } from '../src/runtime/errors.ts';
import type { SourceFile } from './support/source-files.ts';
import { readFiles } from './support/source-files.ts';
import {
  checkAmbient,
  checkCycles,
  checkDirections,
  checkErrorDocs,
  checkLeftovers,
  checkLengths,
  checkSwitchedOff,
} from './support/tidy-rules.ts';

/*
 * What review would otherwise have to look for each time. Every rule is held twice: the project must
 * be clean under it, and a broken sample must not be.
 */

const isWritten = (file: SourceFile): boolean => !file.path.startsWith('src/codec/generated/');
const sources = readFiles(['src'], ['.ts']).filter(isWritten);
const tests = readFiles(['test'], ['.ts']);
const written = [
  ...sources,
  ...tests,
  ...readFiles(
    ['demo', 'examples', 'benchmarks', 'fuzz', 'sim', 'scripts', 'docs'],
    ['.ts', '.js', '.md'],
  ),
  ...readFiles(['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'], ['.md']),
  ...readFiles(['eslint.config.js', 'package.json', '.ci/run'], ['']),
];

function sample(path: string, ...lines: string[]): SourceFile {
  return { path, text: lines.join('\n') };
}

test('the sources are found at all', () => {
  assert.ok(sources.length > 10 && tests.length > 5);
  assert.ok(sources.some((file) => file.path === 'src/runtime/errors.ts'));
});

test('imports follow the layers and enter folders by their doors', () => {
  assert.deepEqual(checkDirections(sources), []);
});

test('an import against the layers or past a door is found', () => {
  const broken: [string, string][] = [
    ['src/runtime/a.ts', "import { x } from '../codec/index.ts';"],
    ['src/codec/a.ts', "import { x } from '../runtime/index.ts';"],
    ['src/codec/a.ts', "import { x } from '../runtime/random.ts';"],
    ['src/codec/a.ts', "export * from '../memberlist/index.ts';"],
    ['src/memberlist/a.ts', "import { x } from '../codec/label.ts';"],
    ['src/memberlist/a.ts', "import type { X } from '../networkdb/index.ts';"],
    ['src/memberlist/a.ts', "type X = import('../networkdb/index.ts').X;"],
    ['src/networkdb/a.ts', "const x = await import('../simulator/index.ts');"],
    ['src/networkdb/a.ts', "import { x } from '../runtime/node/clock.ts';"],
    ['src/networkdb/a.ts', "import { x } from '../index.ts';"],
    ['src/networkdb/a.ts', "import { x } from '../../test/support/x.ts';"],
    ['src/discovery/a.ts', "import { x } from '../memberlist/index.ts';"],
    ['src/simulator/a.ts', "import { x } from '../runtime/node/index.ts';"],
    ['src/runtime/index.ts', "export * from './node/index.ts';"],
    ['src/diagnostics/a.ts', "import { x } from '../cli/index.ts';"],
    ['src/novel/a.ts', "import { x } from '../runtime/index.ts';"],
  ];
  for (const [path, line] of broken) {
    assert.equal(checkDirections([sample(path, line)]).length, 1, `${path}: ${line}`);
  }
});

test('the imports that the layers allow are not findings', () => {
  const fine: [string, string][] = [
    ['src/codec/a.ts', "import { CodecError } from '../runtime/errors.ts';"],
    ['src/codec/a.ts', "import type { Entropy } from '../runtime/random.ts';"],
    ['src/codec/a.ts', "import { x } from './generated/schema.js';"],
    ['src/memberlist/a.ts', "import { x } from '../codec/index.ts';"],
    ['src/networkdb/networkdb.ts', "import { x } from '../runtime/node/index.ts';"],
    ['src/runtime/node/clock.ts', "import type { Clock } from '../clock.ts';"],
    ['src/cli/main.ts', "import { x } from '../simulator/index.ts';"],
    ['src/index.ts', "export { x } from './networkdb/index.ts';"],
    ['src/index.ts', "import { Reader } from 'protobufjs/minimal.js';"],
    ['src/codec/a.ts', "// import { x } from '../networkdb/index.ts';"],
  ];
  for (const [path, line] of fine) assert.deepEqual(checkDirections([sample(path, line)]), []);
});

test('no file imports itself through others', () => {
  assert.deepEqual(checkCycles(sources), []);
});

test('a circle of imports is found, even one of types only', () => {
  const circle = [
    sample('src/a/one.ts', "import { two } from './two.ts';"),
    sample('src/a/two.ts', "import type { Three } from './three.ts';"),
    sample('src/a/three.ts', "export { one } from './one.ts';"),
  ];
  assert.equal(checkCycles(circle).length, 1);
  assert.deepEqual(checkCycles(circle.slice(0, 2)), []);
});

test('every file can be read in one sitting', () => {
  assert.deepEqual(
    checkLengths([...sources, ...tests, ...readFiles(['fuzz', 'sim'], ['.ts'])]),
    [],
  );
});

test('a file of more than 600 lines is found', () => {
  const lines = (count: number): SourceFile =>
    sample('src/a.ts', ...Array<string>(count).fill(';'));
  assert.equal(checkLengths([lines(601)]).length, 1);
  assert.deepEqual(checkLengths([lines(600)]), []);
});

test('protocol code fetches neither time, randomness, sockets nor the process itself', () => {
  assert.deepEqual(checkAmbient(sources), []);
});

test('an ambient call or module is found, and only in protocol code', () => {
  const broken = [
    'const now = Date.now();',
    'const now = new Date();',
    'const dice = Math.random();',
    'setTimeout(() => undefined, 1);',
    'globalThis.setTimeout(() => undefined, 1);',
    "console.log('hello');",
    'const name = process.env.NAME;',
    'const now = performance.now();',
    "import { createSocket } from 'node:dgram';",
    "import { randomBytes } from 'node:crypto';",
    "import { Buffer } from 'node:buffer';",
    "const fs = await import('node:fs');",
  ];
  for (const line of broken) {
    assert.equal(checkAmbient([sample('src/memberlist/a.ts', line)]).length, 1, line);
    assert.deepEqual(checkAmbient([sample('src/runtime/node/a.ts', line)]), []);
  }
  const fine = [
    "import { EventEmitter } from 'node:events';",
    "import type { Socket } from 'node:net';",
    '// Date.now() would be ambient',
    "const text = 'process.exit()';",
    'clock.setTimeout(5);',
  ];
  for (const line of fine)
    assert.deepEqual(checkAmbient([sample('src/memberlist/a.ts', line)]), []);
});

test('every error code is documented, and nothing else is', () => {
  const [doc] = readFiles(['docs/errors.md'], ['.md']);
  assert.ok(doc !== undefined);
  assert.deepEqual(checkErrorDocs(ERROR_CODES, doc), []);
});

test('a missing, unknown, doubled or half-told error entry is found', () => {
  const full = (code: string): string[] => [
    `## ${code}`,
    '- **When:** now.',
    '- **State:** unchanged.',
    '- **Retry:** no.',
  ];
  const check = (...lines: string[]): string[] =>
    checkErrorDocs(['ERR_A'], sample('doc', ...lines));
  assert.deepEqual(check('# Errors', '', ...full('ERR_A')), []);
  assert.equal(check('# Errors').length, 1);
  assert.equal(check(...full('ERR_A'), ...full('ERR_B')).length, 1);
  assert.equal(check(...full('ERR_A'), ...full('ERR_A')).length, 1);
  assert.equal(check(...full('ERR_A').slice(0, 3)).length, 1);
  assert.equal(check('## ERR_A', '- **When:**', '- **State:** x.', '- **Retry:** y.').length, 1);
});

test('the tables of coverage name files that exist', () => {
  const named = readFiles(['docs'], ['.md'])
    .filter(({ path }) => path.startsWith('docs/coverage-'))
    .flatMap(({ text }) => text.match(/(?<=`)[\w/-]+(\.test)?\.ts(?=`)/g) ?? []);
  assert.ok(named.length > 50);
  const isThere = (path: string): boolean =>
    existsSync(`src/${path}`) || existsSync(`test/${path}`);
  assert.deepEqual(
    named.filter((path) => !isThere(path)),
    [],
  );
});

test('nothing is left for later and no path belongs to one machine', () => {
  assert.deepEqual(checkLeftovers(written), []);
});

test('a note for later and a path of one machine are found', () => {
  // Put together from parts, so that this file is not its own finding.
  const parts = [
    ['// TO', 'DO: more'],
    ['FIX', 'ME'],
    ['see /ho', 'me/someone/x'],
    ["'/wo", "rk/x'"],
  ];
  const broken = parts.map((halves) => halves.join(''));
  for (const line of broken) {
    assert.equal(checkLeftovers([sample('src/a.ts', line)]).length, 1, line);
  }
  const fine = ['a to-do list', 'https://example.org/work/x', 'networkdb/home/page'];
  for (const line of fine) assert.deepEqual(checkLeftovers([sample('src/a.ts', line)]), []);
});

test('no test is switched off or on its own', () => {
  assert.deepEqual(checkSwitchedOff(tests), []);
});

test('a test that is switched off is found', () => {
  for (const word of ['skip', 'todo', 'only']) {
    const line = `test.${word}('x', () => undefined);`;
    assert.equal(checkSwitchedOff([sample('test/a.test.ts', line)]).length, 1, line);
  }
  assert.deepEqual(checkSwitchedOff([sample('test/a.test.ts', "test('x', run);")]), []);
});
