import type { WireName } from '../../../src/memberlist/index.ts';
import { randomBelow, SeededRandom } from '../../../src/runtime/index.ts';

/*
 * What a run does, as data: drawn from the seed before anything runs, so that steps can be left out and
 * the rest means the same. A step names nodes, networks and keys by number; the world takes the number
 * modulo what there is, and passes over a step that makes no sense by then.
 *
 * Faults are drawn in two draws: first which kinds a run has at all, then how often. A run with every
 * fault at once hides what a run with a single one shows.
 */

/**
 * `prompt`: no packet is lost, nobody fails, and no exchange of whole tables is due, so that gossip and
 * first exchanges alone must bring everything, within seconds. `faults`: anything may happen. `forget`:
 * anything, and afterwards tombstones and what failed members left must vanish for good.
 */
export type RunKind = 'prompt' | 'faults' | 'forget';

/** What a step does; see `World.take`. */
export type StepKind =
  | 'sleep'
  | 'enter'
  | 'exit'
  | 'write'
  | 'race'
  | 'crash'
  | 'farewell'
  | 'start'
  | 'pause'
  | 'split'
  | 'heal'
  | 'rotate'
  | 'forge';

/** One step; the meaning of a number depends on the kind. */
export interface Step {
  readonly kind: StepKind;
  readonly node: number;
  readonly other: number;
  readonly network: number;
  readonly table: number;
  readonly key: number;
  /** Milliseconds of a sleep or pause. */
  readonly ms: number;
}

/** What holds for a whole run. */
export interface Settings {
  readonly seed: number;
  readonly kind: RunKind;
  readonly wire: WireName;
  readonly isEncrypted: boolean;
  readonly nodes: number;
  readonly networks: number;
  readonly tables: number;
  readonly keys: number;
  readonly lossRate: number;
  readonly duplicateRate: number;
  readonly reorderRate: number;
  readonly jitterMs: number;
  readonly latencyMs: number;
  /** Milliseconds between exchanges of whole tables. */
  readonly syncMs: number;
  /** Milliseconds between exchanges of memberships and of who is on which network. */
  readonly pushPullMs: number;
  readonly reapEntryMs: number;
  readonly maxPacketBytes: number;
  /** As `gossip.retransmitMult`; at 1 most writes are sent once and never repeated. */
  readonly retransmitMult: number;
  /** Whether a member that is no node of ours takes part and forges tombstones, as old Go peers do. */
  readonly hasForger: boolean;
  /** Whether all nodes are on all networks before the steps begin. */
  readonly isJoinedAtStart: boolean;
  /** How long the outcome is looked at after everybody agrees. */
  readonly stayMs: number;
}

/** A whole run. */
export interface Plan {
  readonly settings: Settings;
  readonly steps: readonly Step[];
}

const MINUTES_10 = 600_000;

/** What the low bits of `other` say in a write that is to delete; see `writes.ts`. */
const DELETE = 15;

/** How many nodes, by percent of the runs. */
const SIZES: readonly (readonly [percent: number, least: number, most: number])[] = [
  [35, 2, 3],
  [75, 3, 5],
  [95, 5, 8],
  [99, 8, 12],
  [100, 13, 25],
];

/** The run of a seed. */
export function planOf(seed: number): Plan {
  const random = new SeededRandom(seed);
  for (let i = 0; i < 4; i += 1) random.uint32();
  const below = (n: number): number => randomBelow(random, n);
  const settings = settingsOf(seed, below);
  const weights = weightsOf(settings, below);
  const isShort = settings.nodes > 8 || settings.kind === 'forget';
  const count = 12 + below(isShort ? 20 : 60);
  const steps: Step[] = [];
  while (steps.length < count) {
    const kind = pick(weights, below);
    const step = stepOf(kind, below);
    steps.push(step);
    if (kind === 'write' && below(3) === 0) {
      // Deleted so soon that write and delete may arrive the other way round.
      steps.push({ ...stepOf('sleep', below), ms: 4 + below(20) });
      steps.push({ ...step, other: step.other | DELETE });
    }
    // What a fault does shows only when there is time to notice it, or when a process is back before.
    const isFault = kind === 'crash' || kind === 'split' || kind === 'pause';
    if (isFault && below(3) !== 0) {
      steps.push(stepOf('write', below), stepOf('race', below));
      steps.push({ ...stepOf('sleep', below), ms: 3_000 + below(7_000) });
      steps.push(stepOf('write', below));
    }
    if (kind === 'crash' && below(3) !== 0) steps.push(stepOf('start', below));
    if (kind === 'split' && below(2) === 0) steps.push(stepOf('heal', below));
  }
  return { settings, steps };
}

type Below = (n: number) => number;

function settingsOf(seed: number, below: Below): Settings {
  const kind = chosen<RunKind>(below(100), [40, 'prompt'], [92, 'faults'], [100, 'forget']);
  const percent = below(100);
  const [, least, most] = SIZES.find(([limit]) => percent < limit) ?? [0, 2, 3];
  const isPrompt = kind === 'prompt';
  const rate = (share: number, most_: number): number =>
    below(100) < share ? (1 + below(most_)) / 100 : 0;
  const wire = below(2) === 0 ? 'protobuf' : 'memberlist';
  return {
    seed,
    kind,
    wire,
    isEncrypted: below(100) < (wire === 'protobuf' ? 15 : 40),
    nodes: Math.min(least + below(most - least + 1), kind === 'forget' ? 5 : 25),
    networks: 1 + below(below(2) === 0 ? 1 : 5),
    tables: 1 + below(3),
    keys: 1 + below(6),
    lossRate: isPrompt ? 0 : rate(50, 25),
    duplicateRate: rate(40, 20),
    reorderRate: rate(40, 30),
    jitterMs: below(5) < 2 ? 0 : 1 + below(60),
    latencyMs: chosen(below(10), [7, 1], [9, 5], [10, 25]),
    syncMs: isPrompt ? MINUTES_10 : 4_000 + below(4) * 3_000,
    pushPullMs: isPrompt ? 4_000 : 4_000 + below(4) * 3_000,
    reapEntryMs: kind === 'forget' ? 60_000 : 1_800_000,
    maxPacketBytes: below(5) === 0 ? 600 : 1400,
    retransmitMult: chosen(below(4), [2, 1], [3, 2], [4, 4]),
    hasForger: below(100) < 20,
    isJoinedAtStart: below(100) < 60,
    stayMs: below(4) === 0 && !isPrompt ? 30_000 : 3_000,
  };
}

/** How often each kind of step comes; what a run does without has no weight. */
function weightsOf(settings: Settings, below: Below): readonly (readonly [StepKind, number])[] {
  const { kind } = settings;
  const sometimes = (weight: number, share = 50): number =>
    below(100) < share ? 1 + below(weight) : 0;
  const faulty = (weight: number, share = 50): number => {
    const drawn = sometimes(weight, share);
    return kind === 'prompt' ? 0 : drawn;
  };
  const crash = faulty(6, 65);
  const farewell = sometimes(4, 30);
  const split = faulty(5, 50);
  return [
    ['sleep', 12 + below(20)],
    ['write', 20 + below(40)],
    ['race', sometimes(15, 60)],
    ['enter', 6 + below(14)],
    ['exit', sometimes(12, 70)],
    ['crash', crash],
    ['farewell', farewell],
    ['start', crash + farewell + sometimes(3)],
    ['pause', faulty(4, 35)],
    ['split', split],
    ['heal', split],
    ['rotate', settings.isEncrypted ? sometimes(6, 60) : 0],
    ['forge', settings.hasForger ? 10 : 0],
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

function stepOf(kind: StepKind, below: Below): Step {
  const [node, other, network, table, key] = Array.from({ length: 5 }, () => below(1 << 16));
  const longest = kind === 'pause' ? 8_000 : below(3) === 0 ? 30 : 490;
  const ms = 10 + below(longest);
  return { kind, ms, ...({ node, other, network, table, key } as Omit<Step, 'kind' | 'ms'>) };
}

function chosen<T>(at: number, ...choices: readonly (readonly [limit: number, what: T])[]): T {
  const found = choices.find(([limit]) => at < limit) ?? choices.at(-1);
  return (found as readonly [number, T])[1];
}
