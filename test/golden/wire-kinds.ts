import type {
  BulkSync,
  NetworkEvent,
  NetworkPushPull,
  NodeEvent,
  PacketMessage,
  StreamMessage,
  StreamOpener,
  StreamSealer,
  TableEvent,
  Wire,
} from '../../src/codec/index.ts';
import {
  compoundParts,
  compressLzw,
  createWire,
  decodeBulkSync,
  decodeGossip,
  decodeNetworkEvent,
  decodeNetworkPushPull,
  decodeNodeEvent,
  decodeTableEvent,
  decompressLzw,
  encodeBulkSync,
  encodeCompound,
  encodeCompoundMessage,
  encodeNetworkEvent,
  encodeNetworkPushPull,
  encodeNodeEvent,
  encodeTableEvent,
  keyFingerprint,
  Keyring,
  splitCompound,
  wrapGossip,
} from '../../src/codec/index.ts';
import { decodeCapabilities, encodeCapabilities } from '../../src/networkdb/index.ts';

/*
 * How each kind of value that a release has sent is written and read. A kind stays here as long as a
 * kept file holds one, so that every later version proves to read it.
 */

/** Both directions of a kind. */
export interface WireKind<Value> {
  write(value: Value): Uint8Array;
  /** Null where nothing is read back: what is only ever compared. */
  readonly read: ((bytes: Uint8Array, value: Value) => unknown) | null;
}

/** One side of a ring, and all the random bytes it will need, in order. */
export interface Sealing {
  readonly label: Uint8Array;
  readonly keys: readonly Uint8Array[];
  readonly entropy: Uint8Array;
}

/** A message in a datagram. */
export interface PacketValue extends Sealing {
  readonly message: Uint8Array;
}

/** Plaintext over a stream, there or back. */
export interface StreamValue extends Sealing {
  readonly plaintext: Uint8Array;
}

interface CapabilitiesValue {
  readonly features: number;
  readonly user: Uint8Array;
}

function wireOf({ label, keys, entropy }: Sealing): Wire {
  let at = 0;
  return createWire('protobuf', {
    keyring: new Keyring(keys, [32]),
    label,
    entropy: {
      fill: (target) => {
        if (at + target.length > entropy.length) throw new RangeError('more entropy is wanted');
        target.set(entropy.subarray(at, at + target.length));
        at += target.length;
      },
    },
    verifyIncoming: true,
    verifyOutgoing: true,
    compression: true,
  });
}

function joined(pieces: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...pieces]));
}

function sealAll(sealer: StreamSealer, plaintext: Uint8Array): Uint8Array {
  return joined([...sealer.push(plaintext), ...sealer.finish()]);
}

function openAll(opener: StreamOpener, bytes: Uint8Array): Uint8Array {
  const pieces = [...opener.push(bytes)];
  while (opener.hasMore === true) pieces.push(...opener.push(new Uint8Array(0)));
  if (!opener.isComplete) throw new RangeError('the stream is not whole');
  return joined(pieces);
}

/** The messages need no keys. */
const plain = wireOf({ label: new Uint8Array(0), keys: [], entropy: new Uint8Array(0) });

const packetMessage: WireKind<PacketMessage> = {
  write: (message) => plain.encodePacketMessage(message),
  read: (bytes) => plain.decodePacketMessage(bytes),
};

const streamMessage: WireKind<StreamMessage> = {
  write: (message) => joined(plain.encodeStreamMessage(message)),
  read: (bytes) => {
    const reader = plain.createStreamReader();
    reader.push(bytes);
    return reader.message;
  },
};

const packet: WireKind<PacketValue> = {
  write: (value) => wireOf(value).packets.seal(value.message),
  read: (bytes, value) => ({ ...value, message: wireOf(value).packets.open(bytes).message }),
};

const streamRequest: WireKind<StreamValue> = {
  write: (value) => sealAll(wireOf(value).streams.initiate().request, value.plaintext),
  read: (bytes, value) => {
    return { ...value, plaintext: openAll(wireOf(value).streams.accept().request, bytes) };
  },
};

/** The answer to an empty request whose salt is the first of the entropy. */
const streamReply: WireKind<StreamValue> = {
  write: (value) => {
    const wire = wireOf(value);
    const request = sealAll(wire.streams.initiate().request, new Uint8Array(0));
    const accepted = wire.streams.accept();
    openAll(accepted.request, request);
    return sealAll(accepted.reply, value.plaintext);
  },
  read: (bytes, value) => {
    return { ...value, plaintext: openAll(wireOf(value).streams.initiate().reply, bytes) };
  },
};

const gossip: WireKind<{ readonly type: number; readonly data: Uint8Array }> = {
  write: ({ type, data }) => wrapGossip(type, data),
  read: decodeGossip,
};

const gossipCompound: WireKind<{ readonly parts: readonly Uint8Array[] }> = {
  write: ({ parts }) => encodeCompoundMessage(parts),
  read: (bytes) => ({ parts: [...compoundParts(decodeGossip(bytes).data)] }),
};

const capabilities: WireKind<CapabilitiesValue> = {
  write: ({ features, user }) => encodeCapabilities(features, user),
  read: (bytes) => {
    const { features, user } = decodeCapabilities(bytes);
    return { features, user };
  },
};

/** Every kind by name. */
export const WIRE_KINDS = {
  packetMessage,
  compound: {
    write: ({ parts }) => encodeCompound(parts),
    read: (bytes) => ({ parts: splitCompound(bytes).parts }),
  } satisfies WireKind<{ readonly parts: readonly Uint8Array[] }>,
  packet,
  streamMessage,
  streamRequest,
  streamReply,
  refusal: {
    write: (error) => joined(plain.streams.accept().refuse(error)),
    read: (bytes) => streamMessage.read?.(openAll(plain.streams.initiate().reply, bytes), noError),
  } satisfies WireKind<Extract<StreamMessage, { type: 'error' }>>,
  lzw: {
    write: ({ bytes }) => compressLzw(bytes) ?? new Uint8Array(0),
    read: (bytes) => ({ bytes: decompressLzw(bytes, 1_000_000) }),
  } satisfies WireKind<{ readonly bytes: Uint8Array }>,
  nodeEvent: { write: encodeNodeEvent, read: decodeNodeEvent } satisfies WireKind<NodeEvent>,
  networkEvent: {
    write: encodeNetworkEvent,
    read: decodeNetworkEvent,
  } satisfies WireKind<NetworkEvent>,
  tableEvent: { write: encodeTableEvent, read: decodeTableEvent } satisfies WireKind<TableEvent>,
  networkPushPull: {
    write: encodeNetworkPushPull,
    read: decodeNetworkPushPull,
  } satisfies WireKind<NetworkPushPull>,
  bulkSync: { write: encodeBulkSync, read: decodeBulkSync } satisfies WireKind<BulkSync>,
  gossip,
  gossipCompound,
  capabilities,
  keyFingerprint: {
    write: ({ key }) => new TextEncoder().encode(keyFingerprint(key)),
    read: null,
  } satisfies WireKind<{ readonly key: Uint8Array }>,
} as const;

const noError = { type: 'error', reason: 'unknown', text: '' } as const;

/** The name of a kind. */
export type WireKindName = keyof typeof WIRE_KINDS;

/** The kind of that name, for values that come out of a file. */
export function wireKind(name: string): WireKind<unknown> {
  const kind = (WIRE_KINDS as unknown as Record<string, WireKind<unknown>>)[name];
  if (kind === undefined) throw new RangeError(`a file holds the unknown kind ${name}`);
  return kind;
}
