import type { WireName } from '../../../src/codec/index.ts';
import {
  compoundPartBytes,
  encodeTableEvent,
  GOSSIP_TYPE,
  wrapGossip,
} from '../../../src/codec/index.ts';
import { SeededRandom } from '../../../src/runtime/index.ts';
import type { TableNode } from '../../tables/cluster.ts';
import { NETWORK, TABLE, TableCluster, tableOf } from '../../tables/cluster.ts';
import type { Traffic } from '../../tables/traffic.ts';

/*
 * A cluster with some entries in its tables and nothing to say: what does it send all the same?
 */

/** One cluster. */
export interface QuietInput {
  readonly wire: WireName;
  readonly nodes: number;
  readonly entries: number;
  readonly seed: number;
  /** Virtual seconds that are counted: whole rounds of 30, so that every node syncs equally often. */
  readonly seconds: number;
}

/** What it sent. */
export interface QuietOutcome {
  readonly traffic: Traffic;
  /** Table messages in bulk syncs, before anything is compressed. */
  readonly syncBytes: number;
}

/** Plays one cluster. */
export async function playQuiet(input: QuietInput): Promise<QuietOutcome> {
  const { wire, nodes, entries, seed, seconds } = input;
  const cluster = await TableCluster.form({ nodes, seed, config: { wire }, metered: { wire } });
  await cluster.joinNetwork();
  const random = new SeededRandom(seed);
  for (let at = 0; at < entries; at += 1) {
    const { key, value } = entryOf(random);
    const writer = cluster.nodes[at % nodes];
    if (writer !== undefined) tableOf(writer).create(key, value);
  }
  const hasAll = (): boolean => cluster.nodes.every((node) => tableOf(node).size === entries);
  cluster.mustReach(`${entries} entries everywhere`, hasAll, FILL_LIMIT_MS, 100);
  // News of a thousand writes takes a while to be repeated as often as it should.
  const isQuiet = (): boolean => cluster.nodes.every(hasSaidAll);
  cluster.mustReach('quiet', isQuiet, FILL_LIMIT_MS, 500);
  cluster.clock.runFor(REST_MS);
  const syncedBefore = syncBytes(cluster);
  cluster.meter?.reset();
  cluster.clock.runFor(seconds * 1000);
  const traffic = cluster.meter?.traffic();
  const synced = syncBytes(cluster) - syncedBefore;
  cluster.crash();
  if (traffic === undefined) throw new Error('the cluster has no meter');
  return { traffic, syncBytes: synced };
}

/** An entry like those of endpoints: a key of 64 hex digits, a value of 100 bytes of names and addresses. */
export function entryOf(random: SeededRandom): {
  readonly key: string;
  readonly value: Uint8Array;
} {
  const hex = (words: number): string =>
    Array.from({ length: words }, () => random.uint32().toString(16).padStart(8, '0')).join('');
  const byte = (): number => random.uint32() & 255;
  const address = `10.0.${byte()}.${byte()}`;
  const text = `web.${byte()}.${hex(3)} ${address}/24 02:42:0a:00:${hex(1)} service ${hex(6)}`;
  return {
    key: hex(8),
    value: new TextEncoder().encode(text.padEnd(VALUE_BYTES).slice(0, VALUE_BYTES)),
  };
}

/** Bytes of such an entry in a bulk sync. */
export function entryBytes(nodeName: string): number {
  const { key, value } = entryOf(new SeededRandom(1));
  const event = encodeTableEvent({
    ...{
      kind: 'create',
      time: 10_000,
      owner: nodeName,
      network: NETWORK,
      table: TABLE,
      key,
      value,
    },
    residualReapSeconds: 0,
  });
  return compoundPartBytes(wrapGossip(GOSSIP_TYPE.tableEvent, event).length);
}

function hasSaidAll({ db }: TableNode): boolean {
  const { own, relay, cluster, oversize } = db.stats().tables.queued;
  return own + relay + cluster + oversize === 0;
}

function syncBytes(cluster: TableCluster): number {
  return cluster.nodes.reduce(
    (sum, { db }) => sum + (db.stats().tables.counters['tables.sync.bytes'] ?? 0),
    0,
  );
}

const VALUE_BYTES = 100;
const FILL_LIMIT_MS = 600_000;
/** Claims about members have been sent often enough by then. */
const REST_MS = 5_000;
