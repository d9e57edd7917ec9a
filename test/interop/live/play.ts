import type { Outcome } from '../suite/row.ts';
import { createMachines } from '../system/namespaces.ts';
import type { UndoList } from '../system/undo.ts';
import { countLate, findTrouble } from './judge.ts';
import type { Row } from './matrix.ts';
import { Ring } from './ring.ts';

const SHOWN = 6;

/** Plays one row of the matrix, and ends every process of it. */
export async function playLive(row: Row, program: string, undo: UndoList): Promise<Outcome> {
  const { build, mode, scenario, acting } = row;
  const context = { defer: (step: () => void | Promise<void>): void => undo.add(step) };
  let note = '';
  const problems: string[] = [];
  try {
    const machines =
      scenario.machines === undefined ? null : createMachines(context, scenario.machines);
    const ring = new Ring({ build, mode, program, machines });
    undo.add(() => ring.end());
    try {
      note = (await scenario.run(ring, acting)) ?? '';
      const late = await countLate(ring);
      if (late > 0) note += `${note === '' ? '' : ', '}${late} probes late`;
    } catch (error) {
      problems.push(String(error));
    }
    const trouble = await findTrouble(ring, scenario.allowed ?? {}).catch(() => []);
    problems.push(...trouble.slice(0, SHOWN));
  } catch (error) {
    problems.push(String(error));
  }
  for (const error of await undo.run()) problems.push(`putting back: ${error.message}`);
  return { failure: problems.length === 0 ? null : problems.join('\n'), note, seen: [] };
}
