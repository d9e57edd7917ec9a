import { concatBytes, malformedError, truncatedError, writeUint32 } from './bytes.ts';
import { compressLzw, decompressLzw } from './compression.ts';
import { decodeBody, encodeBody, GO_SHAPES } from './go-shapes.ts';
import { requireLzw } from './inflater.ts';
import { MESSAGE_TYPE } from './messages.ts';

/*
 * A compressed message of the memberlist wire: another message, type byte included, in one map.
 *
 *   09 | map {Algo: 0 for LZW, Buf}
 *
 * Packets are compressed when that makes them smaller, streams always. Other numbers are algorithms of
 * forks: they are refused as unsupported, which an operator can act on.
 */

/** Packets below this size hardly ever become smaller. */
const MIN_PACKET_BYTES = 64;
/** What stands around the compressed bytes at least. */
const MIN_WRAPPER_BYTES = 13;
const LZW = 0;

/** The compressed form of a message, whatever its size. */
export function compressMessage(message: Uint8Array): Uint8Array {
  return wrap(compressLzw(message) as Uint8Array);
}

/** The compressed form of a packet's message, or the message itself when that is no smaller. */
export function compressIfSmaller(message: Uint8Array): Uint8Array {
  if (message.length < MIN_PACKET_BYTES) return message;
  const compressed = compressLzw(message, message.length - MIN_WRAPPER_BYTES);
  if (compressed === null) return message;
  const wrapped = wrap(compressed);
  return wrapped.length < message.length ? wrapped : message;
}

/**
 * The message inside a compressed one.
 *
 * @param bytes - begins with the type byte 9
 * @param maxBytes - the most that the result may have
 * @throws CodecError `ERR_CODEC_UNSUPPORTED` for another algorithm, `ERR_CODEC_LIMIT` for a larger result,
 * `ERR_CODEC_TRUNCATED` for an empty one, and what the decoders of map and code stream throw
 */
export function inflateMessage(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes[0] !== MESSAGE_TYPE.compress) throw malformedError('not a compressed message');
  return inflateBody(bytes.subarray(1), maxBytes);
}

/** What stands in front of so many compressed bytes, which end the message. */
export function compressedHeader(compressedBytes: number): Uint8Array {
  const empty = wrap(new Uint8Array(0));
  // Raw bytes of Go's old form: a short length stands in the first byte, a longer one behind it.
  const length =
    compressedBytes < 32
      ? Uint8Array.of(0xa0 | compressedBytes)
      : compressedBytes < 0x1_0000
        ? Uint8Array.of(0xda, compressedBytes >>> 8, compressedBytes)
        : Uint8Array.of(0xdb, 0, 0, 0, 0);
  if (length.length === 5) writeUint32(length, 1, compressedBytes);
  return concatBytes([empty.subarray(0, empty.length - 1), length]);
}

function inflateBody(body: Uint8Array, maxBytes: number): Uint8Array {
  const { Algo: algorithm, Buf } = decodeBody(GO_SHAPES.compress, body);
  requireLzw(algorithm);
  const message = decompressLzw(Buf ?? new Uint8Array(0), maxBytes);
  if (message.length === 0) throw truncatedError('compressed message');
  return message;
}

function wrap(compressed: Uint8Array): Uint8Array {
  return encodeBody(MESSAGE_TYPE.compress, GO_SHAPES.compress, { Algo: LZW, Buf: compressed });
}
