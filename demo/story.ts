import { randomBytes } from 'node:crypto';

import { Expectations, ExpectationFailed } from './expectations.ts';
import type { Figures } from './figures.ts';
import { collectFigures, nothingMeasured } from './figures.ts';
import { Ledger } from './ledger.ts';
import type { Orchestra } from './orchestra.ts';
import type { Scene } from './scene.ts';
import { STAGES } from './stages.ts';
import type { View } from './view.ts';

/** The demo is over by then, or it has failed. */
const TOTAL_LIMIT_MS = 58_000;

/**
 * Tells the whole story: all stages up to the first expectation that does not hold.
 *
 * @param deadlineMs - takes the place of every deadline; undefined for those of the stages
 * @returns the figures, those of a failure too
 */
export async function tell(
  orchestra: Orchestra,
  view: View,
  deadlineMs: number | undefined,
): Promise<Figures> {
  const startedAt = performance.now();
  const measured = nothingMeasured();
  const expectations = new Expectations({
    refresh: () => orchestra.refresh(),
    silent: () => `no answer from ${orchestra.silent().join(', ')}`,
    broken: orchestra.broken,
    onOpen: (name) => {
      view.open(name);
    },
    onMet: (met) => {
      view.met(met);
    },
    deadlineMs,
    endsAt: startedAt + TOTAL_LIMIT_MS,
  });
  const key = new Uint8Array(randomBytes(32));
  const scene: Scene = { orchestra, ledger: new Ledger(), expectations, measured, key };
  const limit = setTimeout(() => {
    const name = 'the demo ends within 60 s';
    orchestra.break(new ExpectationFailed(name, 'it goes on', TOTAL_LIMIT_MS));
  }, TOTAL_LIMIT_MS);
  let failed: Figures['failed'] | null = null;
  try {
    await Promise.race([runStages(scene, view), orchestra.broken]);
  } catch (error) {
    failed = failureOf(error);
  } finally {
    clearTimeout(limit);
  }
  measured.times.totalMs = performance.now() - startedAt;
  return collectFigures({ measured, orchestra, met: expectations.met, failed });
}

async function runStages(scene: Scene, view: View): Promise<void> {
  for (const [at, stage] of STAGES.entries()) {
    view.stage(`${at + 1}/${STAGES.length} ${stage.title}`);
    await stage.run(scene);
  }
}

/** A call that a member refuses is a failure like an expectation that does not hold. */
function failureOf(error: unknown): NonNullable<Figures['failed']> {
  if (error instanceof ExpectationFailed) {
    const { expectation, seen, waitedMs } = error;
    return { expectation, seen, waitedMs: Math.round(waitedMs) };
  }
  const seen = error instanceof Error ? error.message : String(error);
  return { expectation: 'members do what they are asked', seen, waitedMs: 0 };
}
