import { writeUint32 } from './bytes.ts';
import type {
  AckMessage,
  AliveMessage,
  DeadMessage,
  PacketMessage,
  PingMessage,
  SuspectMessage,
} from './messages.ts';
import { MESSAGE_TYPE } from './messages.ts';
import { cutBytes } from './slab.ts';
import {
  ACCUSATION_FROM,
  ACK_PAYLOAD,
  ALIVE_ADDRESS,
  BARE_PING_NODE,
  INCARNATION,
  MAX_USUAL_BYTES,
  MAX_USUAL_NAME,
  METADATA,
  NIL,
  NODE,
  PING_NODE,
  PORT,
  SEQ,
  SOURCE_ADDRESS,
  SOURCE_NODE,
  SOURCE_PORT,
  VERSION_BYTES,
  VERSIONS,
} from './usual-keys.ts';

/* Writes usual messages of the memberlist wire, see `usual-keys.ts`, each into as many bytes as it takes. */

/** What the constants of a message take together. */
function sum(...constants: readonly Uint8Array[]): number {
  return constants.reduce((bytes, each) => bytes + each.length, 0);
}

const ALIVE_BYTES = 1 + sum(ALIVE_ADDRESS, INCARNATION, METADATA, NODE, PORT, VERSIONS);
const ACCUSATION_BYTES = 1 + sum(ACCUSATION_FROM, INCARNATION, NODE);
const BARE_PING_BYTES = 1 + sum(BARE_PING_NODE, SEQ);
const PING_BYTES = 1 + sum(PING_NODE, SEQ, SOURCE_ADDRESS, SOURCE_NODE, SOURCE_PORT);
const ACK_BYTES = 1 + sum(ACK_PAYLOAD, SEQ);

/**
 * The type byte and body of a usual message; a view, see `slab.ts`.
 *
 * @returns null for one that must go the long way, be it well or not
 */
export function encodeUsual(message: PacketMessage): Uint8Array | null {
  switch (message.type) {
    case 'alive':
      return encodeAlive(message);
    case 'suspect':
    case 'dead':
      return encodeAccusation(message);
    case 'ping':
      return encodePing(message);
    case 'ack':
      return encodeAck(message);
    case 'indirectPing':
    case 'nack':
      return null;
  }
}

function encodeAlive(message: AliveMessage): Uint8Array | null {
  const { incarnation, node, address, port, metadata, versions } = message;
  if (!isUsualName(node) || !isAddress(address) || versions.length !== VERSION_BYTES) return null;
  if (!isUint32(incarnation) || !isPort(port) || metadata.length > MAX_USUAL_BYTES) return null;
  const out = cutBytes(
    ALIVE_BYTES +
      rawBytes(address.length) +
      integerBytes(incarnation) +
      bytesOrNilBytes(metadata) +
      rawBytes(node.length) +
      integerBytes(port) +
      VERSION_BYTES,
  );
  out[0] = MESSAGE_TYPE.alive;
  let at = put(out, 1, ALIVE_ADDRESS);
  at = putRaw(out, at, address);
  at = putInteger(out, put(out, at, INCARNATION), incarnation);
  at = putBytesOrNil(out, put(out, at, METADATA), metadata);
  at = putName(out, put(out, at, NODE), node);
  if (at < 0) return null;
  at = putInteger(out, put(out, at, PORT), port);
  put(out, put(out, at, VERSIONS), versions);
  return out;
}

function encodeAccusation(message: SuspectMessage | DeadMessage): Uint8Array | null {
  const { type, incarnation, node, from } = message;
  if (!isUsualName(node) || !isUsualName(from) || !isUint32(incarnation)) return null;
  const out = cutBytes(
    ACCUSATION_BYTES + rawBytes(from.length) + integerBytes(incarnation) + rawBytes(node.length),
  );
  out[0] = MESSAGE_TYPE[type];
  let at = putName(out, put(out, 1, ACCUSATION_FROM), from);
  if (at < 0) return null;
  at = putInteger(out, put(out, at, INCARNATION), incarnation);
  at = putName(out, put(out, at, NODE), node);
  return at < 0 ? null : out;
}

function encodePing(message: PingMessage): Uint8Array | null {
  const { seq, node, sourceAddress, sourcePort, sourceNode } = message;
  if (!isUsualName(node) || !isUint32(seq)) return null;
  const isBare = sourceAddress.length === 0 && sourcePort === 0 && sourceNode === '';
  if (!isBare) {
    const isWhole = isAddress(sourceAddress) && isUsualName(sourceNode);
    if (!isWhole || !isPort(sourcePort) || sourcePort === 0) return null;
  }
  const out = cutBytes(
    rawBytes(node.length) +
      integerBytes(seq) +
      (isBare
        ? BARE_PING_BYTES
        : PING_BYTES +
          rawBytes(sourceAddress.length) +
          rawBytes(sourceNode.length) +
          integerBytes(sourcePort)),
  );
  out[0] = MESSAGE_TYPE.ping;
  let at = putName(out, put(out, 1, isBare ? BARE_PING_NODE : PING_NODE), node);
  if (at < 0) return null;
  at = putInteger(out, put(out, at, SEQ), seq);
  if (isBare) return out;
  at = putRaw(out, put(out, at, SOURCE_ADDRESS), sourceAddress);
  at = putName(out, put(out, at, SOURCE_NODE), sourceNode);
  if (at < 0) return null;
  putInteger(out, put(out, at, SOURCE_PORT), sourcePort);
  return out;
}

function encodeAck({ seq, payload }: AckMessage): Uint8Array | null {
  if (!isUint32(seq) || payload.length > MAX_USUAL_BYTES) return null;
  const out = cutBytes(ACK_BYTES + bytesOrNilBytes(payload) + integerBytes(seq));
  out[0] = MESSAGE_TYPE.ack;
  const at = putBytesOrNil(out, put(out, 1, ACK_PAYLOAD), payload);
  putInteger(out, put(out, at, SEQ), seq);
  return out;
}

function isUsualName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_USUAL_NAME;
}

function isAddress(address: Uint8Array): boolean {
  return address.length === 4 || address.length === 16;
}

function isUint32(value: number): boolean {
  return value >>> 0 === value;
}

function isPort(value: number): boolean {
  return (value & 0xffff) === value;
}

/** What an integer takes in its shortest form. */
function integerBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x100) return 2;
  return value < 0x1_0000 ? 3 : 5;
}

/** What at most 65,535 bytes take with their length. */
function rawBytes(length: number): number {
  return (length < 32 ? 1 : 3) + length;
}

function bytesOrNilBytes(bytes: Uint8Array): number {
  return bytes.length === 0 ? 1 : rawBytes(bytes.length);
}

/** Up to here a loop is quicker than a call of `set`. */
const MAX_LOOP_BYTES = 24;

/** Each of these writes at `at` and returns the place behind. */
function put(out: Uint8Array, at: number, bytes: Uint8Array): number {
  const { length } = bytes;
  if (length > MAX_LOOP_BYTES) out.set(bytes, at);
  else for (let i = 0; i < length; i += 1) out[at + i] = bytes[i] as number;
  return at + length;
}

function putRaw(out: Uint8Array, at: number, bytes: Uint8Array): number {
  return put(out, putRawLength(out, at, bytes.length), bytes);
}

function putBytesOrNil(out: Uint8Array, at: number, bytes: Uint8Array): number {
  if (bytes.length > 0) return putRaw(out, at, bytes);
  out[at] = NIL;
  return at + 1;
}

function putRawLength(out: Uint8Array, at: number, length: number): number {
  if (length < 32) {
    out[at] = 0xa0 + length;
    return at + 1;
  }
  out[at] = 0xda;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  return at + 3;
}

/** @returns -1 for a name that is not ASCII */
function putName(out: Uint8Array, at: number, name: string): number {
  const start = putRawLength(out, at, name.length);
  for (let i = 0; i < name.length; i += 1) {
    const code = name.charCodeAt(i);
    if (code >= 0x80) return -1;
    out[start + i] = code;
  }
  return start + name.length;
}

function putInteger(out: Uint8Array, at: number, value: number): number {
  if (value < 0x80) {
    out[at] = value;
    return at + 1;
  }
  if (value < 0x100) {
    out[at] = 0xcc;
    out[at + 1] = value;
    return at + 2;
  }
  if (value < 0x1_0000) {
    out[at] = 0xcd;
    out[at + 1] = value >>> 8;
    out[at + 2] = value;
    return at + 3;
  }
  out[at] = 0xce;
  writeUint32(out, at + 1, value);
  return at + 5;
}
