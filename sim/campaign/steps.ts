import type { EntryAddress } from '../../src/networkdb/index.ts';
import type { CutMode } from '../../src/simulator/index.ts';
import type { Fleet, Vessel } from './fleet.ts';
import type { Step } from './plan.ts';

/*
 * What each step does. The numbers of a step choose among what there is by then; a step that makes no sense is
 * passed over. What really was done is counted.
 */

/** At most so many processes more than a run began with. */
const MORE_NODES = 2;
const MODES: readonly CutMode[] = ['all', 'packets', 'streams'];
/** Lengths of values; some fit no packet. */
const LENGTHS = [0, 0, 0, 0, 40, 40, 300, 1_100];
const LARGE_LENGTHS = [3_000, 9_000, 40_000, 150_000];
const RATES = [0.5, 0.8, 0.95, 1.05, 1.25, 2];

function nth<T>(items: readonly T[], at: number): T | undefined {
  return items[at % Math.max(1, items.length)];
}

/** Takes a step, or passes over it. */
export async function take(fleet: Fleet, step: Step): Promise<void> {
  const { world } = fleet;
  if (step.kind === 'sleep') return world.sleep(step.ms);
  if (step.kind === 'start') return begin(fleet, step);
  if (step.kind === 'heal') {
    world.heal();
    return;
  }
  if (step.kind === 'dns') {
    breakNames(fleet, step);
    return;
  }
  if (step.kind === 'rotate') {
    rotate(fleet, step);
    return;
  }
  const vessel = nth(step.kind === 'crash' ? mortal(fleet, step) : fleet.awake, step.node);
  if (vessel !== undefined) act(fleet, vessel, step);
}

/** Who may be killed: mostly one that stands still, where there is any. */
function mortal({ vessels, awake }: Fleet, { key }: Step): readonly Vessel[] {
  const still = vessels.filter((vessel) => !awake.includes(vessel));
  return still.length > 0 && key % 4 !== 0 ? still : vessels;
}

function act(fleet: Fleet, vessel: Vessel, step: Step): void {
  const { world, vessels } = fleet;
  const { node } = vessel;
  switch (step.kind) {
    case 'sleep':
    case 'start':
    case 'heal':
    case 'dns':
    case 'rotate':
      return;
    case 'write':
      return writeOne(fleet, vessel, step);
    case 'race':
      return race(fleet, vessel, step);
    case 'enter':
      return enter(fleet, vessel, nth(fleet.networkNames, step.key) as string, step.other);
    case 'exit': {
      const network = nth([...vessel.networks.keys()].sort(), step.key);
      if (network !== undefined) fleet.exit(vessel, network);
      return;
    }
    case 'watch': {
      const network = nth([...vessel.networks.keys()].sort(), step.key);
      const table = nth(fleet.tableNames, step.other) as string;
      if (network !== undefined) fleet.watch(vessel, network, table);
      return;
    }
    case 'cut':
    case 'clog':
      return hinder(fleet, vessel, step);
    case 'split': {
      const group = vessels.filter((_, i) => ((step.other >> (i % 12)) & 1) === 1);
      if (group.length === 0 || group.length === vessels.length) return;
      const mode = nth(MODES, step.key) as CutMode;
      fleet.count(`splits of ${mode}`);
      return world.partition([group.map((each) => each.node)], mode);
    }
    case 'pause':
      fleet.count('pauses');
      vessel.pausedUntilMs = world.now + step.ms;
      return node.pause(step.ms);
    case 'crash':
      if (vessels.length <= 1) return;
      fleet.count('crashes');
      if (vessel.pausedUntilMs > world.now) fleet.count('crashes while paused');
      return fleet.crash(vessel);
    case 'leave':
      if (vessels.length <= 1) return;
      fleet.count('leaves');
      return fleet.leave(vessel);
    case 'clockRate':
      fleet.count('clock rates');
      return node.setClockRate(nth(RATES, step.other) as number);
    case 'clockJump':
      fleet.count('clock jumps');
      return node.jumpClock(step.ms);
  }
}

function hinder(fleet: Fleet, vessel: Vessel, step: Step): void {
  const others = fleet.vessels.filter((other) => other !== vessel);
  const other = nth(others, step.other)?.node;
  if (other === undefined) return;
  const { world } = fleet;
  if (step.kind === 'clog') {
    return world.clog(vessel.node, other, step.ms);
  }
  const direction = step.key % 3 === 0 ? 'both' : 'oneWay';
  const mode = nth(MODES, step.key >> 2) as CutMode;
  fleet.count(`cuts ${direction}`);
  world.cut(vessel.node, other, direction, mode);
}

function breakNames(fleet: Fleet, step: Step): void {
  const { names } = fleet.world;
  fleet.count('changes of the name service');
  names.setFailing(step.key % 5 < 3);
  names.setDelay(step.other % 2 === 0 ? step.ms : 0);
}

/** A new node, or one that comes back: under its name or another, at its address or another, with its disk or none. */
async function begin(fleet: Fleet, step: Step): Promise<void> {
  const { settings, vessels, former } = fleet;
  if (vessels.length >= settings.nodes + MORE_NODES) return;
  const comesBack = settings.faults.includes('return') && step.other % 6 !== 0;
  const at = step.node % 3 === 0 ? step.node % Math.max(1, former.length) : former.length - 1;
  const [before] = comesBack && at >= 0 ? former.splice(at, 1) : [];
  const [keepsName, keepsHost] = [step.key % 3 !== 1, step.key % 3 !== 2];
  const keepsDisk = (step.other >> 4) % 2 === 0;
  if (before === undefined) fleet.count('newcomers');
  else {
    fleet.count(`returns under ${keepsName ? 'the old name' : 'another name'}`);
    fleet.count(`returns at ${keepsHost ? 'the old host' : 'another host'}`);
    fleet.count(`returns with ${keepsDisk ? 'the old disk' : 'no disk'}`);
  }
  const vessel = await fleet.start({
    name: before !== undefined && keepsName ? before.name : fleet.nextName(),
    host: before !== undefined && keepsHost ? before.host : fleet.nextHost(),
    seeds: fleet.someHosts(null, step.node),
    ...(before !== undefined && keepsDisk ? { files: before.files } : {}),
  });
  fleet.join(vessel);
  for (const [i, network] of fleet.networkNames.entries()) {
    if (((step.key >> (4 + 2 * i)) & 3) !== 0) enter(fleet, vessel, network, step.other >> i);
  }
}

/** Joins a network, waiting for the first exchange or writing at once, as the number says. */
export function enter(fleet: Fleet, vessel: Vessel, network: string, draw: number): void {
  const isPatient = draw % 2 === 0;
  fleet.enter(vessel, network, isPatient, () => {
    const key = `${vessel.node.name} ${draw % fleet.settings.keys}`;
    const table = fleet.tableNames[0] as string;
    write(fleet, vessel, { network, table, key }, draw >> 3);
    if (draw % 3 === 0) fleet.watch(vessel, network, table);
  });
}

function writeOne(fleet: Fleet, vessel: Vessel, step: Step): void {
  const network = nth([...vessel.networks.keys()].sort(), step.node >> 4);
  if (network === undefined) return;
  const number = step.key % fleet.settings.keys;
  const isShared = step.key % 5 < 2;
  const key = isShared ? `shared ${number}` : `${vessel.node.name} ${number}`;
  const table = nth(fleet.tableNames, step.key >> 8) as string;
  write(fleet, vessel, { network, table, key }, step.other);
}

/** Several nodes write one key in the same instant. */
function race(fleet: Fleet, first: Vessel, step: Step): void {
  const network = nth([...first.networks.keys()].sort(), step.node >> 4);
  if (network === undefined) return;
  const members = fleet.awake.filter(({ networks }) => networks.has(network));
  const key = `shared ${step.key % fleet.settings.keys}`;
  const table = nth(fleet.tableNames, step.key >> 8) as string;
  fleet.count('races');
  for (const [i, vessel] of members.slice(0, 3).entries()) {
    write(fleet, vessel, { network, table, key }, step.other >> i);
  }
}

/** Writes a key as a user would, and reads it back. */
function write(fleet: Fleet, vessel: Vessel, address: EntryAddress, draw: number): void {
  const table = fleet.table(vessel, address.network, address.table);
  if (table === null) return;
  const { key } = address;
  const before = table.get(key);
  const how = wayOf(draw % 16, before !== undefined);
  if (how === null) return;
  vessel.writes += 1;
  fleet.count(`writes: ${how}`);
  const lengths = fleet.settings.faults.includes('large') ? LARGE_LENGTHS : LENGTHS;
  const isLarge = (draw >> 6) % 4 === 0;
  const length = nth(isLarge ? lengths : LENGTHS, draw >> 4) as number;
  if (length > 1_400) fleet.count('large values');
  // Now and then a value that others write too, so that only time and owner tell writes apart.
  const text = (draw >> 5) % 5 === 0 ? 'up' : `${vessel.node.name} ${vessel.writes}`;
  const value = text.padEnd(length, '.');
  if (how === 'delete') table.delete(key);
  else table[how](key, value);
  const after = table.get(key);
  const isRead = how === 'delete' ? after === undefined : after === value;
  if (!isRead)
    fleet.world.fail(new Error(`${vessel.node.name} does not read what it wrote to ${key}`));
}

function wayOf(draw: number, isThere: boolean): 'create' | 'update' | 'set' | 'delete' | null {
  if (draw < 5) return 'set';
  if (draw < 11) return isThere ? 'update' : 'create';
  if (draw < 12) return isThere ? null : 'create';
  return isThere ? 'delete' : null;
}

/** The next of the steps by which the ring's key changes: all add, all use, all remove. */
function rotate(fleet: Fleet, step: Step): void {
  const { keys, vessels, settings, world } = fleet;
  const [first, second] = keys;
  if (!settings.isEncrypted || first === undefined) return;
  const rings = vessels.map(({ node }) => node.db.keyring);
  if (second === undefined) {
    const next = fleet.nextKey();
    fleet.keys = [first, next];
    for (const ring of rings) ring.add(next);
    fleet.count('keys added');
    world.note('all add a key');
  } else if (step.key % 3 === 0) {
    for (const ring of rings) ring.use(first);
    for (const ring of rings) ring.remove(second);
    fleet.keys = [first];
    fleet.count('keys removed');
    world.note('all use one key and remove the other');
  } else {
    // Only some at first, as when an operator goes from host to host.
    const some = rings.filter((_, i) => ((step.other >> (i % 12)) & 1) === 0);
    for (const ring of some) ring.use(second);
    fleet.keys = [second, first];
    fleet.count('keys used');
    world.note(`${some.length} use the other key`);
  }
}
