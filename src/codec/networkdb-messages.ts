import type $protobuf from 'protobufjs/minimal.js';

import { concatBytes, limitError } from './bytes.ts';
import { networkdb as schema } from './generated/networkdb.js';
import { MAX_ATTACHMENTS, MAX_BULK_SYNC_NETWORKS } from './limits.ts';
import { decodeGuarded, encodeBody, readerOf } from './protobuf.ts';
import { requireText } from './text.ts';
import type { WireTime } from './wire-time.ts';
import { fromWireTime, toWireTime } from './wire-time.ts';

/*
 * NetworkDB's messages, byte for byte as Docker's NetworkDB writes them: fields in ascending order,
 * zero and empty ones left out. The inner body is made and read here, that of a table event in
 * `table-event.ts`; `gossip-envelope.ts` has the GossipMessage around it and the compound.
 *
 * Lamport times are 64 bits on the wire and exact in both directions: a number up to 2^53 - 1, a bigint
 * above. Names must be valid UTF-8, since a lenient reading would relay another name than was sent. A
 * relay passes on the inner bytes that it received, not an encoding of what is read here.
 */

/** A node came or goes. */
export interface NodeEvent {
  readonly kind: 'join' | 'leave' | 'invalid';
  readonly time: WireTime;
  /** The node that the event is about, and its originator. */
  readonly node: string;
}

/** A node attached itself to a network, or left it. */
export interface NetworkEvent {
  readonly kind: 'join' | 'leave' | 'invalid';
  readonly time: WireTime;
  readonly node: string;
  readonly network: string;
}

/** One attachment in a push/pull. */
export interface AttachmentEntry {
  readonly network: string;
  readonly time: WireTime;
  readonly node: string;
  readonly isLeaving: boolean;
}

/** All attachments that a node knows; travels as the user state of a push/pull. */
export interface NetworkPushPull {
  readonly time: WireTime;
  readonly node: string;
  readonly networks: readonly AttachmentEntry[];
}

/** Entries of whole networks, as a request or as the answer to one. */
export interface BulkSync {
  readonly time: WireTime;
  /** An answer is expected. */
  readonly isRequest: boolean;
  readonly node: string;
  readonly networks: readonly string[];
  /** Entries of the sender alone, and in the answer those of the answering node; ours, unknown to Go. */
  readonly ownOnly?: boolean;
  /** A gossip compound of table events. */
  readonly payload: Uint8Array;
}

const NODE_KINDS = ['invalid', 'join', 'leave'] as const;

/** The inner bytes of a node event. */
export function encodeNodeEvent(event: NodeEvent): Uint8Array {
  return encodeBody(schema.NodeEvent, {
    type: NODE_KINDS.indexOf(event.kind),
    lTime: toWireTime(event.time),
    nodeName: requireText('node', event.node),
  });
}

/** The inner bytes of a network event. */
export function encodeNetworkEvent(event: NetworkEvent): Uint8Array {
  return encodeBody(schema.NetworkEvent, {
    type: NODE_KINDS.indexOf(event.kind),
    lTime: toWireTime(event.time),
    nodeName: requireText('node', event.node),
    networkId: requireText('network', event.network),
  });
}

/**
 * The inner bytes of a push/pull.
 *
 * @throws CodecError `ERR_CODEC_LIMIT` for more attachments than a peer reads
 */
export function encodeNetworkPushPull(message: NetworkPushPull): Uint8Array {
  if (message.networks.length > MAX_ATTACHMENTS) {
    throw limitError('attachments', message.networks.length, MAX_ATTACHMENTS);
  }
  return joinNetworkPushPull(message, [encodeAttachments(message.networks)]);
}

/** A run of attachments as it stands in a push/pull, to be kept and joined with others. */
export function encodeAttachments(attachments: readonly AttachmentEntry[]): Uint8Array {
  return encodeBody(schema.NetworkPushPull, {
    networks: attachments.map((entry) => ({
      networkId: requireText('network', entry.network),
      lTime: toWireTime(entry.time),
      nodeName: requireText('node', entry.node),
      leaving: entry.isLeaving,
    })),
  });
}

/** The inner bytes of a push/pull whose attachments are encoded already. */
export function joinNetworkPushPull(
  { time, node }: Pick<NetworkPushPull, 'time' | 'node'>,
  runs: readonly Uint8Array[],
): Uint8Array {
  return concatBytes([
    encodeBody(schema.NetworkPushPull, { lTime: toWireTime(time) }),
    ...runs,
    encodeBody(schema.NetworkPushPull, { nodeName: requireText('node', node) }),
  ]);
}

/**
 * The inner bytes of a bulk sync.
 *
 * @throws CodecError `ERR_CODEC_LIMIT` for more networks than a peer reads
 */
export function encodeBulkSync(message: BulkSync): Uint8Array {
  return concatBytes([
    bulkSyncFields(message),
    encodeBody(schema.BulkSyncMessage, { payload: message.payload }),
    bulkSyncTail(message),
  ]);
}

/** What stands in front of the payload of a bulk sync. @throws as {@link encodeBulkSync} */
export function bulkSyncFields(
  message: Pick<BulkSync, 'time' | 'isRequest' | 'node' | 'networks'>,
): Uint8Array {
  if (message.networks.length > MAX_BULK_SYNC_NETWORKS) {
    throw limitError('networks of a bulk sync', message.networks.length, MAX_BULK_SYNC_NETWORKS);
  }
  return encodeBody(schema.BulkSyncMessage, {
    lTime: toWireTime(message.time),
    unsolicited: message.isRequest,
    nodeName: requireText('node', message.node),
    networks: message.networks.map((network) => requireText('network', network)),
  });
}

/** What stands behind the payload of a bulk sync. */
export function bulkSyncTail({ ownOnly }: Pick<BulkSync, 'ownOnly'>): Uint8Array {
  return encodeBody(schema.BulkSyncMessage, { ownOnly: ownOnly === true });
}

/** Reads a node event. @throws CodecError for bytes that are none */
export function decodeNodeEvent(data: Uint8Array): NodeEvent {
  return decodeGuarded('node event', () => {
    const m = schema.NodeEvent.decode(readerOf(data));
    return { kind: NODE_KINDS[m.type] ?? 'invalid', time: fromWireTime(m.lTime), node: m.nodeName };
  });
}

/** Reads a network event. @throws CodecError for bytes that are none */
export function decodeNetworkEvent(data: Uint8Array): NetworkEvent {
  return decodeGuarded('network event', () => {
    const m = schema.NetworkEvent.decode(readerOf(data));
    return {
      kind: NODE_KINDS[m.type] ?? 'invalid',
      time: fromWireTime(m.lTime),
      node: m.nodeName,
      network: m.networkId,
    };
  });
}

const LENGTH_DELIMITED = 2;
const VARINT = 0;

/** Tag of a field as protobuf writes it. */
function tagOf(field: number, wireType: number): number {
  return (field << 3) | wireType;
}

const PUSH_PULL_TIME = tagOf(1, VARINT);
const PUSH_PULL_NETWORKS = tagOf(2, LENGTH_DELIMITED);
const PUSH_PULL_NODE = tagOf(3, LENGTH_DELIMITED);

/**
 * Reads a push/pull at once.
 *
 * @throws CodecError for bytes that are none, `ERR_CODEC_LIMIT` for too many attachments
 */
export function decodeNetworkPushPull(data: Uint8Array): NetworkPushPull {
  const networks: AttachmentEntry[] = [];
  const walk = networkPushPullEntries(data);
  for (let step = walk.next(); ; step = walk.next()) {
    if (step.done === true) return { ...step.value, networks };
    networks.push(step.value);
  }
}

/**
 * The attachments of a push/pull, in order, read one by one as they are asked for; at the end the
 * sender and its clock, wherever they stand in the bytes.
 *
 * @throws CodecError on reaching bytes that are none, `ERR_CODEC_LIMIT` for too many attachments; those
 * before have been given
 */
export function* networkPushPullEntries(
  data: Uint8Array,
): Generator<AttachmentEntry, Pick<NetworkPushPull, 'time' | 'node'>, void> {
  const reader = readerOf(data);
  let count = 0;
  let time: WireTime = 0;
  let node = '';
  while (reader.pos < reader.len) {
    const entry = decodeGuarded('network push/pull', () => {
      const tag = reader.tag();
      if (tag === PUSH_PULL_NETWORKS) return decodeAttachment(reader);
      if (tag === PUSH_PULL_TIME) time = fromWireTime(reader.uint64());
      else if (tag === PUSH_PULL_NODE) node = reader.stringVerify();
      else reader.skipType(tag & 7, 0, tag >>> 3);
      return null;
    });
    if (entry === null) continue;
    count += 1;
    if (count > MAX_ATTACHMENTS) throw limitError('attachments', count, MAX_ATTACHMENTS);
    yield entry;
  }
  return { time, node };
}

function decodeAttachment(reader: $protobuf.Reader): AttachmentEntry {
  const m = schema.NetworkEntry.decode(reader, reader.uint32());
  return {
    network: m.networkId,
    time: fromWireTime(m.lTime),
    node: m.nodeName,
    isLeaving: m.leaving,
  };
}

const BULK_SYNC_TIME = tagOf(1, VARINT);
const BULK_SYNC_UNSOLICITED = tagOf(2, VARINT);
const BULK_SYNC_NODE = tagOf(3, LENGTH_DELIMITED);
const BULK_SYNC_NETWORKS = tagOf(4, LENGTH_DELIMITED);
const BULK_SYNC_PAYLOAD = tagOf(5, LENGTH_DELIMITED);
/** Of the payload of a bulk sync. */
export const PAYLOAD_TAG: number = BULK_SYNC_PAYLOAD;
const BULK_SYNC_OWN_ONLY = tagOf(16, VARINT);

/**
 * Reads a bulk sync; the payload is a view, to be walked with `compoundParts` piece by piece.
 *
 * @throws CodecError for bytes that are none, `ERR_CODEC_LIMIT` for too many networks
 */
export function decodeBulkSync(data: Uint8Array): BulkSync {
  return decodeGuarded('bulk sync', () => {
    const reader = readerOf(data);
    const networks: string[] = [];
    let time: WireTime = 0;
    let isRequest = false;
    let node = '';
    let payload: Uint8Array = new Uint8Array(0);
    let ownOnly = false;
    while (reader.pos < reader.len) {
      const tag = reader.tag();
      if (tag === BULK_SYNC_TIME) time = fromWireTime(reader.uint64());
      else if (tag === BULK_SYNC_UNSOLICITED) isRequest = reader.bool();
      else if (tag === BULK_SYNC_NODE) node = reader.stringVerify();
      else if (tag === BULK_SYNC_PAYLOAD) payload = reader.bytes();
      else if (tag === BULK_SYNC_OWN_ONLY) ownOnly = reader.bool();
      else if (tag === BULK_SYNC_NETWORKS) {
        if (networks.length === MAX_BULK_SYNC_NETWORKS) {
          throw limitError('networks of a bulk sync', networks.length + 1, MAX_BULK_SYNC_NETWORKS);
        }
        networks.push(reader.stringVerify());
      } else reader.skipType(tag & 7, 0, tag >>> 3);
    }
    const message = { time, isRequest, node, networks, payload };
    return ownOnly ? { ...message, ownOnly } : message;
  });
}
