import { CodecError } from '../runtime/errors.ts';
import { copyBytes, equalBytes, malformedError, truncatedError } from './bytes.ts';
import { MAX_LABEL_BYTES } from './limits.ts';
import { MESSAGE_TYPE } from './messages.ts';

/*
 * A label keeps apart clusters that share a network; it is no secret, though sealing binds it.
 *
 *   f4 | length (1 byte, 1 to 255) | label
 *
 * It stands in the clear in front of every packet, and of a stream on the dialling side only.
 */

/** The header for a label; no bytes for an empty label. */
export function labelHeader(label: Uint8Array): Uint8Array {
  if (label.length === 0) return new Uint8Array(0);
  if (label.length > MAX_LABEL_BYTES) {
    throw new CodecError('ERR_CODEC_LIMIT', 'a label has at most 255 bytes', {
      sizeBytes: label.length,
      limitBytes: MAX_LABEL_BYTES,
    });
  }
  const header = new Uint8Array(2 + label.length);
  header[0] = MESSAGE_TYPE.label;
  header[1] = label.length;
  header.set(label, 2);
  return header;
}

/** A label and what follows it, both views. */
export interface SplitLabel {
  /** Empty when there was no header. */
  readonly label: Uint8Array;
  readonly rest: Uint8Array;
}

/**
 * Parts a packet into its label and the rest.
 *
 * @throws CodecError `ERR_CODEC_TRUNCATED` for a cut header, `ERR_CODEC_MALFORMED` for an empty label
 */
export function splitLabel(bytes: Uint8Array): SplitLabel {
  if (bytes[0] !== MESSAGE_TYPE.label) return { label: new Uint8Array(0), rest: bytes };
  const length = bytes[1];
  if (length === undefined) throw truncatedError('label header');
  if (length === 0) throw malformedError('a label header must not be empty');
  if (bytes.length < 2 + length) throw truncatedError('label header');
  return { label: bytes.subarray(2, 2 + length), rest: bytes.subarray(2 + length) };
}

/**
 * Takes the label off a packet.
 *
 * @param o - `isStripped`: somebody in front of us has taken it off already
 * @returns what follows it, a view
 * @throws CodecError `ERR_LABEL_MISMATCH` for another label, `ERR_CODEC_MALFORMED` for an empty one and for
 * one where it should have been taken off, `ERR_CODEC_TRUNCATED` for a cut header
 */
export function takeLabel(
  bytes: Uint8Array,
  o: { readonly expected: Uint8Array; readonly isStripped: boolean },
): Uint8Array {
  // Most rings have no label, and their packets cost no views.
  if (o.expected.length === 0 && bytes[0] !== MESSAGE_TYPE.label) return bytes;
  const { label, rest } = splitLabel(bytes);
  if (!o.isStripped) requireLabel(label, o.expected);
  else if (label.length > 0) throw malformedError('a label stands where none belongs');
  return rest;
}

/** @throws CodecError `ERR_LABEL_MISMATCH` unless both labels are equal */
export function requireLabel(received: Uint8Array, expected: Uint8Array): void {
  if (equalBytes(received, expected)) return;
  throw new CodecError('ERR_LABEL_MISMATCH', 'the label is not ours', {
    received: copyBytes(received),
    expected: copyBytes(expected),
  });
}
