import { CodecError, GossipError } from '../runtime/errors.ts';
import { ByteQueue, limitError, malformedError } from './bytes.ts';
import { decodeBody, encodeBody, GO_SHAPES, isProtobufBody } from './go-shapes.ts';
import {
  MAX_GO_STREAM_BYTES,
  MAX_GO_USER_MESSAGE_BYTES,
  MAX_PUSH_PULL_NODES,
  MAX_STREAM_RECORD_BYTES,
  MAX_USER_STATE_BYTES,
} from './limits.ts';
import type { PushPullMessage, PushPullNode, StreamMessage } from './messages.ts';
import { MESSAGE_TYPE } from './messages.ts';
import { MsgpackScanner } from './msgpack-scanner.ts';
import { GrowingBytes } from './growing-bytes.ts';
import type { NodeDecoder, NodeEncoder } from './shared-records.ts';
import { piecesOf, slicesOf } from './stream-pieces.ts';
import { requireWithin } from './swim-checks.ts';
import {
  decodeGoAck,
  decodeGoNode,
  decodeGoPing,
  encodeGoAck,
  encodeGoNode,
  encodeGoPing,
} from './swim-msgpack.ts';
import type { StreamReader, StreamReaderLimits } from './swim-stream.ts';

/*
 * Messages on a stream of the memberlist wire, exactly Go's. Nothing announces a length but the maps:
 *
 *   06 | map {Join, Nodes, UserStateLen} | node map * Nodes | user state
 *   08 | map {UserMsgLen} | payload
 *   00, 02, 0d | one map: ping, ack, error
 *
 * The reader takes the bytes in pieces of any size, finds the end of each map without looking at a byte
 * twice, and holds no more than one unfinished map besides what it has understood. A record of a push/pull
 * that says nothing usable is dropped and counted, and the others live: one member with a broken name must
 * not keep a ring apart.
 */

/** What Go's nodes send and take. */
export const GO_STREAM_READER_LIMITS: StreamReaderLimits = Object.freeze({
  maxNodes: MAX_PUSH_PULL_NODES,
  maxUserStateBytes: MAX_USER_STATE_BYTES,
  maxUserMessageBytes: MAX_GO_USER_MESSAGE_BYTES,
  maxTotalBytes: MAX_GO_STREAM_BYTES,
});

/**
 * The bytes of a stream message in pieces of at most 64 KiB, made as they are asked for. The pieces of a
 * payload are views of it.
 *
 * @param encodeNode - writes a record of a push/pull
 * @throws CodecError `ERR_CODEC_LIMIT` or `ERR_CODEC_MALFORMED` for what no peer would accept
 */
export function* encodeGoStreamMessage(
  message: StreamMessage,
  encodeNode: NodeEncoder = encodeGoNode,
): Generator<Uint8Array, void, void> {
  switch (message.type) {
    case 'pushPull':
      requireWithin('nodes', message.nodes.length, MAX_PUSH_PULL_NODES);
      requireWithin('user state', message.userState.length, MAX_USER_STATE_BYTES);
      yield* piecesOf(pushPullRecords(message, encodeNode));
      yield* slicesOf(message.userState);
      return;
    case 'user': {
      const { length } = message.payload;
      requireWithin('user message', length, MAX_GO_USER_MESSAGE_BYTES);
      yield encodeBody(MESSAGE_TYPE.user, GO_SHAPES.userHeader, { UserMsgLen: length });
      yield* slicesOf(message.payload);
      return;
    }
    case 'ping':
      yield* single(encodeGoPing(message));
      return;
    case 'ack':
      yield* single(encodeGoAck(message));
      return;
    case 'error': {
      // Go has no reasons, only a text for people.
      const text = message.text === '' ? message.reason : message.text;
      yield* single(encodeBody(MESSAGE_TYPE.error, GO_SHAPES.error, { Error: text }));
      return;
    }
  }
}

function* single(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  requireWithin('record', bytes.length, MAX_STREAM_RECORD_BYTES);
  yield* slicesOf(bytes);
}

function* pushPullRecords(
  { join, nodes, userState }: PushPullMessage,
  encodeNode: NodeEncoder,
): Generator<Uint8Array, void, void> {
  yield encodeBody(MESSAGE_TYPE.pushPull, GO_SHAPES.pushPullHeader, {
    Join: join,
    Nodes: nodes.length,
    UserStateLen: userState.length,
  });
  for (const node of nodes) {
    const record = encodeNode(node);
    requireWithin('node record', record.length, MAX_STREAM_RECORD_BYTES);
    yield record;
  }
}

/**
 * A reader for one stream message of the memberlist wire.
 *
 * @param readNode - reads a record of a push/pull
 */
export function createGoStreamReader(
  limits: Partial<StreamReaderLimits> = {},
  readNode: NodeDecoder = decodeGoNode,
): StreamReader {
  return new MsgpackStreamReader({ ...GO_STREAM_READER_LIMITS, ...limits }, readNode);
}

/** What the reader does with the next map, or where the raw bytes at the end go. */
type Step = 'type' | 'single' | 'pushPullHeader' | 'node' | 'userHeader' | 'raw' | 'done';

class MsgpackStreamReader implements StreamReader {
  readonly #limits: StreamReaderLimits;
  readonly #decodeNode: NodeDecoder;
  readonly #queue = new ByteQueue();
  readonly #nodes: PushPullNode[] = [];
  #scanner = new MsgpackScanner(MAX_STREAM_RECORD_BYTES);
  #step: Step = 'type';
  #type = 0;
  #totalBytes = 0;
  #nodesLeft = 0;
  #join = false;
  #raw = new GrowingBytes(0);
  #droppedRecords = 0;
  #message: StreamMessage | null = null;

  constructor(limits: StreamReaderLimits, decodeNode: NodeDecoder) {
    this.#limits = limits;
    this.#decodeNode = decodeNode;
  }

  get message(): StreamMessage | null {
    return this.#message;
  }

  get droppedRecords(): number {
    return this.#droppedRecords;
  }

  push(bytes: Uint8Array): void {
    if (this.#step === 'done') return;
    try {
      let rest = bytes;
      if (this.#step !== 'raw') {
        this.#queue.push(bytes);
        while (this.#advance());
        // Raw bytes behind the maps need no queue: they go to their place at once.
        if (!this.#isRaw()) return;
        rest = this.#queue.take(this.#queue.length);
      }
      this.#takeRaw(rest);
    } catch (error) {
      this.#step = 'done';
      this.#queue.clear();
      throw error;
    }
  }

  #isRaw(): boolean {
    return this.#step === 'raw';
  }

  /** Reads the type byte or one map; false when more bytes are needed or no map follows. */
  #advance(): boolean {
    if (this.#step === 'raw' || this.#step === 'done') return false;
    if (this.#step === 'type') {
      if (this.#queue.length === 0) return false;
      this.#begin(this.#queue.take(1)[0] as number);
      return true;
    }
    const length = this.#scanner.scan(this.#queue);
    if (length === null) return false;
    this.#count(length);
    this.#scanner = new MsgpackScanner(MAX_STREAM_RECORD_BYTES);
    this.#read(this.#queue.take(length));
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

  #read(record: Uint8Array): void {
    switch (this.#step) {
      case 'pushPullHeader': {
        const header = decodeBody(GO_SHAPES.pushPullHeader, this.#checked(record));
        const { maxNodes, maxUserStateBytes } = this.#limits;
        this.#nodesLeft = announced('nodes of a push/pull', header.Nodes, maxNodes);
        const tail = announced('user state', header.UserStateLen, maxUserStateBytes);
        this.#raw = new GrowingBytes(tail);
        this.#join = header.Join;
        this.#step = this.#nodesLeft > 0 ? 'node' : 'raw';
        return;
      }
      case 'node':
        this.#readNode(record);
        this.#nodesLeft -= 1;
        if (this.#nodesLeft === 0) this.#step = 'raw';
        return;
      case 'userHeader': {
        const { UserMsgLen } = decodeBody(GO_SHAPES.userHeader, this.#checked(record));
        const { maxUserMessageBytes } = this.#limits;
        this.#raw = new GrowingBytes(announced('user message', UserMsgLen, maxUserMessageBytes));
        this.#step = 'raw';
        return;
      }
      case 'single':
        this.#finish(decodeSingle(this.#type, this.#checked(record)));
        return;
      case 'type':
      case 'raw':
      case 'done':
        return;
    }
  }

  #readNode(record: Uint8Array): void {
    let node: PushPullNode | null = null;
    try {
      node = this.#decodeNode(record);
    } catch (error) {
      if (!(error instanceof GossipError)) throw error;
    }
    if (node === null) this.#droppedRecords += 1;
    else this.#nodes.push(node);
  }

  #checked(record: Uint8Array): Uint8Array {
    if (!isProtobufBody(record)) return record;
    throw new CodecError('ERR_CODEC_OTHER_WIRE', 'a stream message is of the protobuf wire');
  }

  #takeRaw(bytes: Uint8Array): void {
    this.#count(this.#raw.take(bytes));
    if (!this.#raw.isWhole) return;
    const raw = this.#raw.bytes;
    if (this.#type === MESSAGE_TYPE.user) this.#finish({ type: 'user', payload: raw });
    else {
      const nodes = this.#nodes;
      this.#finish({ type: 'pushPull', join: this.#join, nodes, userState: raw });
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

/** A count that a peer announces, which Go's types let be negative. */
function announced(what: string, value: number, limit: number): number {
  if (value < 0) throw malformedError(`${what}: a negative number is announced`);
  if (value > limit) throw limitError(what, value, limit);
  return value;
}

function decodeSingle(type: number, record: Uint8Array): StreamMessage {
  if (type === MESSAGE_TYPE.ping) return decodeGoPing(record);
  if (type === MESSAGE_TYPE.ack) return decodeGoAck(record);
  return {
    type: 'error',
    reason: 'unknown',
    text: decodeBody(GO_SHAPES.error, record).Error,
  };
}
