import { copyBytes, equalBytes } from './bytes.ts';
import type { AliveMessage, PacketMessage, PushPullNode } from './messages.ts';
import { MESSAGE_TYPE } from './messages.ts';

/*
 * What a ring says of its members it says again and again: each exchange carries every record, each claim
 * arrives a dozen times. So a record that was read lately is not read once more: the same bytes give the same
 * object, and so do the fields that two records have in common, whoever asks in this process. What is held of a
 * member can then be compared with what is told by comparing references; and a thousand simulated members hold
 * one copy of what they know of each other, not a thousand. What was written lately is kept in the same way.
 *
 * Invariant: what is given out is never changed, by nobody. The table is bounded whatever peers send: in bytes of
 * a record and in their number, and what was not asked for lately is forgotten.
 */

/** Larger records are read anew each time. */
export const MAX_SHARED_RECORD_BYTES = 256;
/** Records of one kind that are kept, at most. */
export const MAX_SHARED_RECORDS = 16_384;

interface Read<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
}

/** What was read lately, by its bytes. */
export class SharedReads<T> {
  readonly #generationSize: number;
  // Two generations stand in for an order of use, which would cost a write for each look.
  #young = new Map<number, Read<T>>();
  #old = new Map<number, Read<T>>();

  /** @param maxRecords - kept at most */
  constructor(maxRecords: number = MAX_SHARED_RECORDS) {
    this.#generationSize = maxRecords / 2;
  }

  /** Records kept. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /**
   * What these bytes say.
   *
   * @param decode - asked when they were not read lately; what it throws is passed on
   * @returns a value that others hold too: not to be changed
   */
  read(bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T {
    if (bytes.length > MAX_SHARED_RECORD_BYTES) return decode(bytes);
    const hash = hashOf(bytes);
    const young = this.#young.get(hash);
    if (young !== undefined && equalBytes(young.bytes, bytes)) return young.value;
    const old = this.#old.get(hash);
    const isKnown = old !== undefined && equalBytes(old.bytes, bytes);
    const read = isKnown ? old : { bytes: copyBytes(bytes), value: decode(bytes) };
    if (isKnown) this.#old.delete(hash);
    this.#young.set(hash, read);
    if (this.#young.size >= this.#generationSize) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    return read.value;
  }
}

/** FNV-1a, without the top bits, so that it is a small integer of V8's. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i += 1) {
    hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  }
  return (hash ^ (hash >>> 16)) & 0x3fffffff;
}

const names = new SharedReads<string>();
const fields = new SharedReads<Uint8Array>();
const encoder = new TextEncoder();

/** The same bytes, as an array that all who ask for it lately share: neither may be changed. */
export function sharedBytes(bytes: Uint8Array): Uint8Array {
  return fields.read(bytes, copyBytes);
}

function sharedName(name: string): string {
  return names.read(encoder.encode(name), () => name);
}

/** A decoder of messages that reads the same alive claim once. */
export function sharingMessages(
  decode: (bytes: Uint8Array) => PacketMessage,
): (bytes: Uint8Array) => PacketMessage {
  const reads = new SharedReads<PacketMessage>();
  const decodeShared = (bytes: Uint8Array): PacketMessage => {
    const message = decode(bytes);
    if (message.type !== 'alive') return message;
    // Not by spreading: V8 would give each a shape of its own, and all that read them would be slow.
    return Object.freeze({
      type: 'alive',
      incarnation: message.incarnation,
      node: sharedName(message.node),
      address: sharedBytes(message.address),
      port: message.port,
      metadata: sharedBytes(message.metadata),
      versions: sharedBytes(message.versions),
      startId: sharedBytes(message.startId),
    });
  };
  return (bytes) =>
    bytes[0] === MESSAGE_TYPE.alive ? reads.read(bytes, decodeShared) : decode(bytes);
}

/** Reads one record of a push/pull; null for one that is passed over. */
export type NodeDecoder = (record: Uint8Array) => PushPullNode | null;

/** A decoder of push/pull records that reads the same one once. */
export function sharingNodes(decode: NodeDecoder): NodeDecoder {
  const reads = new SharedReads<PushPullNode | null>();
  const decodeShared = (record: Uint8Array): PushPullNode | null => {
    const node = decode(record);
    if (node === null) return null;
    return Object.freeze({
      name: sharedName(node.name),
      address: sharedBytes(node.address),
      port: node.port,
      metadata: sharedBytes(node.metadata),
      incarnation: node.incarnation,
      state: node.state,
      versions: sharedBytes(node.versions),
      startId: sharedBytes(node.startId),
    });
  };
  return (record) => reads.read(record, decodeShared);
}

interface Written<M> {
  readonly of: M;
  readonly bytes: Uint8Array;
}

/**
 * An encoder that writes the same alive claim once.
 *
 * @returns bytes that others hold too: not to be changed
 */
export function keepingMessages(
  encode: (message: PacketMessage) => Uint8Array,
): (message: PacketMessage) => Uint8Array {
  const written = new WeakMap<Uint8Array, Written<AliveMessage>>();
  return (message) => {
    if (message.type !== 'alive') return encode(message);
    const last = written.get(message.address);
    if (last?.of.node === message.node && isSameMember(last.of, message)) return last.bytes;
    const fresh = encode(message);
    if (fresh.length > MAX_SHARED_RECORD_BYTES) return fresh;
    // A copy, since what is kept for as long as the member must not keep a slab with it.
    const bytes = copyBytes(fresh);
    written.set(message.address, { of: message, bytes });
    return bytes;
  };
}

/** Writes one record of a push/pull. */
export type NodeEncoder = (node: PushPullNode) => Uint8Array;

/** The same for records of a push/pull. */
export function keepingNodes(encode: NodeEncoder): NodeEncoder {
  const written = new WeakMap<Uint8Array, Written<PushPullNode>>();
  return (node) => {
    const last = written.get(node.address);
    const isSame =
      last?.of.name === node.name && last.of.state === node.state && isSameMember(last.of, node);
    if (isSame) return last.bytes;
    const bytes = encode(node);
    if (bytes.length <= MAX_SHARED_RECORD_BYTES) written.set(node.address, { of: node, bytes });
    return bytes;
  };
}

/** Whether two say the same of a member, as far as comparing references tells. */
function isSameMember<M extends Omit<AliveMessage, 'type' | 'node'>>(a: M, b: M): boolean {
  return (
    a.incarnation === b.incarnation &&
    a.metadata === b.metadata &&
    a.startId === b.startId &&
    a.versions === b.versions &&
    a.port === b.port
  );
}
