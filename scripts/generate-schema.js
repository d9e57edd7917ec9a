// Makes src/codec/generated/*.js and *.d.ts from src/codec/schema/*.proto with protobufjs's static target.
// With --check nothing is written: exits with 1 when a checked-in file differs from what would be made.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCHEMAS = ['swim', 'networkdb'];

const require = createRequire(import.meta.url);
const pbjs = require('protobufjs-cli/pbjs');
const codec = fileURLToPath(new URL('../src/codec/', import.meta.url));

function generate(name, folder) {
  const script = join(folder, `${name}.js`);
  const options = [
    ...['--target', 'static-module', '--wrap', 'esm', '--dependency', 'protobufjs/minimal.js'],
    // A root of its own: the default one is shared with every other user of protobufjs in the process.
    ...['--root', `networkdb/${name}`],
    ...['--no-create', '--no-verify', '--no-convert', '--no-delimited', '--no-typeurl'],
    ...['--no-service', '--dts', '--out', script, join(codec, 'schema', `${name}.proto`)],
  ];
  return new Promise((resolve, reject) => {
    pbjs.main(options, (error) => {
      if (error) reject(error);
      else resolve({ script, types: join(folder, `${name}.d.ts`) });
    });
  });
}

/** The comments repeat the types, which stand in the .d.ts; without them the file is a third as long. */
function withoutDocComments(text) {
  return text.replace(/^[ \t]*\/\*\*[\s\S]*?\*\/\n/gm, '').replace(/\n{3,}/g, '\n\n');
}

/** `long` is a dependency of protobufjs, not of ours: its shape is enough. */
function withoutLongImport(text) {
  return text.replace(
    'import Long = require("long");',
    'type Long = { low: number; high: number; unsigned: boolean };',
  );
}

const header = (name) =>
  `// Generated from schema/${name}.proto by scripts/generate-schema.js. Do not edit.\n`;
const check = process.argv.includes('--check');
const folder = mkdtempSync(join(tmpdir(), 'networkdb-schema-'));
let stale = 0;
try {
  for (const name of SCHEMAS) {
    const made = await generate(name, folder);
    const outputs = [
      [`${name}.js`, withoutDocComments(readFileSync(made.script, 'utf8'))],
      [`${name}.d.ts`, withoutLongImport(readFileSync(made.types, 'utf8'))],
    ];
    for (const [file, body] of outputs) {
      const text = header(name) + body;
      const target = join(codec, 'generated', file);
      if (!check) writeFileSync(target, text);
      else if (readFileSync(target, 'utf8') !== text) {
        process.stderr.write(`stale: src/codec/generated/${file}\n`);
        stale += 1;
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = stale > 0 ? 1 : 0;
