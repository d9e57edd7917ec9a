// Packs the package, installs it into an empty project and loads every subpath of its exports map, by
// import and by require(), as users will.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { name, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const subpaths = Object.keys(exports).filter((path) => !path.endsWith('.json'));
const folder = mkdtempSync(join(tmpdir(), 'package-smoke-'));

const inFolder = { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' };

function load(style, specifier) {
  const isImport = style === 'import';
  const file = isImport ? 'load.mjs' : 'load.cjs';
  const what = isImport ? `await import('${specifier}')` : `require('${specifier}')`;
  const check = "if (Object.keys(loaded).length === 0) throw new Error('exports nothing');";
  const report = 'console.log(Object.keys(loaded).length);';
  writeFileSync(join(folder, file), `const loaded = ${what};\n${check}\n${report}\n`);
  const count = execFileSync(process.execPath, ['--no-warnings', file], inFolder).trim();
  console.log(`${style} ${specifier}: ${count} names`);
}

try {
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  const [{ filename }] = JSON.parse(packed.slice(packed.indexOf('[')));
  writeFileSync(join(folder, 'package.json'), '{ "name": "smoke", "private": true }\n');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', `./${filename}`], inFolder);
  for (const path of subpaths) {
    const specifier = path.replace('.', name);
    load('import', specifier);
    load('require', specifier);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
