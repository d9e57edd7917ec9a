import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Outcome } from '../suite/row.ts';
import { isLeftover, markedName } from './marks.ts';
import type { Scenario } from './scenario.ts';
import type { UndoList } from './undo.ts';

/** Plays one scenario in one of its modes, and puts everything back. */
export async function playScenario(
  scenario: Scenario,
  mode: string,
  undo: UndoList,
): Promise<Outcome> {
  const folder = join(tmpdir(), markedName());
  mkdirSync(folder, { mode: 0o700 });
  undo.add(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const seen: string[] = [];
  const problems: string[] = [];
  try {
    await scenario.run({
      mode,
      folder,
      log: (text) => seen.push(text),
      defer: (step) => {
        undo.add(step);
      },
    });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    problems.push(text.split('\n').filter(isWorthALine).join('\n'));
  }
  for (const error of await undo.run()) problems.push(`putting back: ${error.message}`);
  const note = seen.filter((text) => !text.includes('\n')).join('; ');
  return { failure: problems.length === 0 ? null : problems.join('\n'), note, seen };
}

/** The frames of the runner say nothing; those of the scenario say where. */
function isWorthALine(line: string): boolean {
  return !/^ {4}at .*interop\/(suite|system)\/|^ {4}at async Promise/.test(line);
}

/** Removes folders of runs that were killed. */
export function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter(isLeftover)) {
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
