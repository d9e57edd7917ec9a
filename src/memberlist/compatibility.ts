import type { VersionVector } from '../codec/index.ts';
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
  readonly isAlive: boolean;
  readonly versions: VersionVector;
}

/**
 * The first node that cannot talk with the rest, or null when all can.
 *
 * The range that every alive node understands is computed over both sides; every node's current
 * protocol and delegate version must lie in it.
 *
 * @param nodes - both sides; walked twice
 * @remarks memberlist verifyProtocol
 */
export function findIncompatible(nodes: Iterable<VersionedNode>): VersionedNode | null {
  const range = { min: 0, max: 255, delegateMin: 0, delegateMax: 255 };
  for (const { isAlive, versions } of nodes) {
    if (!isAlive || versions.length < 6) continue;
    const [min = 0, max = 0, , delegateMin = 0, delegateMax = 0] = versions;
    range.min = Math.max(range.min, min);
    range.max = Math.min(range.max, max);
    range.delegateMin = Math.max(range.delegateMin, delegateMin);
    range.delegateMax = Math.min(range.delegateMax, delegateMax);
  }
  for (const node of nodes) {
    if (!node.isAlive) continue;
    const [, , current = 0, , , delegate = 0] = node.versions;
    const isInRange = current >= range.min && current <= range.max;
    if (!isInRange || delegate < range.delegateMin || delegate > range.delegateMax) return node;
  }
  return null;
}
