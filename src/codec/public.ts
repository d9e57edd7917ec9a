export { AES_KEY_LENGTHS } from './aes-gcm.ts';
export { addChecksum, CHECKSUM_HEADER_BYTES, crc32, removeChecksum } from './checksum.ts';
export type { SplitCompound } from './compound.ts';
export {
  COMPOUND_HEADER_BYTES,
  COMPOUND_PART_BYTES,
  encodeCompound,
  splitCompound,
} from './compound.ts';
export { compressLzw, decompressLzw } from './compression.ts';
export type {
  AcceptedStream,
  EnvelopeOptions,
  InitiatedStream,
  OpenedPacket,
  PacketEnvelope,
  PacketOptions,
  StreamEnvelope,
  StreamEnvelopeOptions,
  StreamOpener,
  StreamSealer,
} from './envelope.ts';
export type { GossipMessage, GossipType } from './gossip-envelope.ts';
export {
  compoundMessageBytes,
  compoundPartBytes,
  compoundParts,
  decodeGossip,
  encodeCompoundMessage,
  GOSSIP_TYPE,
  wrapGossip,
} from './gossip-envelope.ts';
export type { KeyInfo, RingKey } from './keyring.ts';
export { keyFingerprint, Keyring } from './keyring.ts';
export type { SplitLabel } from './label.ts';
export { labelHeader, requireLabel, splitLabel } from './label.ts';
export * from './limits.ts';
export * from './messages.ts';
export type {
  AttachmentEntry,
  BulkSync,
  NetworkEvent,
  NetworkPushPull,
  NodeEvent,
} from './networkdb-messages.ts';
export {
  decodeBulkSync,
  decodeNetworkEvent,
  decodeNetworkPushPull,
  decodeNodeEvent,
  encodeAttachments,
  encodeBulkSync,
  encodeNetworkEvent,
  encodeNetworkPushPull,
  encodeNodeEvent,
  joinNetworkPushPull,
  networkPushPullEntries,
} from './networkdb-messages.ts';
export { PacketCodec } from './packet.ts';
export type { EntropySource } from './secretbox.ts';
export { SECRETBOX_KEY_LENGTHS } from './secretbox.ts';
/** @internal */
export { StreamCodec } from './stream.ts';
export { hasStreamEnded } from './stream-end.ts';
export { decodePacketMessage, encodePacketMessage } from './swim-protobuf.ts';
export type { StreamReader, StreamReaderLimits } from './swim-stream.ts';
export {
  createStreamReader,
  DEFAULT_STREAM_READER_LIMITS,
  encodeStreamMessage,
} from './swim-stream.ts';
export type { TableEvent } from './table-event.ts';
export { encodeTableEvent } from './table-event.ts';
export { decodeTableEvent } from './table-event-reader.ts';
export type { Wire, WireName, WireStreamLimits } from './wire.ts';
export { createWire, WIRE_NAMES, wireKeyLengths, wireStreamLimits } from './wire.ts';
export type { WireTime } from './wire-time.ts';
export type { ErrorCode } from '../runtime/errors.ts';
export { CodecError, CryptoError, GossipError } from '../runtime/errors.ts';
