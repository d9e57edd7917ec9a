import { decodeGuarded, asCodecError, readerOf } from './protobuf.ts';
import { plainBytes, varintBytes, writeVarint } from './bytes.ts';
import { networkdb as schema } from './generated/networkdb.js';
import { cutBytes } from './slab.ts';

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
 * The inner bytes of a message in their envelope; a view, see `slab.ts`.
 *
 * @param type - one of {@link GOSSIP_TYPE}, or a number that the peer announced to know
 */
export function wrapGossip(type: number, inner: Uint8Array): Uint8Array {
  const out = cutBytes(gossipHeaderBytes(type, inner.length) + inner.length);
  const at = writeGossipHeader(out, type, inner.length);
  out.set(inner, at);
  return out;
}

/**
 * Opens an envelope.
 *
 * @throws CodecError for bytes that are none
 */
export function decodeGossip(bytes: Uint8Array): GossipMessage {
  const plain = plainBytes(bytes);
  const type = plain[1];
  // As every writer known writes it; whatever else may be read goes through the generated code.
  if (plain[0] === TYPE_TAG && type !== undefined && type < 0x80 && plain[2] === DATA_TAG) {
    const length = readLength(plain, 3);
    const at = 3 + varintBytes(length);
    if (length >= 0 && at + length === plain.length) return { type, data: plain.subarray(at) };
  }
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
  return gossipHeaderBytes(GOSSIP_TYPE.compound, sumOfPartBytes) + sumOfPartBytes;
}

/** One message of the given messages, each already in its envelope; there may be none. */
export function encodeCompoundMessage(parts: readonly Uint8Array[]): Uint8Array {
  const sum = sumOfPartBytes(parts);
  const out = new Uint8Array(compoundMessageBytes(sum));
  writeParts(out, writeGossipHeader(out, GOSSIP_TYPE.compound, sum), parts);
  return out;
}

function sumOfPartBytes(parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) sum += compoundPartBytes(part.length);
  return sum;
}

function writeParts(out: Uint8Array, from: number, parts: readonly Uint8Array[]): void {
  let at = from;
  for (const part of parts) {
    at = writePartHeader(out, at, part.length);
    out.set(part, at);
    at += part.length;
  }
}

/** Writes what stands in front of a part of so many bytes. @returns where it begins */
export function writePartHeader(out: Uint8Array, at: number, partLength: number): number {
  if (partLength === 0) return writeField(out, at, 0);
  return writeField(out, writeField(out, at, fieldBytes(partLength)), partLength);
}

/**
 * The parts of a compound, in order, as views, read one by one as they are asked for.
 *
 * @param data - the inner bytes of a GossipMessage of type compound
 * @throws CodecError on reaching bytes that are no part; the parts before them have been given
 */
export function* compoundParts(data: Uint8Array): Generator<Uint8Array, void, void> {
  const parts = new CompoundReader(data);
  while (parts.next()) yield parts.view();
}

/** The same without a view of each: where the present part stands. */
export class CompoundReader {
  /** What the present part stands in. */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  readonly #reader: ReturnType<typeof readerOf>;
  readonly #data: Uint8Array;

  /** @param data - as for {@link compoundParts} */
  constructor(data: Uint8Array) {
    this.#reader = readerOf(data);
    this.#data = this.#reader.buf;
    this.bytes = this.#data;
  }

  /** Goes to the next part. @returns whether there is one @throws as {@link compoundParts} */
  next(): boolean {
    return this.#readUsual() || this.#readAny();
  }

  /** The present part. */
  view(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  /**
   * Whether the present part is a message of a type, in its envelope as every writer known writes it; then the part is what
   * stands in it.
   *
   * @param type - one of {@link GOSSIP_TYPE}
   */
  enters(type: GossipType): boolean {
    const { bytes, start, end } = this;
    if (bytes[start] !== TYPE_TAG || bytes[start + 1] !== type || bytes[start + 2] !== DATA_TAG) {
      return false;
    }
    const length = readLength(bytes, start + 3);
    const at = start + 3 + varintBytes(length);
    if (length < 0 || at + length !== end) return false;
    this.start = at;
    return true;
  }

  /** Reads a part that is written as usual. */
  #readUsual(): boolean {
    const { buf, pos, len } = this.#reader;
    if (buf[pos] !== PART_TAG) return false;
    const outer = readLength(buf, pos + 1);
    const innerAt = pos + 1 + varintBytes(outer);
    if (outer < 0 || buf[innerAt] !== PART_TAG) return false;
    const length = readLength(buf, innerAt + 1);
    const at = innerAt + 1 + varintBytes(length);
    if (length < 0 || at + length !== innerAt + outer || at + length > len) return false;
    this.#reader.pos = at + length;
    this.bytes = this.#data;
    this.start = at;
    this.end = at + length;
    return true;
  }

  #readAny(): boolean {
    const reader = this.#reader;
    try {
      while (reader.pos < reader.len) {
        const tag = reader.tag();
        if (tag === PART_TAG) {
          const { payload } = schema.CompoundMessage.SimpleMessage.decode(reader, reader.uint32());
          this.bytes = plainBytes(payload);
          this.start = 0;
          this.end = this.bytes.length;
          return true;
        }
        reader.skipType(tag & 7, 0, tag >>> 3);
      }
    } catch (error) {
      throw asCodecError('gossip compound', error);
    }
    return false;
  }
}

const NO_LENGTH = -1;

/** A length of up to 28 bits in its shortest form, or {@link NO_LENGTH}. */
function readLength(bytes: Uint8Array, start: number): number {
  let length = 0;
  for (let at = start, shift = 0; shift < 28; at += 1, shift += 7) {
    const byte = bytes[at];
    if (byte === undefined) return NO_LENGTH;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return varintBytes(length) === at - start + 1 ? length : NO_LENGTH;
  }
  return NO_LENGTH;
}

/** A length-delimited field with a one-byte tag. */
function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length;
}

function writeField(out: Uint8Array, at: number, length: number): number {
  out[at] = PART_TAG;
  return writeVarint(out, at + 1, length);
}

/** What an envelope costs around so many bytes. */
export function gossipHeaderBytes(type: number, dataLength: number): number {
  return (
    (type === 0 ? 0 : 1 + varintBytes(type)) + (dataLength === 0 ? 0 : 1 + varintBytes(dataLength))
  );
}

/** Writes what stands in front of so many bytes. @returns where they begin */
export function writeGossipHeader(
  out: Uint8Array,
  type: number,
  dataLength: number,
  start: number = 0,
): number {
  let at = start;
  if (type !== 0) {
    out[at] = TYPE_TAG;
    at = writeVarint(out, at + 1, type);
  }
  if (dataLength === 0) return at;
  out[at] = DATA_TAG;
  return writeVarint(out, at + 1, dataLength);
}
