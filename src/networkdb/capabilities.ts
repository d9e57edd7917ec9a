import { copyOf } from './order.ts';

/*
 * What a node can do beyond the protocol that all share, said in its metadata:
 *
 *   [01] | f7 4e 44 | feature bits, varint of at most 5 bytes | the user's own bytes
 *
 * The byte ahead is Go's. Its NetworkDB announced nothing up to Docker 29.6, and since then one byte, a level;
 * at 1 the node's queue of relayed attachments compares Lamport times, so that an older attachment that comes
 * by bulk sync cannot evict a newer one. Without that byte our first one would be read as level 247. It stands
 * on the memberlist wire only: on the other nobody reads it. A reader takes us with and without it.
 *
 * Metadata of another form is a Go node's, whose first byte is its level, or belongs to the user alone; the
 * node then has no features of ours.
 */

/** What metadata says. */
export interface Capabilities {
  /** Feature bits, a uint32; 0 for none. */
  readonly features: number;
  /** The level of Go's NetworkDB whose rules the node keeps, 0 to 255; 0 when it announces none. */
  readonly goLevel: number;
  /** The user's own bytes; all of the metadata when the node is not one of ours. */
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
});

/** The bits that this version announces. */
export const LOCAL_FEATURES: number = FEATURE.ownOnlySync;

/** The level of Go's NetworkDB from which on a bulk sync may carry attachments. */
const GO_LEVEL_ATTACHMENTS = 1;

/** The level that this version announces beside Go. */
export const LOCAL_GO_LEVEL: number = GO_LEVEL_ATTACHMENTS;

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

/** Whether a bulk sync to a node with such metadata may carry attachments. */
export function takesAttachments(metadata: Uint8Array): boolean {
  return isOurMetadata(metadata) || (metadata[0] ?? 0) >= GO_LEVEL_ATTACHMENTS;
}

/**
 * Metadata of a node of ours.
 *
 * @param features - bits, a uint32
 * @param user - bytes that belong to the user
 * @param goLevel - Go's level, 0 to 255, put ahead where nodes of Go can read it; null elsewhere
 */
export function encodeCapabilities(
  features: number,
  user: Uint8Array,
  goLevel: number | null = null,
): Uint8Array {
  const head: number[] = goLevel === null ? [...MAGIC] : [goLevel, ...MAGIC];
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
  if (read === null) {
    return { features: 0, goLevel: metadata[0] ?? 0, user: copyOf(metadata), isOurs: false };
  }
  const { features, startsAt, endsAt } = read;
  const goLevel = startsAt === 0 ? 0 : (metadata[0] ?? 0);
  return { features, goLevel, user: copyOf(metadata.subarray(endsAt)), isOurs: true };
}

interface ReadFeatures {
  readonly features: number;
  readonly startsAt: number;
  readonly endsAt: number;
}

function readFeatures(metadata: Uint8Array): ReadFeatures | null {
  const startsAt = [0, 1].find((start) => MAGIC.every((byte, i) => metadata[start + i] === byte));
  if (startsAt === undefined) return null;
  let features = 0;
  for (let i = 0; i < MAX_VARINT_BYTES; i += 1) {
    const at = startsAt + MAGIC.length + i;
    const byte = metadata[at];
    if (byte === undefined) return null;
    features += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { features: features % 2 ** 32, startsAt, endsAt: at + 1 };
  }
  return null;
}
