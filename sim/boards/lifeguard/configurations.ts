import type { MemberlistOptions } from '../../../src/memberlist/index.ts';

/*
 * The rows of the paper's table, all from one program by its options. One thing of ours has no option: input that waits is
 * read before anybody is blamed, which a member is out of reach of whose messages are held.
 */

/** A row: how the members are configured, and what the paper counted for it. */
export interface Configuration {
  readonly name: string;
  readonly options: MemberlistOptions;
  /** Only crashes are timed in it: what today's Go does, which the paper has no row of. */
  readonly isForCrashes: boolean;
  /** False alarms in the paper, of anybody and of healthy members alone; null where it has no such row. */
  readonly paper: { readonly all: number; readonly healthy: number } | null;
}

interface Parts {
  /** The paper's alpha. */
  readonly alpha: number;
  readonly healthAwareProbe: boolean;
  readonly healthAwareSuspicion: boolean;
  readonly buddySystem: boolean;
  readonly loopHealth: boolean;
  readonly secondChance: boolean;
  /** News leaves at once; otherwise it waits for the tick, as in Go. */
  readonly promptNews: boolean;
}

/** Everything of Lifeguard and more, at an alpha. */
function ours(alpha: number): MemberlistOptions {
  const on = { healthAwareProbe: true, healthAwareSuspicion: true, buddySystem: true };
  return optionsOf({ alpha, ...on, loopHealth: true, secondChance: true, promptNews: true });
}

const SWIM: Parts = {
  alpha: 5,
  healthAwareProbe: false,
  healthAwareSuspicion: false,
  buddySystem: false,
  loopHealth: false,
  secondChance: false,
  promptNews: false,
};
const LIFEGUARD: Parts = {
  ...SWIM,
  healthAwareProbe: true,
  healthAwareSuspicion: true,
  buddySystem: true,
};

/** What the paper counted for SWIM, of which all else is a share. */
export const PAPER_SWIM = { all: 339_002, healthy: 1_326 } as const;

/** Every row, in the paper's order, ours last. */
export const CONFIGURATIONS: readonly Configuration[] = [
  row('SWIM', optionsOf(SWIM), PAPER_SWIM),
  row('LHA-Probe', optionsOf({ ...SWIM, healthAwareProbe: true }), { all: 229_574, healthy: 436 }),
  row('LHA-Suspicion', optionsOf({ ...SWIM, healthAwareSuspicion: true }), {
    all: 10_174,
    healthy: 89,
  }),
  row('Buddy', optionsOf({ ...SWIM, buddySystem: true }), { all: 318_935, healthy: 591 }),
  row('Lifeguard', optionsOf(LIFEGUARD), { all: 5_193, healthy: 25 }),
  { ...row('Lifeguard-4', optionsOf({ ...LIFEGUARD, alpha: 4 }), null), isForCrashes: true },
  row('ours', ours(5), null),
  row('ours-4', ours(4), null),
  row('ours-2', ours(2), null),
];

/** The row of a name. */
export function configurationOf(name: string): Configuration {
  const found = CONFIGURATIONS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no configuration is called ${name}`);
  return found;
}

function row(
  name: string,
  options: MemberlistOptions,
  paper: Configuration['paper'],
): Configuration {
  return { name, options, isForCrashes: false, paper };
}

function optionsOf(parts: Parts): MemberlistOptions {
  return {
    awareness: { maxMult: parts.healthAwareProbe ? 8 : 1, loopHealth: parts.loopHealth },
    probe: { nacks: parts.healthAwareProbe },
    suspicion: {
      mult: parts.alpha,
      maxTimeoutMult: parts.healthAwareSuspicion ? 6 : 1,
      buddySystem: parts.buddySystem,
      secondChance: parts.secondChance,
    },
    gossip: { prompt: parts.promptNews },
  };
}
