import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import type { RemoteMember } from '../system/member.ts';
import type { Scenario } from '../system/scenario.ts';
import { until } from '../system/until.ts';
import { allEqual, assertNobodyFailed, fact, startRing, suspicions } from './ring.ts';

/*
 * Members as processes on machines whose network is made to fail: nobody who is well may be lost, and when
 * the network is whole again all must end alike.
 */

const MODES = ['protobuf', 'memberlist'];
/** What broken networks need of the machine. */
export const FAULT_NEEDS: readonly string[] = ['ip', 'iptables', 'nsenter', 'root', 'statistic'];
const COUNT = 5;
const HEAL_LIMIT_MS = 90_000;
const FAIL_LIMIT_MS = 60_000;

/** Writes a fact at each member every so often, for so long. @returns how many keys were written */
async function writeFor(members: readonly RemoteMember[], ms: number): Promise<number> {
  const end = performance.now() + ms;
  let rounds = 0;
  while (performance.now() < end) {
    await Promise.all(members.map((each) => each.set(fact(`${each.name}-${rounds}`), 'x')));
    rounds += 1;
    await pause(1_000);
  }
  return rounds * members.length;
}

async function loses(member: RemoteMember, name: string): Promise<void> {
  const look = async (): Promise<boolean> => !(await member.state()).members.includes(name);
  await until(`${member.name} takes ${name} for failed`, look, FAIL_LIMIT_MS);
}

const loss: Scenario = {
  peer: 'ours',
  name: 'a fifth of all packets is lost for 30 s: nobody fails, all end alike',
  modes: MODES,
  needs: FAULT_NEEDS,
  run: async (context) => {
    const ring = await startRing(context, COUNT);
    for (const machine of ring.machines) await machine.lose(0.2);
    const written = await writeFor(ring.members, 30_000);
    for (const machine of ring.machines) await machine.heal();
    const { tookMs } = await allEqual(ring, COUNT + written, HEAL_LIMIT_MS);
    await assertNobodyFailed(ring.members);
    const doubts = await suspicions(ring.members);
    context.log(`${written} writes, ${doubts} doubts refuted, alike ${tookMs} ms after`);
  },
};

const oneWay: Scenario = {
  peer: 'ours',
  name: 'one member does not hear another for 30 s: the others vouch for both',
  modes: MODES,
  needs: FAULT_NEEDS,
  run: async (context) => {
    const ring = await startRing(context, COUNT);
    const [first, second] = ring.machines;
    await first!.dropFrom(second!);
    const written = await writeFor(ring.members, 30_000);
    const { tookMs } = await allEqual(ring, COUNT + written, HEAL_LIMIT_MS);
    await assertNobodyFailed(ring.members);
    context.log(`${written} writes, alike ${tookMs} ms after the last, the cut still there`);
  },
};

const deaf: Scenario = {
  peer: 'ours',
  name: 'one member hears nobody for 45 s and accuses all: only it is lost, and it returns',
  modes: MODES,
  needs: FAULT_NEEDS,
  run: async (context) => {
    const ring = await startRing(context, COUNT);
    const [sick, ...well] = ring.members;
    const [machine, ...others] = ring.machines;
    for (const other of others) await machine!.dropFrom(other);
    const written = await writeFor(ring.members, 45_000);
    await assertNobodyFailed(well);
    for (const each of well) await loses(each, sick!.name);
    await machine!.heal();
    const { tookMs } = await allEqual(ring, COUNT + written, HEAL_LIMIT_MS);
    await assertNobodyFailed(well);
    context.log(`alike ${tookMs} ms after it could hear again`);
  },
};

const partition: Scenario = {
  peer: 'ours',
  name: 'two and three are apart for 60 s and both write: each side stays whole, all end alike',
  modes: MODES,
  needs: FAULT_NEEDS,
  run: async (context) => {
    const ring = await startRing(context, COUNT);
    const split = 2;
    for (const left of ring.machines.slice(0, split)) {
      for (const right of ring.machines.slice(split)) {
        await left.dropFrom(right);
        await right.dropFrom(left);
      }
    }
    const [left, right] = [ring.members.slice(0, split), ring.members.slice(split)];
    const written = await writeFor(ring.members, 60_000);
    for (const each of left) for (const other of right) await loses(each, other.name);
    for (const each of right) for (const other of left) await loses(each, other.name);
    await left[0]!.set(fact('shared'), 'left');
    await right[0]!.set(fact('shared'), 'right');
    await left[0]!.delete(fact('m1-0'));
    for (const side of [left, right]) await assertNobodyFailed(side);
    for (const machine of ring.machines) await machine.heal();
    const { tookMs, state } = await allEqual(ring, COUNT + written, HEAL_LIMIT_MS);
    const shared = state.entries.find(({ key }) => key === 'shared');
    const value = Buffer.from(shared?.value ?? '', 'hex').toString();
    assert.ok(value === 'left' || value === 'right');
    assert.ok(!state.entries.some(({ key }) => key === 'm1-0'));
    for (const side of [left, right]) await assertNobodyFailed(side);
    context.log(`${written} writes, alike ${tookMs} ms after healing; '${value}' stayed`);
  },
};

const stopped: Scenario = {
  peer: 'ours',
  name: 'a process stands still for 30 s: it is lost, returns by itself, and blames nobody',
  modes: MODES,
  needs: FAULT_NEEDS,
  run: async (context) => {
    const ring = await startRing(context, COUNT);
    const [still, ...others] = ring.members;
    still!.program.child.kill('SIGSTOP');
    const written = await writeFor(others, 30_000);
    for (const each of others) await loses(each, still!.name);
    still!.program.child.kill('SIGCONT');
    const { tookMs } = await allEqual(ring, COUNT + written, HEAL_LIMIT_MS);
    await assertNobodyFailed(others);
    const { events } = await still!.state();
    assert.ok(!events.some((event) => event.startsWith('fail ')), events.join(', '));
    context.log(`alike ${tookMs} ms after it went on`);
  },
};

/** Everything that is shown of faults of the network. */
export const faultScenarios: readonly Scenario[] = [loss, oneWay, deaf, partition, stopped];
