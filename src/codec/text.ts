import { malformedError } from './bytes.ts';

/*
 * Text on the wires is UTF-8 and is read and written strictly: a name is never read as another one, and
 * half of a surrogate pair is refused rather than replaced.
 */

const LONE_SURROGATE = /\p{Surrogate}/u;
const encoder = new TextEncoder();
// A mark at the beginning is part of a name like any other character.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Up to this length a loop is faster than the decoder. */
const SHORT_TEXT_BYTES = 32;

/** @throws CodecError `ERR_CODEC_MALFORMED` for text that has no UTF-8 form */
export function requireText(what: string, text: string): string {
  if (LONE_SURROGATE.test(text)) throw malformedError(`${what} is not well-formed text`);
  return text;
}

/** The UTF-8 form of well-formed text. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** @throws CodecError `ERR_CODEC_MALFORMED` for bytes that are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  const short = bytes.length <= SHORT_TEXT_BYTES ? decodeAscii(bytes) : null;
  if (short !== null) return short;
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw malformedError('text is not UTF-8', error);
  }
}

/** Text of ASCII bytes; null when there is another one among them. */
export function decodeAscii(bytes: Uint8Array): string | null {
  let text = '';
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] as number;
    if (byte >= 0x80) return null;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** @throws CodecError `ERR_CODEC_MALFORMED` unless `value` is an integer of 0 to `max` */
export function requireInteger(what: string, value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw malformedError(`${what} must be an integer of 0 to ${max}`);
  }
  return value;
}
