import type { NodeState, VersionVector } from '../codec/index.ts';
import type { Address } from '../runtime/index.ts';
import { hostFromBytes, sharedAddress } from '../runtime/index.ts';

/** A member as users see it: a frozen copy, never changed afterwards. */
export interface Member {
  /** Unique in the ring. */
  readonly name: string;
  /** Advertised IP address in canonical text. */
  readonly host: string;
  /** Advertised port, packets and streams alike. */
  readonly port: number;
  readonly state: NodeState;
  /** Number only the member itself raises, to refute a claim. */
  readonly incarnation: number;
  /** What the member attached to its record; empty when it attached nothing. */
  readonly metadata: Uint8Array;
  /** Whether this is the local node. */
  readonly isLocal: boolean;
}

/**
 * What the table holds about one node. Only the state rules write it.
 *
 * `addressBytes` keeps the form in which the owner announced its address, for relaying; `address` is
 * the canonical form, for sending and comparing.
 */
export interface MemberRecord {
  readonly name: string;
  readonly isLocal: boolean;
  addressBytes: Uint8Array;
  address: Address;
  metadata: Uint8Array;
  versions: VersionVector;
  startId: Uint8Array;
  /** Start id of the process that had the name before; claims under it are old news. */
  retiredStartId: Uint8Array;
  incarnation: number;
  state: NodeState;
  /** Clock time of the last state change, milliseconds. */
  stateChangedAt: number;
}

/** Whether the node counts as a member: alive or suspect. */
export function isMember(record: { readonly state: NodeState }): boolean {
  return record.state === 'alive' || record.state === 'suspect';
}

/** Whether the node is gone, on purpose or not. */
export function isGone(record: { readonly state: NodeState }): boolean {
  return record.state === 'dead' || record.state === 'left';
}

/** A frozen copy for users. */
export function toMember(record: MemberRecord): Member {
  return Object.freeze({
    name: record.name,
    host: record.address.host,
    port: record.address.port,
    state: record.state,
    incarnation: record.incarnation,
    metadata: record.metadata.slice(),
    isLocal: record.isLocal,
  });
}

/** The endpoint that address bytes and a port stand for, or null when nothing can be sent there. */
export function endpointOf(addressBytes: Uint8Array, port: number): Address | null {
  const host = hostFromBytes(addressBytes);
  return host === null || port === 0 ? null : sharedAddress(host, port);
}

/** The same for bytes that all claims about a member share (`shared-records.ts`) and nobody changes. */
export function claimedEndpoint(addressBytes: Uint8Array, port: number): Address | null {
  const known = claimedEndpoints.get(addressBytes);
  if (known?.port === port) return known;
  const endpoint = endpointOf(addressBytes, port);
  if (endpoint !== null) claimedEndpoints.set(addressBytes, endpoint);
  return endpoint;
}

const claimedEndpoints = new WeakMap<Uint8Array, Address>();

/** Whether two byte strings are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
