import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Build } from './builds.ts';
import { buildProgram, goVersion, Missing } from './builds.ts';
import { findTrouble } from './judge.ts';
import type { Row } from './matrix.ts';
import { allRows, quickRows, titleOf } from './matrix.ts';
import { Ring } from './ring.ts';
import { shown } from './scenario.ts';

/*
 * Rings of our members and of real Go members, scenario by scenario: `npm run test:interop -- [options]`.
 *
 *   --quick        each scenario once, with builds, modes and roles in turn
 *   --only WORDS   only rows whose title has all of the words; may be given more than once
 *   --list         prints the rows and ends
 *   --jobs N       rows run at once, default 1
 *
 * Exit codes: 0 all passed, 1 some failed, 2 something is missing on this machine.
 */

interface Options {
  readonly isQuick: boolean;
  readonly isList: boolean;
  readonly only: readonly string[];
  readonly jobs: number;
}

function readOptions(words: readonly string[]): Options {
  const only: string[] = [];
  let jobs = 1;
  for (const [at, word] of words.entries()) {
    const next = words[at + 1];
    if (word === '--only' && next !== undefined) only.push(...next.split(/\s+/));
    else if (word === '--jobs') jobs = Number(next);
  }
  return { isQuick: words.includes('--quick'), isList: words.includes('--list'), only, jobs };
}

function chooseRows({ isQuick, only }: Options): Row[] {
  const rows = isQuick ? quickRows() : allRows();
  return rows.filter((row) => only.every((word) => titleOf(row).includes(word)));
}

/** Plays one row; null when it passed, with what it measured. */
async function play(row: Row, program: string): Promise<{ failure: string | null; note: string }> {
  const ring = new Ring(row.build, row.mode, program);
  let note = '';
  let failure: string | null = null;
  try {
    note = (await row.scenario.run(ring, row.acting)) ?? '';
    const trouble = await findTrouble(ring, row.scenario.allowed ?? {});
    if (trouble.length > 0) failure = trouble.slice(0, 6).join('\n    ');
  } catch (error) {
    const trouble = await findTrouble(ring, row.scenario.allowed ?? {}).catch(() => []);
    failure = [String(error), ...trouble.slice(0, 6)].join('\n    ');
  } finally {
    await ring.end();
  }
  return { failure, note };
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  const rows = chooseRows(options);
  if (options.isList) {
    for (const row of rows) console.log(titleOf(row));
    console.log(`${rows.length} rows`);
    return 0;
  }
  if (rows.length === 0) throw new Missing('no row has these words in its title');
  console.log(await goVersion());
  const folder = await mkdtemp(join(tmpdir(), 'interop-'));
  try {
    const programs = new Map<Build, string>();
    for (const build of new Set(rows.map((row) => row.build))) {
      const from = performance.now();
      programs.set(build, await buildProgram(build, folder));
      console.log(`built ${build.name} in ${shown(performance.now() - from)}`);
    }
    return await playAll(rows, programs, options.jobs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function playAll(
  rows: readonly Row[],
  programs: ReadonlyMap<Build, string>,
  jobs: number,
): Promise<number> {
  const from = performance.now();
  const waiting = rows[Symbol.iterator]();
  let failed = 0;
  const work = async (): Promise<void> => {
    for (const row of waiting) {
      const began = performance.now();
      const { failure, note } = await play(row, programs.get(row.build) as string);
      const took = shown(performance.now() - began);
      if (failure !== null) failed += 1;
      const result = failure === null ? 'ok' : 'FAILED';
      console.log(`${titleOf(row)} | ${result} in ${took}${note === '' ? '' : ` | ${note}`}`);
      if (failure !== null) console.log(`    ${failure}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  console.log(
    `${rows.length - failed} passed, ${failed} failed, ${shown(performance.now() - from)}`,
  );
  return failed > 0 ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(1));
}
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
