import type { Plain, Task } from '../../board.ts';
import type { Aim, Cell, Plot, Report, ReportTable } from '../../report.ts';
import { verdict } from '../../report.ts';
import type { FaultInput, FaultKind, FaultOutcome } from './faults.ts';
import type { StartupInput, StartupOutcome } from './startup.ts';
import type { TrafficSummary } from './traffic.ts';

interface Startup {
  readonly input: StartupInput;
  readonly outcome: StartupOutcome;
}

interface Fault {
  readonly input: FaultInput;
  readonly outcome: FaultOutcome;
}

/** What all runs say. */
export function reportRapid(tasks: readonly Task[], outcomes: readonly Plain[]): Report {
  const startups: Startup[] = [];
  const faults: Fault[] = [];
  for (const [at, { input }] of tasks.entries()) {
    const outcome = outcomes[at];
    if ((input as FaultInput | StartupInput).kind === 'fault') {
      faults.push({ input: input as FaultInput, outcome: outcome as FaultOutcome });
    } else {
      startups.push({ input: input as StartupInput, outcome: outcome as StartupOutcome });
    }
  }
  const tables = [startupTable(startups), faultTable(faults), trafficTable(startups, faults)];
  return {
    tables: tables.filter(({ rows }) => rows.length > 0),
    aims: [...startupAims(startups), ...faultAims(faults)],
    plots: [startupPlot(startups), faultPlot(faults)].filter(({ curves }) => curves.length > 0),
  };
}

function startupTable(runs: readonly Startup[]): ReportTable {
  return {
    title: 'All start within a second: time until all report all',
    columns: ['N', 'seed', 's', 'memberlist', 'Rapid', 'sizes', 'memberlist ', 'Rapid '],
    rows: runs.map(({ input, outcome }): Cell[] => {
      const paper = STARTUP_PAPER[input.nodes];
      return [
        input.nodes,
        input.seed,
        secondsOf(outcome.wholeMs),
        ...(paper?.seconds ?? [null, null]),
        outcome.distinctSizes,
        ...(paper?.sizes ?? [null, null]),
      ];
    }),
    notes: [
      'Sizes: how many different ones were reported by any process, each asked once a second.',
      'The papers ran on machines with a processor each to share; here work takes no time and links 1 ms.',
    ],
  };
}

/** Memberlist, Rapid. */
const STARTUP_PAPER: Readonly<
  Record<number, { readonly seconds: readonly Cell[]; readonly sizes: readonly Cell[] }>
> = {
  1000: { seconds: [45, 30], sizes: [901, 4] },
  1500: { seconds: [68, 40], sizes: [1383, 8] },
  2000: { seconds: [95, 53], sizes: [1858, 4] },
};

function faultTable(runs: readonly Fault[]): ReportTable {
  return {
    title: 'Faults',
    columns: [
      'fault',
      'rules',
      'seed',
      'N',
      'faulty',
      'for s',
      'healthy removed',
      'by faulty ones',
      'flaps, most',
      'mean',
      'gone after s',
      'least size',
      'memberlist in the paper',
    ],
    rows: runs.map(({ input, outcome }): Cell[] => [
      FAULT_NAMES[input.fault],
      RULES_NAMES[input.rules],
      input.seed,
      input.nodes,
      input.faulty,
      input.forMs / 1000,
      outcome.healthyRemoved,
      outcome.healthyRemovedByFaulty,
      outcome.flapsMost,
      outcome.flapsMean,
      input.fault === 'crash' ? secondsOf(outcome.goneMs) : null,
      outcome.leastSize,
      FAULT_PAPER[input.fault],
    ]),
    notes: [
      'Healthy removed: reports of deaths of healthy members by healthy ones. Flaps: how often one healthy member removed one faulty one.',
      "Go's rules: Lifeguard alone, alpha 4, news with the tick; what is ours beyond it is off, as in the model.",
    ],
  };
}

const RULES_NAMES = { ours: 'ours', go: "Go's" } as const;

const FAULT_NAMES: Readonly<Record<FaultKind, string>> = {
  crash: 'a: they crash',
  deaf: 'b: deaf 20 s of every 40',
  lossyOut: 'c: 80 % lost, outbound',
  lossyIn: 'c: 80 % lost, inbound',
};

const FAULT_PAPER: Readonly<Record<FaultKind, string>> = {
  crash: 'all gone',
  deaf: 'removed and taken back for 900 s',
  lossyOut: 'never settles',
  lossyIn: 'never settles',
};

function trafficTable(startups: readonly Startup[], faults: readonly Fault[]): ReportTable {
  const row = (what: string, nodes: number, { received, sent }: TrafficSummary): Cell[] => [
    what,
    nodes,
    ...[received.mean, received.p99, received.max, sent.mean, sent.p99, sent.max],
  ];
  const peers: Cell[][] = [
    ['memberlist in the paper, crash', 1000, 0.54, 5.61, 7.36, 0.64, 6.4, 8.04],
    ['Rapid in the paper, crash', 1000, 0.71, null, null, 0.71, null, null],
  ];
  const rows = [
    ...startups.map(({ input, outcome }) => row('start-up', input.nodes, outcome.traffic)),
    ...faults.map(({ input, outcome }) => {
      const what = `${FAULT_NAMES[input.fault]}, ${RULES_NAMES[input.rules]} rules`;
      return row(what, input.nodes, outcome.traffic);
    }),
  ];
  return {
    title: 'KB/s of each process, second by second',
    columns: ['run', 'N', 'received', 'p99', 'max', 'sent', 'p99 ', 'max '],
    rows: rows.length > 0 ? [...rows, ...peers] : [],
  };
}

function startupAims(runs: readonly Startup[]): Aim[] {
  if (runs.length === 0) return [];
  const largest = Math.max(...runs.map(({ input }) => input.nodes));
  const of = runs.filter(({ input }) => input.nodes === largest);
  const worst = Math.max(...of.map(({ outcome }) => outcome.wholeMs ?? Infinity)) / 1000;
  return [
    {
      what: `start of ${largest}, the slowest of ${of.length}, s`,
      ours: worst,
      peer: STARTUP_PAPER[largest]?.seconds[0] ?? null,
      aim: 'N = 2000, several seeds: <= 80 s',
      isMet: verdict(worst <= 80, largest >= 2000 && of.length >= 2),
    },
  ];
}

/** Of several seeds the worst counts. */
function faultAims(runs: readonly Fault[]): Aim[] {
  const groups = new Map<string, Fault[]>();
  for (const run of runs) {
    if (run.input.rules === 'go') continue;
    const name = `${FAULT_NAMES[run.input.fault]}, N = ${run.input.nodes}`;
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  return [...groups].flatMap(([name, of]) => aimsOfFault(name, of));
}

function aimsOfFault(name: string, runs: readonly Fault[]): Aim[] {
  const most = (read: (outcome: FaultOutcome) => number): number =>
    Math.max(...runs.map(({ outcome }) => read(outcome)));
  const healthyRemoved = most((outcome) => outcome.healthyRemoved);
  const removed: Aim = {
    what: `${name}: healthy removed`,
    ours: healthyRemoved,
    peer: null,
    aim: '0',
    isMet: healthyRemoved === 0,
  };
  if (runs[0]?.input.fault === 'crash') {
    const gone = most(({ goneMs }) => (goneMs ?? Infinity) / 1000);
    return [
      { what: `${name}: all gone, s`, ours: gone, peer: null, aim: '<= 25 s', isMet: gone <= 25 },
      removed,
    ];
  }
  const flapsMost = most((outcome) => outcome.flapsMost);
  const isLong = runs.every(({ input }) => input.forMs >= 900_000);
  const flaps: Aim = {
    what: `${name}: flaps of a faulty one`,
    ours: flapsMost,
    peer: 'without end',
    aim: '<= 2 in 900 s',
    isMet: verdict(flapsMost <= 2, isLong),
  };
  return [removed, flaps];
}

function startupPlot(runs: readonly Startup[]): Plot {
  return {
    name: 'startup',
    title: 'Start within a second: what is known of the ring',
    x: { label: 'seconds since the first start' },
    y: { label: '% of the ring that a process knows, mean' },
    curves: runs.map(({ input, outcome }) => ({
      label: `N ${input.nodes}, seed ${input.seed}`,
      points: outcome.curve.map(([ms, share]): readonly [number, number] => {
        return [ms / 1000, 100 * share];
      }),
    })),
  };
}

function faultPlot(runs: readonly Fault[]): Plot {
  return {
    name: 'faults',
    title: 'Size of the ring as healthy members see it',
    x: { label: 'seconds' },
    y: { label: 'members missing, mean' },
    curves: firstSeedOf(runs).map(({ input, outcome }) => ({
      label: `${FAULT_NAMES[input.fault]}, ${RULES_NAMES[input.rules]} rules`,
      isDashed: input.rules === 'go',
      points: outcome.curve.map(([ms, size]): readonly [number, number] => {
        return [ms / 1000, input.nodes - size];
      }),
    })),
  };
}

function firstSeedOf(runs: readonly Fault[]): readonly Fault[] {
  const first = Math.min(...runs.map(({ input }) => input.seed));
  return runs.filter(({ input }) => input.seed === first);
}

function secondsOf(ms: number | null): number {
  return (ms ?? Infinity) / 1000;
}
