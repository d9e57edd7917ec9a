import {
  encodeNetworkEvent,
  encodeNodeEvent,
  encodeTableEventMessage,
  GOSSIP_TYPE,
  wrapGossip,
} from '../codec/index.ts';
import type { Address, Random } from '../runtime/index.ts';
import { sample } from '../runtime/index.ts';
import type { Broadcasts } from './broadcasts.ts';
import { EVENT_OVERHEAD_BYTES } from './broadcasts.ts';
import type { EntryAddress, EntryVersion } from './entry.ts';
import type { TableGossip } from './gossip.ts';
import type { EventPath } from './event-path.ts';
import type { Membership } from './membership.ts';
import type { OversizeSender } from './oversize.ts';
import type { Ring } from './ring.ts';
import type { TablePacing } from './table-pacing.ts';
import type { TableState } from './transitions.ts';

/*
 * Turns news into queued messages: what we did is encoded, what others did is passed on in its original
 * bytes, so that fields we do not know survive.
 */

/** More messages than this waiting to be relayed, and bulk-synced news is left to further syncs. */
const MAX_RELAYED_ON_SYNC = 16_384;

/** Members of a network that are told by ourselves that we join or leave it. */
const TOLD_BY_OURSELVES = 128;

/** Collaborators of {@link Publisher}. */
export interface PublisherParts {
  readonly random: Random;
  readonly state: TableState;
  readonly membership: Membership;
  readonly broadcasts: Broadcasts;
  readonly gossip: TableGossip;
  readonly oversize: OversizeSender;
  readonly ring: Ring;
  readonly pacer: TablePacing;
}

/** Queues outgoing events. */
export class Publisher {
  readonly #parts: PublisherParts;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** Tells the cluster that we joined or left a network. */
  networkEvent(kind: 'join' | 'leave', network: string, time: number): void {
    const { localName } = this.#parts.state;
    const inner = encodeNetworkEvent({ kind, time, node: localName, network });
    this.relayNetworkEvent(network, localName, inner);
    this.#tellMembers(network, inner);
  }

  /**
   * It goes straight to the members as well: by gossip alone the last of a few dozen hears it after a tick or two. What we
   * published vanishes with a leave; what we write first waits, or is refused, where our join is not known.
   */
  #tellMembers(network: string, inner: Uint8Array): void {
    const { membership, pacer, random, state } = this.#parts;
    if (!pacer.hasCredit()) return;
    const message = wrapGossip(GOSSIP_TYPE.networkEvent, inner);
    const others = state.attachments
      .participants(network)
      .filter((name) => name !== state.localName);
    const members = sample(random, others, TOLD_BY_OURSELVES);
    membership.sendPackets(members, message);
    pacer.spend(message.length * members.length);
  }

  /** Passes on an event about a network. */
  relayNetworkEvent(network: string, node: string, inner: Uint8Array): void {
    const message = wrapGossip(GOSSIP_TYPE.networkEvent, inner);
    this.#parts.broadcasts.queueNetworkEvent(network, node, message);
    this.#parts.membership.nudge();
  }

  /** Tells the cluster that we came or are about to go. */
  nodeEvent(kind: 'join' | 'leave', time: number, finished?: () => void): void {
    const inner = encodeNodeEvent({ kind, time, node: this.#parts.state.localName });
    const message = wrapGossip(GOSSIP_TYPE.nodeEvent, inner);
    this.#parts.broadcasts.queueNodeEvent(message, finished);
    this.#parts.membership.nudge();
  }

  /** Passes on an event about a node. */
  relayNodeEvent(inner: Uint8Array): void {
    const message = wrapGossip(GOSSIP_TYPE.nodeEvent, inner);
    this.#parts.broadcasts.queueNodeEvent(message);
    this.#parts.membership.nudge();
  }

  /** The message that tells of a write of our own. */
  encodeWrite(
    kind: 'create' | 'update' | 'delete',
    address: EntryAddress,
    version: EntryVersion,
  ): Uint8Array {
    const { network, table, key } = address;
    const { time, owner, value } = version;
    const residualReapSeconds =
      kind === 'delete' ? Math.max(1, Math.floor(this.#parts.state.options.reapEntryMs / 1000)) : 0;
    const event = { kind, time, owner, network, table, key, value, residualReapSeconds };
    return encodeTableEventMessage(event);
  }

  /** Largest message of a table that goes out in packets. */
  packetRoomBytes(): number {
    return this.#parts.membership.packetRoomBytes() - EVENT_OVERHEAD_BYTES;
  }

  /** Spreads a write of our own. */
  write(address: EntryAddress, message: Uint8Array): void {
    const { broadcasts, gossip, oversize, state } = this.#parts;
    if (message.length <= this.packetRoomBytes()) {
      oversize.forget(address);
      broadcasts.queueTableEvent('own', address, message);
      gossip.newsQueued();
    } else if (state.options.oversize === 'reliable') {
      oversize.send(address, message);
    } else {
      state.counters.add('tables.oversize.bulkOnly');
    }
  }

  /**
   * Passes on a write of somebody else: in packets, or, when it came by stream, by stream. What fits no
   * packet was sent to everybody by its writer, unless that is a node of Go: there it waits for bulk syncs, and who
   * has it by one sends it to everybody in its place.
   *
   * @param from - where the packet came from that brought it
   */
  relayWrite(
    address: EntryAddress & { readonly owner: string },
    inner: Uint8Array,
    path: EventPath,
    from?: Address,
  ): void {
    const { broadcasts, gossip, oversize, ring, state } = this.#parts;
    const { owner } = address;
    const queued = broadcasts.tableLength(address.network, 'relay');
    if (path === 'bulk-sync' && queued > MAX_RELAYED_ON_SYNC) {
      state.counters.add('tables.relay.skipped');
      return;
    }
    const message = wrapGossip(GOSSIP_TYPE.tableEvent, inner);
    if (message.length > this.packetRoomBytes()) {
      const isLeftToSyncs = path === 'bulk-sync' && state.nodes.isForeign(owner);
      if (isLeftToSyncs && state.options.oversize === 'reliable')
        oversize.send(address, message, owner);
      return;
    }
    const side = from === undefined ? null : ring.sideOf(address.network, from);
    const list = path === 'gossip' ? 'relay' : 'streamed';
    broadcasts.queueTableEvent(list, address, message, side);
    state.counters.add('tables.relayed');
    gossip.newsQueued();
  }

  /** A packet has brought a write that we hold: its sender needs it from us no more. */
  heardAgain(address: EntryAddress, from: Address): void {
    const { broadcasts, ring } = this.#parts;
    const side = ring.sideOf(address.network, from);
    if (side !== null) broadcasts.heardAgain(address, side);
  }
}
