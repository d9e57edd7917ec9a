import { SeededRandom, shuffle } from '../../../src/runtime/index.ts';
import type { BlockedRuntime } from '../../rings/blocked-runtime.ts';
import { blockedRuntime } from '../../rings/blocked-runtime.ts';
import type { RingEvent } from '../../rings/member-ring.ts';
import { MemberRing } from '../../rings/member-ring.ts';
import type { Tell } from '../../telling.ts';
import { stage, untold } from '../../telling.ts';
import { configurationOf } from './configurations.ts';

/*
 * Some members are slow again and again: they stand still for a while, run for a moment, and stand still again.
 * Nobody dies. `messages` holds what they send and receive while their timers run, as the paper did; `loop`
 * freezes timers and input together, as a blocked event loop does.
 */

/** How a slow member is slow. */
export type Fault = 'messages' | 'loop';

/** One run: a cell of the paper's grid, in one configuration. */
export type DistressInput = {
  readonly kind: 'distress';
  readonly fault: Fault;
  readonly configuration: string;
  readonly nodes: number;
  /** Members that stand still, all at the same time. */
  readonly distressed: number;
  /** How long they stand still, and then run, in milliseconds. */
  readonly stillMs: number;
  readonly runMs: number;
  /** How long a slow member takes to read a packet while others wait behind it, in milliseconds. */
  readonly readMs: number;
  /** How long this goes on; whole cycles are run. */
  readonly forMs: number;
  readonly seed: number;
};

/** Reports of deaths where nobody died. */
export type FalseAlarms = {
  /** About anybody, by anybody: all of them run. */
  readonly all: number;
  /** About members that were never slow, by anybody: the paper's FP. */
  readonly aboutHealthy: number;
  /** About members that were never slow, by members that were never slow: the paper's FP-. */
  readonly amongHealthy: number;
};

/** What came of a run. */
export type DistressOutcome = FalseAlarms & {
  readonly packets: number;
  readonly bytes: number;
  /** Packets that a standing member had no room for. */
  readonly overflowed: number;
};

/** Plays one run. */
export async function playDistress(
  input: DistressInput,
  tell: Tell = untold,
): Promise<DistressOutcome> {
  const { fault, nodes, distressed, stillMs, runMs, forMs, seed } = input;
  const { options } = configurationOf(input.configuration);
  const blocked: BlockedRuntime[] = [];
  const ring = new MemberRing({
    seed,
    config: options,
    portsOf: (runtime, place) =>
      (blocked[place] = blockedRuntime(runtime, { readMs: input.readMs })).ports,
  });
  await ring.startJoined(nodes, stage(tell, 0, FORMED_SHARE));
  const telling = stage(tell, FORMED_SHARE, 1);
  ring.clock.runFor(SETTLE_MS);
  const before = ring.network.counters();
  ring.events.length = 0;
  const places = shuffle(new SeededRandom(seed * 3 + 1), [...ring.nodes.keys()]);
  const slow = places.slice(0, distressed);
  for (const end = ring.clock.now() + forMs; ring.clock.now() < end;) {
    telling(1 - (end - ring.clock.now()) / forMs, `${forMs / 1000} s of slow members`);
    for (const place of slow) {
      if (fault === 'messages') blocked[place]?.block(stillMs);
      else ring.nodes[place]?.runtime.pause(stillMs);
    }
    ring.clock.runFor(stillMs + runMs);
  }
  telling(1, 'all seconds');
  const after = ring.network.counters();
  const grown = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
  return {
    ...countFalseAlarms(ring.events, new Set(slow)),
    packets: grown('packets.sent'),
    bytes: grown('packets.bytes') + grown('streams.bytes'),
    overflowed: grown('packets.overflowed') + blocked.reduce((sum, b) => sum + b.overflowed, 0),
  };
}

/** Counts reports of deaths in a ring in which nobody died. */
export function countFalseAlarms(
  events: readonly RingEvent[],
  slow: ReadonlySet<number>,
): FalseAlarms {
  const alarms = events.filter(({ kind }) => kind === 'fail');
  const aboutHealthy = alarms.filter(({ subject }) => !slow.has(subject));
  const amongHealthy = aboutHealthy.filter(({ observer }) => !slow.has(observer));
  return {
    all: alarms.length,
    aboutHealthy: aboutHealthy.length,
    amongHealthy: amongHealthy.length,
  };
}

/** Share of the work of a run until its ring is whole. */
const FORMED_SHARE = 0.1;
/** The ring is at rest before anyone stands still. */
const SETTLE_MS = 3_000;
