import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { NetworkDB } from '../../src/networkdb/index.ts';
import { burstName, burstTables, burstTotals, createBurst, entryCounts } from '../support/burst.ts';

/*
 * Bursts over real sockets, encrypted, five members in this process. Nothing is asserted about speed, which
 * depends on the machine; the figures are printed. What is asserted is that all arrives, through gossip or
 * in the end through a bulk sync, whatever the kernel's buffers drop.
 */

const MEMBERS = 5;
const KEY = new Uint8Array(32).fill(7);
const LIMIT_MS = 90_000;

async function startCluster(): Promise<NetworkDB[]> {
  const dbs: NetworkDB[] = [];
  for (let i = 1; i <= MEMBERS; i += 1) {
    const db = await NetworkDB.create({
      nodeName: burstName(i),
      bindAddress: '127.0.0.1',
      bindPort: 0,
      encryption: { keys: [KEY] },
    });
    const seed = dbs[0]?.localMember;
    if (seed !== undefined) await db.join([`127.0.0.1:${seed.port}`]);
    dbs.push(db);
  }
  await Promise.all(dbs.map(async (db) => db.waitForMembers(MEMBERS)));
  return dbs;
}

for (const creates of [200, 2_000]) {
  void test(`a burst of ${creates} creates arrives whole at five members over real sockets`, async (t) => {
    const dbs = await startCluster();
    const [first] = await burstTables(dbs, async (promise) => promise);
    assert.ok(first);
    const startedAt = performance.now();
    createBurst(first, creates);
    const isThere = (): boolean => entryCounts(dbs).every((count) => count === creates);
    while (!isThere() && performance.now() - startedAt < LIMIT_MS) await pause(5);
    const tookMs = Math.round(performance.now() - startedAt);
    const { events, packets, streams } = burstTotals(dbs);
    const copies = (events / (creates * (MEMBERS - 1))).toFixed(1);
    t.diagnostic(`${creates} creates, ${MEMBERS} members: ${tookMs} ms until all had all`);
    t.diagnostic(`${copies} copies each, ${packets} packets, ${streams} streams`);
    const counts = entryCounts(dbs);
    await Promise.all(dbs.map(async (db) => db.close()));
    assert.deepEqual(
      counts,
      dbs.map(() => creates),
    );
  });
}
