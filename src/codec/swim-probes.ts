import { varintBytes, writeVarint } from './bytes.ts';
import type { AckMessage, PingMessage } from './messages.ts';
import { MESSAGE_TYPE } from './messages.ts';
import { MAX_PORT, MAX_UINT32 } from './swim-checks.ts';
import { TextCache } from './text-cache.ts';
import { decodeAscii } from './text.ts';

/*
 * A ping and its ack by hand. They are nearly all that a quiet ring sends, and the generated code with its writer
 * and readers cost as much as the cipher.
 *
 * Only the usual form is written and read here: fields in the order of their numbers, each once, names of ASCII.
 * Invariant: for whatever is done here the generated code would give the same; all else is left to it, errors
 * included.
 */

const TAG = {
  seq: 0x08,
  node: 0x12,
  address: 0x1a,
  port: 0x20,
  source: 0x2a,
  payload: 0x12,
} as const;
/** Longest text and payload: their length takes one byte. */
const MAX_SHORT_BYTES = 0x7f;
/** Longer names are read faster by others. */
const MAX_READ_TEXT_BYTES = 32;

/** Type byte and body of a ping; null for one that is not as usual. */
export function encodeUsualPing(ping: PingMessage): Uint8Array | null {
  const { seq, node, sourceAddress, sourcePort, sourceNode } = ping;
  if (!isUsualInteger(seq, MAX_UINT32) || !isUsualInteger(sourcePort, MAX_PORT)) return null;
  if (sourceAddress.length !== 4 && sourceAddress.length !== 16) return null;
  const isShort = node.length <= MAX_SHORT_BYTES && sourceNode.length <= MAX_SHORT_BYTES;
  if (!isShort || node.length === 0 || sourceNode.length === 0) return null;
  const seqBytes = 1 + varintBytes(seq);
  const portBytes = 1 + varintBytes(sourcePort);
  const textBytes = 2 + node.length + 2 + sourceNode.length;
  const out = new Uint8Array(1 + seqBytes + textBytes + 2 + sourceAddress.length + portBytes);
  out[0] = MESSAGE_TYPE.ping;
  out[1] = TAG.seq;
  let at = writeVarint(out, 2, seq);
  out[at] = TAG.node;
  at = writeAscii(out, at + 1, node);
  if (at === NOT_ASCII) return null;
  out[at] = TAG.address;
  out[at + 1] = sourceAddress.length;
  for (let i = 0; i < sourceAddress.length; i += 1) out[at + 2 + i] = sourceAddress[i] as number;
  at += 2 + sourceAddress.length;
  out[at] = TAG.port;
  at = writeVarint(out, at + 1, sourcePort);
  out[at] = TAG.source;
  return writeAscii(out, at + 1, sourceNode) === NOT_ASCII ? null : out;
}

/** Type byte and body of an ack; null for one that is not as usual. */
export function encodeUsualAck({ seq, payload }: AckMessage): Uint8Array | null {
  if (!isUsualInteger(seq, MAX_UINT32) || payload.length > MAX_SHORT_BYTES) return null;
  const payloadBytes = payload.length === 0 ? 0 : 2 + payload.length;
  const out = new Uint8Array(1 + 1 + varintBytes(seq) + payloadBytes);
  out[0] = MESSAGE_TYPE.ack;
  out[1] = TAG.seq;
  const at = writeVarint(out, 2, seq);
  if (payload.length === 0) return out;
  out[at] = TAG.payload;
  out[at + 1] = payload.length;
  out.set(payload, at + 2);
  return out;
}

/**
 * Reads the body of a ping; null for one that is not as usual.
 *
 * @param at - where it begins
 */
export function decodeUsualPing(body: Uint8Array, at = 0): PingMessage | null {
  const scan: Scan = { body, at };
  const seq = takeNumber(scan, TAG.seq);
  const node = takeText(scan, TAG.node);
  const sourceAddress = takeBytes(scan, TAG.address);
  const sourcePort = takeNumber(scan, TAG.port);
  const sourceNode = takeText(scan, TAG.source);
  if (seq === null || node === null || sourceAddress === null) return null;
  if (sourcePort === null || sourceNode === null || scan.at !== body.length) return null;
  const isAddress = sourceAddress.length === 4 || sourceAddress.length === 16;
  if (!isAddress || sourcePort > MAX_PORT) return null;
  return { type: 'ping', seq, node, sourceAddress, sourcePort, sourceNode };
}

/** The same for the body of an ack. */
export function decodeUsualAck(body: Uint8Array, at = 0): AckMessage | null {
  const scan: Scan = { body, at };
  const seq = takeNumber(scan, TAG.seq);
  if (seq === null) return null;
  if (scan.at === body.length) return { type: 'ack', seq, payload: NO_BYTES };
  const payload = takeBytes(scan, TAG.payload);
  return payload === null || scan.at !== body.length ? null : { type: 'ack', seq, payload };
}

/** Above 0: what is zero is not written, and so not usual. */
function isUsualInteger(value: number, max: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= max;
}

const NOT_ASCII = -1;

/** Writes the length of a text, then the text. @returns where it ends, or {@link NOT_ASCII} */
function writeAscii(out: Uint8Array, start: number, text: string): number {
  out[start] = text.length;
  let at = start + 1;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return NOT_ASCII;
    out[at] = code;
    at += 1;
  }
  return at;
}

/** How far a body has been read. */
interface Scan {
  readonly body: Uint8Array;
  at: number;
}

/** A number of up to 32 bits behind its tag; null for another one, the scan then being of no use. */
function takeNumber(scan: Scan, tag: number): number | null {
  const { body } = scan;
  if (body[scan.at] !== tag) return null;
  let value = 0;
  for (let at = scan.at + 1, shift = 0; shift < 35; at += 1, shift += 7) {
    const byte = body[at];
    if (byte === undefined || (shift === 28 && byte > 0x0f)) return null;
    value = (value | ((byte & 0x7f) << shift)) >>> 0;
    if (byte >= 0x80) continue;
    scan.at = at + 1;
    return value;
  }
  return null;
}

/** A copy of some bytes behind their tag; null where they are cut, or too many. */
function takeBytes(scan: Scan, tag: number): Uint8Array | null {
  const length = takeLength(scan, tag);
  if (length === null) return null;
  const { body, at } = scan;
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) bytes[i] = body[at - length + i] as number;
  return bytes;
}

function takeText(scan: Scan, tag: number): string | null {
  const length = takeLength(scan, tag);
  if (length === null || length > MAX_READ_TEXT_BYTES) return null;
  return names.get(scan.body, scan.at - length, length, decodeAscii);
}

/** The length of what stands behind its tag, which the scan then is behind of; views would cost more than they show. */
function takeLength(scan: Scan, tag: number): number | null {
  const { body, at } = scan;
  const length = body[at + 1];
  if (body[at] !== tag || length === undefined || length > MAX_SHORT_BYTES) return null;
  const end = at + 2 + length;
  if (end > body.length) return null;
  scan.at = end;
  return length;
}

/** Who asks, and who is asked: always the same members. */
const names = new TextCache(2048);
const NO_BYTES = new Uint8Array(0);
