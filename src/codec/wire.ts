import { CodecError } from '../runtime/errors.ts';
import { AES_KEY_LENGTHS } from './aes-gcm.ts';
import { inflateMessage } from './compress-message.ts';
import type { PacketEnvelope, StreamEnvelope, StreamEnvelopeOptions } from './envelope.ts';
import { GoPacketCodec } from './go-packet.ts';
import { GoStreamCodec } from './go-stream.ts';
import {
  MAX_GO_STREAM_BYTES,
  MAX_GO_USER_MESSAGE_BYTES,
  MAX_STREAM_MESSAGE_BYTES,
  MAX_USER_MESSAGE_BYTES,
} from './limits.ts';
import type { PacketMessage, PushPullNode, StreamMessage } from './messages.ts';
import { createGoStreamReader, encodeGoStreamMessage } from './msgpack-stream.ts';
import { PacketCodec } from './packet.ts';
import { recordBlocks } from './record-blocks.ts';
import { SECRETBOX_KEY_LENGTHS } from './secretbox.ts';
import { StreamCodec } from './stream.ts';
import { keepingMessages, keepingNodes, sharingMessages, sharingNodes } from './shared-records.ts';
import {
  decodeGoNode,
  decodeGoPacketMessage,
  encodeGoNode,
  encodeGoPacketMessage,
} from './swim-msgpack.ts';
import { decodePacketMessage, encodePacketMessage } from './swim-protobuf.ts';
import type { StreamReader, StreamReaderLimits } from './swim-stream.ts';
import {
  createStreamReader,
  decodeNodeRecord,
  encodeNodeRecord,
  encodeStreamMessage,
} from './swim-stream.ts';

/** The wires that a ring can speak. One ring speaks one wire for its whole life. */
export const WIRE_NAMES = ['protobuf', 'memberlist'] as const;
/** The name of a wire. */
export type WireName = (typeof WIRE_NAMES)[number];

/**
 * All that differs between wires, behind one interface; the state machine above is the same for all.
 *
 * Claims about members and records of a push/pull are shared (`shared-records.ts`): neither what is read nor
 * what is written may be changed.
 */
export interface Wire {
  readonly name: WireName;
  /** Message to type byte and body. */
  encodePacketMessage(message: PacketMessage): Uint8Array;
  /** Type byte and body to message. @throws CodecError */
  decodePacketMessage(bytes: Uint8Array): PacketMessage;
  /**
   * Opens a message of type `compress`, which may hold any other one.
   *
   * @param maxBytes - the most that the result may have
   * @throws CodecError also on a wire that has no such messages
   */
  inflateMessage(bytes: Uint8Array, maxBytes: number): Uint8Array;
  /** Message to the plaintext of a stream, in pieces of at most 64 KiB. */
  encodeStreamMessage(message: StreamMessage): Iterable<Uint8Array>;
  /**
   * A list with the same records that all who tell them share, or the one that was given, frozen. Of a list in
   * the order of the names its bytes are made once, for as long as all in a ring say the same.
   */
  sharedNodes(nodes: readonly PushPullNode[]): readonly PushPullNode[];
  /** Reads one message from the plaintext of a stream. */
  createStreamReader(limits?: Partial<StreamReaderLimits>): StreamReader;
  /** Messages in datagrams. */
  readonly packets: PacketEnvelope;
  /** Plaintext in streams. */
  readonly streams: StreamEnvelope;
}

/** Sizes in bytes of the keys that a wire's cipher takes, for its key ring. */
export function wireKeyLengths(name: WireName): readonly number[] {
  switch (requireWire(name)) {
    case 'protobuf':
      return SECRETBOX_KEY_LENGTHS;
    case 'memberlist':
      return AES_KEY_LENGTHS;
  }
}

/** What a wire's streams can carry. */
export interface WireStreamLimits {
  /** Bytes of one user message. */
  readonly maxUserMessageBytes: number;
  /** Bytes of one message of any kind, everything counted. */
  readonly maxMessageBytes: number;
}

/** The largest messages that a wire's streams carry. */
export function wireStreamLimits(name: WireName): WireStreamLimits {
  switch (requireWire(name)) {
    case 'protobuf':
      return {
        maxUserMessageBytes: MAX_USER_MESSAGE_BYTES,
        maxMessageBytes: MAX_STREAM_MESSAGE_BYTES,
      };
    case 'memberlist':
      return {
        maxUserMessageBytes: MAX_GO_USER_MESSAGE_BYTES,
        maxMessageBytes: MAX_GO_STREAM_BYTES,
      };
  }
}

/**
 * The codec of a wire.
 *
 * @throws CodecError `ERR_CODEC_UNSUPPORTED` for an unknown wire, `ERR_CODEC_LIMIT` for too long a label
 */
export function createWire(name: WireName, options: StreamEnvelopeOptions): Wire {
  switch (requireWire(name)) {
    case 'protobuf':
      return {
        name,
        ...PROTOBUF_MESSAGES,
        inflateMessage: refuseCompressed,
        packets: new PacketCodec(options),
        streams: new StreamCodec(options),
      };
    case 'memberlist':
      return {
        name,
        ...GO_MESSAGES,
        inflateMessage,
        packets: new GoPacketCodec(options),
        streams: new GoStreamCodec(options),
      };
  }
}

type MessageCodec = Pick<
  Wire,
  | 'encodePacketMessage'
  | 'decodePacketMessage'
  | 'encodeStreamMessage'
  | 'createStreamReader'
  | 'sharedNodes'
>;

/** How messages are read and written on a wire, once for the process. */
const PROTOBUF_MESSAGES: MessageCodec = ((): MessageCodec => {
  const encodeNode = keepingNodes(encodeNodeRecord);
  const decodeNode = sharingNodes(decodeNodeRecord);
  return {
    encodePacketMessage: keepingMessages(encodePacketMessage),
    decodePacketMessage: sharingMessages(decodePacketMessage),
    encodeStreamMessage: (message) => encodeStreamMessage(message, encodeNode, recordBlocks),
    createStreamReader: (limits) => createStreamReader(limits, decodeNode, recordBlocks),
    sharedNodes: (nodes) => {
      Object.freeze(nodes);
      try {
        return recordBlocks.listOf(recordBlocks.blocksOf(nodes, encodeNode) ?? []) ?? nodes;
      } catch {
        // What cannot be written fails where it is sent.
        return nodes;
      }
    },
  };
})();

const GO_MESSAGES: MessageCodec = ((): MessageCodec => {
  const encodeNode = keepingNodes(encodeGoNode);
  const decodeNode = sharingNodes(decodeGoNode);
  return {
    encodePacketMessage: keepingMessages(encodeGoPacketMessage),
    decodePacketMessage: sharingMessages(decodeGoPacketMessage),
    encodeStreamMessage: (message) => encodeGoStreamMessage(message, encodeNode),
    createStreamReader: (limits) => createGoStreamReader(limits, decodeNode),
    sharedNodes: (nodes) => nodes,
  };
})();

function refuseCompressed(): never {
  throw new CodecError('ERR_CODEC_OTHER_WIRE', 'a compressed packet is of the memberlist wire');
}

function requireWire(name: WireName): WireName {
  if (WIRE_NAMES.includes(name)) return name;
  throw new CodecError('ERR_CODEC_UNSUPPORTED', `there is no wire called ${name as string}`);
}
