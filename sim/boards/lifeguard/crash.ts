import { randomBelow, SeededRandom } from '../../../src/runtime/index.ts';
import { MemberRing, nameOfPlace } from '../../rings/member-ring.ts';
import type { Tell } from '../../telling.ts';
import { stage, untold } from '../../telling.ts';
import { configurationOf } from './configurations.ts';

/*
 * How long the others take to learn that a member died. One member after the other is killed, and started anew
 * when all know; the ring is at rest in between, so each is a sample of its own.
 */

/** One run. */
export type CrashInput = {
  readonly kind: 'crash';
  readonly configuration: string;
  readonly nodes: number;
  readonly crashes: number;
  readonly seed: number;
};

/** Milliseconds from each death until the first and until the last of the others reported it. */
export type CrashOutcome = { readonly firstMs: number[]; readonly fullMs: number[] };

/** Plays one run. */
export async function playCrash(input: CrashInput, tell: Tell = untold): Promise<CrashOutcome> {
  const { nodes, crashes, seed } = input;
  const ring = new MemberRing({ seed, config: configurationOf(input.configuration).options });
  await ring.startJoined(nodes, stage(tell, 0, FORMED_SHARE));
  const telling = stage(tell, FORMED_SHARE, 1);
  const random = new SeededRandom(seed * 3 + 1);
  const firstMs: number[] = [];
  const fullMs: number[] = [];
  while (fullMs.length < crashes) {
    telling(fullMs.length / crashes, `crash ${fullMs.length + 1} of ${crashes}`);
    ring.clock.runFor(REST_MS + randomBelow(random, 1_000));
    const place = randomBelow(random, nodes);
    const victim = ring.nodes[place];
    const seedHost = ring.nodes[(place + 1) % nodes]?.host ?? '';
    ring.events.length = 0;
    const diedAt = ring.clock.now();
    victim?.runtime.crash();
    let reports = 0;
    let seen = 0;
    const isKnown = (): boolean => {
      for (; seen < ring.events.length; seen += 1) {
        const event = ring.events[seen];
        if (event?.kind !== 'fail' || event.subject !== place) continue;
        if (reports === 0) firstMs.push(event.at - diedAt);
        reports += 1;
      }
      return reports >= nodes - 1;
    };
    const name = nameOfPlace(place);
    if (!ring.clock.runUntil(isKnown, MAX_MS)) throw new Error(`${name} was not missed`);
    fullMs.push(ring.clock.now() - diedAt);
    const { member } = await ring.start({ place });
    await ring.settle(member.join([seedHost]));
    const isWhole = (): boolean => ring.nodes.every((n) => n.member.memberCount === nodes);
    if (!ring.clock.runUntil(isWhole, MAX_MS)) throw new Error(`${name} was not taken back`);
  }
  telling(1, 'all crashes');
  return { firstMs, fullMs };
}

/** Share of the work of a run until its ring is whole. */
const FORMED_SHARE = 0.1;
const REST_MS = 3_000;
const MAX_MS = 300_000;
