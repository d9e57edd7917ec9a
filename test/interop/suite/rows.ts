import { FAULT_NEEDS, faultScenarios } from '../faults/scenarios.ts';
import type { Row } from '../live/matrix.ts';
import { allRows as allLive, quickRows as quickLive, titleOf } from '../live/matrix.ts';
import { playLive } from '../live/play.ts';
import { serfScenarios } from '../serf/scenarios.ts';
import { swarmScenarios } from '../swarm/scenarios.ts';
import { playScenario } from '../system/play.ts';
import type { Scenario } from '../system/scenario.ts';
import type { Options } from './options.ts';
import type { Company, RowFamily, SuiteRow } from './row.ts';
import { FAMILIES } from './row.ts';

/*
 * The list of everything that can be played: rings with Go members, Serf agents, Docker daemons, broken networks.
 */

interface Others {
  readonly family: RowFamily;
  readonly scenarios: readonly Scenario[];
  readonly company: Company;
}

const OTHERS: readonly Others[] = [
  { family: 'serf', scenarios: serfScenarios, company: 'waits' },
  { family: 'swarm', scenarios: swarmScenarios, company: 'works' },
  { family: 'faults', scenarios: faultScenarios, company: 'waits' },
];

/** Every row there is. */
export function allRows(): SuiteRow[] {
  const others = OTHERS.flatMap((list) =>
    list.scenarios.flatMap((scenario) =>
      (scenario.modes ?? ['']).map((mode) => rowOf(list, scenario, mode)),
    ),
  );
  return [...allLive().map(liveRow), ...others];
}

/** Each scenario once, with builds, modes and roles in turn; one of each family after the other. */
export function quickRows(): SuiteRow[] {
  const others = OTHERS.flatMap((list) =>
    list.scenarios.map((scenario, at) => {
      const modes = scenario.modes ?? [''];
      return rowOf(list, scenario, modes[at % modes.length] ?? '');
    }),
  );
  return inTurn([...quickLive().map(liveRow), ...others]);
}

/** The rows that are asked for. */
export function chooseRows({ isQuick, only, skip }: Options): SuiteRow[] {
  const rows = isQuick ? quickRows() : allRows();
  return rows.filter(({ title }) => {
    return only.every((word) => title.includes(word)) && !skip.some((word) => title.includes(word));
  });
}

/** One row of each family, then the next of each; those that bear nothing beside them last. */
export function inTurn(rows: readonly SuiteRow[]): SuiteRow[] {
  const ofFamily = FAMILIES.map((family) => rows.filter((row) => row.family === family));
  const longest = Math.max(0, ...ofFamily.map(({ length }) => length));
  const mixed = Array.from({ length: longest }, (_, at) => ofFamily.map((list) => list[at]))
    .flat()
    .filter((row) => row !== undefined);
  const isAlone = ({ company }: SuiteRow): boolean => company === 'alone';
  return [...mixed.filter((row) => !isAlone(row)), ...mixed.filter(isAlone)];
}

function liveRow(row: Row): SuiteRow {
  const { build, scenario } = row;
  return {
    title: titleOf(row),
    family: scenario.machines === undefined ? build.family : 'faults',
    build,
    needs: ['go', ...(scenario.machines === undefined ? [] : FAULT_NEEDS)],
    company: scenario.company ?? 'waits',
    play: (program, undo) => playLive(row, program, undo),
  };
}

function rowOf({ family, company }: Others, scenario: Scenario, mode: string): SuiteRow {
  const { peer, name, needs } = scenario;
  return {
    title: [...new Set([family, peer, name, mode])].filter((part) => part !== '').join(' | '),
    family,
    build: null,
    needs,
    company,
    play: (_program, undo) => playScenario(scenario, mode, undo),
  };
}
