import { Memberlist } from '../../../src/memberlist/index.ts';
import { randomFraction, SeededRandom } from '../../../src/runtime/index.ts';
import { createMemoryRuntime, MemoryNetwork, VirtualClock } from '../../../src/simulator/index.ts';
import { hostOfPlace, nameOfPlace } from '../../rings/member-ring.ts';
import { turn } from '../../rings/settle.ts';
import type { Tell } from '../../telling.ts';
import { untold } from '../../telling.ts';
import type { TrafficSummary } from './traffic.ts';
import { Traffic } from './traffic.ts';

/*
 * All processes of a ring start within a second and join through the same few of them, as after a power cut. A
 * process whose seeds are not there yet asks again, as a service does.
 */

/** One run. */
export type StartupInput = {
  readonly kind: 'startup';
  readonly nodes: number;
  /** How many of them the others join through. */
  readonly seeds: number;
  readonly seed: number;
};

/** What came of it. */
export type StartupOutcome = {
  /** Milliseconds from the first start until all report all; null where they did not within the limit. */
  readonly wholeMs: number | null;
  /** Different sizes that any process reported, asked once a second. */
  readonly distinctSizes: number;
  /** Mean share of the ring that is known, second by second. */
  readonly curve: [number, number][];
  readonly traffic: TrafficSummary;
};

/** Plays one run. */
export async function playStartup(
  { nodes, seeds, seed }: StartupInput,
  tell: Tell = untold,
): Promise<StartupOutcome> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom(seed * 3 + 2) });
  const random = new SeededRandom(seed * 3 + 1);
  const seedHosts = Array.from({ length: seeds }, (_, place) => hostOfPlace(place));
  const members: Memberlist[] = [];
  const starts = Array.from({ length: nodes }, (_, place) => {
    return { place, at: randomFraction(random) * STARTS_WITHIN_MS };
  }).sort((a, b) => a.at - b.at);
  for (const { place, at } of starts) {
    const host = hostOfPlace(place);
    const runtime = createMemoryRuntime({ network, host, seed: seed * 1_000_003 + place });
    const begin = async (): Promise<void> => {
      const nodeName = nameOfPlace(place);
      const member = await Memberlist.create({ nodeName, bindAddress: host, runtime });
      members.push(member);
      const targets = seedHosts.filter((each) => each !== host);
      for (;;) {
        try {
          await member.join(targets);
          return;
        } catch {
          const pauseMs = RETRY_MS * (0.5 + randomFraction(random));
          await new Promise<void>((resolve) => clock.schedule(pauseMs, resolve));
        }
      }
    };
    clock.schedule(at, () => void begin());
  }
  const traffic = new Traffic(members);
  const sizes = new Set<number>();
  const curve: [number, number][] = [];
  const isWhole = (): boolean =>
    members.length === nodes && members.every(({ memberCount }) => memberCount === nodes);
  const knownShare = (): number =>
    members.reduce((sum, { memberCount }) => sum + memberCount, 0) / nodes ** 2;
  let wholeMs: number | null = null;
  let nextSampleAt = 1_000;
  while (wholeMs === null && clock.now() < LIMIT_MS) {
    // Promises of the processes go on between any two steps of time.
    for (const end = clock.now() + LOOK_MS; clock.now() < end;) {
      if ((clock.nextTime() ?? Infinity) > end) clock.runFor(end - clock.now());
      else clock.runNext();
      await turn();
      tell(knownShare, 'members meet');
    }
    if (isWhole()) wholeMs = clock.now();
    if (clock.now() < nextSampleAt && wholeMs === null) continue;
    nextSampleAt += 1_000;
    const known = members.map(({ memberCount }) => memberCount);
    for (const size of known) sizes.add(size);
    curve.push([clock.now(), known.reduce((sum, each) => sum + each, 0) / nodes ** 2]);
    traffic.sample();
  }
  tell(1, 'members have met');
  return { wholeMs, distinctSizes: sizes.size, curve, traffic: traffic.summary() };
}

const STARTS_WITHIN_MS = 1_000;
const RETRY_MS = 1_000;
const LOOK_MS = 50;
const LIMIT_MS = 600_000;
