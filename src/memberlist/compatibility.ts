import type { NodeState, VersionVector } from '../codec/index.ts';
import { isMember } from './member.ts';
import type { MemberlistConfig } from './options.ts';

/** Protocol versions this node understands and speaks, as memberlist counts them. */
export const PROTOCOL_VERSION = { min: 1, max: 5, current: 2 } as const;

/** The version vector of this node. */
export function localVersions({
  protocolVersion,
  delegateVersion: { min, max, current },
}: Pick<MemberlistConfig, 'protocolVersion' | 'delegateVersion'>): VersionVector {
  return Uint8Array.of(
    ...[PROTOCOL_VERSION.min, PROTOCOL_VERSION.max, protocolVersion],
    ...[min, max, current],
  );
}

/**
 * Whether a claim's version vector can be believed: six bytes, and a protocol range that makes sense.
 *
 * @remarks memberlist's alive sanity check; a vector of another length would crash older Go peers
 * when relayed.
 */
export function isSaneVersionVector(versions: VersionVector): boolean {
  const [min = 0, max = 0] = versions;
  return versions.length === 6 && min > 0 && max > 0 && min <= max;
}

/** One side's record as the compatibility check sees it. */
export interface VersionedNode {
  readonly name: string;
  readonly state: NodeState;
  readonly versions: VersionVector;
}

/** The first node that cannot talk with the rest. */
export interface IncompatibleNode {
  readonly name: string;
  readonly versions: VersionVector;
}

/**
 * The first node that cannot talk with the rest, or null when all can.
 *
 * The range that every alive node understands is computed over both sides; every node's current
 * protocol and delegate version must lie in it.
 *
 * @param theirs - of these the alive count
 * @param ours - of these the members, suspects included
 * @remarks memberlist verifyProtocol
 */
export function findIncompatible(
  theirs: readonly VersionedNode[],
  ours: readonly VersionedNode[],
): IncompatibleNode | null {
  const range = { min: 0, max: 255, delegateMin: 0, delegateMax: 255 };
  // Most nodes of a ring say the same, and equal vectors are mostly one object: looked at once in a row.
  let last: VersionVector | null = null;
  const narrow = (versions: VersionVector): void => {
    if (versions === last) return;
    last = versions;
    if (versions.length < 6) return;
    const [min = 0, max = 0, , delegateMin = 0, delegateMax = 0] = versions;
    range.min = Math.max(range.min, min);
    range.max = Math.min(range.max, max);
    range.delegateMin = Math.max(range.delegateMin, delegateMin);
    range.delegateMax = Math.min(range.delegateMax, delegateMax);
  };
  for (const { state, versions } of theirs) if (state === 'alive') narrow(versions);
  for (const node of ours) if (isMember(node)) narrow(node.versions);
  last = null;
  const isOutside = (versions: VersionVector): boolean => {
    if (versions === last) return false;
    last = versions;
    const [, , current = 0, , , delegate = 0] = versions;
    const isInRange = current >= range.min && current <= range.max;
    return !isInRange || delegate < range.delegateMin || delegate > range.delegateMax;
  };
  for (const node of theirs) if (node.state === 'alive' && isOutside(node.versions)) return node;
  for (const node of ours) if (isMember(node) && isOutside(node.versions)) return node;
  return null;
}
