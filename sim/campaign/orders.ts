import type { CommandValues } from '../command.ts';
import { numberOf, UsageError } from '../command.ts';
import type { Breakage } from '../support/break-hooks.ts';
import { BREAKAGES } from './breakages.ts';
import type { Fault, Plan } from './plan.ts';
import { FAULTS, planOf, reduced } from './plan.ts';
import { rangesOf } from './report.ts';

/*
 * What a command line asks of the campaign, as plain data: a campaign with a rule taken out gets its orders in a
 * process of its own. Whatever would be passed over in silence is refused here.
 */

/** What is to be run, and how it is told. */
export interface Orders {
  readonly seed: number;
  readonly seeds: number;
  readonly jobs: number;
  readonly maxFailures: number;
  readonly shrinkRuns: number;
  /** What of the one seed's plan is run; null for whole plans. */
  readonly part: Part | null;
  /** The rule that is missing; null for the code as it is. */
  readonly broken: string | null;
  readonly isJson: boolean;
}

/** A part of a plan; what is null is left as it is. */
export interface Part {
  readonly nodes: number | null;
  readonly keep: readonly number[] | null;
  readonly off: readonly Fault[];
}

/** Reads the options. @throws UsageError */
export function ordersOf(values: CommandValues): Orders {
  const seed = numberOf(values, 'seed', 1, { min: 0, max: MAX_SEED });
  const part = partOf(values, seed);
  const broken = breakageOf(values['break'])?.name ?? null;
  return {
    seed,
    seeds: numberOf(values, 'seeds', part === null ? 300 : 1, { min: 1, max: 1_000_000 }),
    jobs: numberOf(values, 'jobs', 1, { min: 1, max: 256 }),
    // A missing rule is noticed or not: one failure says so.
    maxFailures: numberOf(values, 'failures', broken === null ? 3 : 1, { min: 1, max: 1_000 }),
    shrinkRuns: values['no-shrink'] === true ? 0 : SHRINK_RUNS,
    part,
    broken,
    isJson: values['json'] === true,
  };
}

/** The part of a seed's plan. */
export function partOfPlan(seed: number, { nodes, keep, off }: Part): Plan {
  return reduced(planOf(seed), {
    off,
    ...(nodes === null ? {} : { nodes }),
    ...(keep === null ? {} : { keep: new Set(keep) }),
  });
}

function partOf(values: CommandValues, seed: number): Part | null {
  const given = ['nodes', 'keep', 'off'].find((option) => values[option] !== undefined);
  if (given === undefined) return null;
  if (values['seeds'] !== undefined && values['seeds'] !== '1') {
    throw new UsageError(`--${given} runs one seed, not --seeds ${String(values['seeds'])}`);
  }
  const { nodes } = values;
  return {
    nodes: nodes === undefined ? null : numberOf(values, 'nodes', 2, { min: 2, max: 50 }),
    keep: keepOf(values['keep'], seed),
    off: faultsOf(values['off']),
  };
}

function keepOf(text: CommandValues[string], seed: number): readonly number[] | null {
  if (typeof text !== 'string') return null;
  const keep = rangesOf(text);
  if (keep === null) throw new UsageError(`--keep must be like 3,7-9, or none, not '${text}'`);
  const { steps } = planOf(seed);
  const missing = [...keep].find((id) => id >= steps.length);
  if (missing === undefined) return [...keep];
  throw new UsageError(
    `--keep: seed ${seed} has the steps 0 to ${steps.length - 1}, there is no ${missing}`,
  );
}

function faultsOf(text: CommandValues[string]): readonly Fault[] {
  if (typeof text !== 'string') return [];
  return text.split(',').map((word) => {
    const fault = FAULTS.find((each) => each === word.trim());
    if (fault === undefined) {
      throw new UsageError(`--off knows ${FAULTS.join(', ')}, not '${word.trim()}'`);
    }
    return fault;
  });
}

/** The one rule of that name, or the only one whose name contains it. */
function breakageOf(name: CommandValues[string]): Breakage | null {
  if (typeof name !== 'string') return null;
  if (name === '') throw new UsageError('--break takes a part of a name; see --list');
  const exact = BREAKAGES.find((each) => each.name === name);
  if (exact !== undefined) return exact;
  const [found, ...others] = BREAKAGES.filter((each) => each.name.includes(name));
  if (found === undefined) throw new UsageError(`no rule is called '${name}'; see --list`);
  if (others.length === 0) return found;
  const names = [found, ...others].map((each) => `  ${each.name}`);
  throw new UsageError(`--break '${name}' may be one of\n${names.join('\n')}`);
}

const SHRINK_RUNS = 200;
const MAX_SEED = 2 ** 31;
