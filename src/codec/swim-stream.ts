import { CodecError } from '../runtime/errors.ts';
import { ByteQueue, concatBytes, copyBytes, limitError } from './bytes.ts';
import { networkdb_swim as schema } from './generated/swim.js';
import { GrowingBytes } from './growing-bytes.ts';
import {
  MAX_PUSH_PULL_NODES,
  MAX_STREAM_MESSAGE_BYTES,
  MAX_STREAM_RECORD_BYTES,
  MAX_USER_MESSAGE_BYTES,
  MAX_USER_STATE_BYTES,
} from './limits.ts';
import type { ErrorMessage, PushPullMessage, PushPullNode, StreamMessage } from './messages.ts';
import { MESSAGE_TYPE, NODE_STATES, REFUSAL_REASONS } from './messages.ts';
import { asCodecError, encodeRecord, readerOf } from './protobuf.ts';
import type { RecordBlock, RecordBlocks } from './record-blocks.ts';
import type { NodeDecoder, NodeEncoder } from './shared-records.ts';
import { piecesOf, slicesOf } from './stream-pieces.ts';
import { MAX_UINT32, requireAddressIn, requireName, requireWithin } from './swim-checks.ts';
import { decodePing, isMsgpackBody, memberFields, memberOf, pingFields } from './swim-protobuf.ts';
import { requireInteger, requireText } from './text.ts';

/*
 * Messages on a stream of the default wire. Protobuf does not end itself, so each record stands
 * behind its length as a varint:
 *
 *   06 | header {nodes, user state bytes, join} | node record * nodes | user state
 *   08 | header {payload bytes} | payload
 *   00, 02, 0d | one record: ping, ack, refusal
 *
 * The reader takes the bytes in pieces of any size, reads each record once, and holds no more than
 * one unfinished record besides what it has understood. Numbers that a peer announces are checked
 * against the limits and otherwise only say when to stop: memory grows with the bytes that arrive.
 */

/** Caps of one stream message. */
export interface StreamReaderLimits {
  /** Nodes in a push/pull. */
  readonly maxNodes: number;
  /** Bytes of a push/pull's user state. */
  readonly maxUserStateBytes: number;
  /** Bytes of a user message. */
  readonly maxUserMessageBytes: number;
  /** Bytes of any message, everything counted. */
  readonly maxTotalBytes: number;
}

/** The largest messages that our own nodes send. */
export const DEFAULT_STREAM_READER_LIMITS: StreamReaderLimits = Object.freeze({
  maxNodes: MAX_PUSH_PULL_NODES,
  maxUserStateBytes: MAX_USER_STATE_BYTES,
  maxUserMessageBytes: MAX_USER_MESSAGE_BYTES,
  maxTotalBytes: MAX_STREAM_MESSAGE_BYTES,
});

/** Reads one message from the bytes of a stream. */
export interface StreamReader {
  /**
   * Takes the next bytes; what follows the message is ignored.
   *
   * @throws CodecError for what cannot be read or is too large; the reader is of no use afterwards
   */
  push(bytes: Uint8Array): void;
  /**
   * Tells of a whole piece as the opener gave it, whose bytes are pushed next, in slices or not: if it is known what
   * they say they are only counted, which costs nothing.
   *
   * @returns whether they will be
   * @internal
   */
  expect?(piece: Uint8Array): boolean;
  /** The message once it is whole. */
  readonly message: StreamMessage | null;
  /** Records of a push/pull that were passed over, since nothing could be made of them. */
  readonly droppedRecords: number;
}

/**
 * The bytes of a stream message in pieces of at most 64 KiB, made as they are asked for. The pieces of a
 * payload are views of it.
 *
 * @param encodeNode - writes a record of a push/pull behind its length
 * @param blocks - keeps the records of lists that are frozen; left out: nothing is kept
 * @throws CodecError `ERR_CODEC_LIMIT` or `ERR_CODEC_MALFORMED` for what no peer would accept
 */
export function* encodeStreamMessage(
  message: StreamMessage,
  encodeNode: NodeEncoder = encodeNodeRecord,
  blocks: RecordBlocks | null = null,
): Generator<Uint8Array, void, void> {
  switch (message.type) {
    case 'pushPull':
      requireWithin('nodes', message.nodes.length, MAX_PUSH_PULL_NODES);
      requireWithin('user state', message.userState.length, MAX_USER_STATE_BYTES);
      yield* pushPullPieces(
        message,
        encodeNode,
        blocks?.blocksOf(message.nodes, encodeNode) ?? null,
      );
      yield* slicesOf(message.userState);
      return;
    case 'user': {
      const payloadBytes = message.payload.length;
      requireWithin('user message', payloadBytes, MAX_USER_MESSAGE_BYTES);
      const header = encodeRecord(schema.UserHeader, { payloadBytes });
      yield concatBytes([Uint8Array.of(MESSAGE_TYPE.user), header]);
      yield* slicesOf(message.payload);
      return;
    }
    case 'ping':
      yield* single(MESSAGE_TYPE.ping, encodeRecord(schema.Ping, pingFields(message)));
      return;
    case 'ack': {
      const seq = requireInteger('seq', message.seq, MAX_UINT32);
      const record = encodeRecord(schema.Ack, { seq, payload: message.payload });
      yield* single(MESSAGE_TYPE.ack, record);
      return;
    }
    case 'error': {
      const reason = REFUSAL_REASONS.indexOf(message.reason);
      const text = requireText('text', message.text);
      yield* single(MESSAGE_TYPE.error, encodeRecord(schema.Refusal, { reason, text }));
      return;
    }
  }
}

function* single(type: number, record: Uint8Array): Generator<Uint8Array, void, void> {
  requireWithin('record', record.length, MAX_STREAM_RECORD_BYTES);
  yield* slicesOf(concatBytes([Uint8Array.of(type), record]));
}

function* pushPullPieces(
  message: PushPullMessage,
  encodeNode: NodeEncoder,
  blocks: readonly RecordBlock[] | null,
): Generator<Uint8Array, void, void> {
  if (blocks === null) return yield* piecesOf(pushPullRecords(message, encodeNode));
  yield* piecesOf(pushPullHead(message));
  for (const { bytes } of blocks) yield bytes;
}

function* pushPullRecords(
  message: PushPullMessage,
  encodeNode: NodeEncoder,
): Generator<Uint8Array, void, void> {
  yield* pushPullHead(message);
  for (const node of message.nodes) yield encodeNode(node);
}

function* pushPullHead({
  join,
  nodes,
  userState,
}: PushPullMessage): Generator<Uint8Array, void, void> {
  yield Uint8Array.of(MESSAGE_TYPE.pushPull);
  const userStateBytes = userState.length;
  yield encodeRecord(schema.PushPullHeader, { nodes: nodes.length, userStateBytes, join });
}

/** A record of a push/pull behind its length. */
export function encodeNodeRecord(node: PushPullNode): Uint8Array {
  const record = encodeRecord(schema.PushPullNode, {
    name: requireName(node.name),
    address: requireAddressIn(node.state, node.address),
    ...memberFields(node),
    state: NODE_STATES.indexOf(node.state),
  });
  requireWithin('node record', record.length, MAX_STREAM_RECORD_BYTES);
  return record;
}

/**
 * A reader for one stream message.
 *
 * @param readNode - reads a record of a push/pull
 * @param blocks - knows what was written lately, and learns what it says; left out: everything is read
 */
export function createStreamReader(
  limits: Partial<StreamReaderLimits> = {},
  readNode: NodeDecoder = decodeNodeRecord,
  blocks: RecordBlocks | null = null,
): StreamReader {
  return new ProtobufStreamReader({ ...DEFAULT_STREAM_READER_LIMITS, ...limits }, readNode, blocks);
}

const NO_BYTES = new Uint8Array(0);

/** What the reader does with the next record, or where the raw bytes at the end go. */
type Step = 'type' | 'single' | 'pushPullHeader' | 'node' | 'userHeader' | 'raw' | 'done';

interface Passing {
  readonly block: RecordBlock;
  readonly nodes: readonly PushPullNode[];
  leftBytes: number;
}

class ProtobufStreamReader implements StreamReader {
  readonly #limits: StreamReaderLimits;
  readonly #readNode: NodeDecoder;
  readonly #queue = new ByteQueue();
  readonly #nodes: PushPullNode[] = [];
  #step: Step = 'type';
  #type = 0;
  #totalBytes = 0;
  #nodesLeft = 0;
  #join = false;
  #raw = new GrowingBytes(0);
  #droppedRecords = 0;
  readonly #blocks: RecordBlocks | null;
  /** The blocks that the records so far came in; null once one came otherwise. */
  #known: RecordBlock[] | null = [];
  /** A block that is being read for the first time, and where its records begin. */
  #learning: { readonly block: RecordBlock; readonly from: number } | null = null;
  /** A block that is known, while its bytes come. */
  #passing: Passing | null = null;
  #message: StreamMessage | null = null;

  constructor(limits: StreamReaderLimits, readNode: NodeDecoder, blocks: RecordBlocks | null) {
    this.#limits = limits;
    this.#readNode = readNode;
    this.#blocks = blocks;
  }

  get message(): StreamMessage | null {
    return this.#message;
  }

  get droppedRecords(): number {
    return this.#droppedRecords;
  }

  expect(piece: Uint8Array): boolean {
    const block = this.#blocks?.ofBytes(piece) ?? null;
    // Only where a record begins, and as many as were announced.
    const isInPlace = this.#step === 'node' && this.#queue.length === 0;
    if (block === null || !isInPlace || block.recordCount > this.#nodesLeft) return false;
    if (block.nodes === null) {
      this.#learning = { block, from: this.#nodes.length + this.#droppedRecords };
      return false;
    }
    this.#passing = { block, nodes: block.nodes, leftBytes: piece.length };
    return true;
  }

  push(bytes: Uint8Array): void {
    if (this.#step === 'done') return;
    try {
      let rest = this.#passing === null ? bytes : this.#pass(bytes, this.#passing);
      if (this.#step !== 'raw') {
        this.#queue.push(rest);
        while (this.#advance());
        // Raw bytes behind the records need no queue: they go to their place at once.
        if (!this.#isRaw()) return;
        rest = this.#queue.take(this.#queue.length);
      }
      this.#takeRaw(rest);
    } catch (error) {
      this.#step = 'done';
      this.#queue.clear();
      throw asCodecError('stream message', error);
    }
  }

  #isRaw(): boolean {
    return this.#step === 'raw';
  }

  /** Reads the type byte or one record; false when more bytes are needed or no record follows. */
  #advance(): boolean {
    if (this.#step === 'raw' || this.#step === 'done') return false;
    if (this.#step === 'type') {
      if (this.#queue.length === 0) return false;
      this.#begin(this.#queue.take(1)[0] as number);
      return true;
    }
    const record = this.#takeRecord();
    if (record === null) return false;
    this.#read(record);
    return true;
  }

  #begin(type: number): void {
    this.#type = type;
    this.#count(1);
    switch (type) {
      case MESSAGE_TYPE.pushPull:
        this.#step = 'pushPullHeader';
        return;
      case MESSAGE_TYPE.user:
        this.#step = 'userHeader';
        return;
      case MESSAGE_TYPE.ping:
      case MESSAGE_TYPE.ack:
      case MESSAGE_TYPE.error:
        this.#step = 'single';
        return;
    }
    throw new CodecError('ERR_CODEC_UNSUPPORTED', `no stream message has type ${type}`, { type });
  }

  /** The next length-prefixed record, or null until all of it has arrived. */
  #takeRecord(): Uint8Array | null {
    const queue = this.#queue;
    let length = 0;
    let prefix = 0;
    for (;;) {
      if (prefix === queue.length) return null;
      const byte = queue.byteAt(prefix);
      length += (byte & 0x7f) * 2 ** (7 * prefix);
      prefix += 1;
      if (byte < 0x80) break;
      if (prefix === 3) throw limitError('record of a stream', length, MAX_STREAM_RECORD_BYTES);
    }
    if (length > MAX_STREAM_RECORD_BYTES) {
      throw limitError('record of a stream', length, MAX_STREAM_RECORD_BYTES);
    }
    if (queue.length < prefix + length) return null;
    this.#count(prefix + length);
    queue.take(prefix);
    return queue.take(length);
  }

  #read(record: Uint8Array): void {
    switch (this.#step) {
      case 'pushPullHeader': {
        const header = schema.PushPullHeader.decode(readerOf(record));
        requireWithin('nodes of a push/pull', header.nodes, this.#limits.maxNodes);
        requireWithin('user state', header.userStateBytes, this.#limits.maxUserStateBytes);
        this.#join = header.join;
        this.#nodesLeft = header.nodes;
        this.#raw = new GrowingBytes(header.userStateBytes);
        this.#step = header.nodes > 0 ? 'node' : 'raw';
        return;
      }
      case 'node': {
        const node = this.#readNode(record);
        if (node === null) this.#droppedRecords += 1;
        else this.#nodes.push(node);
        this.#nodesLeft -= 1;
        this.#learn();
        if (this.#nodesLeft === 0) this.#step = 'raw';
        return;
      }
      case 'userHeader': {
        const { payloadBytes } = schema.UserHeader.decode(readerOf(record));
        requireWithin('user message', payloadBytes, this.#limits.maxUserMessageBytes);
        this.#raw = new GrowingBytes(payloadBytes);
        this.#step = 'raw';
        return;
      }
      case 'single':
        this.#finish(decodeSingle(this.#type, record));
        return;
      case 'type':
      case 'raw':
      case 'done':
        return;
    }
  }

  /** Counts bytes of a block that is known. @returns what follows it */
  #pass(bytes: Uint8Array, passing: Passing): Uint8Array {
    const { block, nodes } = passing;
    const passedBytes = Math.min(bytes.length, passing.leftBytes);
    this.#count(passedBytes);
    passing.leftBytes -= passedBytes;
    if (passing.leftBytes > 0) return NO_BYTES;
    this.#passing = null;
    for (const node of nodes) this.#nodes.push(node);
    this.#known?.push(block);
    this.#nodesLeft -= block.recordCount;
    if (this.#nodesLeft === 0) this.#step = 'raw';
    return bytes.subarray(passedBytes);
  }

  /** What a block that we wrote says is known once all of it was read; until then its records are others'. */
  #learn(): void {
    const learning = this.#learning;
    if (learning === null) {
      this.#known = null;
      return;
    }
    const { block, from } = learning;
    if (this.#nodes.length + this.#droppedRecords < from + block.recordCount) return;
    this.#learning = null;
    if (this.#droppedRecords > 0) return;
    block.nodes ??= Object.freeze(this.#nodes.slice(from));
    this.#known?.push(block);
  }

  #takeRaw(bytes: Uint8Array): void {
    this.#count(this.#raw.take(bytes));
    if (!this.#raw.isWhole) return;
    if (this.#type === MESSAGE_TYPE.user) this.#finish({ type: 'user', payload: this.#raw.bytes });
    else {
      const userState = this.#raw.bytes;
      const nodes = this.#blocks?.listOf(this.#known ?? []) ?? this.#nodes;
      this.#finish({ type: 'pushPull', join: this.#join, nodes, userState });
    }
  }

  #finish(message: StreamMessage): void {
    this.#message = message;
    this.#step = 'done';
    this.#queue.clear();
  }

  #count(bytes: number): void {
    this.#totalBytes += bytes;
    requireWithin('stream message', this.#totalBytes, this.#limits.maxTotalBytes);
  }
}

/** A node record, or null when it is in a state that we do not know and therefore pass over. */
export function decodeNodeRecord(record: Uint8Array): PushPullNode | null {
  const m = schema.PushPullNode.decode(readerOf(record));
  const state = NODE_STATES[m.state];
  if (state === undefined) return null;
  const name = requireName(m.name);
  const address = copyBytes(requireAddressIn(state, m.address));
  return { name, address, ...memberOf(m), state };
}

function decodeSingle(type: number, record: Uint8Array): StreamMessage {
  if (isMsgpackBody(record)) {
    throw new CodecError('ERR_CODEC_OTHER_WIRE', 'a message is of the memberlist wire', { type });
  }
  if (type === MESSAGE_TYPE.ping) return decodePing(record);
  if (type === MESSAGE_TYPE.error) return decodeRefusal(record);
  const ack = schema.Ack.decode(readerOf(record));
  return { type: 'ack', seq: ack.seq, payload: copyBytes(ack.payload) };
}

function decodeRefusal(record: Uint8Array): ErrorMessage {
  const m = schema.Refusal.decode(readerOf(record));
  return { type: 'error', reason: REFUSAL_REASONS[m.reason] ?? 'unknown', text: m.text };
}
