import { randomBelow, SeededRandom } from '../../src/runtime/index.ts';
import { encode, FakeCluster } from '../../test/support/fake-membership.ts';

/*
 * Who lacks what after gossip alone, bulk sync being off: single writes by random members, packets lost
 * at random, streams not. Virtual time; the counts are of all seeds together.
 *
 *   npm run --silent compile && node .test-dist/benchmarks/networkdb/delivery.js [seeds]
 */

const WRITES = 100;
const PAUSE_MS = 40;
const QUIET_MS = 10_000;

interface Result {
  readonly deliveries: number;
  readonly missing: number;
  readonly sent: number;
  readonly slowestMs: number;
}

function run(members: number, loss: number, seed: number): Result {
  const cluster = new FakeCluster({ seed, loss, tables: { bulkSyncIntervalMs: false } });
  const random = new SeededRandom(seed + 1_000);
  const names = Array.from({ length: members }, (_, at) => `node${at}`);
  const nodes = cluster.startOn('prod', names);
  const writes: { readonly at: number; readonly key: string }[] = [];
  for (let i = 0; i < WRITES; i += 1) {
    const writer = nodes[randomBelow(random, members)];
    writer?.engine.create({ network: 'prod', table: 't', key: `k${i}` }, encode('value'));
    writes.push({ at: cluster.clock.now(), key: `k${i}` });
    cluster.clock.runFor(PAUSE_MS);
  }
  const holdsAll = (): boolean =>
    nodes.every((node) => (node.engine.stats().networks['prod']?.entries ?? 0) === WRITES);
  const quietFrom = cluster.clock.now();
  cluster.clock.runUntil(holdsAll, QUIET_MS);
  const slowestMs = cluster.clock.now() - quietFrom;
  cluster.clock.runFor(QUIET_MS);
  let missing = 0;
  let sent = 0;
  for (const { engine } of nodes) {
    missing += WRITES - (engine.stats().networks['prod']?.entries ?? 0);
    sent += engine.stats().counters['tables.sent.events'] ?? 0;
  }
  for (const node of nodes) node.kill();
  return { deliveries: WRITES * (members - 1), missing, sent, slowestMs };
}

const seeds = Number(process.argv[2] ?? 20);
console.log('members  loss  deliveries  missing  copies per node and event  settled after, ms');
for (const members of [5, 9, 25]) {
  for (const loss of [0, 0.1, 0.25]) {
    const results = Array.from({ length: seeds }, (_, at) => run(members, loss, at + 1));
    const sum = (read: (result: Result) => number): number =>
      results.reduce((total, result) => total + read(result), 0);
    const deliveries = sum((result) => result.deliveries);
    const copies = sum((result) => result.sent) / deliveries;
    const slowest = Math.max(...results.map((result) => result.slowestMs));
    console.log(
      [
        `${members}`.padStart(7),
        `${loss * 100} %`.padStart(5),
        `${deliveries}`.padStart(11),
        `${sum((result) => result.missing)}`.padStart(8),
        copies.toFixed(2).padStart(26),
        `${Math.round(slowest)}`.padStart(18),
      ].join(' '),
    );
  }
}
