import type { Address, Logger } from '../runtime/index.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { BulkSync } from './bulk-sync.ts';
import type { EarlyEvents } from './early-events.ts';
import type { HandlerParts } from './handlers.ts';
import { drop } from './handlers.ts';
import type { Inbound } from './inbound.ts';
import type { ClusterNode, MembershipEvents } from './membership.ts';
import { localPushPull } from './push-pull.ts';
import type { StreamSpread } from './stream-spread.ts';
import type { Strays } from './strays.ts';
import type { SyncRounds } from './sync-rounds.ts';
import type { TableState } from './transitions.ts';

/*
 * What the membership tells the tables: who came and went, what arrived, and what may ride along.
 */

/** Collaborators of {@link MembershipPort}. */
export interface MembershipPortParts {
  readonly state: TableState;
  readonly handlers: HandlerParts;
  readonly broadcasts: Broadcasts;
  readonly early: EarlyEvents;
  readonly inbound: Inbound;
  readonly bulkSync: BulkSync;
  readonly streams: StreamSpread;
  readonly strays: Strays;
  readonly rounds: SyncRounds;
  readonly logger: Logger;
  readonly isClosed: () => boolean;
}

const NO_BYTES = new Uint8Array(0);

/** The membership's side of the engine. */
export class MembershipPort implements MembershipEvents {
  readonly #parts: MembershipPortParts;

  constructor(parts: MembershipPortParts) {
    this.#parts = parts;
  }

  nodeJoined(node: ClusterNode): void {
    const { state, early, handlers, rounds, isClosed } = this.#parts;
    if (isClosed()) return;
    this.#purgeAddress(node);
    const known = state.nodes.get(node.name);
    if (known !== undefined) {
      state.renew(known, node);
      known.isMember = true;
      if (known.state === 'active') return;
      state.activate(known);
      this.#parts.logger.info({ node: node.name }, 'tables: node is back');
      rounds.nodeReturned(node.name);
    } else {
      if (state.nodes.size >= state.options.limits.maxNodes) {
        drop(state, 'limit');
        return;
      }
      state.admit(node);
    }
    handlers.replay(early.takeAttachments(node.name));
    this.#parts.bulkSync.nodeJoined(node.name);
  }

  nodeGone(node: ClusterNode): void {
    const { state, bulkSync, isClosed } = this.#parts;
    const record = state.nodes.get(node.name);
    if (isClosed() || record === undefined || node.name === state.localName) return;
    record.isMember = false;
    if (node.hasLeft && record.state !== 'left') state.depart(record);
    else if (record.state === 'active') state.fail(record);
    this.#parts.logger.info({ node: node.name, state: record.state }, 'tables: node is gone');
    bulkSync.peerGone(node.name);
    this.#parts.streams.peerGone(node.name);
    this.#parts.strays.nodeGone(record);
  }

  nodeUpdated(node: ClusterNode): void {
    const { state } = this.#parts;
    const record = state.nodes.get(node.name);
    if (record !== undefined) state.renew(record, node);
  }

  message(bytes: Uint8Array, from?: Address): void {
    if (!this.#parts.isClosed()) this.#parts.inbound.message(bytes, from);
  }

  getBroadcasts(overheadBytes: number, limitBytes: number, freshOnly: boolean): Uint8Array[] {
    if (this.#parts.isClosed()) return [];
    return this.#parts.broadcasts.drainCluster(overheadBytes, limitBytes, freshOnly);
  }

  hasBroadcasts(): boolean {
    return !this.#parts.isClosed() && this.#parts.broadcasts.hasClusterNews;
  }

  localState(join: boolean): Uint8Array {
    return this.#parts.isClosed() ? NO_BYTES : localPushPull(this.#parts.state, join);
  }

  mergeRemoteState(state: Uint8Array): void {
    if (!this.#parts.isClosed()) this.#parts.inbound.pushPull(state);
  }

  /**
   * Another name at the same address is the earlier life of the node that joins: it will not come back.
   *
   * @remarks networkdb: node reincarnation.
   */
  #purgeAddress(node: ClusterNode): void {
    const { state, bulkSync } = this.#parts;
    const earlier = state.nodes.atAddress(node.address, node.name);
    if (earlier === undefined || earlier.state === 'left') return;
    if (earlier.name === state.localName) return;
    state.depart(earlier);
    bulkSync.peerGone(earlier.name);
    this.#parts.streams.peerGone(earlier.name);
  }
}
