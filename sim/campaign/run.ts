import { CheckError, simulate } from '../../src/simulator/index.ts';
import type { World } from '../../src/simulator/index.ts';
import type { Vessel } from './fleet.ts';
import { Fleet } from './fleet.ts';
import type { Plan } from './plan.ts';
import { NO_MTU } from './plan.ts';
import { enter, take } from './steps.ts';

/*
 * A run: a cluster forms, the steps are taken under the eyes of all checkers, then every fault ends and all must
 * agree within the bound that follows from the configuration, stay so, grow no more, and close without a trace.
 */

/** What became of a run. */
export interface Outcome {
  /** What was wrong, in one text; null for a good run. */
  readonly problem: string | null;
  /** The first line of it, without what differs from run to run of one fault. */
  readonly signature: string;
  /** The last lines of what happened. */
  readonly trace: string;
  readonly hash: string;
  /** Virtual milliseconds of the whole run. */
  readonly virtualMs: number;
  /** Virtual milliseconds from the end of all faults until all agreed. */
  readonly calmMs: number;
  /** Share of the bound that was needed. */
  readonly calmShare: number;
  readonly counts: Readonly<Record<string, number>>;
}

const FORM_MS = 300;
const QUIET_MS = 2_000;
const SPREAD_MS = 10_000;
const TRACE_LINES = 80;
const LINK_REST = { lossRate: 0, duplicateRate: 0, reorderRate: 0, jitterMs: 0 };

/** Runs a plan to its end. */
export async function run(
  plan: Plan,
  o: { readonly hashPackets?: boolean } = {},
): Promise<Outcome> {
  const { settings } = plan;
  const { lossRate, duplicateRate, reorderRate, jitterMs, latencyMs } = settings;
  const network = { lossRate, duplicateRate, reorderRate, jitterMs, latencyMs, reorderMs: 40 };
  const state: { fleet: Fleet | null; calmMs: number; calmShare: number; world: World | null } = {
    fleet: null,
    calmMs: 0,
    calmShare: 0,
    world: null,
  };
  let problem: string | null = null;
  let signature = '';
  try {
    const options = { seed: settings.seed, checks: true, network, maxVirtualMs: 7_200_000 };
    await simulate(options, async (world) => {
      if (o.hashPackets !== true) world.network.onPacket = null;
      const fleet = new Fleet(world, settings);
      Object.assign(state, { fleet, world });
      await form(fleet);
      for (const step of plan.steps) await take(fleet, step);
      Object.assign(state, await calm(fleet));
      await quiet(fleet);
      await close(fleet);
    });
  } catch (error) {
    problem = problemText(error);
    signature = signatureOf(error);
  }
  const { fleet, world, calmMs, calmShare } = state;
  if (fleet !== null && world !== null) countWorld(fleet, world);
  return {
    problem,
    signature,
    trace: world?.trace.toText().split('\n').slice(-TRACE_LINES).join('\n') ?? '',
    hash: world?.trace.hash ?? '',
    virtualMs: world?.now ?? 0,
    calmMs,
    calmShare,
    counts: fleet?.counts ?? {},
  };
}

async function form(fleet: Fleet): Promise<void> {
  const { settings, world } = fleet;
  for (let i = 0; i < settings.nodes; i += 1) {
    const seeds = fleet.vessels.slice(0, 1).map(({ node }) => node.host);
    const vessel = await fleet.start({ name: fleet.nextName(), host: fleet.nextHost(), seeds });
    if (seeds.length > 0) fleet.join(vessel);
  }
  await world.sleep(FORM_MS);
  if (!settings.isJoinedAtStart) return;
  for (const [i, vessel] of fleet.vessels.entries()) {
    for (const network of fleet.networkNames) enter(fleet, vessel, network, (i + 1) * 3_571);
  }
  await world.sleep(FORM_MS);
}

/** Ends every fault, and waits until all agree. */
async function calm(fleet: Fleet): Promise<{ calmMs: number; calmShare: number }> {
  const { world, vessels } = fleet;
  world.heal();
  world.names.setFailing(false);
  world.names.setDelay(0);
  world.setLinks(LINK_REST);
  for (const { node } of vessels) {
    node.setClockRate(1);
    for (const other of vessels) {
      world.network.setLink(node.host, other.node.host, { maxPacketBytes: NO_MTU });
    }
  }
  const pausedMs = Math.max(0, ...vessels.map(({ pausedUntilMs }) => pausedUntilMs - world.now));
  // What a clog held back comes in its time, and is no calm.
  await world.sleep(Math.max(pausedMs, world.network.heldMs));
  const start = world.now;
  const boundMs = world.checks?.boundMs ?? 0;
  world.note(`calm; all must agree within ${boundMs.toFixed(0)} ms`);
  while (world.now - start < boundMs) {
    introduce(fleet);
    const isOver = fleet.ending === 0 && vessels.every(isSettled);
    if (isOver && world.checks?.problems().length === 0) break;
    await world.sleep(250);
  }
  await world.converge({ withinMs: Math.max(0, boundMs - (world.now - start)) });
  const calmMs = world.now - start;
  checkReads(fleet);
  world.note(`all agree after ${calmMs.toFixed(0)} ms`);
  return { calmMs, calmShare: boundMs > 0 ? calmMs / boundMs : 0 };
}

/** Whether nothing is open that its user waits for. */
function isSettled({ hasJoined, networks }: Vessel): boolean {
  return hasJoined && [...networks.values()].every((handle) => handle !== null);
}

/** Nothing happens any more: nothing grows, all stay as they are, and in the end tombstones are forgotten. */
async function quiet(fleet: Fleet): Promise<void> {
  const { world, settings } = fleet;
  world.checks?.calm(true);
  await world.sleep(settings.isForgetting ? settings.reapEntryMs + 20_000 : QUIET_MS);
  const disagreements = world.checks?.disagreements() ?? [];
  if (disagreements.length > 0) {
    throw new Error(`all agreed, and then not any more:\n  ${disagreements.join('\n  ')}`);
  }
  // An exchange may still have brought somebody a tombstone to pass on.
  await world.converge({ withinMs: SPREAD_MS });
  checkReads(fleet);
  if (!settings.isForgetting) return;
  fleet.count('runs that forgot');
  for (const { node } of fleet.vessels) {
    const { tombstones, hidden } = node.db.stats().tables;
    if (tombstones + hidden === 0) continue;
    throw new Error(
      `${node.name} still holds ${tombstones} tombstones and ${hidden} hidden entries`,
    );
  }
}

async function close(fleet: Fleet): Promise<void> {
  const { world } = fleet;
  for (const vessel of fleet.vessels) fleet.countNode(vessel);
  for (const [i, { node }] of fleet.vessels.entries()) {
    await (i % 2 === 0 ? node.close() : node.stop());
  }
  await world.sleep(10);
  if (fleet.open.size > 0)
    throw new Error(`${fleet.open.size} watches did not end with their node`);
}

/** What readers and watchers are told is what the checkers saw go in. */
function checkReads(fleet: Fleet): void {
  for (const vessel of fleet.vessels) {
    for (const network of vessel.networks.keys()) {
      for (const name of fleet.tableNames) checkTable(fleet, vessel, network, name);
    }
  }
}

function checkTable(fleet: Fleet, vessel: Vessel, network: string, name: string): void {
  const table = fleet.table(vessel, network, name);
  if (table === null)
    throw new Error(`${vessel.node.name} waits for its first exchange of ${network}`);
  const read = [...table.entries()].map(({ key, value }) => `${key}=${value}`);
  const { checks } = fleet.world;
  const seen = [...(checks?.tables.seenBy(checks.lifeOf(vessel.node.db), network).values() ?? [])];
  const text = new TextDecoder();
  const stored = seen
    .filter((entry) => entry.table === name)
    .map(({ key, value }) => `${key}=${text.decode(value)}`);
  requireSame(`${vessel.node.name} reads of ${network}/${name}`, read, stored);
  fleet.count('tables read');
  const fold = vessel.folds.get(JSON.stringify([network, name]));
  if (fold === undefined) return;
  if (fold.faults.length > 0)
    throw new Error(`${vessel.node.name}: a watch told ${fold.faults.join()}`);
  const told = [...fold.entries].map(([key, value]) => `${key}=${value}`);
  requireSame(`${vessel.node.name} is told by a watch of ${network}/${name}`, told, read);
  fleet.count('watches compared');
}

function requireSame(what: string, is: readonly string[], should: readonly string[]): void {
  const [left, right] = [[...is].sort(), [...should].sort()];
  if (left.join('\n') === right.join('\n')) return;
  const short = (lines: readonly string[]): string =>
    lines.map((line) => line.slice(0, 40)).join(', ');
  throw new Error(`${what} [${short(left)}], but there is [${short(right)}]`);
}

/**
 * Brings together what cannot find together by itself: islands of which nobody knows anybody of the others, as
 * when a node has joined only members that crashed in the same moment.
 */
function introduce(fleet: Fleet): void {
  const left = new Set(fleet.vessels);
  const islands: Vessel[][] = [];
  for (const first of fleet.vessels) {
    if (!left.delete(first)) continue;
    const island = [first];
    for (const vessel of island) {
      for (const other of left) {
        if (!knows(fleet, vessel, other) && !knows(fleet, other, vessel)) continue;
        left.delete(other);
        island.push(other);
      }
    }
    islands.push(island);
  }
  const [[to] = [], [from] = []] = islands;
  if (from === undefined || to === undefined) return;
  fleet.count('islands');
  fleet.world.note(`${from.node.name} is told of ${to.node.name}`);
  void from.node.db.join([to.node.host]).catch(() => undefined);
}

function knows(fleet: Fleet, vessel: Vessel, other: Vessel): boolean {
  const { name, host } = other.node;
  if (!fleet.settings.usesNames && vessel.seeds.includes(host)) return true;
  if (vessel.lost.get(name) === host) return true;
  const member = vessel.node.db.member(name);
  const isMember = member?.state === 'alive' || member?.state === 'suspect';
  return isMember && member.host === host;
}

function problemText(error: unknown): string {
  if (error instanceof CheckError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What two failures of the same kind have in common. */
function signatureOf(error: unknown): string {
  if (error instanceof CheckError) {
    const first = error.checker === 'convergence' ? (error.history[0] ?? '') : '';
    return `${error.checker}: ${error.expected} ${first}`.replace(/\d+/g, '#');
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\d+/g, '#').slice(0, 100);
}

function countWorld(fleet: Fleet, world: World): void {
  const counters = { ...world.network.counters(), ...world.names.counters() };
  for (const [what, name] of Object.entries(NETWORK_COUNTERS))
    fleet.count(what, counters[name] ?? 0);
  for (const [kind, count] of Object.entries(world.checks?.counts ?? {})) {
    if (!kind.startsWith('lives')) fleet.count(`checked: ${kind}`, count);
  }
  fleet.count('runs');
}

const NETWORK_COUNTERS: Readonly<Record<string, string>> = {
  'packets sent': 'packets.sent',
  'packets lost': 'packets.lost',
  'packets cut': 'packets.cut',
  'packets doubled': 'packets.duplicated',
  'packets reordered': 'packets.reordered',
  'packets with jitter': 'packets.jittered',
  'packets clogged': 'packets.clogged',
  'pieces of streams clogged': 'streams.clogged',
  'lookups of names': 'lookups.asked',
  'lookups that failed': 'lookups.failed',
  'lookups that were late': 'lookups.late',
  'packets above the mtu': 'packets.tooLarge',
  'packets overflowed': 'packets.overflowed',
  'streams opened': 'streams.opened',
};
