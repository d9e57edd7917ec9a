import { limitError, malformedError } from './bytes.ts';
import { MAX_METADATA_BYTES } from './limits.ts';
import type { NodeState, VersionVector } from './messages.ts';
import { requireText } from './text.ts';

/*
 * What the fields of SWIM messages must be on every wire, so that nothing is stored or relayed that the
 * layers above or another member could not live with.
 */

/** Largest incarnation and sequence number. */
export const MAX_UINT32 = 0xffff_ffff;
/** Largest port. */
export const MAX_PORT = 65_535;

const VERSION_BYTES = 6;

/** @throws CodecError `ERR_CODEC_MALFORMED` for a name that is empty or has no UTF-8 form */
export function requireName(name: string): string {
  if (name === '') throw malformedError('a name must not be empty');
  return requireText('name', name);
}

/** @throws CodecError `ERR_CODEC_MALFORMED` unless there are 4 or 16 bytes */
export function requireAddress(address: Uint8Array): Uint8Array {
  if (address.length === 4 || address.length === 16) return address;
  throw malformedError(`an address has 4 or 16 bytes, not ${address.length}`);
}

/** @throws CodecError `ERR_CODEC_MALFORMED` unless there are 0, 4 or 16 bytes */
export function requireOptionalAddress(address: Uint8Array): Uint8Array {
  return address.length === 0 ? address : requireAddress(address);
}

/** The address of a record: only of a node that can still be reached it must be there. */
export function requireAddressIn(state: NodeState, address: Uint8Array): Uint8Array {
  const isReached = state === 'alive' || state === 'suspect';
  return isReached ? requireAddress(address) : requireOptionalAddress(address);
}

/** @throws CodecError `ERR_CODEC_LIMIT` */
export function requireMetadata(metadata: Uint8Array): Uint8Array {
  if (metadata.length <= MAX_METADATA_BYTES) return metadata;
  throw limitError('metadata', metadata.length, MAX_METADATA_BYTES);
}

/** @throws CodecError `ERR_CODEC_MALFORMED` unless there are 6 bytes: others crash older Go peers */
export function requireVersions(versions: Uint8Array): VersionVector {
  if (versions.length === VERSION_BYTES) return versions;
  throw malformedError(`a version vector has 6 bytes, not ${versions.length}`);
}

/** @throws CodecError `ERR_CODEC_LIMIT` */
export function requireWithin(what: string, size: number, limit: number): void {
  if (size > limit) throw limitError(what, size, limit);
}
