import $protobuf from 'protobufjs/minimal.js';

import { CodecError, GossipError } from '../runtime/errors.ts';
import { malformedError, plainBytes, varintBytes, writeVarint } from './bytes.ts';
import { cutBytes } from './slab.ts';

/*
 * The edge to protobufjs. It throws plain errors for bytes that it cannot read; they leave the codec as
 * CodecError. Readers are made directly and over plain arrays, so that no view of what they read is a
 * Node Buffer, whatever was passed in.
 *
 * Text is declared `string` in the schemas: for proto3 the generated code checks UTF-8 strictly with a
 * fast path for short ASCII, so that a name is never read as another one. Writing replaces nothing
 * either: half of a surrogate pair is refused by `requireText` before it comes here.
 */

/** A reader over all of `bytes`. */
export function readerOf(bytes: Uint8Array): $protobuf.Reader {
  return new $protobuf.Reader(plainBytes(bytes));
}

/** Runs a decoder, and turns whatever it throws into a CodecError about `what`. */
export function decodeGuarded<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw asCodecError(what, error);
  }
}

/** The CodecError for whatever a decoder threw. */
export function asCodecError(what: string, error: unknown): GossipError {
  if (error instanceof GossipError) return error;
  // The reader reports running off the end as a RangeError, and everything else otherwise.
  if (error instanceof RangeError) {
    return new CodecError('ERR_CODEC_TRUNCATED', `${what}: the bytes end too early`, {
      cause: error,
    });
  }
  return malformedError(`${what} cannot be read`, error);
}

/** Encoding functions as protobufjs generates them. */
export interface GeneratedEncoder<P> {
  encode(properties: P, writer?: $protobuf.Writer): $protobuf.Writer;
}

/** The bytes of one message, in an array of their own. */
export function encodeBody<P>(encoder: GeneratedEncoder<P>, properties: P): Uint8Array {
  const body = encodeScratch(encoder, properties);
  return new Uint8Array(body);
}

/** A type byte and the bytes of one message; a view, see `slab.ts`. */
export function encodeTyped<P>(
  type: number,
  encoder: GeneratedEncoder<P>,
  properties: P,
): Uint8Array {
  const body = encodeScratch(encoder, properties);
  const out = cutBytes(1 + body.length);
  out[0] = type;
  out.set(body, 1);
  return out;
}

/** The bytes of one message behind their length. */
export function encodeRecord<P>(encoder: GeneratedEncoder<P>, properties: P): Uint8Array {
  const body = encodeScratch(encoder, properties);
  const out = new Uint8Array(varintBytes(body.length) + body.length);
  out.set(body, writeVarint(out, 0, body.length));
  return out;
}

/** A view into the writer's array, which is larger and may be shared: to be copied. */
function encodeScratch<P>(encoder: GeneratedEncoder<P>, properties: P): Uint8Array {
  return encoder.encode(properties, new $protobuf.Writer()).finish(true);
}
