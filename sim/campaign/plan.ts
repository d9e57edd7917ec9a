import type { Profile, WireName } from '../../src/memberlist/index.ts';
import { randomBelow, SeededRandom } from '../../src/runtime/index.ts';

/*
 * What a run does, as data: drawn from the seed before anything runs, so that parts of it can be left out and the
 * rest means the same. A step names nodes, networks and keys by number; whoever takes it takes the number
 * modulo what there is, and passes over a step that makes no sense by then.
 *
 * Each kind of fault is on in half of the runs: a run with every fault at once hides what a run with a single
 * one shows.
 *
 * Source: TigerBeetle's simulator draws its faults like this; "swarm testing" (Groce and others, ISSTA 2012).
 */

/** What can go wrong; each is on in half of the runs. */
export const FAULTS = [
  'loss',
  'jitter',
  'duplicates',
  'reorder',
  'mtu',
  'oneWay',
  'split',
  'clog',
  'dns',
  'pause',
  'crash',
  'return',
  'leave',
  'clockRate',
  'clockJump',
  'exit',
  'large',
  'rotate',
  'tight',
] as const;

/** One kind of fault. */
export type Fault = (typeof FAULTS)[number];

/** The fault that a kind of step is; the others are none. */
const FAULT_OF: Partial<Record<StepKind, Fault>> = {
  cut: 'oneWay',
  split: 'split',
  clog: 'clog',
  dns: 'dns',
  pause: 'pause',
  crash: 'crash',
  leave: 'leave',
  clockRate: 'clockRate',
  clockJump: 'clockJump',
  exit: 'exit',
  rotate: 'rotate',
};

/** What a step does. */
export type StepKind =
  | 'sleep'
  | 'write'
  | 'race'
  | 'enter'
  | 'exit'
  | 'watch'
  | 'cut'
  | 'split'
  | 'clog'
  | 'heal'
  | 'dns'
  | 'pause'
  | 'crash'
  | 'leave'
  | 'start'
  | 'clockRate'
  | 'clockJump'
  | 'rotate';

/** One step; what a number means depends on the kind. */
export interface Step {
  /** Place in the whole plan, by which it is kept when others are left out. */
  readonly id: number;
  readonly kind: StepKind;
  readonly node: number;
  readonly other: number;
  readonly key: number;
  readonly ms: number;
}

/** What holds for a whole run. */
export interface Settings {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly nodes: number;
  readonly networks: number;
  readonly tables: number;
  readonly keys: number;
  readonly wire: WireName;
  readonly profile: Profile;
  readonly isEncrypted: boolean;
  readonly label: string;
  readonly compression: boolean | null;
  readonly lossRate: number;
  readonly duplicateRate: number;
  readonly reorderRate: number;
  readonly jitterMs: number;
  readonly latencyMs: number;
  /** Datagrams above this many bytes vanish on half of the links. */
  readonly mtu: number;
  readonly pushPullMs: number;
  readonly bulkSyncMs: number;
  readonly bootstrapMs: number;
  readonly retransmitMult: number;
  readonly reapEntryMs: number;
  /** Nodes find each other by a name, not by addresses. */
  readonly usesNames: boolean;
  /** Nodes keep their peers on disk. */
  readonly hasDisk: boolean;
  /** Whether all nodes are on all networks before the steps begin. */
  readonly isJoinedAtStart: boolean;
  /** Whether what was deleted must be forgotten in the end. */
  readonly isForgetting: boolean;
}

/** A whole run. */
export interface Plan {
  readonly settings: Settings;
  readonly steps: readonly Step[];
}

/** How many nodes, by percent of the runs. */
const SIZES: readonly (readonly [percent: number, least: number, most: number])[] = [
  [60, 2, 3],
  [90, 3, 4],
  [98, 5, 6],
  [99, 7, 9],
  [100, 10, 16],
];

/** Faults that are on in fewer runs: one of so many. */
const SELDOM: Partial<Record<Fault, number>> = { tight: 8, rotate: 4 };

type Below = (n: number) => number;

/** The run of a seed. */
export function planOf(seed: number): Plan {
  const random = new SeededRandom(seed);
  for (let i = 0; i < 4; i += 1) random.uint32();
  const below = (n: number): number => randomBelow(random, n);
  const settings = settingsOf(seed, below);
  const weights = weightsOf(settings, below);
  const count = settings.nodes > 6 ? 8 + below(10) : 10 + below(24);
  const steps: Step[] = [];
  const add = (kind: StepKind, ms?: number): void => {
    const [node, other, key] = [below(1 << 16), below(1 << 16), below(1 << 16)];
    const longest = kind === 'sleep' ? (below(4) === 0 ? 6_000 : 600) : 9_000;
    steps.push({ id: steps.length, kind, node, other, key, ms: ms ?? 10 + below(longest) });
  };
  const canReturn = settings.faults.includes('return');
  while (steps.length < count) {
    const kind = pick(weights, below);
    if (kind === 'pause' && settings.faults.includes('crash') && below(3) !== 0) {
      // Killed while it stands still, and while a newcomer waits for it.
      add('pause', 4_000 + below(5_000));
      if (below(4) !== 0) add('start');
      add('sleep', 300 + below(1_700));
      add('crash');
      if (canReturn) add('start');
      continue;
    }
    if (kind === 'dns') {
      // Whoever comes while names fail has to ask for them.
      add('dns', 3_000 + below(9_000));
      if (below(4) !== 0) add('start');
      add('sleep', 500 + below(3_000));
      continue;
    }
    add(kind);
    // What a fault does shows only when there is time to notice it.
    const isFault = kind === 'crash' || kind === 'split' || kind === 'cut' || kind === 'pause';
    if (isFault && below(2) === 0) {
      add('write');
      add('sleep', 4_000 + below(10_000));
      add('write');
    }
    if ((kind === 'crash' || kind === 'leave') && canReturn && below(2) === 0) add('start');
    if ((kind === 'split' || kind === 'cut') && below(2) === 0) add('heal');
  }
  return { settings, steps };
}

/** The fault that a step is, null for what is none. */
export function faultOf({ kind }: Step): Fault | null {
  return FAULT_OF[kind] ?? null;
}

/**
 * The same plan with less in it.
 *
 * @param o - `keep`: the steps that stay; `nodes`: how many; `off`: faults that are not there, as settings or as steps
 */
export function reduced(
  { settings, steps }: Plan,
  o: {
    readonly keep?: ReadonlySet<number>;
    readonly nodes?: number;
    readonly off?: readonly Fault[];
  },
): Plan {
  const { keep, nodes = settings.nodes, off = [] } = o;
  const without = settings.faults.filter((fault) => !off.includes(fault));
  const stays = (step: Step): boolean => {
    const fault = faultOf(step);
    return (keep?.has(step.id) ?? true) && (fault === null || !off.includes(fault));
  };
  return {
    settings: { ...settings, ...quietened(settings, off), nodes, faults: without },
    steps: steps.filter(stays),
  };
}

/** What the settings are when faults of the links are taken out. */
function quietened(settings: Settings, off: readonly Fault[]): Partial<Settings> {
  return {
    lossRate: off.includes('loss') ? 0 : settings.lossRate,
    jitterMs: off.includes('jitter') ? 0 : settings.jitterMs,
    duplicateRate: off.includes('duplicates') ? 0 : settings.duplicateRate,
    reorderRate: off.includes('reorder') ? 0 : settings.reorderRate,
    mtu: off.includes('mtu') ? NO_MTU : settings.mtu,
  };
}

/** No datagram is too large. */
export const NO_MTU = 65_507;

function settingsOf(seed: number, below: Below): Settings {
  const faults = FAULTS.filter((fault) => below(SELDOM[fault] ?? 2) === 0);
  const has = (fault: Fault): boolean => faults.includes(fault);
  const percent = below(100);
  const [, least, most] = SIZES.find(([limit]) => percent < limit) ?? [0, 2, 3];
  const isForgetting = below(100) < 8;
  const nodes = Math.min(least + below(most - least + 1), isForgetting ? 4 : 20);
  const isFast = below(3) !== 0;
  return {
    seed,
    faults,
    nodes,
    networks: 1 + below(3),
    tables: 1 + below(2),
    keys: 1 + below(5),
    wire: below(2) === 0 ? 'protobuf' : 'memberlist',
    profile: below(2) === 0 ? 'lan' : 'local',
    isEncrypted: has('rotate') || below(8) === 0,
    label: below(4) === 0 ? 'blue' : '',
    compression: below(2) === 0 ? null : below(2) === 0,
    lossRate: has('loss') ? (1 + below(25)) / 100 : 0,
    duplicateRate: has('duplicates') ? (1 + below(20)) / 100 : 0,
    reorderRate: has('reorder') ? (1 + below(30)) / 100 : 0,
    jitterMs: has('jitter') ? 1 + below(80) : 0,
    latencyMs: [1, 1, 1, 5, 25][below(5)] as number,
    mtu: has('mtu') ? 500 + below(800) : NO_MTU,
    pushPullMs: isFast ? 3_000 + below(5_000) : 15_000,
    bulkSyncMs: isFast ? 3_000 + below(5_000) : 15_000,
    bootstrapMs: isFast ? 4_000 + below(6_000) : 20_000,
    retransmitMult: [1, 2, 4, 4][below(4)] as number,
    reapEntryMs: isForgetting ? 90_000 : 1_800_000,
    // Where nobody asks for names their failures are none.
    usesNames: below(has('dns') ? 8 : 2) !== 0,
    hasDisk: below(2) === 0,
    isJoinedAtStart: below(3) !== 0,
    isForgetting,
  };
}

/** How often each kind of step comes; what a run does without has no weight. */
function weightsOf({ faults }: Settings, below: Below): readonly (readonly [StepKind, number])[] {
  const of = (fault: Fault, weight: number): number =>
    faults.includes(fault) ? 1 + below(weight) : 0;
  const [crash, leave] = [of('crash', 6), of('leave', 4)];
  const [cut, split] = [of('oneWay', 5), of('split', 7)];
  return [
    ['sleep', 16 + below(16)],
    ['write', 16 + below(24)],
    ['race', below(8)],
    ['enter', 4 + below(8)],
    ['exit', of('exit', 6)],
    ['watch', 1 + below(4)],
    ['cut', cut],
    ['split', split],
    ['clog', of('clog', 5)],
    ['heal', cut + split],
    ['dns', of('dns', 5)],
    ['pause', of('pause', 4)],
    ['crash', crash],
    ['leave', leave],
    ['start', of('return', 4) + crash + leave],
    ['clockRate', of('clockRate', 3)],
    ['clockJump', of('clockJump', 3)],
    ['rotate', 3 * of('rotate', 6)],
  ];
}

function pick(weights: readonly (readonly [StepKind, number])[], below: Below): StepKind {
  let left = below(weights.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [kind, weight] of weights) {
    if (left < weight) return kind;
    left -= weight;
  }
  return 'sleep';
}
