/** A plan that can be made smaller. */
export interface Shrinkable<Step> {
  readonly steps: readonly Step[];
}

/**
 * A plan that fails too, with less in it.
 *
 * @param o - `fails` runs a plan and says whether it fails; `simpler` offers plans that are simpler in other ways
 * than by their steps, the best first; it is asked again after each that fails
 * @param o.maxRuns - runs at most
 * @remarks Halves, quarters and so on of the steps are left out as long as that keeps it failing (delta debugging,
 * Zeller and Hildebrandt 2002), then what `simpler` offers is tried, then single steps once more.
 */
export async function shrink<Step, Plan extends Shrinkable<Step>>(
  plan: Plan & Shrinkable<Step>,
  o: {
    readonly fails: (plan: Plan) => Promise<boolean>;
    readonly simpler: (plan: Plan) => readonly Plan[];
    readonly maxRuns: number;
  },
): Promise<Plan> {
  let best: Plan = plan;
  let runs = 0;
  const accept = async (candidate: Plan): Promise<boolean> => {
    if (runs >= o.maxRuns) return false;
    runs += 1;
    if (!(await o.fails(candidate))) return false;
    best = candidate;
    return true;
  };
  const leaveOutSteps = async (firstSize: number): Promise<void> => {
    let size = firstSize;
    while (size >= 1 && runs < o.maxRuns) {
      let hasShrunk = false;
      for (let at = 0; at < best.steps.length;) {
        if (await accept({ ...best, steps: best.steps.toSpliced(at, size) })) hasShrunk = true;
        else at += size;
      }
      if (size === 1 && !hasShrunk) break;
      size = Math.max(1, Math.floor(size / 2));
    }
  };
  const simplify = async (): Promise<boolean> => {
    for (const candidate of o.simpler(best)) if (await accept(candidate)) return true;
    return false;
  };
  await leaveOutSteps(Math.ceil(best.steps.length / 2));
  let isSimpler = false;
  while (await simplify()) isSimpler = true;
  if (isSimpler) await leaveOutSteps(1);
  return best;
}
