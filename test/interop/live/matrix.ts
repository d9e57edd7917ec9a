import { MIXED_SCENARIOS } from '../faults/mixed-scenarios.ts';
import type { Build } from './builds.ts';
import { BUILDS } from './builds.ts';
import { MEMBERLIST_SCENARIOS } from './memberlist-scenarios.ts';
import type { Mode } from './modes.ts';
import { MODES } from './modes.ts';
import { NETWORKDB_SCENARIOS } from './networkdb-scenarios.ts';
import type { Kind } from './peer.ts';
import { RETURN_SCENARIOS } from './return-scenarios.ts';
import { STRANGER_SCENARIOS } from './stranger-scenarios.ts';
import type { Scenario } from './scenario.ts';

/** One line of the report: who, what, how, and whose node acts. */
export interface Row {
  readonly build: Build;
  readonly scenario: Scenario;
  readonly mode: Mode;
  readonly acting: Kind;
}

const SCENARIOS: readonly Scenario[] = [
  ...MEMBERLIST_SCENARIOS,
  ...STRANGER_SCENARIOS,
  ...NETWORKDB_SCENARIOS,
  ...RETURN_SCENARIOS,
  ...MIXED_SCENARIOS,
];

const KINDS: readonly Kind[] = ['ours', 'go'];

/** What a row is called: `--only` looks for its words in here. */
export function titleOf({ build, scenario, mode, acting }: Row): string {
  const where = scenario.machines === undefined ? '' : 'faults | ';
  return `${where}${build.name} | ${scenario.name} | ${mode.name} | ${acting} acts`;
}

/** Every row there is: each build with each scenario, in each mode, with the roles both ways. */
export function allRows(): Row[] {
  const rows: Row[] = [];
  for (const build of BUILDS) {
    for (const scenario of SCENARIOS) {
      if (scenario.family !== build.family) continue;
      for (const mode of modesOf(scenario, build)) {
        for (const acting of scenario.acting ?? KINDS) rows.push({ build, scenario, mode, acting });
      }
    }
  }
  return rows;
}

/** Each scenario once; builds, modes and roles take turns. */
export function quickRows(): Row[] {
  return SCENARIOS.map((scenario, at) => {
    const builds = BUILDS.filter(({ family }) => family === scenario.family);
    const build = builds[at % builds.length] as Build;
    const modes = modesOf(scenario, build);
    const mode = modes[at % modes.length] as Mode;
    const kinds = scenario.acting ?? KINDS;
    const acting = scenario.quick ?? kinds[at % kinds.length] ?? 'ours';
    return { build, scenario, mode, acting };
  });
}

function modesOf(scenario: Scenario, build: Build): Mode[] {
  const fits = scenario.fits ?? (() => true);
  return MODES.filter((mode) => mode.families.includes(build.family) && fits(mode, build));
}
