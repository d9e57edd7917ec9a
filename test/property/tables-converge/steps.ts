import type { EntryAddress } from '../../../src/networkdb/index.ts';
import type { Step, StepKind } from './plan.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';
import { keyOf } from './world.ts';
import { LARGE, write } from './writes.ts';

/** At most so many processes more than a run began with. */
const MORE_PROCESSES = 3;

/** Milliseconds after which everybody knows of a join, in a run that loses nothing. */
const KNOWN_MS = 1_000;

function nth<T>(items: readonly T[], at: number): T | undefined {
  return items[at % Math.max(1, items.length)];
}

/** Takes a step, or passes over it when it makes no sense now. */
export async function take(world: World, step: Step): Promise<void> {
  if (step.kind === 'sleep') await world.advance(step.ms);
  else if (step.kind === 'start') await begin(world, step);
  else act(world, step.kind, step);
}

function act(world: World, kind: Exclude<StepKind, 'sleep' | 'start'>, step: Step): void {
  if (kind === 'heal') {
    world.network.heal();
    return world.note('heal');
  }
  const process = nth(world.awake, step.node);
  if (process === undefined) return;
  switch (kind) {
    case 'enter':
      return enter(world, process, nth(world.networkNames, step.network) as string, step.other);
    case 'exit': {
      const network = nth([...process.networks.keys()].sort(), step.network);
      if (network !== undefined) world.exit(process, network);
      return;
    }
    case 'write':
      return writeOne(world, process, step);
    case 'race':
      return race(world, process, step);
    case 'crash':
    case 'farewell': {
      if (world.up.length <= 1) return;
      world.count(kind);
      return kind === 'crash' ? world.crash(process) : world.farewell(process);
    }
    case 'pause':
      world.count('pause');
      return world.pause(process, step.ms);
    case 'split':
      return split(world, step.other);
    case 'rotate':
      return rotate(world, step.other);
    case 'forge':
      return forge(world, process, step);
  }
}

/** A new process, or one that comes back: under its name or another, at its address or another. */
async function begin(world: World, step: Step): Promise<void> {
  const { settings, up, former } = world;
  if (up.length >= settings.nodes + MORE_PROCESSES) return;
  // Mostly the one that went last, which the others remember best.
  const at = step.node % 3 === 0 ? step.node % Math.max(1, former.length) : former.length - 1;
  const [before] = at < 0 || step.other % 5 === 0 ? [] : former.splice(at, 1);
  const keepsName = step.other % 4 !== 3;
  const keepsHost = step.other % 4 >= 2 || step.other % 4 === 0;
  const isNameFree = before !== undefined && keepsName;
  const name = isNameFree ? before.name : world.nextName();
  const host = before !== undefined && keepsHost ? before.host : world.nextHost();
  if (before !== undefined) world.count(keepsName ? 'returned names' : 'reused addresses');
  const seeds = [0, 1, 2].map((i) => nth(up, step.node + i * (1 + step.table))?.host);
  const known = [...new Set(seeds.filter((seed) => seed !== undefined))];
  const process = await world.start(name, host, known);
  const wanted = world.networkNames.filter((_, i) => ((step.key >> (2 * i)) & 3) !== 0);
  const enterAll = (): void => {
    for (const network of wanted) enter(world, process, network, step.network);
  };
  const isPatient = step.network % 2 === 0;
  world.join(process, isPatient ? enterAll : undefined);
  if (!isPatient) enterAll();
}

/** Joins a network, waiting for the first exchange or writing at once, as the number says. */
export function enter(world: World, process: Process, network: string, draw: number): void {
  if (draw % 2 === 0) {
    // Whoever does not wait writes at once, before anybody can know that it is on the network.
    world.enter(process, network, false, () => {
      for (let i = 0; i < ((draw >> 2) % 4) + 1; i += 1) {
        const key = `${process.name} ${i % world.settings.keys}`;
        const table = world.tableNames[0] as string;
        write(
          world,
          process,
          { network, table, key },
          i === 0 && draw % 3 !== 0 ? LARGE : (draw >> 4) + 37 * i,
        );
      }
    });
    return;
  }
  const must = world.settings.kind === 'prompt' ? standing(world, process, network) : [];
  world.enter(process, network, true, () => {
    world.count('first exchanges judged', must.length > 0 ? 1 : 0);
    for (const { address, owner } of must) {
      const { table, key } = address;
      const held = process.table(network, table)?.get(key, { detail: true });
      const now = [...world.model.standingOf(owner)].find(
        ([at]) => at.network === network && at.table === table && at.key === key,
      );
      if (now === undefined || now[1].isDeleted || held?.owner === owner.name) continue;
      world.fault(`${process.name} has entered ${network} and misses ${key} of ${owner.name}`);
    }
  });
}

/** What members of long standing publish: who enters now must have it when the first exchange is over. */
function standing(
  world: World,
  process: Process,
  network: string,
): readonly { readonly address: EntryAddress; readonly owner: Process }[] {
  const before = world.clock.now() - KNOWN_MS;
  if ((process.memberSince ?? Infinity) > before) return [];
  const owners = world.up.filter((other) => {
    const since = other.networks.get(network)?.since ?? Infinity;
    return other !== process && since <= before && (other.memberSince ?? Infinity) <= before;
  });
  return owners.flatMap((owner) =>
    [...world.model.standingOf(owner)]
      .filter(([address, { isDeleted }]) => address.network === network && !isDeleted)
      .map(([address]) => ({ address, owner })),
  );
}

function writeOne(world: World, process: Process, step: Step): void {
  const network = nth([...process.networks.keys()].sort(), step.network);
  if (network === undefined) return;
  const number = step.key % world.settings.keys;
  const isShared = step.key % 5 < 2;
  const key = isShared ? `shared ${number}` : `${process.name} ${number}`;
  write(world, process, { network, table: tableOf(world, step), key }, step.other);
}

/** Several nodes write one key in the same instant. */
function race(world: World, first: Process, step: Step): void {
  const network = nth([...first.networks.keys()].sort(), step.network);
  if (network === undefined) return;
  const members = world.awake.filter((process) => process.networks.has(network));
  const key = `shared ${step.key % world.settings.keys}`;
  const address = { network, table: tableOf(world, step), key };
  const count = Math.min(members.length, 2 + (step.other % 3));
  const from = members.indexOf(first);
  for (let i = 0; i < count; i += 1) {
    const process = members[(from + i) % members.length] as Process;
    write(world, process, address, step.other >> (i + 2));
  }
}

function tableOf(world: World, step: Step): string {
  return nth(world.tableNames, step.table) as string;
}

function split(world: World, mask: number): void {
  const hosts = world.up.map(({ host }) => host);
  const group = hosts.filter((_, i) => ((mask >> (i % 16)) & 1) === 1);
  if (group.length === 0 || group.length === hosts.length) return;
  world.network.partition([group]);
  world.count('split');
  world.note(
    `split off ${world.up.flatMap((p) => (group.includes(p.host) ? p.name : [])).join(' ')}`,
  );
}

/** The next of the steps by which the ring's key changes. */
function rotate(world: World, draw: number): void {
  const { keys, up, forger, settings } = world;
  const rings = up.map(({ db }) => db.keyring);
  if (forger !== null) rings.push(forger.member.keyring);
  const [first, second] = keys as [Uint8Array, Uint8Array | undefined];
  if (second === undefined) {
    const next = keyOf(settings.seed + (world.counts['keys added'] ?? 0) + 1);
    keys.push(next);
    for (const ring of rings) ring.add(next);
    world.count('keys added');
    world.note('all add a key');
  } else if (draw % 4 === 0 && settings.kind !== 'prompt') {
    for (const ring of rings) ring.use(first);
    for (const ring of rings) ring.remove(second);
    keys.pop();
    world.note('all use one key and remove the other');
  } else {
    const some = rings.filter((_, i) => ((draw >> (i % 14)) & 1) === 0);
    for (const ring of some) ring.use(second);
    keys.reverse();
    world.count('rotations');
    world.note(`${some.length} use the other key`);
  }
}

function forge(world: World, victim: Process, step: Step): void {
  const owner = nth(
    world.up.filter((process) => process !== victim),
    step.other,
  );
  if (owner === undefined || world.forger === null) return;
  const writes = [...world.model.standingOf(owner)].filter(([, { isDeleted }]) => !isDeleted);
  writes.sort(([, a], [, b]) => b.at - a.at);
  // What was written just now may be overtaken by the forgery.
  const chosen = nth(writes, step.key % 2 === 0 ? 0 : step.key);
  if (chosen === undefined) return;
  const [address] = chosen;
  const entry = owner.table(address.network, address.table)?.get(address.key, { detail: true });
  if (entry === undefined) return;
  world.forger.send(victim.name, address, entry);
  world.count('forged');
  world.note(`forged for ${victim.name}: ${address.key} of ${owner.name} is deleted`);
}
