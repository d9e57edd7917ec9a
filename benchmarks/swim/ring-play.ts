import { median } from '../../sim/statistics.ts';
import type { Figures } from '../bench.ts';
import { check } from '../bench.ts';
import { pause, until } from '../rings/ring.ts';
import type { RingNode } from './node.ts';
import { FIRST_METADATA } from './node.ts';

/*
 * What a small ring of processes does, whoever wrote it: how long until all know all, what it costs at rest, how
 * fast news of a member and its death are, and who is called faulty because an event loop stood still. What never
 * came within patience is left out of the figures; what came is looked at before it counts.
 */

/** How long things may take. */
export interface Pace {
  readonly settleMs: number;
  readonly idleMs: number;
  /** After a stall, to see who is blamed for it. */
  readonly watchMs: number;
  readonly patienceMs: number;
  /** Stalls of an event loop. */
  readonly stallsMs: readonly number[];
}

/** Stalls of an event loop, in milliseconds. */
export const STALLS = [50, 500, 2_000] as const;

export const PACE: Pace = {
  settleMs: 3_000,
  idleMs: 10_000,
  watchMs: 5_000,
  patienceMs: 30_000,
  stallsMs: STALLS,
};

const METADATA_CHANGES = 5;

/** Makes the processes of a ring; they have not joined yet. */
export type MakeRing = () => Promise<readonly RingNode[]>;

/** Plays all of it, with a fresh ring for each stall. */
export async function playRings(make: MakeRing, pace: Pace): Promise<Figures> {
  let figures: Figures = await withRing(make, pace, async (ring, startMs) => {
    const rest = await idle(ring, pace);
    const metadataMs = await metadata(ring, pace);
    const killedMs = await killed(ring, pace);
    return {
      ...{ 'start-ms': startMs, ...rest },
      ...(metadataMs !== null && { 'metadata-ms': metadataMs }),
      ...(killedMs !== null && { 'killed-ms': killedMs }),
    };
  });
  for (const durationMs of pace.stallsMs) {
    const blame = await withRing(make, pace, async (ring) => stall(ring, durationMs, pace));
    figures = { ...figures, ...blame };
  }
  return figures;
}

async function withRing(
  make: MakeRing,
  pace: Pace,
  play: (ring: readonly RingNode[], startMs: number) => Promise<Figures>,
): Promise<Figures> {
  const ring = await make();
  try {
    const from = performance.now();
    const [first, ...others] = ring;
    check(first !== undefined && others.length > 0, 'a ring has several members');
    first?.join(null);
    for (const other of others) other.join(first?.name ?? null);
    await until(() => knowAll(ring), 'a ring that knows all its members', pace.patienceMs);
    const startMs = performance.now() - from;
    await pause(pace.settleMs);
    return await play(ring, startMs);
  } finally {
    for (const node of ring) node.kill();
  }
}

/**
 * Whether each has had each other one as a member, with what it says of itself: on a busy machine swim calls so many
 * faulty that there may be no moment at which all have all.
 */
function knowAll(ring: readonly RingNode[]): boolean {
  return ring.every((node) =>
    ring.every((other) => other === node || node.hasSeen(other.name, FIRST_METADATA)),
  );
}

async function idle(ring: readonly RingNode[], { idleMs }: Pace): Promise<Figures> {
  const faultyBefore = blamed(ring);
  const before = await Promise.all(ring.map(async (node) => node.cost()));
  const from = performance.now();
  await pause(idleMs);
  const after = await Promise.all(ring.map(async (node) => node.cost()));
  const per = ((performance.now() - from) / 1000) * ring.length;
  const sum = (key: 'packets' | 'bytes' | 'cpuMs'): number =>
    after.reduce((total, cost, at) => total + cost[key] - (before[at]?.[key] ?? 0), 0) / per;
  const figures = {
    'packets-per-s': sum('packets'),
    'bytes-per-s': sum('bytes'),
    'cpu-ms-per-s': sum('cpuMs'),
    'idle-blamed': blamed(ring) - faultyBefore,
  };
  check(figures['packets-per-s'] > 0 && figures['bytes-per-s'] > 0, 'traffic');
  return figures;
}

/** Median over some changes of one member until all others have it; null when one of them never came. */
async function metadata(ring: readonly RingNode[], { patienceMs }: Pace): Promise<number | null> {
  const took: number[] = [];
  for (let at = 0; at < METADATA_CHANGES; at += 1) {
    const text = `change ${at}`;
    const node = ring[at % ring.length] as RingNode;
    const others = ring.filter((each) => each !== node);
    check(
      others.every((other) => !other.hasSeen(node.name, text)),
      'metadata that nobody has set',
    );
    const from = performance.now();
    node.setMetadata(text);
    const hasCome = await comes(
      () => others.every((other) => other.hasSeen(node.name, text)),
      patienceMs,
    );
    if (!hasCome) return null;
    took.push(performance.now() - from);
  }
  return median(took);
}

async function killed(ring: readonly RingNode[], { patienceMs }: Pace): Promise<number | null> {
  const victim = ring.at(-1) as RingNode;
  const others = ring.slice(0, -1);
  const from = performance.now();
  victim.kill();
  const isGone = (): boolean => others.every(({ view }) => !(victim.name in view.members));
  return (await comes(isGone, patienceMs)) ? performance.now() - from : null;
}

/** Who is called faulty because one member stood still: it by others, and others by it. */
async function stall(
  ring: readonly RingNode[],
  durationMs: number,
  { watchMs }: Pace,
): Promise<Figures> {
  const stalled = ring.at(-1) as RingNode;
  const others = ring.slice(0, -1);
  const before = ring.map(({ view }) => view.faulty.length);
  const fresh = (node: RingNode): readonly string[] =>
    node.view.faulty.slice(before[ring.indexOf(node)] ?? 0);
  stalled.stall(durationMs);
  await pause(durationMs + watchMs);
  const isMissing = ring.flatMap((node) =>
    ring.filter((other) => other !== node && !(other.name in node.view.members)),
  );
  return {
    [`stall-${durationMs}-blamed`]: others.filter((node) => fresh(node).includes(stalled.name))
      .length,
    [`stall-${durationMs}-blames`]: new Set(fresh(stalled)).size,
    [`stall-${durationMs}-missing`]: isMissing.length,
  };
}

/** How often anybody was called faulty so far. */
function blamed(ring: readonly RingNode[]): number {
  return ring.reduce((sum, { view }) => sum + view.faulty.length, 0);
}

async function comes(holds: () => boolean, patienceMs: number): Promise<boolean> {
  try {
    await until(holds, 'what is waited for', patienceMs);
    return true;
  } catch {
    return false;
  }
}
