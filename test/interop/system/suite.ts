import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { isLeftover, markedName } from './marks.ts';
import { install, missing } from './needs.ts';
import type { Scenario } from './scenario.ts';
import { UndoList } from './undo.ts';

/*
 * Runs a list of scenarios, one row each: peer, scenario, mode, result. Ends with 1 when one failed, and a
 * scenario whose needs are not met has failed.
 *
 *   --list            what there is, without running it
 *   --quick           the short run
 *   --only <word>     scenarios whose row holds the word; may be given several times
 *   --install         gets what is missing with apt-get first; as root
 *   --verbose         what was seen, also of what passed
 */

interface Row {
  readonly scenario: Scenario;
  readonly mode: string;
}

/** Runs what the arguments ask for. @returns the number of rows that failed */
export async function runSuite(
  scenarios: readonly Scenario[],
  args: readonly string[],
): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      list: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      install: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  });
  const rows = scenarios
    .filter(({ quick }) => !values.quick || quick === true)
    .flatMap((scenario) => (scenario.modes ?? ['']).map((mode) => ({ scenario, mode })))
    .filter(
      (row) => values.only.length === 0 || values.only.some((word) => label(row).includes(word)),
    );
  if (values.list) {
    for (const row of rows) console.log(`${label(row)}  needs ${row.scenario.needs.join(', ')}`);
    return 0;
  }
  if (rows.length === 0) {
    console.log('no scenario has that name');
    return 1;
  }
  if (values.install) install(rows.flatMap(({ scenario }) => scenario.needs));
  return runRows(rows, values.verbose);
}

async function runRows(rows: readonly Row[], isVerbose: boolean): Promise<number> {
  removeLeftovers();
  const undo = new UndoList();
  let left = rows.length;
  const onSignal = (signal: NodeJS.Signals): void => {
    left = 0;
    console.log(`${signal}: putting everything back`);
    void undo.run().then((errors) => {
      for (const { message } of errors) console.log(`putting back: ${message}`);
      process.exit(1);
    });
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  let failed = 0;
  for (const row of rows) {
    if (left === 0) break;
    left -= 1;
    const since = performance.now();
    const said: string[] = [];
    const problem = await runRow(row, undo, said);
    const seconds = ((performance.now() - since) / 1000).toFixed(1);
    const result = problem === null ? 'passed' : 'FAILED';
    console.log(`${label(row)}  ${result} (${seconds} s)`);
    for (const text of problem !== null || isVerbose ? said : []) console.log(`    ${text}`);
    if (problem !== null) {
      failed += 1;
      console.log(problem.replace(/^/gm, '    '));
    }
  }
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  console.log(`${rows.length - failed} passed, ${failed} failed`);
  return failed;
}

/** Removes folders of runs that were killed. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter(isLeftover)) {
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** @returns what went wrong, or null */
async function runRow(row: Row, undo: UndoList, said: string[]): Promise<string | null> {
  const lacks = missing(row.scenario.needs);
  if (lacks.length > 0) return lacks.join('\n');
  const folder = join(tmpdir(), markedName());
  mkdirSync(folder, { mode: 0o700 });
  undo.add(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const problems: string[] = [];
  try {
    await row.scenario.run({
      mode: row.mode,
      folder,
      log: (text) => said.push(text),
      defer: (step) => {
        undo.add(step);
      },
    });
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  for (const error of await undo.run()) problems.push(`putting back: ${error.message}`);
  return problems.length === 0 ? null : problems.join('\n');
}

function label({ scenario, mode }: Row): string {
  const { peer, name } = scenario;
  return `${peer.padEnd(8)} ${name}${mode === '' ? '' : `, ${mode}`}`;
}
