import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/*
 * Brings the npm package `swim` into a temporary folder, exactly as `package/package-lock.json` says, by
 * integrity. It is no dependency of ours. Its two native parts do not compile for the Node of today: farmhash is only
 * used by a checksum that nobody asks for, and gives way to its version in WebAssembly, msgpack to msgpackr, which is
 * faster than it was. Of msgpackr the native part is left out; what stands for it in the overrides is never installed.
 */

const FOLDER = resolve('benchmarks/swim/package');
const FILES = ['package.json', 'package-lock.json'];
const INSTALL = ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
const LIMIT_MS = 120_000;

/**
 * Installs the package.
 *
 * @param npm - the program; a test passes one that fails
 * @returns the folder that holds its `node_modules`
 * @throws Error when it cannot be had, with what npm said
 */
export async function installSwim(npm = 'npm'): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'networkdb-bench-swim-'));
  for (const file of FILES) copyFileSync(join(FOLDER, file), join(folder, file));
  return new Promise((done, fail) => {
    const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe'];
    const child = spawn(npm, INSTALL, { cwd: folder, stdio, timeout: LIMIT_MS });
    let complaints = '';
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const refuse = (why: string): void => {
      fail(new Error(`the npm package swim cannot be had, so there is no other side:\n${why}`));
    };
    child.on('error', ({ message }) => {
      refuse(message);
    });
    child.on('close', (code) => {
      if (code === 0) done(folder);
      else refuse(complaints);
    });
  });
}
