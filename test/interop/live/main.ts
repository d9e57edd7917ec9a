import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Build } from './builds.ts';
import { buildProgram, goVersion, Missing } from './builds.ts';
import { countLate, findTrouble } from './judge.ts';
import type { Row } from './matrix.ts';
import { allRows, quickRows, titleOf } from './matrix.ts';
import type { Options } from './options.ts';
import { readOptions } from './options.ts';
import { Ring } from './ring.ts';
import { shown } from './scenario.ts';

/*
 * Rings of our members and of real Go members, scenario by scenario. Every row prints who, what, how and the
 * result; `options.ts` lists what can be asked for. Exit codes: 0 all passed, 1 some failed, 2 something is missing on
 * this machine.
 */

function chooseRows({ isQuick, only, skip }: Options): Row[] {
  const rows = isQuick ? quickRows() : allRows();
  return rows.filter((row) => {
    const title = titleOf(row);
    return only.every((word) => title.includes(word)) && !skip.some((word) => title.includes(word));
  });
}

/** Plays one row; null when it passed, with what it measured. */
async function play(row: Row, program: string): Promise<{ failure: string | null; note: string }> {
  const ring = new Ring(row.build, row.mode, program);
  let note = '';
  let failure: string | null = null;
  try {
    note = (await row.scenario.run(ring, row.acting)) ?? '';
    const late = await countLate(ring);
    if (late > 0) note += `${note === '' ? '' : ', '}${late} probes late`;
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
    return await playAll(rows, programs, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function playAll(
  rows: readonly Row[],
  programs: ReadonlyMap<Build, string>,
  { jobs, retries, limitMs }: Options,
): Promise<number> {
  const waiting = rows[Symbol.iterator]();
  let passed = 0;
  let failed = 0;
  const work = async (): Promise<void> => {
    for (const row of waiting) {
      if (performance.now() > limitMs) return;
      const isOk = await playUntilPassed(row, programs.get(row.build) ?? '', retries);
      if (isOk) passed += 1;
      else failed += 1;
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  const left = rows.length - passed - failed;
  const leftOut = left > 0 ? `, ${left} left out for want of time` : '';
  console.log(`in ${shown(performance.now())}, builds included${leftOut}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

/** Plays a row and prints it, as often as it may be played; whether it passed in the end. */
async function playUntilPassed(row: Row, program: string, retries: number): Promise<boolean> {
  for (let left = retries; ; left -= 1) {
    const began = performance.now();
    const { failure, note } = await play(row, program);
    const took = shown(performance.now() - began);
    const result = failure === null ? 'ok' : left > 0 ? 'FAILED, once more' : 'FAILED';
    console.log(`${titleOf(row)} | ${result} in ${took}${note === '' ? '' : ` | ${note}`}`);
    if (failure !== null) console.log(`    ${failure}`);
    if (failure === null || left <= 0) return failure === null;
  }
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
