import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NetworkDB } from '../../src/networkdb/index.ts';
import { burstName, burstTables, burstTotals, createBurst, entryCounts } from '../support/burst.ts';
import { Cluster } from '../support/cluster.ts';

/*
 * A burst of creates on one member, in virtual time on links of 1 ms and 100 Mbit/s: when all have it, and
 * what it cost. The bounds are several times what is measured (benchmarks/networkdb/throughput.ts).
 */

const BYTES_PER_SECOND = 12_500_000;

interface Outcome {
  readonly toAllMs: number;
  readonly copies: number;
}

async function burst(members: number, creates: number): Promise<Outcome> {
  const cluster = new Cluster({ seed: members });
  const dbs: NetworkDB[] = [];
  for (let i = 1; i <= members; i += 1) {
    const { db, host } = await cluster.spawnDb({ nodeName: burstName(i) });
    cluster.network.setBandwidth(host, BYTES_PER_SECOND);
    if (i > 1) await cluster.settle(db.join(['10.1.0.1']));
    dbs.push(db);
  }
  cluster.runFor(5_000);
  const [first] = await burstTables(dbs, (promise) => cluster.settle(promise));
  assert.ok(first);
  cluster.runFor(5_000);
  const startedAt = cluster.clock.now();
  createBurst(first, creates);
  const isThere = (): boolean => entryCounts(dbs).every((count) => count === creates);
  while (!isThere() && cluster.clock.now() - startedAt < 20_000) cluster.runFor(5);
  const toAllMs = isThere() ? cluster.clock.now() - startedAt : Number.POSITIVE_INFINITY;
  cluster.runFor(5_000);
  const copies = burstTotals(dbs).events / (creates * (members - 1));
  await cluster.close();
  return { toAllMs, copies };
}

for (const [members, creates, maxMs] of [
  [5, 1_000, 500],
  [20, 1_000, 1_000],
  [5, 10_000, 3_000],
  [20, 10_000, 5_000],
] as const) {
  void test(`${creates} creates are at all of ${members} within ${maxMs} ms`, async () => {
    const { toAllMs, copies } = await burst(members, creates);
    assert.ok(toAllMs <= maxMs, `${toAllMs} ms`);
    assert.ok(copies < 3, `${copies} copies for each member and event`);
  });
}

void test('a burst of packets costs no more than seven copies for each member and event', async () => {
  const { toAllMs, copies } = await burst(5, 200);
  assert.ok(toAllMs <= 200, `${toAllMs} ms`);
  assert.ok(copies <= 7, `${copies} copies`);
});
