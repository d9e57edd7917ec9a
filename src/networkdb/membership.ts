import type { Address } from '../runtime/index.ts';

/*
 * Membership as the tables see it. It finds lost nodes again by itself; the tables hear of it when one returns. This folder declares what it needs; `networkdb.ts` alone wires the
 * real thing to it, and tests wire a small stand-in.
 */

/** A cluster node as the membership reports it. */
export interface ClusterNode {
  readonly name: string;
  readonly address: Address;
  readonly metadata: Uint8Array;
  /** Whether the node left on purpose; only meaningful when told that it is gone. */
  readonly hasLeft: boolean;
}

/** Calls of the tables into the membership. */
export interface Membership {
  readonly localName: string;
  /** Nodes that are alive or suspect, the local one included. */
  memberCount(): number;
  /** Exact bytes that one best-effort message may have, so that the packet stays within its cap. */
  packetRoomBytes(): number;
  /** The same packet straight to each of some nodes, no receipt; unknown ones are passed over. */
  sendPackets(nodes: readonly string[], message: Uint8Array): void;
  /** One stream to a node or an address. `done` hears whether the message was written whole. */
  sendStream(
    node: string | Address,
    message: Uint8Array,
    done: (error: Error | null) => void,
  ): void;
  /** There are broadcasts never sent before: gossip within 5 ms instead of at the next tick. */
  nudge(): void;
}

/** Calls of the membership into the tables. */
export interface MembershipEvents {
  nodeJoined(node: ClusterNode): void;
  nodeGone(node: ClusterNode): void;
  nodeUpdated(node: ClusterNode): void;
  /** @param from - where a packet came from; undefined when it came by stream */
  message(bytes: Uint8Array, from?: Address): void;
  getBroadcasts(overheadBytes: number, limitBytes: number, freshOnly: boolean): Uint8Array[];
  /** Whether there is anything to gossip to the cluster. */
  hasBroadcasts(): boolean;
  localState(join: boolean): Uint8Array;
  mergeRemoteState(state: Uint8Array, join: boolean): void;
}
