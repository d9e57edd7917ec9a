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

/** What can be announced, a bit each. Only append: a bit that was given out keeps its meaning. */
export const FEATURE: { readonly ownOnlySync: 1 } = Object.freeze({
  /** Reads and honours `own_only` of a bulk sync. */
  ownOnlySync: 1,
} as const);

/** The bits that this version announces. */
export const LOCAL_FEATURES: number = FEATURE.ownOnlySync;

/** Whether metadata is that of a node of ours; any other belongs to a node with the rules of Go. */
export function isOurMetadata(metadata: Uint8Array): boolean {
  return readFeatures(metadata) !== null;
}

/**
 * Whether metadata announces a feature.
 *
 * @param feature - a bit of {@link FEATURE}
 */
export function announces(metadata: Uint8Array, feature: number): boolean {
  const read = readFeatures(metadata);
  return read !== null && (read.features & feature) !== 0;
}

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
  const read = readFeatures(metadata);
  if (read === null) return { features: 0, user: metadata.slice(), isOurs: false };
  return { features: read.features, user: metadata.slice(read.endsAt), isOurs: true };
}

function readFeatures(metadata: Uint8Array): { features: number; endsAt: number } | null {
  if (MAGIC.some((byte, at) => metadata[at] !== byte)) return null;
  let features = 0;
  for (let i = 0; i < MAX_VARINT_BYTES; i += 1) {
    const byte = metadata[MAGIC.length + i];
    if (byte === undefined) return null;
    features += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { features: features % 2 ** 32, endsAt: MAGIC.length + i + 1 };
  }
  return null;
}
