import { setTimeout as sleep } from 'node:timers/promises';

import type { Build } from '../live/builds.ts';
import { shown } from '../live/scenario.ts';
import { install } from '../system/needs.ts';
import { removeLeftovers } from '../system/play.ts';
import { UndoList } from '../system/undo.ts';
import { GoPrograms } from './go-programs.ts';
import type { Options } from './options.ts';
import { HELP, NotUnderstood, readOptions } from './options.ts';
import { exitCodeOf, playRows, sumUp } from './play.ts';
import type { SuiteRow } from './row.ts';
import { chooseRows } from './rows.ts';

/*
 * Members of ours beside real programs of others, row by row: rings with Go members, Serf agents, Docker
 * daemons, and networks that fail. `options.ts` lists what can be asked for. Exit codes: 0 all passed, 1 some failed, 2
 * nothing could be played on this machine.
 */

const LOOK_EVERY_MS = 50;

function say(line: string): void {
  console.log(line);
}

/** Gets what the rows need; what cannot be got makes them fail later, with the reason. */
function getNeeds(rows: readonly SuiteRow[]): void {
  try {
    install(
      rows.flatMap(({ needs }) => needs),
      say,
    );
  } catch (error) {
    say(`not installed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function play(rows: readonly SuiteRow[], options: Options): Promise<number> {
  removeLeftovers();
  const undo = new UndoList();
  const undos = new Set([undo]);
  const end = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    end.abort();
    say(`${signal}: putting everything back`);
    void Promise.all([...undos].map((list) => list.run())).then((errors) => {
      for (const { message } of errors.flat()) say(`putting back: ${message}`);
      process.exit(1);
    });
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const builds = new Set(rows.map(({ build }) => build).filter((build) => build !== null));
    const programs = await GoPrograms.start([...builds] satisfies Build[], undo, say);
    const elapsedMs = (): number => performance.now();
    const pause = (): Promise<void> => sleep(LOOK_EVERY_MS);
    const { signal } = end;
    const run = { ...options, programs, elapsedMs, pause, undos, say, signal };
    const tally = await playRows(rows, run);
    await programs.stop();
    say(`in ${shown(elapsedMs())}, builds included`);
    for (const line of sumUp(tally, options.isLenient)) say(line);
    return exitCodeOf(tally);
  } finally {
    await undo.run();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function main(): Promise<number> {
  const words = process.argv.slice(2);
  if (words.includes('--help') || words.includes('-h')) {
    say(HELP);
    return 0;
  }
  const options = readOptions(words);
  const rows = chooseRows(options);
  if (options.isList) {
    for (const { title } of rows) say(title);
    say(`${rows.length} rows`);
    return 0;
  }
  if (rows.length === 0) {
    say('no row has these words in its title');
    return 1;
  }
  if (options.isInstalling) getNeeds(rows);
  return play(rows, options);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof NotUnderstood)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 1;
}
