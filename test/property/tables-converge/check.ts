import type { Allowed, Seen } from './model.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';
import { FORGER_NAME } from './forger.ts';
import { shown } from './writes.ts';

const MOST_PROBLEMS = 12;

/** What keeps the processes from agreeing with the model and with each other; empty when all is well. */
export function problemsOf(world: World): string[] {
  const problems: string[] = [];
  for (const process of world.up) {
    problems.push(...membershipProblems(world, process));
    if (problems.length >= MOST_PROBLEMS) return problems.slice(0, MOST_PROBLEMS);
  }
  problems.push(...world.waiting);
  for (const network of world.networkNames) {
    for (const table of world.tableNames) {
      problems.push(...tableProblems(world, network, table));
      if (problems.length >= MOST_PROBLEMS) return problems.slice(0, MOST_PROBLEMS);
    }
  }
  return problems;
}

function membershipProblems(world: World, process: Process): string[] {
  const problems: string[] = [];
  const compare = (what: string, seen: readonly string[], right: readonly string[]): void => {
    const [is, should] = [[...seen].sort().join(' '), [...right].sort().join(' ')];
    if (is !== should) problems.push(`${process.name} sees ${what} ${is} but there are ${should}`);
  };
  const members = process.db.members().filter(({ name }) => name !== FORGER_NAME);
  compare(
    'members',
    members.map(({ name, host }) => `${name}@${host}`),
    world.up.map(({ name, host }) => `${name}@${host}`),
  );
  compare('its networks', process.db.networks(), [...process.networks.keys()]);
  for (const network of world.networkNames) {
    const on = world.up.filter(({ networks }) => networks.has(network));
    compare(
      `on ${network}`,
      process.db.peers(network).map(({ name }) => name),
      on.map(({ name }) => name),
    );
  }
  return problems;
}

function tableProblems(world: World, network: string, table: string): string[] {
  const problems: string[] = [];
  const members = world.up.filter(({ networks }) => networks.get(network)?.handle);
  const expected = new Map(world.model.expected(network, table));
  const where = `${network}/${table}/`;
  let first: Map<string, Seen> | null = null;
  for (const process of members) {
    const seen = readTable(process, network, table);
    for (const key of seen.keys()) {
      if (!expected.has(key)) problems.push(`${process.name} sees ${where}${key}, never written`);
    }
    for (const [key, { allowed, isTorn }] of expected) {
      const held = seen.get(key) ?? null;
      const text = `${process.name} sees ${where}${key} as ${textOf(held)}`;
      if (!allowed.some((one) => isSame(one, held))) {
        problems.push(`${text} but it is ${allowedText(allowed)}`);
      } else if (first !== null && !isSame(first.get(key) ?? null, held)) {
        // What a leaver had covered at some only comes back with an exchange of whole tables.
        if (isTorn && world.settings.kind === 'prompt') continue;
        const other = `${(members[0] as Process).name} as ${textOf(first.get(key) ?? null)}`;
        problems.push(`${text} and ${other}`);
      }
    }
    first ??= seen;
    problems.push(...foldProblems(process, network, table, seen));
  }
  return problems;
}

function foldProblems(
  process: Process,
  network: string,
  table: string,
  seen: ReadonlyMap<string, Seen>,
): string[] {
  const fold = process.fold(network, table);
  if (fold === null) return [];
  const name = `the watch of ${process.name} on ${network}/${table}`;
  const problems = fold.faults.map((fault) => `${name} told a ${fault}`);
  for (const key of new Set([...seen.keys(), ...fold.entries.keys()])) {
    const [told, held] = [fold.entries.get(key), seen.get(key)?.value];
    if (told === held) continue;
    problems.push(
      `${name} told ${key} as ${shown(told ?? 'nothing')}, it is ${shown(held ?? 'nothing')}`,
    );
  }
  return problems;
}

/** Who is in doubt, and may yet be taken for failed. */
export function doubtsOf(world: World): string[] {
  return world.up.flatMap((process) =>
    process.db.members().flatMap(({ name, state }) => {
      return state === 'alive' ? [] : [`${process.name} doubts ${name}`];
    }),
  );
}

/** What is still remembered of the deleted and the failed, when it should long be forgotten. */
export function leftoversOf(world: World): string[] {
  return world.up.flatMap(({ name, db }) => {
    const { tombstones, hidden } = db.stats().tables;
    if (tombstones === 0 && hidden === 0) return [];
    return [`${name} still holds ${tombstones} tombstones and ${hidden} hidden entries`];
  });
}

/** Whether processes hold what they wrote themselves: true at every moment, whatever is lost. */
export function ownProblems(world: World): string[] {
  const problems: string[] = [];
  for (const process of world.up) {
    for (const [{ network, table, key }, write] of world.model.standingOf(process)) {
      const held = process.table(network, table)?.get(key, { detail: true });
      const isRight = write.isDeleted ? held === undefined : held?.value === write.value;
      if (!isRight) problems.push(`${process.name} lost its own ${network}/${table}/${key}`);
    }
  }
  return problems;
}

function readTable(process: Process, network: string, table: string): Map<string, Seen> {
  const entries = process.table(network, table)?.entries() ?? [];
  return new Map([...entries].map(({ key, owner, value }) => [key, { owner, value }]));
}

function isSame(a: Seen | null, b: Seen | null): boolean {
  return a?.owner === b?.owner && a?.value === b?.value;
}

function textOf(seen: Seen | null): string {
  return seen === null ? 'nothing' : `${shown(seen.value)} of ${seen.owner}`;
}

function allowedText(allowed: Allowed): string {
  return allowed.map(textOf).join(' or ');
}
