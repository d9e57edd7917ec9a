import { NetworkDB } from '../../src/networkdb/index.ts';
import {
  burstName,
  burstTables,
  burstTotals,
  createBurst,
  entryCounts,
} from '../../test/support/burst.ts';
import { Cluster } from '../../test/support/cluster.ts';

/*
 * How fast a burst of creates on one member reaches all members.
 *
 *   npm run --silent compile && node .test-dist/benchmarks/networkdb/throughput.js [virtual|real]
 *
 * Virtual: real code on a simulated network, links of 1 ms at 100 Mbit/s; the time is what the protocol
 * takes, computing costs nothing. Real: all members in this one process, encrypted, on loopback; the time
 * is nearly all computing, that of all members together.
 */

const BYTES_PER_SECOND = 12_500_000;
const KEY = new Uint8Array(32).fill(7);
const REAL_LIMIT_MS = 60_000;

interface Row {
  readonly members: number;
  readonly creates: number;
  readonly toAllMs: number;
  /** Of the process, until all have all; not in virtual time. */
  readonly cpuMs?: number;
  readonly totals: ReturnType<typeof burstTotals>;
}

async function virtualRun(members: number, creates: number): Promise<Row> {
  const cluster = new Cluster({ seed: 3 });
  const dbs: NetworkDB[] = [];
  for (let i = 1; i <= members; i += 1) {
    cluster.network.setBandwidth(`10.1.0.${i}`, BYTES_PER_SECOND);
    const { db, host } = await cluster.spawnDb({ nodeName: burstName(i) });
    if (i > 1) await cluster.settle(db.join(['10.1.0.1']));
    if (host !== `10.1.0.${i}`) throw new Error(`unexpected host ${host}`);
    dbs.push(db);
  }
  cluster.runFor(5_000);
  const [first] = await burstTables(dbs, (promise) => cluster.settle(promise));
  if (first === undefined) throw new Error('there is nobody to write');
  cluster.runFor(10_000);
  const startedAt = cluster.clock.now();
  createBurst(first, creates);
  const isThere = (): boolean => entryCounts(dbs).every((count) => count === creates);
  for (let waitedMs = 0; waitedMs < 120_000 && !isThere(); waitedMs += 5) cluster.runFor(5);
  const toAllMs = isThere() ? cluster.clock.now() - startedAt : Number.NaN;
  cluster.runFor(60_000);
  const totals = burstTotals(dbs);
  await cluster.close();
  return { members, creates, toAllMs, totals };
}

async function realRun(members: number, creates: number): Promise<Row> {
  const dbs: NetworkDB[] = [];
  for (let i = 1; i <= members; i += 1) {
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
  await Promise.all(dbs.map((db) => db.waitForMembers(members)));
  const [first] = await burstTables(dbs, (promise) => promise);
  if (first === undefined) throw new Error('there is nobody to write');
  await pause(1_000);
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  createBurst(first, creates);
  const isThere = (): boolean => entryCounts(dbs).every((count) => count === creates);
  while (!isThere() && performance.now() - startedAt < REAL_LIMIT_MS) await pause(5);
  const toAllMs = isThere() ? performance.now() - startedAt : Number.NaN;
  const { user, system } = process.cpuUsage(cpuBefore);
  await pause(3_000);
  const totals = burstTotals(dbs);
  await Promise.all(dbs.map((db) => db.close()));
  return { members, creates, toAllMs, cpuMs: (user + system) / 1000, totals };
}

async function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}

function print(kind: string, { members, creates, toAllMs, cpuMs, totals }: Row): void {
  const perNode = (totals.events / (creates * (members - 1))).toFixed(2);
  console.log(
    [
      kind.padEnd(8),
      `${members}`.padStart(7),
      `${creates}`.padStart(8),
      `${Math.round(toAllMs)}`.padStart(10),
      (cpuMs === undefined ? '' : `${Math.round(cpuMs)}`).padStart(7),
      perNode.padStart(16),
      `${totals.packets}`.padStart(8),
      `${totals.streams}`.padStart(8),
      (totals.bytes / 1e6).toFixed(1).padStart(6),
    ].join(' '),
  );
}

const kinds = process.argv.slice(2);
console.log(
  'kind     members  creates  to all, ms  CPU, ms  copies per node  packets  streams     MB',
);
if (kinds.length === 0 || kinds.includes('virtual')) {
  for (const members of [5, 20]) {
    for (const creates of [100, 1_000, 10_000]) {
      print('virtual', await virtualRun(members, creates));
    }
  }
}
if (kinds.length === 0 || kinds.includes('real')) {
  for (const creates of [100, 1_000, 3_000, 10_000]) {
    print('real', await realRun(5, creates));
  }
}
