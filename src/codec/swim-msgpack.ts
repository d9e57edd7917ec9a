import { CodecError } from '../runtime/errors.ts';
import { copyBytes, truncatedError } from './bytes.ts';
import type { GoBody } from './go-shapes.ts';
import { decodeBody, encodeBody, GO_SHAPES, isProtobufBody } from './go-shapes.ts';
import type {
  AckMessage,
  AliveMessage,
  IndirectPingMessage,
  MessageSource,
  PacketMessage,
  PingMessage,
  PushPullNode,
} from './messages.ts';
import { MESSAGE_TYPE, NODE_STATES } from './messages.ts';
import {
  requireAddress,
  requireAddressIn,
  requireMetadata,
  requireName,
  requireOptionalAddress,
  requireVersions,
} from './swim-checks.ts';
import { decodeUsual } from './usual-decode.ts';
import { encodeUsual } from './usual-encode.ts';

/*
 * Bodies of the SWIM messages on the memberlist wire: a type byte, then a msgpack map as Go writes it
 * (go-shapes.ts). Most messages take a shorter way (usual-keys.ts).
 *
 * Reading is as strict about meaning as on the default wire, and as liberal about form as Go. The byte
 * form of an address is kept, since Go compares addresses byte for byte. Go tells absent bytes (nil) from
 * empty ones; nothing above does, and empty ones are written as nil, as Go does where it has none. There
 * are no start ids. Byte fields of a decoded message are copies.
 */

/**
 * The bytes of a message that travels in packets: type byte and body; a view, see `slab.ts`.
 *
 * @throws CodecError `ERR_CODEC_MALFORMED` for what no peer would accept, `ERR_CODEC_LIMIT` for too much metadata
 */
export function encodeGoPacketMessage(message: PacketMessage): Uint8Array {
  return encodeUsual(message) ?? encodeAnyGoPacketMessage(message);
}

/** The same by the general code: no message is too odd for it, and it says what is wrong with one. */
export function encodeAnyGoPacketMessage(message: PacketMessage): Uint8Array {
  switch (message.type) {
    case 'ping':
      return encodeGoPing(message);
    case 'indirectPing':
      return encodeBody(MESSAGE_TYPE.indirectPing, GO_SHAPES.indirectPing, {
        Nack: message.wantsNack,
        Port: message.port,
        Target: requireAddress(message.target),
        ...pingBody(message),
        Node: requireName(message.node),
      });
    case 'ack':
      return encodeGoAck(message);
    case 'nack':
      return encodeBody(MESSAGE_TYPE.nack, GO_SHAPES.nack, { SeqNo: message.seq });
    case 'suspect':
    case 'dead':
      return encodeBody(MESSAGE_TYPE[message.type], GO_SHAPES.accusation, {
        From: requireName(message.from),
        Incarnation: message.incarnation,
        Node: requireName(message.node),
      });
    case 'alive':
      return encodeBody(MESSAGE_TYPE.alive, GO_SHAPES.alive, {
        Addr: requireAddress(message.address),
        Node: requireName(message.node),
        ...memberBody(message),
      });
  }
}

/**
 * Reads a message that travelled in a packet.
 *
 * @param bytes - type byte and body
 * @throws CodecError `ERR_CODEC_UNSUPPORTED` for another type byte, `ERR_CODEC_OTHER_WIRE` for a protobuf
 * body, `ERR_CODEC_TRUNCATED` and `ERR_CODEC_MALFORMED` for what cannot be read, `ERR_CODEC_LIMIT`
 */
export function decodeGoPacketMessage(bytes: Uint8Array): PacketMessage {
  return decodeUsual(bytes) ?? decodeAnyGoPacketMessage(bytes);
}

/** The same by the general code: no message is too odd for it, and it says what is wrong with one. */
export function decodeAnyGoPacketMessage(bytes: Uint8Array): PacketMessage {
  const type = bytes[0];
  if (type === undefined) throw truncatedError('message');
  const body = bytes.subarray(1);
  const known = MESSAGE_NAMES.get(type);
  if (known === undefined) {
    throw new CodecError('ERR_CODEC_UNSUPPORTED', `no packet message has type ${type}`, { type });
  }
  if (isProtobufBody(body)) {
    throw new CodecError('ERR_CODEC_OTHER_WIRE', 'a message is of the protobuf wire', { type });
  }
  return decodeMessage(known, body);
}

const MESSAGE_NAMES: ReadonlyMap<number, PacketMessage['type']> = new Map([
  [MESSAGE_TYPE.ping, 'ping'],
  [MESSAGE_TYPE.indirectPing, 'indirectPing'],
  [MESSAGE_TYPE.ack, 'ack'],
  [MESSAGE_TYPE.suspect, 'suspect'],
  [MESSAGE_TYPE.alive, 'alive'],
  [MESSAGE_TYPE.dead, 'dead'],
  [MESSAGE_TYPE.nack, 'nack'],
]);

function decodeMessage(type: PacketMessage['type'], body: Uint8Array): PacketMessage {
  switch (type) {
    case 'ping':
      return decodeGoPing(body);
    case 'indirectPing': {
      const m = decodeBody(GO_SHAPES.indirectPing, body);
      return {
        type,
        seq: m.SeqNo,
        node: requireName(m.Node),
        target: copyBytes(requireAddress(m.Target ?? NO_BYTES)),
        port: m.Port,
        wantsNack: m.Nack,
        ...sourceOf(m),
      };
    }
    case 'ack':
      return decodeGoAck(body);
    case 'nack':
      return { type, seq: decodeBody(GO_SHAPES.nack, body).SeqNo };
    case 'suspect':
    case 'dead': {
      const m = decodeBody(GO_SHAPES.accusation, body);
      const { Incarnation: incarnation } = m;
      return { type, incarnation, node: requireName(m.Node), from: requireName(m.From) };
    }
    case 'alive': {
      const m = decodeBody(GO_SHAPES.alive, body);
      const address = copyBytes(requireAddress(m.Addr ?? NO_BYTES));
      return { type, node: requireName(m.Node), address, ...memberOf(m) };
    }
  }
}

/** A ping, which also travels on streams. */
export function encodeGoPing(message: PingMessage): Uint8Array {
  return encodeBody(MESSAGE_TYPE.ping, GO_SHAPES.ping, pingBody(message));
}

/** Reads the body of a ping. */
export function decodeGoPing(body: Uint8Array): PingMessage {
  const m = decodeBody(GO_SHAPES.ping, body);
  return { type: 'ping', seq: m.SeqNo, node: m.Node, ...sourceOf(m) };
}

/** An ack, which also travels on streams. */
export function encodeGoAck(message: AckMessage): Uint8Array {
  return encodeBody(MESSAGE_TYPE.ack, GO_SHAPES.ack, {
    Payload: absentIfEmpty(message.payload),
    SeqNo: message.seq,
  });
}

/** Reads the body of an ack. */
export function decodeGoAck(body: Uint8Array): AckMessage {
  const m = decodeBody(GO_SHAPES.ack, body);
  return { type: 'ack', seq: m.SeqNo, payload: copyBytes(m.Payload ?? NO_BYTES) };
}

/** One record of a push/pull, without a type byte. */
export function encodeGoNode(node: PushPullNode): Uint8Array {
  return encodeBody(null, GO_SHAPES.pushPullNode, {
    Addr: absentIfEmpty(requireAddressIn(node.state, node.address)),
    Name: requireName(node.name),
    State: NODE_STATES.indexOf(node.state),
    ...memberBody(node),
  });
}

/**
 * Reads one record of a push/pull.
 *
 * @returns the record, or null when it is in a state that we do not know and therefore pass over
 * @throws CodecError for what must not be taken over
 */
export function decodeGoNode(record: Uint8Array): PushPullNode | null {
  const m = decodeBody(GO_SHAPES.pushPullNode, record);
  const state = NODE_STATES[m.State];
  if (state === undefined) return null;
  const address = copyBytes(requireAddressIn(state, m.Addr ?? NO_BYTES));
  return { name: requireName(m.Name), address, state, ...memberOf(m) };
}

function pingBody(message: PingMessage | IndirectPingMessage): GoBody<typeof GO_SHAPES.ping> {
  return {
    Node: message.node,
    SeqNo: message.seq,
    SourceAddr: requireOptionalAddress(message.sourceAddress),
    SourceNode: message.sourceNode,
    SourcePort: message.sourcePort,
  };
}

function sourceOf(m: GoBody<typeof GO_SHAPES.ping>): MessageSource {
  return {
    sourceAddress: copyBytes(requireOptionalAddress(m.SourceAddr ?? NO_BYTES)),
    sourcePort: m.SourcePort,
    sourceNode: m.SourceNode,
  };
}

type MemberFields = Pick<AliveMessage, 'incarnation' | 'port' | 'metadata' | 'versions'>;

interface MemberBody {
  readonly Incarnation: number;
  readonly Meta: Uint8Array | null;
  readonly Port: number;
  readonly Vsn: Uint8Array | null;
}

function memberBody(member: MemberFields): MemberBody {
  return {
    Incarnation: member.incarnation,
    Meta: absentIfEmpty(requireMetadata(member.metadata)),
    Port: member.port,
    Vsn: requireVersions(member.versions),
  };
}

function memberOf(m: MemberBody): MemberFields & { readonly startId: Uint8Array } {
  return {
    incarnation: m.Incarnation,
    port: m.Port,
    metadata: copyBytes(requireMetadata(m.Meta ?? NO_BYTES)),
    versions: copyBytes(requireVersions(m.Vsn ?? NO_BYTES)),
    startId: NO_BYTES,
  };
}

function absentIfEmpty(bytes: Uint8Array): Uint8Array | null {
  return bytes.length === 0 ? null : bytes;
}

const NO_BYTES = new Uint8Array(0);
