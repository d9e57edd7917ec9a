import assert from 'node:assert/strict';

import { RemoteMember } from '../system/member.ts';
import type { EntryPlace, MemberState } from '../system/member-messages.ts';
import type { Machine } from '../system/namespaces.ts';
import { createMachines } from '../system/namespaces.ts';
import type { ScenarioContext } from '../system/scenario.ts';
import { until } from '../system/until.ts';

/*
 * Members of ours as processes, each in a machine of its own, and what must hold of all of them together.
 */

const NETWORK = 'prod';
const TABLE = 'facts';
const KEY_BYTES = 32;
const START_LIMIT_MS = 60_000;

/** A ring, and the machines it runs on. */
export interface Ring {
  readonly members: readonly RemoteMember[];
  readonly machines: readonly Machine[];
}

/** Where a fact is kept. */
export function fact(key: string): EntryPlace {
  return { network: NETWORK, table: TABLE, key };
}

/** Starts a sealed ring on the wire that the mode names; each member publishes its name. */
export async function startRing(context: ScenarioContext, count: number): Promise<Ring> {
  const wire = context.mode === 'memberlist' ? 'memberlist' : 'protobuf';
  const machines = createMachines(context, count);
  const keys = [Buffer.alloc(KEY_BYTES, 7).toString('hex')];
  const members: RemoteMember[] = [];
  for (const [at, machine] of machines.entries()) {
    const setup = { wire, keys, nodeName: `m${at + 1}` } as const;
    const member = await RemoteMember.start(context, machine, setup);
    if (members[0] !== undefined) await member.join(members[0].address);
    await member.joinNetwork(NETWORK);
    await member.set(fact(member.name), `born ${member.name}`);
    members.push(member);
  }
  const ring = { members, machines };
  await allEqual(ring, count, START_LIMIT_MS);
  return ring;
}

/**
 * Waits until all members know all members and hold the same entries.
 *
 * @param entries - how many there must be
 * @returns milliseconds that took, and what they hold
 */
export async function allEqual(
  { members }: Ring,
  entries: number,
  limitMs: number,
): Promise<{ tookMs: number; state: MemberState }> {
  const since = performance.now();
  let last: MemberState[] = [];
  const look = async (): Promise<boolean> => {
    last = await Promise.all(members.map(async (member) => member.state()));
    const [first] = last;
    const isWhole = last.every((state) => state.members.length === members.length);
    return isWhole && first?.entries.length === entries && last.every((s) => same(s, first));
  };
  const seen = (): unknown =>
    last.map(({ name, members: known, entries: held }) => [name, known, held.length]);
  await until(`${members.length} members alike`, look, limitMs, seen);
  return { tookMs: Math.round(performance.now() - since), state: last[0] as MemberState };
}

function same(a: MemberState, b: MemberState): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted({ entries }: MemberState): string[] {
  return entries.map((entry) => JSON.stringify(entry)).sort();
}

/** None of these members has taken another of them for failed. */
export async function assertNobodyFailed(members: readonly RemoteMember[]): Promise<void> {
  const names = new Set(members.map(({ name }) => name));
  for (const member of members) {
    const { events } = await member.state();
    const wrong = events.filter((event) => {
      const [kind, name = ''] = event.split(' ');
      return kind === 'fail' && names.has(name);
    });
    assert.deepEqual(wrong, [], `${member.name}: ${events.join(', ')}`);
  }
}

/** How many doubts there were, all of which must have been refuted. */
export async function suspicions(members: readonly RemoteMember[]): Promise<number> {
  const states = await Promise.all(members.map(async (member) => member.state()));
  return states.flatMap(({ events }) => events).filter((event) => event.startsWith('suspect '))
    .length;
}
