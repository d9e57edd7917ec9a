import { quantile } from '../../sim/statistics.ts';
import type { AnyBench } from '../bench.ts';
import { benchOf, check } from '../bench.ts';
import { cpuMs } from '../timing.ts';
import { keyOf, valueOf } from '../workload.ts';
import type { RingMember } from './ring.ts';
import { closeAll, isSettled, pause, startRing, until } from './ring.ts';

/* Creates of one member until all of so many have them. Everybody is in this process. */

const SETTLE_MS = 2_000;
const SINGLES = 10;
const BETWEEN_MS = 137;
const MANY = 1_000;

/** A ring that is at rest; on a busy machine the exchanges of its start may last longer than the pause. */
async function ringAtRest(size: number): Promise<RingMember[]> {
  const members = await startRing(size);
  await pause(SETTLE_MS);
  await until(() => members.every(isSettled), 'rest');
  return members;
}

async function waitForAll(members: readonly RingMember[], count: number): Promise<void> {
  await until(() => members.every(({ table }) => table?.size === count), 'entries at all');
}

export const oneCreate: AnyBench = benchOf({
  name: 'one-create',
  subject: {},
  async play(_, { size }) {
    const members = await ringAtRest(size);
    const took: number[] = [];
    for (let at = 0; at < SINGLES; at += 1) {
      const startedAt = performance.now();
      members[at % size]?.table?.create(keyOf(at), valueOf(at));
      await waitForAll(members, at + 1);
      took.push(performance.now() - startedAt);
      await pause(BETWEEN_MS);
    }
    await closeAll(members);
    return { ms: quantile(took, 0.5), 'most-ms': quantile(took, 1) };
  },
});

export const manyCreates: AnyBench = benchOf({
  name: 'many-creates',
  subject: {},
  async play(_, { size }) {
    const members = await ringAtRest(size);
    const before = cpuMs();
    const startedAt = performance.now();
    for (let at = 0; at < MANY; at += 1) members[0]?.table?.create(keyOf(at), valueOf(at));
    await waitForAll(members, MANY);
    const ms = performance.now() - startedAt;
    const used = cpuMs() - before;
    check(
      members.every(({ table }) => table?.get(keyOf(MANY - 1)) !== undefined),
      'last entry',
    );
    await closeAll(members);
    return { ms, 'cpu-ms': used };
  },
});
