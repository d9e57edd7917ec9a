import { malformedError, varintBytes, writeVarint } from './bytes.ts';
import { networkdb as schema } from './generated/networkdb.js';
import { GOSSIP_TYPE, gossipHeaderBytes, writeGossipHeader } from './gossip-envelope.ts';
import type { KeptBytes } from './kept-bytes.ts';
import { bytesOf, writeByteText, writeKept } from './kept-bytes.ts';
import { encodeBody } from './protobuf.ts';
import { cutBytes } from './slab.ts';
import { requireText } from './text.ts';
import type { WireTime } from './wire-time.ts';
import { toWireTime } from './wire-time.ts';

/*
 * A write to a table, the message that there are most of. What almost all of them look like, short names in ASCII,
 * fields in ascending order, a time below 2^53, is written here and read in `table-event-reader.ts` by
 * hand; whatever else there is goes through the generated code, which alone decides what is refused and how. Both make the
 * same bytes and read the same events: `test/codec/table-event.test.ts`.
 *
 *   08 kind  10 time  1a owner  22 network  2a table  32 key  3a value  40 residual time
 */

/** A write by the owner of an entry. */
export interface TableEvent {
  readonly kind: 'create' | 'update' | 'delete' | 'invalid';
  readonly time: WireTime;
  readonly owner: string;
  readonly network: string;
  readonly table: string;
  readonly key: string;
  /** Present on delete too. */
  readonly value: Uint8Array;
  /** int32; whole seconds until a tombstone may be forgotten, 0 on live entries. */
  readonly residualReapSeconds: number;
}

export const TABLE_KINDS = ['invalid', 'create', 'update', 'delete'] as const;

export const KIND_TAG = 0x08;
export const TIME_TAG = 0x10;
export const OWNER_TAG = 0x1a;
export const NETWORK_TAG = 0x22;
export const TABLE_TAG = 0x2a;
export const KEY_TAG = 0x32;
export const VALUE_TAG = 0x3a;
export const RESIDUAL_TAG = 0x40;

/** A table event whose value is kept as tables keep it. */
export interface KeptTableEvent extends Omit<TableEvent, 'value'> {
  readonly value: KeptBytes;
}

/**
 * The inner bytes of a table event.
 *
 * @throws CodecError `ERR_CODEC_MALFORMED` for text without a UTF-8 form or a number out of range
 */
export function encodeTableEvent(event: TableEvent): Uint8Array {
  const length = shortBytes(event);
  if (length < 0) return encodeAny(event);
  const out = new Uint8Array(length);
  writeShort(out, 0, event);
  return out;
}

/**
 * A table event in its envelope, ready to be sent; a view, see `slab.ts`.
 *
 * @throws as {@link encodeTableEvent}
 */
export function encodeTableEventMessage(event: KeptTableEvent): Uint8Array {
  const length = shortBytes(event);
  const inner = length < 0 ? encodeAny(event) : null;
  const innerBytes = inner?.length ?? length;
  const out = cutBytes(gossipHeaderBytes(GOSSIP_TYPE.tableEvent, innerBytes) + innerBytes);
  const at = writeGossipHeader(out, GOSSIP_TYPE.tableEvent, innerBytes);
  if (inner !== null) out.set(inner, at);
  else writeShort(out, at, event);
  return out;
}

function encodeAny(event: KeptTableEvent): Uint8Array {
  if (event.residualReapSeconds !== (event.residualReapSeconds | 0)) {
    throw malformedError('the residual reap time must be an integer of 32 bits');
  }
  return encodeBody(schema.TableEvent, {
    type: TABLE_KINDS.indexOf(event.kind),
    lTime: toWireTime(event.time),
    nodeName: requireText('owner', event.owner),
    networkId: requireText('network', event.network),
    tableName: requireText('table', event.table),
    key: requireText('key', event.key),
    value: typeof event.value === 'string' ? bytesOf(event.value) : event.value,
    residualReapTime: event.residualReapSeconds,
  });
}

/** Names whose length takes one byte and has a place in a string of ASCII. */
export const MAX_SHORT_NAME = 0x7f;
const MAX_SHORT_VALUE = 1_400;
export const MAX_SHORT_SECONDS = 0x7fff_ffff;

/** Cheaper on a short text than a look at each of its characters. */
export const ASCII: RegExp = /^[\0-\x7f]*$/;

/** Names in front of the key as they were last, and the text of them with their tags; all of it ASCII. */
let lastOwner = '';
let lastNetwork = '';
let lastTable = '';
let lastNames = '';

/** What an event takes as {@link writeShort} writes it, or -1 for one that must go the long way. */
export function shortBytes(event: KeptTableEvent): number {
  const { kind, time, owner, network, table, key, value, residualReapSeconds } = event;
  if (typeof time !== 'number' || !Number.isSafeInteger(time) || time < 0) return -1;
  if (key.length > MAX_SHORT_NAME || value.length > MAX_SHORT_VALUE || !ASCII.test(key)) return -1;
  if (!(residualReapSeconds >= 0 && residualReapSeconds <= MAX_SHORT_SECONDS)) return -1;
  if (residualReapSeconds !== (residualReapSeconds | 0)) return -1;
  if (owner !== lastOwner || network !== lastNetwork || table !== lastTable) {
    const longest = Math.max(owner.length, network.length, table.length);
    if (longest > MAX_SHORT_NAME || !ASCII.test(owner + network + table)) return -1;
    lastNames =
      shortField(OWNER_TAG, owner) +
      shortField(NETWORK_TAG, network) +
      shortField(TABLE_TAG, table);
    lastOwner = owner;
    lastNetwork = network;
    lastTable = table;
  }
  let bytes = lastNames.length;
  if (kind !== 'invalid') bytes += 2;
  if (time > 0) bytes += 1 + timeBytes(time);
  if (key.length > 0) bytes += 2 + key.length;
  if (value.length > 0) bytes += 1 + varintBytes(value.length) + value.length;
  if (residualReapSeconds > 0) bytes += 1 + varintBytes(residualReapSeconds);
  return bytes;
}

/** Writes an event right after {@link shortBytes} has told its length. @returns the position behind it */
export function writeShort(out: Uint8Array, start: number, event: KeptTableEvent): number {
  const { kind, time, key, value, residualReapSeconds } = event;
  let at = start;
  if (kind !== 'invalid') {
    out[at] = KIND_TAG;
    out[at + 1] = TABLE_KINDS.indexOf(kind);
    at += 2;
  }
  if (time !== 0) {
    out[at] = TIME_TAG;
    at = writeTime(out, at + 1, time as number);
  }
  at = writeByteText(out, at, lastNames);
  if (key.length > 0) {
    out[at] = KEY_TAG;
    out[at + 1] = key.length;
    at = writeByteText(out, at + 2, key);
  }
  if (value.length > 0) {
    out[at] = VALUE_TAG;
    at = writeKept(out, writeVarint(out, at + 1, value.length), value);
  }
  if (residualReapSeconds === 0) return at;
  out[at] = RESIDUAL_TAG;
  return writeVarint(out, at + 1, residualReapSeconds);
}

function shortField(tag: number, text: string): string {
  return text === '' ? '' : String.fromCharCode(tag, text.length) + text;
}

/** What {@link writeTime} writes. */
function timeBytes(time: number): number {
  let bytes = 0;
  let rest = time;
  for (; rest > 0x7fff_ffff; bytes += 1) rest = Math.floor(rest / 0x80);
  return bytes + varintBytes(rest);
}

/** A varint of up to 53 bits. */
function writeTime(out: Uint8Array, start: number, time: number): number {
  let at = start;
  let rest = time;
  while (rest > 0x7fff_ffff) {
    out[at] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
    at += 1;
  }
  return writeVarint(out, at, rest);
}
