import type { WireName } from '../../src/memberlist/public.ts';
import type { Table } from '../../src/networkdb/index.ts';
import { NetworkDB } from '../../src/networkdb/index.ts';
import { NETWORK, nodeName, TABLE } from '../workload.ts';
import type { Sent } from './counting-transport.ts';
import { CountingTransport } from './counting-transport.ts';

/* Members on loopback, encrypted, all of them in this process and on one network. */

const KEY = new Uint8Array(32).fill(7);
const POLL_MS = 1;
const PATIENCE_MS = 60_000;

/** One member, and what it publishes once it is on the network. */
export interface RingMember {
  readonly db: NetworkDB;
  readonly port: number;
  table: Table<Uint8Array> | null;
}

/** How a member is made. */
export interface MemberOptions {
  readonly wire?: WireName;
  /** Counts what it sends. */
  readonly sent?: Sent;
  /** Own writes that wait to be gossiped, at most. Default: that of the package. */
  readonly maxQueuedEvents?: number;
}

export const noneSent = (): Sent => ({ packets: 0, packetBytes: 0, streamBytes: 0 });

export async function startMember(at: number, options: MemberOptions = {}): Promise<RingMember> {
  const { wire = 'protobuf', sent, maxQueuedEvents } = options;
  const db = await NetworkDB.create({
    nodeName: nodeName(at),
    bindAddress: '127.0.0.1',
    bindPort: 0,
    wire,
    encryption: { keys: [KEY] },
    ...(maxQueuedEvents !== undefined && { limits: { maxQueuedEvents } }),
    ...(sent && { runtime: { transport: new CountingTransport(sent) } }),
  });
  return { db, port: db.localMember.port, table: null };
}

export const join = (member: RingMember, port: number): Promise<number> =>
  member.db.join([`127.0.0.1:${port}`]);

/** Puts a member on a network; its table is there when this returns. */
export async function joinNetwork(
  member: RingMember,
  name: string = NETWORK,
): Promise<Table<Uint8Array>> {
  const network = await member.db.joinNetwork(name);
  member.table = network.table(TABLE);
  return member.table;
}

/** A ring of so many, who all know each other. */
export async function startRing(size: number, options: MemberOptions = {}): Promise<RingMember[]> {
  const members: RingMember[] = [];
  for (let at = 1; at <= size; at += 1) {
    const member = await startMember(at, options);
    members.push(member);
    if (at > 1) await join(member, members[0]?.port ?? 0);
  }
  const all = (count: (member: RingMember) => number) => () =>
    members.every((member) => count(member) === size);
  await until(
    all(({ db }) => db.members().length),
    'members',
  );
  for (const member of members) await joinNetwork(member);
  await until(
    all(({ db }) => db.peers(NETWORK).length),
    'peers',
  );
  return members;
}

/** Whether a member has nothing left to exchange or to tell. */
export function isSettled({ db }: RingMember): boolean {
  const { pendingSyncs, queued } = db.stats().tables;
  return pendingSyncs + queued.own + queued.relay + queued.oversize === 0;
}

export const closeAll = async (members: readonly RingMember[]): Promise<void> => {
  await Promise.all(members.map(({ db }) => db.close()));
};

/** Waits for what must come. @throws Error when it does not */
export async function until(
  holds: () => boolean,
  what: string,
  patienceMs: number = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never came: ${what}`);
    await pause(POLL_MS);
  }
}

export async function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}
