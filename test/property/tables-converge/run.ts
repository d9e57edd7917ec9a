import { doubtsOf, leftoversOf, ownProblems, problemsOf } from './check.ts';
import type { Plan, Settings } from './plan.ts';
import type { Process } from './process.ts';
import { enter, take } from './steps.ts';
import { World } from './world.ts';

/*
 * A run: a cluster forms, the steps are taken, then all faults end and everybody must agree within a
 * bound that follows from the configuration, and stay so.
 */

/** What became of a run. */
export interface Outcome {
  /** What was wrong; empty for a good run. */
  readonly problems: readonly string[];
  readonly trace: readonly string[];
  readonly hash: string;
  /** Virtual milliseconds from the end of the steps until all agreed. */
  readonly calmMs: number;
  readonly counts: Readonly<Record<string, number>>;
}

const LOOK_MS = 250;

/** Runs a plan to its end. */
export async function run(
  { settings, steps }: Plan,
  o: { readonly hashPackets?: boolean } = {},
): Promise<Outcome> {
  const world = new World(settings);
  if (o.hashPackets === true) world.hashPackets();
  let calmMs = 0;
  let problems: string[] = [];
  try {
    await form(world);
    for (const step of steps) {
      await take(world, step);
      problems = [...world.faults, ...ownProblems(world)];
      if (problems.length > 0) break;
    }
    if (problems.length === 0) {
      const end = await calm(world);
      calmMs = end.calmMs;
      problems = [...world.faults, ...end.problems];
    }
  } catch (error) {
    problems = [`thrown: ${error instanceof Error ? (error.stack ?? error.message) : 'no error'}`];
  }
  world.note(`${problems.length} problems`);
  countAll(world);
  const { trace, hash, counts } = world;
  for (const { runtime } of world.up) runtime.crash();
  return { problems, trace, hash, calmMs, counts };
}

async function form(world: World): Promise<void> {
  const { nodes, hasForger, isJoinedAtStart } = world.settings;
  for (let i = 0; i < nodes; i += 1) {
    const seeds = world.up.slice(0, 1).map(({ host }) => host);
    const process = await world.start(world.nextName(), world.nextHost(), seeds);
    if (seeds.length > 0) world.join(process);
    else process.memberSince = world.clock.now();
  }
  if (hasForger) await world.startForger();
  await world.advance(200);
  if (!isJoinedAtStart) return;
  for (const process of world.up) {
    for (const network of world.networkNames) {
      enter(world, process, network, (process.id + 1) * 3_571 + process.networks.size * 131);
    }
  }
  await world.advance(100);
}

async function calm(world: World): Promise<{ calmMs: number; problems: string[] }> {
  const { network, clock, settings } = world;
  network.heal();
  network.setLinks({ lossRate: 0, duplicateRate: 0, reorderRate: 0 });
  world.note('calm');
  const start = clock.now();
  const boundMs = calmBoundMs(settings, world.up.length);
  let problems: string[] = [];
  do {
    introduce(world);
    await world.advance(LOOK_MS);
    await world.readWatches();
    problems = [...ownProblems(world), ...problemsOf(world), ...doubtsOf(world)];
    if (problems.length === 0) break;
  } while (clock.now() - start < boundMs);
  const calmMs = clock.now() - start;
  world.note(`agreed after ${calmMs} ms`);
  if (problems.length > 0) return { calmMs, problems: [`after ${calmMs} ms:`, ...problems] };
  await world.advance(settings.stayMs);
  if (settings.kind === 'forget') await world.advance(forgetMs(settings));
  await world.readWatches();
  problems = [...ownProblems(world), ...problemsOf(world)];
  if (settings.kind === 'forget') problems.push(...leftoversOf(world));
  return { calmMs, problems };
}

/**
 * Virtual milliseconds in which all must agree, from the intervals of the configuration.
 *
 * Without faults that is a few round trips and repeats, and some exchanges of who is there, since news of
 * that goes to random members and now and then misses one. With them: a probe of each member, the longest
 * suspicion, the wait before a name can be taken over, some tries to reconnect, the random wait after a
 * return, and three rounds of both exchanges of which one may hang until its time is out.
 */
export function calmBoundMs({ kind, syncMs, pushPullMs }: Settings, nodes: number): number {
  if (kind === 'prompt') return 6_000 + 4 * pushPullMs;
  const probeMs = 1_000;
  const suspicionMs = 3 * 6 * Math.max(1, Math.log10(nodes)) * probeMs;
  const takeOverMs = 30_000;
  const reconnectMs = 20 * probeMs;
  return (
    2 * nodes * probeMs +
    suspicionMs +
    takeOverMs +
    reconnectMs +
    15_000 +
    3 * (syncMs + pushPullMs)
  );
}

/** Virtual milliseconds after which what was deleted before the calm is forgotten by everybody. */
function forgetMs({ reapEntryMs }: Settings): number {
  return reapEntryMs + 20_000;
}

/**
 * Brings together what cannot find together by itself: islands of which nobody knows anybody of the
 * others, as when a process has joined only members that crashed in the same moment.
 */
function introduce(world: World): void {
  const islands = islandsOf(world);
  const [first, second] = islands;
  const [from] = second ?? [];
  const [to] = first ?? [];
  if (from === undefined || to === undefined) return;
  world.count('islands');
  world.note(`${from.name} is told of ${to.name}`);
  void from.db.join([to.host]).catch(() => undefined);
}

function islandsOf(world: World): Process[][] {
  const left = new Set(world.up);
  const islands: Process[][] = [];
  for (const first of world.up) {
    if (!left.delete(first)) continue;
    const island = [first];
    for (const process of island) {
      for (const other of left) {
        if (!knows(process, other) && !knows(other, process)) continue;
        left.delete(other);
        island.push(other);
      }
    }
    islands.push(island);
  }
  return islands;
}

function knows(process: Process, other: Process): boolean {
  if (process.seeds.includes(other.host)) return true;
  if (process.lost.get(other.name) === other.host) return true;
  const member = process.db.member(other.name);
  const isMember = member?.state === 'alive' || member?.state === 'suspect';
  return isMember && member.host === other.host;
}

/** Adds up what the nodes themselves counted. */
function countAll(world: World): void {
  world.count('collisions', world.model.collisions);
  for (const { db, returns } of world.up) {
    world.count('returns of the lost', returns);
    const { tables, membership } = db.stats();
    for (const name of COUNTERS) {
      world.count(name, tables.counters[name] ?? membership.counters[name] ?? 0);
    }
  }
}

const COUNTERS = [
  'tables.early.replayed',
  'tables.ghosts.entries',
  'tables.ghosts.attachments',
  'tables.writeConflicts',
  'tables.sync.ok',
  'tables.sync.timedOut',
];
