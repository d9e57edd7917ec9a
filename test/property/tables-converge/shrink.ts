import type { Plan } from './plan.ts';

/**
 * A plan that fails too, with fewer steps and nodes.
 *
 * @param fails - runs a plan and says whether it fails
 * @param maxRuns - runs at most
 * @remarks Halves, quarters and so on are left out as long as that keeps it failing, then nodes.
 */
export async function shrink(
  plan: Plan,
  fails: (plan: Plan) => Promise<boolean>,
  maxRuns: number,
): Promise<Plan> {
  let best = plan;
  let runs = 0;
  const accept = async (candidate: Plan): Promise<boolean> => {
    if (runs >= maxRuns) return false;
    runs += 1;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  let size = Math.ceil(best.steps.length / 2);
  while (size >= 1 && runs < maxRuns) {
    let hasShrunk = false;
    for (let at = 0; at < best.steps.length;) {
      const steps = best.steps.toSpliced(at, size);
      if (await accept({ ...best, steps })) hasShrunk = true;
      else at += size;
    }
    if (size === 1 && !hasShrunk) break;
    size = Math.max(1, Math.floor(size / 2));
  }
  while (best.settings.nodes > 2 && runs < maxRuns) {
    const settings = { ...best.settings, nodes: best.settings.nodes - 1 };
    if (!(await accept({ ...best, settings }))) break;
  }
  return best;
}
