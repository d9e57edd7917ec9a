import { randomFraction, SeededRandom, shuffle } from '../../../src/runtime/index.ts';
import type { RingEvent } from '../../rings/member-ring.ts';
import { hostOfPlace, MemberRing } from '../../rings/member-ring.ts';
import type { Tell } from '../../telling.ts';
import { stage, untold } from '../../telling.ts';
import { configurationOf } from '../lifeguard/configurations.ts';
import type { TrafficSummary } from './traffic.ts';
import { Traffic } from './traffic.ts';

/*
 * Some members fail in one of the ways of the Rapid paper: they die, they hear nothing every other twenty seconds, or
 * they lose four packets of five on the way out or in.
 *
 * Streams of the simulator lose nothing, as TCP does that has the time. A stream through such a host has not: its
 * first packets are sent again after one second, three and seven. So of the dials to and from a lossy host only
 * those succeed that get two packets in a row through.
 */

/** What is wrong with the faulty ones. */
export type FaultKind = 'crash' | 'deaf' | 'lossyOut' | 'lossyIn';

/** One run. */
export type FaultInput = {
  readonly kind: 'fault';
  readonly fault: FaultKind;
  readonly nodes: number;
  readonly faulty: number;
  readonly forMs: number;
  /** Whether all of ours is on, or Go's rules alone. */
  readonly rules: 'ours' | 'go';
  readonly seed: number;
};

/** What the healthy members saw. */
export type FaultOutcome = {
  /** Reports of deaths of healthy members, by healthy ones; and by the faulty ones, who are not asked. */
  readonly healthyRemoved: number;
  readonly healthyRemovedByFaulty: number;
  /** Most reports of the death of one faulty member that one healthy member had; and their mean. */
  readonly flapsMost: number;
  readonly flapsMean: number;
  /** Milliseconds until no healthy member held a crashed one; null where some did to the end. */
  readonly goneMs: number | null;
  /** Smallest ring that a healthy member saw. */
  readonly leastSize: number;
  /** Mean size that healthy members saw, by milliseconds. */
  readonly curve: [number, number][];
  readonly traffic: TrafficSummary;
};

/** Plays one run. */
export async function playFault(input: FaultInput, tell: Tell = untold): Promise<FaultOutcome> {
  const { nodes, forMs, seed, fault } = input;
  const go = { config: configurationOf('Lifeguard-4').options };
  const ring = new MemberRing({ seed, ...(input.rules === 'go' && go) });
  await ring.startJoined(nodes, stage(tell, 0, FORMED_SHARE));
  const telling = stage(tell, FORMED_SHARE, 1);
  ring.clock.runFor(REST_MS);
  ring.events.length = 0;
  const random = new SeededRandom(seed * 3 + 1);
  const places = shuffle(random, [...ring.nodes.keys()]);
  const faulty = new Set(places.slice(0, input.faulty));
  const healthy = ring.nodes.filter((_, place) => !faulty.has(place)).map(({ member }) => member);
  const traffic = new Traffic(healthy);
  const startedAt = ring.clock.now();
  const curve: [number, number][] = [];
  let goneMs: number | null = null;
  let leastSize = nodes;
  if (fault === 'crash') for (const place of faulty) ring.nodes[place]?.runtime.crash();
  if (fault === 'lossyOut' || fault === 'lossyIn') makeLossy(ring, fault, faulty, random);
  for (let second = 0; second < forMs / 1000; second += 1) {
    telling((1000 * second) / forMs, `second ${second} of ${forMs / 1000}`);
    if (fault === 'deaf' && second % DEAF_S === 0) {
      setDeaf(ring, faulty, (second / DEAF_S) % 2 === 0);
    }
    ring.clock.runFor(1_000);
    traffic.sample();
    const seen = healthy.map(({ memberCount }) => memberCount);
    leastSize = seen.reduce((least, each) => Math.min(least, each), leastSize);
    const passedMs = ring.clock.now() - startedAt;
    curve.push([passedMs, seen.reduce((sum, each) => sum + each, 0) / seen.length]);
    const isGone = fault === 'crash' && seen.every((size) => size === nodes - faulty.size);
    if (isGone) goneMs ??= passedMs;
  }
  telling(1, 'all seconds');
  return {
    ...countRemovals(ring.events, faulty, nodes),
    goneMs,
    leastSize,
    curve,
    traffic: traffic.summary(),
  };
}

/** Counts reports of deaths by whom they are about. */
export function countRemovals(
  events: readonly RingEvent[],
  faulty: ReadonlySet<number>,
  nodes: number,
): Pick<FaultOutcome, 'healthyRemoved' | 'healthyRemovedByFaulty' | 'flapsMost' | 'flapsMean'> {
  const deaths = events.filter(({ kind }) => kind === 'fail');
  const ofHealthy = deaths.filter(({ subject }) => !faulty.has(subject));
  const byHealthy = (event: RingEvent): boolean => !faulty.has(event.observer);
  const flaps = new Map<string, number>();
  for (const { observer, subject } of deaths) {
    if (faulty.has(observer) || !faulty.has(subject)) continue;
    const pair = `${observer} ${subject}`;
    flaps.set(pair, (flaps.get(pair) ?? 0) + 1);
  }
  const total = [...flaps.values()].reduce((sum, each) => sum + each, 0);
  const healthyRemoved = ofHealthy.filter(byHealthy).length;
  return {
    healthyRemoved,
    healthyRemovedByFaulty: ofHealthy.length - healthyRemoved,
    flapsMost: Math.max(0, ...flaps.values()),
    flapsMean: total / (faulty.size * (nodes - faulty.size)),
  };
}

function setDeaf(ring: MemberRing, faulty: ReadonlySet<number>, isDeaf: boolean): void {
  for (const place of faulty) {
    for (const other of ring.nodes.keys()) {
      if (other === place) continue;
      const link = [hostOfPlace(other), hostOfPlace(place), 'oneWay'] as const;
      if (isDeaf) ring.network.cut(...link);
      else ring.network.mend(...link);
    }
  }
}

function makeLossy(
  ring: MemberRing,
  fault: 'lossyOut' | 'lossyIn',
  faulty: ReadonlySet<number>,
  random: SeededRandom,
): void {
  const hosts = new Set([...faulty].map(hostOfPlace));
  for (const host of hosts) {
    for (const { host: other } of ring.nodes) {
      if (other === host) continue;
      const [from, to] = fault === 'lossyOut' ? [host, other] : [other, host];
      ring.network.setLink(from, to, { lossRate: LOSS });
    }
  }
  ring.network.dropDial = (fromHost, to) =>
    (hosts.has(fromHost) || hosts.has(to.host)) &&
    randomFraction(random) >= (1 - LOSS) ** PACKETS_OF_A_DIAL;
}

const REST_MS = 3_000;
const DEAF_S = 20;
/** Share of the work of a run until its ring is whole. */
const FORMED_SHARE = 0.1;
const LOSS = 0.8;
const PACKETS_OF_A_DIAL = 2;
