/*
 * SWIM messages as the layers above see them, the same for both wires. The message type byte, the
 * layout of compounds and the order of a push/pull are common; how a body becomes bytes is the
 * wire's affair (`swim-protobuf.ts`, and msgpack beside Go).
 */

/** First byte of every message. Only append; numbers up to 13 and 244 are memberlist's. */
export const MESSAGE_TYPE = {
  ping: 0,
  indirectPing: 1,
  ack: 2,
  suspect: 3,
  alive: 4,
  dead: 5,
  pushPull: 6,
  compound: 7,
  user: 8,
  compress: 9,
  sealed: 10,
  nack: 11,
  checksum: 12,
  error: 13,
  framed: 14,
  label: 244,
} as const;

/** The six version bytes: protocol min, max, current; delegate min, max, current. */
export type VersionVector = Uint8Array;

/** Where an answer should go: the asker's advertised endpoint. Empty bytes and name when not given. */
export interface MessageSource {
  readonly sourceAddress: Uint8Array;
  readonly sourcePort: number;
  readonly sourceNode: string;
}

/** "Are you there?", to `node`; empty matches anyone. */
export interface PingMessage extends MessageSource {
  readonly type: 'ping';
  /** uint32, copied into the ack. */
  readonly seq: number;
  readonly node: string;
}

/** "Ask `node` for me", to a helper. */
export interface IndirectPingMessage extends MessageSource {
  readonly type: 'indirectPing';
  readonly seq: number;
  readonly node: string;
  /** Address bytes of the target, in the form in which its owner announced them. */
  readonly target: Uint8Array;
  readonly port: number;
  /** The asker wants a nack when the target stays silent. */
  readonly wantsNack: boolean;
}

export interface AckMessage {
  readonly type: 'ack';
  readonly seq: number;
  /** Empty when there is none. */
  readonly payload: Uint8Array;
}

export interface NackMessage {
  readonly type: 'nack';
  readonly seq: number;
}

export interface SuspectMessage {
  readonly type: 'suspect';
  /** uint32 */
  readonly incarnation: number;
  readonly node: string;
  readonly from: string;
}

/** `from` equal to `node`: it left on purpose. */
export interface DeadMessage {
  readonly type: 'dead';
  readonly incarnation: number;
  readonly node: string;
  readonly from: string;
}

export interface AliveMessage {
  readonly type: 'alive';
  readonly incarnation: number;
  readonly node: string;
  /** 4 or 16 bytes, as received. */
  readonly address: Uint8Array;
  readonly port: number;
  readonly metadata: Uint8Array;
  readonly versions: VersionVector;
  /** Random 4 bytes drawn at each start; empty on the memberlist wire. */
  readonly startId: Uint8Array;
}

/** A message that travels in packets, alone or in a compound. */
export type PacketMessage =
  | PingMessage
  | IndirectPingMessage
  | AckMessage
  | NackMessage
  | SuspectMessage
  | AliveMessage
  | DeadMessage;

/** Member states as push/pull carries them: 0 alive, 1 suspect, 2 dead, 3 left. */
export const NODE_STATES = ['alive', 'suspect', 'dead', 'left'] as const;
export type NodeState = (typeof NODE_STATES)[number];

/** One record of a push/pull. */
export interface PushPullNode {
  readonly name: string;
  readonly address: Uint8Array;
  readonly port: number;
  readonly metadata: Uint8Array;
  readonly incarnation: number;
  readonly state: NodeState;
  readonly versions: VersionVector;
  readonly startId: Uint8Array;
}

export interface PushPullMessage {
  readonly type: 'pushPull';
  readonly join: boolean;
  readonly nodes: readonly PushPullNode[];
  readonly userState: Uint8Array;
}

/** Why a peer refused a stream; only the reason is acted on, the text is for people. */
export const REFUSAL_REASONS = ['unknown', 'label', 'key', 'malformed', 'busy', 'refused'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export interface ErrorMessage {
  readonly type: 'error';
  readonly reason: RefusalReason;
  readonly text: string;
}

export interface UserMessage {
  readonly type: 'user';
  readonly payload: Uint8Array;
}

/** A message that travels on a stream, one in each direction at most. */
export type StreamMessage = PushPullMessage | UserMessage | PingMessage | AckMessage | ErrorMessage;
