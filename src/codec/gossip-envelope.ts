import { decodeGuarded, asCodecError, readerOf } from './protobuf.ts';
import { plainBytes, varintBytes, writeVarint } from './bytes.ts';
import { networkdb as schema } from './generated/networkdb.js';

/*
 * The envelope of every NetworkDB message, and the compound that packs several of them:
 *
 *   GossipMessage    08 type | 12 length data
 *   its data, for a compound:  (0a length (0a length GossipMessage))*
 *
 * Both are written by hand with exact sizes, so that packing can count before it copies. A compound
 * of a bulk sync may hold 100,000 entries: it is read one part at a time, and whoever reads decides
 * when to let others run.
 */

/** Types of GossipMessage. Numbers of 16 and above are ours and go only to peers that know them. */
export const GOSSIP_TYPE = {
  invalid: 0,
  networkEvent: 1,
  tableEvent: 2,
  pushPull: 3,
  bulkSync: 4,
  compound: 5,
  nodeEvent: 6,
} as const;

/** The number of a GossipMessage that everyone knows. */
export type GossipType = (typeof GOSSIP_TYPE)[keyof typeof GOSSIP_TYPE];

/** An envelope that was read. */
export interface GossipMessage {
  /** May be one that we do not know. */
  readonly type: number;
  /** The inner bytes, a view. */
  readonly data: Uint8Array;
}

const TYPE_TAG = 0x08;
const DATA_TAG = 0x12;
const PART_TAG = 0x0a;

/**
 * The inner bytes of a message in their envelope.
 *
 * @param type - one of {@link GOSSIP_TYPE}, or a number that the peer announced to know
 */
export function wrapGossip(type: number, inner: Uint8Array): Uint8Array {
  const out = new Uint8Array(envelopeBytes(type, inner.length) + inner.length);
  const at = writeEnvelope(out, type, inner.length);
  out.set(inner, at);
  return out;
}

/**
 * Opens an envelope.
 *
 * @throws CodecError for bytes that are none
 */
export function decodeGossip(bytes: Uint8Array): GossipMessage {
  return decodeGuarded('gossip message', () => {
    const m = schema.GossipMessage.decode(readerOf(bytes));
    return { type: m.type, data: plainBytes(m.data) };
  });
}

/** What a part of `partLength` bytes takes in a compound, all counted. */
export function compoundPartBytes(partLength: number): number {
  return fieldBytes(partLength === 0 ? 0 : fieldBytes(partLength));
}

/** The size of a compound message whose parts take `sumOfPartBytes`, each by {@link compoundPartBytes}. */
export function compoundMessageBytes(sumOfPartBytes: number): number {
  return envelopeBytes(GOSSIP_TYPE.compound, sumOfPartBytes) + sumOfPartBytes;
}

/** One message of the given messages, each already in its envelope; there may be none. */
export function encodeCompoundMessage(parts: readonly Uint8Array[]): Uint8Array {
  let sum = 0;
  for (const part of parts) sum += compoundPartBytes(part.length);
  const out = new Uint8Array(compoundMessageBytes(sum));
  let at = writeEnvelope(out, GOSSIP_TYPE.compound, sum);
  for (const part of parts) {
    const inner = part.length === 0 ? 0 : fieldBytes(part.length);
    at = writeField(out, at, inner);
    if (part.length === 0) continue;
    at = writeField(out, at, part.length);
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * The parts of a compound, in order, as views, read one by one as they are asked for.
 *
 * @param data - the inner bytes of a GossipMessage of type compound
 * @throws CodecError on reaching bytes that are no part; the parts before them have been given
 */
export function* compoundParts(data: Uint8Array): Generator<Uint8Array, void, void> {
  const reader = readerOf(data);
  for (;;) {
    let part: Uint8Array | null = null;
    try {
      while (part === null && reader.pos < reader.len) {
        const tag = reader.tag();
        if (tag === PART_TAG) {
          part = schema.CompoundMessage.SimpleMessage.decode(reader, reader.uint32()).payload;
        } else reader.skipType(tag & 7, 0, tag >>> 3);
      }
    } catch (error) {
      throw asCodecError('gossip compound', error);
    }
    if (part === null) return;
    yield plainBytes(part);
  }
}

/** A length-delimited field with a one-byte tag. */
function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length;
}

function writeField(out: Uint8Array, at: number, length: number): number {
  out[at] = PART_TAG;
  return writeVarint(out, at + 1, length);
}

function envelopeBytes(type: number, dataLength: number): number {
  return (
    (type === 0 ? 0 : 1 + varintBytes(type)) + (dataLength === 0 ? 0 : 1 + varintBytes(dataLength))
  );
}

function writeEnvelope(out: Uint8Array, type: number, dataLength: number): number {
  let at = 0;
  if (type !== 0) {
    out[at] = TYPE_TAG;
    at = writeVarint(out, at + 1, type);
  }
  if (dataLength === 0) return at;
  out[at] = DATA_TAG;
  return writeVarint(out, at + 1, dataLength);
}
