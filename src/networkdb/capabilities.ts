/*
 * What a node of ours can do beyond the common protocol, said in its metadata, which Go's NetworkDB
 * leaves empty and never reads:
 *
 *   f7 4e 44 | feature bits, varint of at most 5 bytes | the user's own bytes
 *
 * Metadata that does not begin so is a Go node's, or belongs to the user alone; the node then has no
 * features.
 */

/** What metadata says. */
export interface Capabilities {
  /** Feature bits, a uint32; 0 for none. */
  readonly features: number;
  /** The user's own bytes. */
  readonly user: Uint8Array;
  /** Whether the node is one of ours. */
  readonly isOurs: boolean;
}

const MAGIC = [0xf7, 0x4e, 0x44] as const;
const MAX_VARINT_BYTES = 5;

/**
 * Metadata of a node of ours.
 *
 * @param features - bits, a uint32
 * @param user - bytes that belong to the user
 */
export function encodeCapabilities(features: number, user: Uint8Array): Uint8Array {
  const head: number[] = [...MAGIC];
  let left = features >>> 0;
  while (left >= 0x80) {
    head.push((left & 0x7f) | 0x80);
    left >>>= 7;
  }
  head.push(left);
  const metadata = new Uint8Array(head.length + user.length);
  metadata.set(head);
  metadata.set(user, head.length);
  return metadata;
}

/** Reads metadata; whatever it is, this succeeds. */
export function decodeCapabilities(metadata: Uint8Array): Capabilities {
  if (MAGIC.some((byte, at) => metadata[at] !== byte)) {
    return { features: 0, user: metadata.slice(), isOurs: false };
  }
  let features = 0;
  for (let i = 0; i < MAX_VARINT_BYTES; i += 1) {
    const byte = metadata[MAGIC.length + i];
    if (byte === undefined) break;
    features += (byte & 0x7f) * 2 ** (7 * i);
    if (byte >= 0x80) continue;
    return {
      features: features % 2 ** 32,
      user: metadata.slice(MAGIC.length + i + 1),
      isOurs: true,
    };
  }
  return { features: 0, user: metadata.slice(), isOurs: false };
}
