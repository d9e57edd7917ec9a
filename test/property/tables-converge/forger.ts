import { encodeTableEvent, GOSSIP_TYPE, wrapGossip } from '../../../src/codec/index.ts';
import type { MemberlistOptions } from '../../../src/memberlist/index.ts';
import { Memberlist } from '../../../src/memberlist/index.ts';
import type { EntryAddress } from '../../../src/networkdb/index.ts';
import type { MemoryRuntime } from '../../../src/simulator/index.ts';

/*
 * A member without tables that sends what Docker's engines up to 23 made when a node left a network:
 * tombstones that carry the true owner and the time of the live entry. They must never beat it.
 */

/** The old peer. */
export class Forger {
  readonly member: Memberlist;
  readonly host: string;

  private constructor(member: Memberlist, host: string) {
    this.member = member;
    this.host = host;
  }

  static async start(
    options: MemberlistOptions,
    host: string,
    runtime: MemoryRuntime,
  ): Promise<Forger> {
    const own = { nodeName: FORGER_NAME, bindAddress: host, runtime };
    return new Forger(await Memberlist.create({ ...options, ...own }), host);
  }

  /** Sends a member a tombstone of an entry that its owner still publishes. */
  send(
    to: string,
    address: EntryAddress,
    entry: { readonly owner: string; readonly time: number; readonly value: string },
  ): void {
    const { owner, time } = entry;
    const value = new TextEncoder().encode(entry.value);
    const about = { ...address, owner, time, value, residualReapSeconds: 1800 };
    const inner = encodeTableEvent({ kind: 'delete', ...about });
    const isMember = this.member.members().some(({ name }) => name === to);
    const message = wrapGossip(GOSSIP_TYPE.tableEvent, inner);
    if (!isMember || message.length > this.member.packetRoomBytes()) return;
    this.member.sendBestEffort(to, message);
  }
}

/** Name of the old peer. */
export const FORGER_NAME = 'old-peer';
