import type { NetworkDB, Table } from '../../src/networkdb/index.ts';

/*
 * One member creates many entries in a row; how long until all have them, and how much was sent for it.
 * The events are those of the scoreboard: names of 25, 14 and 64 bytes and a value of 100, 241 bytes in
 * all as they go over the wire.
 */

export const BURST_NETWORK = 'n'.repeat(25);
export const BURST_TABLE = 't'.repeat(14);

const VALUE = new Uint8Array(100).fill(0x76);

export const burstKey = (at: number): string => `${at}`.padStart(64, 'k');

/** A name as long as those that nodes get by themselves. */
export const burstName = (at: number): string => `${at}`.padStart(12, 'd');

/** Joins the network on all nodes and gives back the table of each. */
export async function burstTables(
  dbs: readonly NetworkDB[],
  settle: <T>(promise: Promise<T>) => Promise<T>,
): Promise<Table<Uint8Array>[]> {
  const tables: Table<Uint8Array>[] = [];
  for (const db of dbs) {
    const network = await settle(db.joinNetwork(BURST_NETWORK));
    tables.push(network.table(BURST_TABLE));
  }
  return tables;
}

export function createBurst(table: Table<Uint8Array>, count: number): void {
  for (let i = 0; i < count; i += 1) table.create(burstKey(i), VALUE);
}

export const entryCounts = (dbs: readonly NetworkDB[]): number[] =>
  dbs.map((db) => db.stats().tables.networks[BURST_NETWORK]?.entries ?? 0);

/** Sums of counters over all nodes. */
export interface BurstTotals {
  /** Table events sent, each as often as it was sent. */
  readonly events: number;
  readonly packets: number;
  readonly streams: number;
  readonly bytes: number;
  /** Table events that arrived where they were known. */
  readonly stale: number;
}

export function burstTotals(dbs: readonly NetworkDB[]): BurstTotals {
  const sum = (name: string): number =>
    dbs.reduce((total, db) => total + (db.stats().tables.counters[name] ?? 0), 0);
  return {
    events: sum('tables.sent.events'),
    packets: sum('tables.sent.packets'),
    streams: sum('tables.sent.streams'),
    bytes: sum('tables.sent.bytes'),
    stale: sum('tables.dropped.stale'),
  };
}
