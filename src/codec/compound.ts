import { limitError, malformedError, truncatedError } from './bytes.ts';
import { MAX_COMPOUND_PART_BYTES, MAX_COMPOUND_PARTS } from './limits.ts';
import { MESSAGE_TYPE } from './messages.ts';

/*
 * Several messages in one packet:
 *
 *   07 | count (1 byte) | count x length (2 bytes each, big-endian) | part 1 | part 2 | ...
 *
 * A packet that was cut still delivers the whole parts at its beginning. Parts may be compounds;
 * how deep to follow them is the dispatcher's choice (`MAX_COMPOUND_NESTING`).
 */

/** What a compound costs however few its parts. */
export const COMPOUND_HEADER_BYTES = 2;
/** What each part costs besides itself. */
export const COMPOUND_PART_BYTES = 2;

/**
 * One compound of the given messages.
 *
 * @param parts - 1 to 255 messages of at most 65,535 bytes each
 * @throws CodecError `ERR_CODEC_LIMIT` for more or larger parts, `ERR_CODEC_MALFORMED` for none
 */
export function encodeCompound(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 0) throw malformedError('a compound needs at least one part');
  if (parts.length > MAX_COMPOUND_PARTS) {
    throw limitError('parts of a compound', parts.length, MAX_COMPOUND_PARTS);
  }
  let size = COMPOUND_HEADER_BYTES;
  for (const part of parts) {
    if (part.length > MAX_COMPOUND_PART_BYTES) {
      throw limitError('part of a compound', part.length, MAX_COMPOUND_PART_BYTES);
    }
    size += COMPOUND_PART_BYTES + part.length;
  }
  const out = new Uint8Array(size);
  out[0] = MESSAGE_TYPE.compound;
  out[1] = parts.length;
  let lengthAt = COMPOUND_HEADER_BYTES;
  let partAt = COMPOUND_HEADER_BYTES + parts.length * COMPOUND_PART_BYTES;
  for (const part of parts) {
    out[lengthAt] = part.length >>> 8;
    out[lengthAt + 1] = part.length;
    lengthAt += COMPOUND_PART_BYTES;
    out.set(part, partAt);
    partAt += part.length;
  }
  return out;
}

/** The parts of a compound. */
export interface SplitCompound {
  /** The whole parts at the beginning, in order, as views. */
  readonly parts: Uint8Array[];
  /** How many were announced and cut off. */
  readonly lostParts: number;
}

/**
 * Parts a compound; bytes behind the last part are ignored.
 *
 * @param message - begins with the type byte 7
 * @throws CodecError `ERR_CODEC_TRUNCATED` when not even the table of lengths is whole
 */
export function splitCompound(message: Uint8Array): SplitCompound {
  if (message[0] !== MESSAGE_TYPE.compound) throw malformedError('not a compound');
  const count = message[1];
  if (count === undefined) throw truncatedError('compound');
  let at = COMPOUND_HEADER_BYTES + count * COMPOUND_PART_BYTES;
  if (message.length < at) throw truncatedError('lengths of a compound');
  const parts: Uint8Array[] = [];
  for (let i = 0; i < count; i += 1) {
    const lengthAt = COMPOUND_HEADER_BYTES + i * COMPOUND_PART_BYTES;
    const length = ((message[lengthAt] as number) << 8) | (message[lengthAt + 1] as number);
    if (at + length > message.length) return { parts, lostParts: count - i };
    parts.push(message.subarray(at, at + length));
    at += length;
  }
  return { parts, lostParts: 0 };
}
