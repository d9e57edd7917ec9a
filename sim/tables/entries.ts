import {
  compoundPartBytes,
  encodeTableEvent,
  GOSSIP_TYPE,
  wrapGossip,
} from '../../src/codec/index.ts';
import { SeededRandom } from '../../src/runtime/index.ts';
import type { TableCluster, TableNode } from './cluster.ts';
import { NETWORK, TABLE, tableOf } from './cluster.ts';

/* Entries to fill tables with. */

/** Writes so many entries, by all nodes in turn, and waits until all have them and nobody has more to say. */
export function fill(cluster: TableCluster, entries: number, random: SeededRandom): void {
  const { nodes } = cluster;
  for (let at = 0; at < entries; at += 1) {
    const { key, value } = entryOf(random);
    tableOf(nodes[at % nodes.length] as TableNode).create(key, value);
  }
  const hasAll = (): boolean => nodes.every((node) => tableOf(node).size >= entries);
  cluster.mustReach(`${entries} entries everywhere`, hasAll, FILL_LIMIT_MS, 100);
  // News of a thousand writes takes a while to be repeated as often as it should.
  cluster.mustReach('quiet', () => nodes.every(hasSaidAll), FILL_LIMIT_MS, 500);
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

const VALUE_BYTES = 100;
const FILL_LIMIT_MS = 600_000;
