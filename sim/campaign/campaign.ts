import type { Outcome } from './run.ts';
import { run } from './run.ts';
import type { Fault, Plan } from './plan.ts';
import { faultOf, NO_MTU, planOf, reduced } from './plan.ts';
import { playHere, playShared } from './players.ts';
import { shrink } from '../support/shrink.ts';

/** A run that failed. */
export interface Failure {
  readonly seed: number;
  readonly outcome: Outcome;
  /** The same with what it does not need left out; null when that was not asked for. */
  readonly smaller: { readonly plan: Plan; readonly outcome: Outcome } | null;
}

/** What a campaign found. */
export interface Findings {
  readonly runs: number;
  readonly failures: readonly Failure[];
  /** Sums over all runs of what was really exercised. */
  readonly counts: Readonly<Record<string, number>>;
  /** The longest that any run took to agree, in virtual milliseconds, and the largest share of its bound. */
  readonly longestCalmMs: number;
  readonly largestCalmShare: number;
  readonly virtualMs: number;
}

/** How to look. */
export interface CampaignOptions {
  readonly seeds: readonly number[];
  /** Ends after so many failures. Default 1. */
  readonly maxFailures?: number;
  /** Runs that may be spent on making one failure smaller. Default none. */
  readonly shrinkRuns?: number;
  /** Processes that share the seeds; default 1, which is this one. */
  readonly jobs?: number;
  /** The rule that these processes take out; this one has it out already. Default none. */
  readonly broken?: string | null;
  readonly onRun?: (seed: number, outcome: Outcome) => void;
}

/** Runs the plans of some seeds. */
export async function campaign(options: CampaignOptions): Promise<Findings> {
  const { seeds, maxFailures = 1, shrinkRuns = 0, jobs = 1, broken = null, onRun } = options;
  const failures: Failure[] = [];
  const counts: Record<string, number> = {};
  let [runs, longestCalmMs, largestCalmShare, virtualMs] = [0, 0, 0, 0];
  const answers = jobs > 1 ? playShared(seeds, { jobs, broken }) : playHere(seeds);
  for await (const { seed, outcome } of answers) {
    runs += 1;
    longestCalmMs = Math.max(longestCalmMs, outcome.calmMs);
    largestCalmShare = Math.max(largestCalmShare, outcome.calmShare);
    virtualMs += outcome.virtualMs;
    addCounts(counts, outcome.counts);
    onRun?.(seed, outcome);
    if (outcome.problem === null) continue;
    failures.push({ seed, outcome, smaller: await smallerOf(planOf(seed), outcome, shrinkRuns) });
    if (failures.length >= maxFailures) break;
  }
  return { runs, failures, counts, longestCalmMs, largestCalmShare, virtualMs };
}

/** Adds counts to others. */
export function addCounts(
  sums: Record<string, number>,
  counts: Readonly<Record<string, number>>,
): void {
  for (const [what, count] of Object.entries(counts)) sums[what] = (sums[what] ?? 0) + count;
}

async function smallerOf(
  plan: Plan,
  { signature }: Outcome,
  maxRuns: number,
): Promise<Failure['smaller']> {
  if (maxRuns === 0) return null;
  // Another fault would be another finding.
  const fails = async (one: Plan): Promise<boolean> => (await run(one)).signature === signature;
  const { plan: begun, runs } = await withoutFaults(plan, { fails, maxRuns });
  const smaller = await shrink(begun, { fails, simpler, maxRuns: maxRuns - runs });
  return { plan: smaller, outcome: await run(smaller) };
}

/** The same without whole faults that it does not need, which takes fewer runs than to leave out their steps. */
export async function withoutFaults(
  plan: Plan,
  o: { readonly fails: (plan: Plan) => Promise<boolean>; readonly maxRuns: number },
): Promise<{ readonly plan: Plan; readonly runs: number }> {
  let best = plan;
  let runs = 0;
  for (const fault of plan.settings.faults) {
    if (runs >= o.maxRuns) break;
    runs += 1;
    const less = reduced(best, { off: [fault] });
    if (await o.fails(less)) best = less;
  }
  return { plan: best, runs };
}

/** The same with one node less, or one fault less. */
export function simpler(plan: Plan): readonly Plan[] {
  const { nodes } = plan.settings;
  return [
    ...(nodes > 2 ? [reduced(plan, { nodes: nodes - 1 })] : []),
    ...faultsIn(plan).map((fault) => reduced(plan, { off: [fault] })),
  ];
}

function faultsIn({ settings, steps }: Plan): readonly Fault[] {
  const { lossRate, jitterMs, duplicateRate, reorderRate, mtu, faults } = settings;
  const is: Partial<Record<Fault, boolean>> = {
    loss: lossRate > 0,
    jitter: jitterMs > 0,
    duplicates: duplicateRate > 0,
    reorder: reorderRate > 0,
    mtu: mtu !== NO_MTU,
    tight: faults.includes('tight'),
    large: faults.includes('large'),
    return: faults.includes('return'),
  };
  const ofSettings = Object.entries(is).flatMap(([fault, isOn]) => (isOn ? [fault as Fault] : []));
  return [...new Set([...ofSettings, ...steps.flatMap((step) => faultOf(step) ?? [])])];
}
