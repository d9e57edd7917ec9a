import { shown } from '../live/scenario.ts';
import { missing } from '../system/needs.ts';
import { UndoList } from '../system/undo.ts';
import type { Programs } from './go-programs.ts';
import type { Options } from './options.ts';
import type { Outcome, SuiteRow } from './row.ts';

/*
 * Plays rows side by side, as far as they bear each other, and counts them. A row that was not played is never
 * counted as passed: it is said which, and why.
 */

/** What a run needs besides its rows. */
export interface Run extends Pick<
  Options,
  'jobs' | 'retries' | 'limitMs' | 'isLenient' | 'isVerbose'
> {
  readonly programs: Programs;
  /** Milliseconds since the run began. */
  readonly elapsedMs: () => number;
  /** Waits a moment before the next look at what may be played. */
  readonly pause: () => Promise<void>;
  readonly say: (line: string) => void;
  /** What is to be put back of the rows that run, should the run be broken off. */
  readonly undos: Set<UndoList>;
  /** Begins no more rows once it is aborted. */
  readonly signal?: AbortSignal;
}

/** How many rows ended how. */
export interface Tally {
  passed: number;
  failed: number;
  /** Titles, by what the machine lacks for them. */
  readonly lacking: Map<string, string[]>;
  /** Titles of those for which there was no time. */
  readonly late: string[];
}

/** Plays all rows. */
export async function playRows(rows: readonly SuiteRow[], run: Run): Promise<Tally> {
  const waiting = [...rows];
  const running = new Set<SuiteRow>();
  const tally: Tally = { passed: 0, failed: 0, lacking: new Map(), late: [] };
  const isPossible = (row: SuiteRow): boolean => {
    if (row.build !== null && run.programs.of(row.build) === null) return false;
    const beside = [...running];
    if (beside.some(({ company }) => company === 'alone')) return false;
    if (row.company === 'alone') return beside.length === 0;
    return row.company === 'waits' || !beside.some(({ company }) => company === 'works');
  };
  const work = async (): Promise<void> => {
    while (waiting.length > 0 && run.elapsedMs() < run.limitMs && run.signal?.aborted !== true) {
      const at = waiting.findIndex(isPossible);
      const [row] = at < 0 ? [] : waiting.splice(at, 1);
      if (row === undefined) {
        await run.pause();
        continue;
      }
      running.add(row);
      await settle(row, run, tally);
      running.delete(row);
    }
  };
  await Promise.all(Array.from({ length: run.jobs }, work));
  tally.late.push(...waiting.map(({ title }) => title));
  return tally;
}

/** Plays a row as often as it may be played, and counts how it ended. */
async function settle(row: SuiteRow, run: Run, tally: Tally): Promise<void> {
  const built = (row.build === null ? null : run.programs.of(row.build)) ?? { program: '' };
  const lacks = 'missing' in built ? [built.missing] : missing(row.needs);
  if (lacks.length > 0) {
    const why = lacks.join('\n');
    tally.lacking.set(why, [...(tally.lacking.get(why) ?? []), row.title]);
    if (!run.isLenient) fail(row, why, { run, tally });
  } else if ('failure' in built) {
    fail(row, built.failure, { run, tally });
  } else if ('program' in built) {
    for (let left = run.retries; ; left -= 1) {
      const isOk = await playOnce(row, built.program, { run, isLast: left <= 0 });
      if (isOk) tally.passed += 1;
      else if (left <= 0) tally.failed += 1;
      if (isOk || left <= 0) return;
    }
  }
}

function fail(row: SuiteRow, why: string, o: { readonly run: Run; readonly tally: Tally }): void {
  o.run.say(`${row.title} | FAILED, not played\n${indent(why)}`);
  o.tally.failed += 1;
}

async function playOnce(
  row: SuiteRow,
  program: string,
  { run, isLast }: { readonly run: Run; readonly isLast: boolean },
): Promise<boolean> {
  const undo = new UndoList();
  run.undos.add(undo);
  const began = run.elapsedMs();
  const { failure, note, seen } = await row
    .play(program, undo)
    .catch((error: unknown): Outcome => ({ failure: String(error), note: '', seen: [] }));
  run.undos.delete(undo);
  const took = shown(run.elapsedMs() - began);
  const result = failure === null ? 'ok' : isLast ? 'FAILED' : 'FAILED, once more';
  const lines = [`${row.title} | ${result} in ${took}${note === '' ? '' : ` | ${note}`}`];
  if (failure !== null || run.isVerbose) lines.push(...seen.map(indent));
  if (failure !== null) lines.push(indent(failure));
  run.say(lines.join('\n'));
  return failure === null;
}

/** The end of the report. */
export function sumUp({ passed, failed, lacking, late }: Tally, isLenient: boolean): string[] {
  const lines: string[] = [];
  if (late.length > 0) lines.push(`NOT RUN for want of time: ${late.length}`, ...late.map(indent));
  for (const [why, titles] of isLenient ? lacking : []) {
    lines.push(`NOT RUN, since this machine lacks something: ${titles.length}`, indent(why));
    lines.push(...titles.map(indent));
  }
  return [...lines, `${passed} passed, ${failed} failed`];
}

/** 0 all passed, 1 some failed, 2 nothing could be played here. */
export function exitCodeOf({ passed, failed }: Tally): 0 | 1 | 2 {
  if (failed > 0) return 1;
  return passed === 0 ? 2 : 0;
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
