import { CodecError } from '../runtime/errors.ts';
import { readUint32, truncatedError, writeUint32 } from './bytes.ts';
import { MESSAGE_TYPE } from './messages.ts';

/*
 * CRC-32 as in IEEE 802.3 (reflected, polynomial 0xEDB88320), with a table of our own since
 * `zlib.crc32` is younger than the oldest Node we run on.
 *
 *   0c | CRC-32 (4 bytes, big-endian) | message
 */

/** What the checksum adds to a message. */
export const CHECKSUM_HEADER_BYTES = 5;

const TABLE: Uint32Array = new Uint32Array(256).map((_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 of `bytes`, 0 to 2^32 - 1. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** The message with a checksum in front. */
export function addChecksum(message: Uint8Array): Uint8Array {
  const out = new Uint8Array(CHECKSUM_HEADER_BYTES + message.length);
  out[0] = MESSAGE_TYPE.checksum;
  writeUint32(out, 1, crc32(message));
  out.set(message, CHECKSUM_HEADER_BYTES);
  return out;
}

/**
 * Verifies and removes the checksum in front of a message, if there is one.
 *
 * @returns a view of the message; the same bytes when they have no checksum
 * @throws CodecError `ERR_CODEC_CHECKSUM` when it does not match, `ERR_CODEC_TRUNCATED` when it is cut
 */
export function removeChecksum(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== MESSAGE_TYPE.checksum) return bytes;
  if (bytes.length < CHECKSUM_HEADER_BYTES) throw truncatedError('checksum');
  const message = bytes.subarray(CHECKSUM_HEADER_BYTES);
  const expected = readUint32(bytes, 1);
  const actual = crc32(message);
  if (actual !== expected) {
    throw new CodecError('ERR_CODEC_CHECKSUM', 'the checksum of a packet does not match', {
      expected,
      actual,
      sizeBytes: bytes.length,
    });
  }
  return message;
}
