import type { Member, Memberlist, MemberlistDelegates, WarningCode } from '../memberlist/index.ts';
import type { Address, Clock, Logger } from '../runtime/index.ts';
import { sharedAddress, StateError } from '../runtime/index.ts';
import { sharedBytes } from '../codec/index.ts';
import { encodeCapabilities, LOCAL_FEATURES } from './capabilities.ts';
import type { ClusterNode, Membership, MembershipEvents } from './membership.ts';

const NO_BYTES = new Uint8Array(0);

/**
 * The real membership behind the interface that the tables declare.
 *
 * The tables must exist before the membership, since that announces the local node while it starts:
 * until it is attached the adapter answers as a ring of one that cannot send.
 */
export class MembershipAdapter implements Membership {
  readonly localName: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #memberlist: Memberlist | null = null;

  constructor(o: { readonly localName: string; readonly clock: Clock; readonly logger: Logger }) {
    this.localName = o.localName;
    this.#clock = o.clock;
    this.#logger = o.logger;
  }

  /** The membership runs: from here on calls reach it. */
  attach(memberlist: Memberlist): void {
    this.#memberlist = memberlist;
  }

  memberCount(): number {
    return this.#memberlist?.memberCount ?? 1;
  }

  packetRoomBytes(): number {
    return this.#memberlist?.packetRoomBytes() ?? 0;
  }

  sendPackets(nodes: readonly string[], message: Uint8Array): void {
    try {
      this.#memberlist?.sendBestEffortToAll(nodes, message);
    } catch (error) {
      this.#logger.debug({ nodes, error }, 'a packet was not sent');
    }
  }

  sendStream(
    node: string | Address,
    message: Uint8Array,
    done: (error: Error | null) => void,
  ): void {
    const memberlist = this.#memberlist;
    const to = typeof node === 'string' ? this.#endpointOf(node) : node;
    try {
      if (memberlist === null || to === null) {
        throw new StateError('ERR_MEMBER_UNKNOWN', 'there is nobody to send to', { node });
      }
      memberlist.sendStream(to, message, done);
    } catch (error) {
      this.#clock.schedule(0, () => {
        done(error as Error);
      });
    }
  }

  nudge(): void {
    this.#memberlist?.nudge();
  }

  /** Tells of a warning of the tables as of one of the membership: counted, logged, heard by listeners. */
  warn(code: WarningCode, message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#memberlist?.warn(code, message, fields);
  }

  #endpointOf(node: string): Address | null {
    const member = this.#memberlist?.member(node);
    return member === undefined ? null : { host: member.host, port: member.port };
  }
}

/**
 * The tables' hooks in the shape in which the membership calls them.
 *
 * @param goLevel - the level of Go's NetworkDB that our metadata announces; null where no node of Go reads it
 */
export function delegatesOf(events: MembershipEvents, goLevel: number | null): MemberlistDelegates {
  return {
    user: {
      localMetadata: () => encodeCapabilities(LOCAL_FEATURES, NO_BYTES, goLevel),
      onUserMessage: (message, from) => {
        events.message(message, from);
      },
      getBroadcasts: (overhead, limit, freshOnly) =>
        events.getBroadcasts(overhead, limit, freshOnly),
      hasBroadcasts: () => events.hasBroadcasts(),
      localState: (join) => events.localState(join),
      mergeRemoteState: (state, join) => {
        events.mergeRemoteState(state, join);
      },
    },
    observer: {
      onJoin: (member) => {
        events.nodeJoined(clusterNode(member));
      },
      onLeave: (member) => {
        events.nodeGone(clusterNode(member));
      },
      onUpdate: (member) => {
        events.nodeUpdated(clusterNode(member));
      },
    },
  };
}

function clusterNode(member: Member): ClusterNode {
  const { name, host, port, metadata, state } = member;
  const address = sharedAddress(host, port);
  return { name, address, metadata: sharedBytes(metadata), hasLeft: state === 'left' };
}
