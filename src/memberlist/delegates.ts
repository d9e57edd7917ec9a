import type { Address } from '../runtime/index.ts';
import type { Member } from './member.ts';

/*
 * What a layer above hooks into the membership. All of it is synchronous and called in line: nothing
 * may await between a question and its effect. A hook that throws is counted and reported through
 * the logger; it never stops the protocol.
 */

/** Data that rides on membership traffic. */
export interface UserDelegate {
  /** The local record's metadata. Asked for at start and by `updateNode`. At most 512 bytes. */
  localMetadata?(): Uint8Array;
  /**
   * A message sent to us with `sendBestEffort` or `sendReliable`, or gossiped. Ours to keep.
   *
   * @param from - where its packet came from; undefined for a stream, whose port says nothing
   */
  onUserMessage?(message: Uint8Array, from?: Address): void;
  /**
   * Messages to gossip in the room that is left in a packet.
   *
   * @param overheadBytes - added to each message's length
   * @param limitBytes - the sum of lengths and overheads must not exceed it
   * @param freshOnly - only what was never handed out: the prompt first send
   */
  getBroadcasts?(overheadBytes: number, limitBytes: number, freshOnly: boolean): Uint8Array[];
  /**
   * Whether `getBroadcasts` has anything; without it `getBroadcasts` is asked at every tick of the gossip. Once it
   * has said no it is asked again after a `nudge` alone.
   *
   * @internal
   */
  hasBroadcasts?(): boolean;
  /** State to hand over in a push/pull; empty for none. */
  localState?(join: boolean): Uint8Array;
  /** State handed over by a peer, after its member records were merged. Never empty. */
  mergeRemoteState?(state: Uint8Array, join: boolean): void;
}

/** Changes of the member table, told after they took effect and before users hear of them. */
export interface MemberObserver {
  /** Unknown, dead or left before; now alive. Also told about the local node at start. */
  onJoin?(member: Member): void;
  /** Alive or suspect before; `state` says whether it is now dead or left. */
  onLeave?(member: Member): void;
  /** Metadata changed. A member that comes back at another endpoint was gone in between. */
  onUpdate?(member: Member): void;
}

/** Says who may be a member. Called in line; what it throws counts as a refusal. */
export interface AdmissionDelegate {
  /**
   * An alive claim about another node is about to be applied. Asked for each such claim.
   *
   * @returns whether to apply it; `false` makes as if it had never been heard
   */
  admitMember?(member: Member): boolean;
  /**
   * The records of a joining exchange are about to be merged, on either side of it.
   *
   * @param members - what the other side holds, in all states
   * @returns whether to merge; on the joining side `false` fails the join with `ERR_MERGE_REFUSED`. It keeps nobody
   * out for good, since gossip brings members too: `admitMember` does that
   */
  admitMerge?(members: readonly Member[]): boolean;
}

/** Rides on direct probes. */
export interface PingDelegate {
  /** Bytes for the acks we send; they count against the packet, so keep them few. */
  ackPayload?(): Uint8Array;
  /** A member answered our direct probe itself. @param roundTripMs - milliseconds */
  onPingComplete?(member: Member, roundTripMs: number, payload: Uint8Array): void;
}

/** Everything a layer above may hook in. */
export interface MemberlistDelegates {
  readonly user?: UserDelegate;
  readonly observer?: MemberObserver;
  readonly admission?: AdmissionDelegate;
  readonly ping?: PingDelegate;
}
