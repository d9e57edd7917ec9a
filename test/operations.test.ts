import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ERROR_CODES } from '../src/index.ts';
import { counterNames, documentedCounters } from './support/counter-names.ts';
import { readFiles } from './support/source-files.ts';

/*
 * What operators read about the figures and codes they see must name all of them.
 */

const [doc] = readFiles(['docs/operations.md'], ['.md']);
const sources = readFiles(['src/memberlist', 'src/networkdb'], ['.ts']);

/** A row that ends in a star stands for every name that begins like it. */
function covers(row: string, name: string): boolean {
  return row === name || (row.endsWith('*') && name.startsWith(row.slice(0, -1)));
}

test('every counter is explained in the table of counters, once', () => {
  assert.ok(doc !== undefined);
  const documented = documentedCounters(doc);
  const counted = counterNames(sources);
  assert.ok(counted.length > 60);
  assert.deepEqual(
    counted.filter((name) => !documented.some((row) => covers(row, name))),
    [],
  );
  assert.equal(new Set(documented).size, documented.length);
});

test('every counter of the transport is explained under the name by which stats show it', () => {
  assert.ok(doc !== undefined);
  const documented = documentedCounters(doc);
  const counted = counterNames(readFiles(['src/runtime/node/transport.ts'], ['.ts']));
  assert.ok(counted.length >= 4);
  assert.deepEqual(
    counted.filter((name) => !documented.includes(`transport.${name}`)),
    [],
  );
});

test('every warning has its row, and every error code that is named exists', () => {
  assert.ok(doc !== undefined);
  const text = sources.map((file) => file.text).join('\n');
  const warnings = new Set(text.match(/WARN_[A-Z_]+/g));
  assert.ok(warnings.size >= 8);
  for (const code of warnings) assert.match(doc.text, new RegExp(`^\\| \`${code}\``, 'm'));
  const named = new Set(doc.text.match(/ERR_[A-Z_]+/g));
  assert.ok(named.size > 8);
  for (const code of named) assert.ok((ERROR_CODES as readonly string[]).includes(code), code);
});

test('every line that the membership logs is listed under its level', () => {
  assert.ok(doc !== undefined);
  const [, section = ''] = doc.text.split('\n## Logs\n');
  const rows = new Map([...section.matchAll(/^\| (\w+) +\| (.+) \|$/gm)].map((m) => [m[1], m[2]]));
  const files = readFiles(['src/memberlist', 'src/runtime'], ['.ts']);
  const calls = files.flatMap(({ text }) => {
    return [...text.matchAll(/\.(debug|info|warn|error)\(\s*(?:\{[^;]*?\}|fields),\s*'([^']+)'/g)];
  });
  assert.ok(calls.length >= 25, String(calls.length));
  for (const [, level = '', message = ''] of calls) {
    assert.ok(rows.get(level)?.includes(`"${message}"`), `${level}: ${message}`);
  }
});

test('names of counters are found in each form they have in the code', () => {
  const text = [
    "core.counters.add('a.b');",
    "counters.add(isIt ? 'c.d' : 'e.f', 2);",
    'this.#counters.add(`g.${code}`);',
    "names.add('no.counter');",
    'counters.add(name);',
  ].join('\n');
  const found = counterNames([{ path: 'src/memberlist/a.ts', text }]);
  assert.deepEqual(found, ['a computed name: name', 'a.b', 'c.d', 'e.f', 'g.*']);
  const table = '| `a.b` | x |\n| `g.*`  | y |\n| `WARN_X` | z |\n| a | `b.c` |\n';
  assert.deepEqual(documentedCounters({ path: 'doc', text: table }), ['a.b', 'g.*']);
});
