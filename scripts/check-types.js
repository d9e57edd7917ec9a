// Type-checks what users get: a file that imports every subpath of the exports map, with strict settings and with the
// declarations themselves checked (`skipLibCheck: false`), which a build of our own sources never does. Needs dist/.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const { name, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const subpaths = Object.keys(exports).filter((path) => !path.endsWith('.json'));
const folder = mkdtempSync(join(tmpdir(), 'package-types-'));

const compilerOptions = {
  target: 'es2023',
  lib: ['es2023'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
};

try {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  symlinkSync(resolve('.'), join(modules, name));
  symlinkSync(resolve('node_modules/@types'), join(modules, '@types'));
  const lines = subpaths.flatMap((path, at) => {
    const specifier = path.replace('.', name);
    return [`import * as part${at} from '${specifier}';`, `console.log(Object.keys(part${at}));`];
  });
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  writeFileSync(join(folder, 'all.ts'), `${lines.join('\n')}\n`);
  const config = { compilerOptions, files: ['all.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', folder], { stdio: 'inherit' });
  if (status === 0) console.log(`types of ${subpaths.length} subpaths: no problems`);
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
