import type { AliveMessage, NodeState, VersionVector } from '../codec/index.ts';
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
 * What a member says of itself, but for its incarnation. Never changed: all members of a process that hold the same
 * of a node hold one object of it ({@link claimedFacts}), so that a thousand simulated ones have each word once.
 *
 * `addressBytes` keeps the form in which the owner announced its address, for relaying; `address` is
 * the canonical form, for sending and comparing.
 */
export interface MemberFacts {
  readonly name: string;
  readonly isLocal: boolean;
  readonly addressBytes: Uint8Array;
  readonly address: Address;
  readonly metadata: Uint8Array;
  readonly versions: VersionVector;
  readonly startId: Uint8Array;
  /** Start id of the process that had the name before; claims under it are old news. */
  readonly retiredStartId: Uint8Array;
}

/** What the table holds about one node. Only the state rules write it. */
export class MemberRecord {
  facts: MemberFacts;
  incarnation: number;
  state: NodeState;
  /** Clock time of the last state change, whole milliseconds: V8 keeps other numbers apart from the record. */
  stateChangedAt: number;
  /** Whether a packet came from its address that opened with the only key there was: for `key-use.ts`. */
  isHeard = false;

  /** @param now - clock time, which need not be whole */
  constructor(facts: MemberFacts, incarnation: number, state: NodeState, now: number) {
    this.facts = facts;
    this.incarnation = incarnation;
    this.state = state;
    this.stateChangedAt = Math.floor(now);
  }

  get name(): string {
    return this.facts.name;
  }

  get isLocal(): boolean {
    return this.facts.isLocal;
  }

  get addressBytes(): Uint8Array {
    return this.facts.addressBytes;
  }

  get address(): Address {
    return this.facts.address;
  }

  get metadata(): Uint8Array {
    return this.facts.metadata;
  }

  get versions(): VersionVector {
    return this.facts.versions;
  }

  get startId(): Uint8Array {
    return this.facts.startId;
  }

  get retiredStartId(): Uint8Array {
    return this.facts.retiredStartId;
  }

  /** The node is in a state since now, clock time. */
  enter(state: NodeState, now: number): void {
    this.state = state;
    this.stateChangedAt = Math.floor(now);
  }

  /** Some facts are others from now on. */
  amend(changes: Partial<Omit<MemberFacts, 'name' | 'isLocal'>>): void {
    this.facts = { ...this.facts, ...changes };
  }

  /** The node has claimed these facts; the process that had the name before is remembered. */
  take(claimed: MemberFacts): void {
    const { startId, retiredStartId: retiredBefore } = this.facts;
    const retiredStartId = sameBytes(startId, claimed.startId) ? retiredBefore : startId;
    this.facts = retiredStartId.length === 0 ? claimed : { ...claimed, retiredStartId };
  }
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

/**
 * What a claim says of its member, as one object for all who hear the same; null when nothing can be sent to the
 * endpoint. The fields of what was read are shared (`shared-records.ts`), so comparing references does.
 *
 * @param port - of the member, where the claim may tell none
 */
export function claimedFacts(claim: AliveMessage, port: number): MemberFacts | null {
  const known = claimed.get(claim.address);
  const isKnown =
    known?.name === claim.node &&
    known.address.port === port &&
    known.metadata === claim.metadata &&
    known.versions === claim.versions &&
    known.startId === claim.startId;
  if (isKnown) return known;
  const address = endpointOf(claim.address, port);
  if (address === null) return null;
  const { node: name, address: addressBytes, metadata, versions, startId } = claim;
  // Not by spreading: V8 would give each a shape of its own, and all that read them would be slow.
  const facts: MemberFacts = {
    name,
    isLocal: false,
    addressBytes,
    address,
    metadata,
    versions,
    startId,
    retiredStartId: NO_BYTES,
  };
  claimed.set(claim.address, facts);
  return facts;
}

const claimed = new WeakMap<Uint8Array, MemberFacts>();
const NO_BYTES = new Uint8Array(0);

/** Whether two byte strings are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
