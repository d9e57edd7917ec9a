import { CodecError } from '../runtime/errors.ts';
import { copyBytes, equalBytes, malformedError, truncatedError } from './bytes.ts';
import { networkdb_swim as schema } from './generated/swim.js';
import type {
  AliveMessage,
  DeadMessage,
  IndirectPingMessage,
  PacketMessage,
  PingMessage,
  SuspectMessage,
  VersionVector,
} from './messages.ts';
import { MESSAGE_TYPE } from './messages.ts';
import { decodeGuarded, encodeTyped, readerOf } from './protobuf.ts';
import {
  MAX_PORT,
  MAX_UINT32,
  requireAddress,
  requireMetadata,
  requireName,
  requireOptionalAddress,
  requireVersions,
} from './swim-checks.ts';
import { decodeUsualAck, decodeUsualPing, encodeUsualAck, encodeUsualPing } from './swim-probes.ts';
import { requireInteger, requireText } from './text.ts';

/*
 * Bodies of the SWIM messages on the default wire: a type byte, then protobuf (schema/swim.proto).
 *
 * Reading is strict about what the layers above rely on: text is valid UTF-8, names that identify a
 * member are not empty, an address is 4 or 16 bytes, a port fits 16 bits, a version vector has six
 * bytes, a start id four. Whatever breaks this is refused whole, so it is never stored nor relayed.
 * Unknown fields are skipped. Byte fields of a decoded message are copies.
 */

const START_ID_BYTES = 4;
/** What alive leaves out: protocol 1 to 5, speaking 2; delegate versions not used. */
const DEFAULT_VERSIONS = Uint8Array.of(1, 5, 2, 0, 0, 0);

/**
 * The bytes of a message that travels in packets: type byte and body.
 *
 * @throws CodecError `ERR_CODEC_MALFORMED` for what no peer would accept, `ERR_CODEC_LIMIT` for too much metadata
 */
export function encodePacketMessage(message: PacketMessage): Uint8Array {
  switch (message.type) {
    case 'ping':
      return (
        encodeUsualPing(message) ?? encodeTyped(MESSAGE_TYPE.ping, schema.Ping, pingFields(message))
      );
    case 'indirectPing':
      return encodeTyped(MESSAGE_TYPE.indirectPing, schema.IndirectPing, {
        ...pingFields(message),
        node: requireName(message.node),
        target: requireAddress(message.target),
        port: requireInteger('port', message.port, MAX_PORT),
        wantsNack: message.wantsNack,
      });
    case 'ack':
      return (
        encodeUsualAck(message) ??
        encodeTyped(MESSAGE_TYPE.ack, schema.Ack, {
          seq: requireInteger('seq', message.seq, MAX_UINT32),
          payload: message.payload,
        })
      );
    case 'nack':
      return encodeTyped(MESSAGE_TYPE.nack, schema.Nack, {
        seq: requireInteger('seq', message.seq, MAX_UINT32),
      });
    case 'suspect':
      return encodeTyped(MESSAGE_TYPE.suspect, schema.Accusation, accusationFields(message));
    case 'dead':
      return encodeTyped(MESSAGE_TYPE.dead, schema.Accusation, accusationFields(message));
    case 'alive':
      return encodeTyped(MESSAGE_TYPE.alive, schema.Alive, {
        node: requireName(message.node),
        address: requireAddress(message.address),
        ...memberFields(message),
      });
  }
}

/**
 * Reads a message that travelled in a packet.
 *
 * @param bytes - type byte and body
 * @throws CodecError `ERR_CODEC_UNSUPPORTED` for another type byte, `ERR_CODEC_OTHER_WIRE` for a msgpack
 * body, `ERR_CODEC_TRUNCATED` and `ERR_CODEC_MALFORMED` for what cannot be read, `ERR_CODEC_LIMIT`
 */
export function decodePacketMessage(bytes: Uint8Array): PacketMessage {
  const type = bytes[0];
  if (type === undefined) throw truncatedError('message');
  const usual = decodeUsual(type, bytes);
  if (usual !== null) return usual;
  const body = bytes.subarray(1);
  if (!isPacketType(type)) {
    throw new CodecError('ERR_CODEC_UNSUPPORTED', `no packet message has type ${type}`, { type });
  }
  if (isMsgpackBody(body)) {
    throw new CodecError('ERR_CODEC_OTHER_WIRE', 'a message is of the memberlist wire', { type });
  }
  return decodeGuarded(`message of type ${type}`, () => decodeBody(type, body));
}

/**
 * Whether a body is a msgpack map of the memberlist wire: as a protobuf tag its first byte would name a
 * field of 16 or above, or a wire type that does not exist, and our schema never will.
 */
export function isMsgpackBody(body: Uint8Array): boolean {
  const first = body[0];
  if (first === undefined) return false;
  return (first >= 0x80 && first <= 0x8f) || first === 0xde || first === 0xdf;
}

type PacketType =
  | typeof MESSAGE_TYPE.ping
  | typeof MESSAGE_TYPE.indirectPing
  | typeof MESSAGE_TYPE.ack
  | typeof MESSAGE_TYPE.suspect
  | typeof MESSAGE_TYPE.alive
  | typeof MESSAGE_TYPE.dead
  | typeof MESSAGE_TYPE.nack;

function isPacketType(type: number): type is PacketType {
  return (type >= MESSAGE_TYPE.ping && type <= MESSAGE_TYPE.dead) || type === MESSAGE_TYPE.nack;
}

function decodeUsual(type: number, bytes: Uint8Array): PacketMessage | null {
  if (type === MESSAGE_TYPE.ping) return decodeUsualPing(bytes, 1);
  return type === MESSAGE_TYPE.ack ? decodeUsualAck(bytes, 1) : null;
}

function decodeBody(type: PacketType, body: Uint8Array): PacketMessage {
  const reader = readerOf(body);
  switch (type) {
    case MESSAGE_TYPE.ping:
      return decodePing(body);
    case MESSAGE_TYPE.indirectPing: {
      const m = schema.IndirectPing.decode(reader);
      return {
        type: 'indirectPing',
        seq: m.seq,
        node: requireName(m.node),
        target: copyBytes(requireAddress(m.target)),
        port: requireInteger('port', m.port, MAX_PORT),
        wantsNack: m.wantsNack,
        ...sourceOf(m),
      };
    }
    case MESSAGE_TYPE.ack: {
      const m = schema.Ack.decode(reader);
      return { type: 'ack', seq: m.seq, payload: copyBytes(m.payload) };
    }
    case MESSAGE_TYPE.nack:
      return { type: 'nack', seq: schema.Nack.decode(reader).seq };
    case MESSAGE_TYPE.suspect:
      return { type: 'suspect', ...accusationOf(schema.Accusation.decode(reader)) };
    case MESSAGE_TYPE.dead:
      return { type: 'dead', ...accusationOf(schema.Accusation.decode(reader)) };
    case MESSAGE_TYPE.alive: {
      const m = schema.Alive.decode(reader);
      return {
        type: 'alive',
        node: requireName(m.node),
        address: copyBytes(requireAddress(m.address)),
        ...memberOf(m),
      };
    }
  }
}

/** Reads the body of a ping, which also travels on streams. */
export function decodePing(body: Uint8Array): PingMessage {
  const m = schema.Ping.decode(readerOf(body));
  return { type: 'ping', seq: m.seq, node: m.node, ...sourceOf(m) };
}

/** The fields of a ping as the schema names them. */
export function pingFields(
  message: PingMessage | IndirectPingMessage,
): schema.Ping.$Properties & { seq: number } {
  return {
    seq: requireInteger('seq', message.seq, MAX_UINT32),
    node: requireText('node', message.node),
    sourceAddress: requireOptionalAddress(message.sourceAddress),
    sourcePort: requireInteger('source port', message.sourcePort, MAX_PORT),
    sourceNode: requireText('source node', message.sourceNode),
  };
}

interface SourceFields {
  readonly sourceAddress: Uint8Array;
  readonly sourcePort: number;
  readonly sourceNode: string;
}

function sourceOf(m: SourceFields): SourceFields {
  return {
    sourceAddress: copyBytes(requireOptionalAddress(m.sourceAddress)),
    sourcePort: requireInteger('source port', m.sourcePort, MAX_PORT),
    sourceNode: m.sourceNode,
  };
}

interface AccusationFields {
  readonly incarnation: number;
  readonly node: string;
  readonly from: string;
}

function accusationFields(message: SuspectMessage | DeadMessage): AccusationFields {
  return {
    incarnation: requireInteger('incarnation', message.incarnation, MAX_UINT32),
    node: requireName(message.node),
    from: requireName(message.from),
  };
}

function accusationOf(m: AccusationFields): AccusationFields {
  return { incarnation: m.incarnation, node: requireName(m.node), from: requireName(m.from) };
}

/** What alive and a push/pull record have in common besides name and address. */
export interface MemberFields {
  readonly incarnation: number;
  readonly port: number;
  readonly metadata: Uint8Array;
  readonly versions: VersionVector;
  readonly startId: Uint8Array;
}

/** The common fields checked for writing; the usual version vector is left out. */
export function memberFields(
  message: Omit<AliveMessage, 'type' | 'node' | 'address'>,
): MemberFields {
  const isUsual = equalBytes(message.versions, DEFAULT_VERSIONS);
  return {
    incarnation: requireInteger('incarnation', message.incarnation, MAX_UINT32),
    port: requireInteger('port', message.port, MAX_PORT),
    metadata: requireMetadata(message.metadata),
    versions: isUsual ? new Uint8Array(0) : requireVersions(message.versions),
    startId: requireStartId(message.startId),
  };
}

/** The common fields checked and copied from what was read. */
export function memberOf(m: MemberFields): MemberFields {
  const versions = m.versions.length === 0 ? DEFAULT_VERSIONS : requireVersions(m.versions);
  return {
    incarnation: m.incarnation,
    port: requireInteger('port', m.port, MAX_PORT),
    metadata: copyBytes(requireMetadata(m.metadata)),
    versions: copyBytes(versions),
    startId: copyBytes(requireStartId(m.startId)),
  };
}

function requireStartId(startId: Uint8Array): Uint8Array {
  if (startId.length === 0 || startId.length === START_ID_BYTES) return startId;
  throw malformedError(`a start id has ${START_ID_BYTES} bytes, not ${startId.length}`);
}
