import { CodecError } from '../runtime/errors.ts';
import type { PacketEnvelope, StreamEnvelope, StreamEnvelopeOptions } from './envelope.ts';
import type { PacketMessage, StreamMessage } from './messages.ts';
import { PacketCodec } from './packet.ts';
import { SECRETBOX_KEY_LENGTHS } from './secretbox.ts';
import { StreamCodec } from './stream.ts';
import { decodePacketMessage, encodePacketMessage } from './swim-protobuf.ts';
import type { StreamReader, StreamReaderLimits } from './swim-stream.ts';
import { createStreamReader, encodeStreamMessage } from './swim-stream.ts';

/** The wires that a ring can speak. One ring speaks one wire for its whole life. */
export const WIRE_NAMES = ['protobuf'] as const;
/** The name of a wire. */
export type WireName = (typeof WIRE_NAMES)[number];

/** All that differs between wires, behind one interface; the state machine above is the same for all. */
export interface Wire {
  readonly name: WireName;
  /** Message to type byte and body. */
  encodePacketMessage(message: PacketMessage): Uint8Array;
  /** Type byte and body to message. @throws CodecError */
  decodePacketMessage(bytes: Uint8Array): PacketMessage;
  /** Message to the plaintext of a stream, in pieces of at most 64 KiB. */
  encodeStreamMessage(message: StreamMessage): Iterable<Uint8Array>;
  /** Reads one message from the plaintext of a stream. */
  createStreamReader(limits?: Partial<StreamReaderLimits>): StreamReader;
  /** Messages in datagrams. */
  readonly packets: PacketEnvelope;
  /** Plaintext in streams. */
  readonly streams: StreamEnvelope;
}

/** Sizes in bytes of the keys that a wire's cipher takes, for its key ring. */
export function wireKeyLengths(name: WireName): readonly number[] {
  requireWire(name);
  return SECRETBOX_KEY_LENGTHS;
}

/**
 * The codec of a wire.
 *
 * @throws CodecError `ERR_CODEC_UNSUPPORTED` for an unknown wire, `ERR_CODEC_LIMIT` for too long a label
 */
export function createWire(name: WireName, options: StreamEnvelopeOptions): Wire {
  requireWire(name);
  return {
    name,
    encodePacketMessage,
    decodePacketMessage,
    encodeStreamMessage,
    createStreamReader,
    packets: new PacketCodec(options),
    streams: new StreamCodec(options),
  };
}

function requireWire(name: WireName): void {
  if (WIRE_NAMES.includes(name)) return;
  throw new CodecError('ERR_CODEC_UNSUPPORTED', `there is no wire called ${name}`);
}
