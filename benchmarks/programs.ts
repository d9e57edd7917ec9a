import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Extent, Figures } from './bench.ts';
import { installSwim } from './swim/install.ts';

/* Each side plays a benchmark in a process of its own, which prints one line. */

/** What is started to play: a program and the arguments before name, size and budget. */
export interface Side {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

const PLAY_LIMIT_MS = 600_000;
const GO_FOLDER = resolve('benchmarks/go');

export const OURS: Side = {
  name: 'ours',
  program: process.execPath,
  args: [fileURLToPath(new URL('./player.js', import.meta.url))],
};

/**
 * Builds the Go program.
 *
 * @returns it, and the version of Go
 * @throws Error when there is no Go or the packages are out of reach
 */
export async function buildGo(): Promise<{ readonly side: Side; readonly version: string }> {
  const program = join(mkdtempSync(join(tmpdir(), 'networkdb-bench-')), 'bench');
  const env = { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false', CGO_ENABLED: '0' };
  await output('go', ['build', '-o', program, '.'], { cwd: GO_FOLDER, env });
  const version = await output('go', ['env', 'GOVERSION'], { cwd: GO_FOLDER, env });
  return { side: { name: 'go', program, args: [] }, version: version.trim() };
}

/**
 * Fetches the npm package swim.
 *
 * @returns what plays with it, and its version
 * @throws Error when it cannot be had
 */
export async function fetchSwim(): Promise<{ readonly side: Side; readonly version: string }> {
  const folder = await installSwim();
  const path = join(folder, 'node_modules', 'swim', 'package.json');
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string };
  const player = fileURLToPath(new URL('./swim/player.js', import.meta.url));
  const side = { name: 'swim', program: process.execPath, args: [player, folder] };
  return { side, version: `swim ${version}` };
}

/** Plays a benchmark on one side. @throws Error when its check failed */
export async function play(side: Side, bench: string, extent: Extent): Promise<Figures> {
  const { size, budgetMs } = extent;
  const args = [...side.args, bench, `${size}`, `${budgetMs}`];
  const text = await output(side.program, args, {});
  const line: unknown = JSON.parse(text.trim().split('\n').at(-1) ?? '');
  return (line as { readonly figures: Figures }).figures;
}

async function output(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PLAY_LIMIT_MS,
    });
    let out = '';
    let complaints = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    child.on('error', fail);
    child.on('close', (code) => {
      if (code === 0) done(out);
      else fail(new Error(`${[program, ...args].join(' ')} ended with ${code}:\n${complaints}`));
    });
  });
}
