import { shrink } from '../../../sim/support/shrink.ts';
import type { Plan } from './plan.ts';
import { planOf } from './plan.ts';
import type { Outcome } from './run.ts';
import { run } from './run.ts';

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
  /** Sums over all runs of what was exercised. */
  readonly counts: Readonly<Record<string, number>>;
  /** The longest that any run took to agree, in virtual milliseconds. */
  readonly longestCalmMs: number;
}

/** How to look. */
export interface CampaignOptions {
  readonly seeds: Iterable<number>;
  /** Ends after so many failures; default 1. */
  readonly maxFailures?: number;
  /** Runs that may be spent on making a failure smaller; default none. */
  readonly shrinkRuns?: number;
  readonly onRun?: (seed: number, outcome: Outcome) => void;
}

const TRACE_TAIL = 60;

/** Runs the plans of some seeds. */
export async function campaign(options: CampaignOptions): Promise<Findings> {
  const { seeds, maxFailures = 1, shrinkRuns = 0, onRun } = options;
  const failures: Failure[] = [];
  const counts: Record<string, number> = {};
  let runs = 0;
  let longestCalmMs = 0;
  for (const seed of seeds) {
    const plan = planOf(seed);
    const outcome = await run(plan);
    runs += 1;
    longestCalmMs = Math.max(longestCalmMs, outcome.calmMs);
    for (const [what, count] of Object.entries(outcome.counts)) {
      counts[what] = (counts[what] ?? 0) + count;
    }
    onRun?.(seed, outcome);
    if (outcome.problems.length === 0) continue;
    failures.push({ seed, outcome, smaller: await smallerOf(plan, shrinkRuns) });
    if (failures.length >= maxFailures) break;
  }
  return { runs, failures, counts, longestCalmMs };
}

async function smallerOf(plan: Plan, maxRuns: number): Promise<Failure['smaller']> {
  if (maxRuns === 0) return null;
  const fails = async (one: Plan): Promise<boolean> => (await run(one)).problems.length > 0;
  const smaller = await shrink(plan, { fails, simpler: withFewerNodes, maxRuns });
  return { plan: smaller, outcome: await run(smaller) };
}

/** The same with one node less, if there are more than two. */
export function withFewerNodes({ settings, steps }: Plan): readonly Plan[] {
  const nodes = settings.nodes - 1;
  return nodes < 2 ? [] : [{ settings: { ...settings, nodes }, steps }];
}

/** A failure as a reader wants it: what is wrong, how it came to it, how to see it again. */
export function failureText({ seed, outcome, smaller }: Failure): string {
  const { settings, steps } = smaller?.plan ?? planOf(seed);
  const { problems, trace } = smaller?.outcome ?? outcome;
  const lines = [
    `seed ${seed}: ${outcome.problems.join('\n  ')}`,
    JSON.stringify(settings),
    smaller === null
      ? `the last of ${trace.length} lines:`
      : `with ${steps.length} steps:\n  ${problems.join('\n  ')}`,
    ...trace.slice(-TRACE_TAIL),
    `again: npm run test:property -- --seed ${seed} --runs 1`,
  ];
  return lines.join('\n');
}
