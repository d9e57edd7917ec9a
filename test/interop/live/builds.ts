import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

/*
 * The Go programs: what is run, and how each is built. They share their source; which version of which
 * package is under them is said by a go.mod of its own in `test/interop/go/builds/`. Packages come from the Go
 * module proxy and are checked against the go.sum beside it.
 */

export type Family = 'memberlist' | 'networkdb';

/** Generation of NetworkDB: `docs/interop.md`. */
export type Generation = 'G23' | 'G29' | 'G26';

/** One build of a Go program. */
export interface Build {
  /** Stem of its files below `builds/`, and what the rows of the report call it. */
  readonly name: string;
  readonly family: Family;
  readonly generation?: Generation;
  readonly tags: string;
}

export const BUILDS: readonly Build[] = [
  { name: 'memberlist-0.6.0', family: 'memberlist', tags: '' },
  { name: 'memberlist-0.5.0', family: 'memberlist', tags: '' },
  { name: 'memberlist-0.3.1', family: 'memberlist', tags: '' },
  { name: 'networkdb-2.0.0-beta.24', family: 'networkdb', generation: 'G26', tags: 'moby' },
  { name: 'networkdb-29.6.0', family: 'networkdb', generation: 'G29', tags: 'moby' },
  { name: 'networkdb-28.5.2', family: 'networkdb', generation: 'G23', tags: 'docker' },
];

const BUILD_LIMIT_MS = 300_000;
const GO_FOLDER = resolve('test/interop/go');

/** Something this machine lacks, in words for whoever runs the suite. */
export class Missing extends Error {}

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<Outcome> {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: GO_FOLDER, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const limit = setTimeout(() => {
      output += `\nended after ${BUILD_LIMIT_MS} ms`;
      child.kill('SIGKILL');
    }, BUILD_LIMIT_MS);
    const stop = (): void => void child.kill('SIGKILL');
    signal?.addEventListener('abort', stop);
    const end = (code: number | null): void => {
      clearTimeout(limit);
      signal?.removeEventListener('abort', stop);
      done({ code, output });
    };
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', () => end(null));
    child.on('close', end);
  });
}

/**
 * The version of Go on this machine.
 *
 * @throws Missing when there is none
 */
export async function goVersion(): Promise<string> {
  const { code, output } = await run('go', ['version'], process.env);
  if (code !== 0) {
    throw new Missing('`go` is not on the path: install Go 1.26 or later (https://go.dev/dl)');
  }
  return output.trim();
}

/**
 * Builds one program.
 *
 * @param folder - where the program goes
 * @param signal - gives the build up
 * @returns path of the program
 * @throws Missing when its packages could not be had, or Go is too old to read them
 * @throws Error when it did not compile
 */
export async function buildProgram(
  build: Build,
  folder: string,
  signal?: AbortSignal,
): Promise<string> {
  const program = join(folder, build.name);
  const args = ['build', `-modfile=builds/${build.name}.mod`, `-tags=${build.tags}`];
  const env = { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false', CGO_ENABLED: '0' };
  const { code, output } = await run(
    'go',
    [...args, '-o', program, `./${build.family}`],
    env,
    signal,
  );
  if (code === 0) return program;
  const why = `${build.name} was not built:\n${output.trim()}`;
  const isOffline =
    /proxy\.golang|dial tcp|no such host|i\/o timeout|Forbidden|toolchain not available|requires go >=|invalid go version|unknown directive|GOPROXY|ended after/i;
  throw isOffline.test(output)
    ? new Missing(`${why}\nIs the Go module proxy in reach?`)
    : new Error(why);
}
