export type { Broadcast, BroadcastQueueOptions } from './broadcast-queue.ts';
export { BroadcastQueue, retransmitLimit } from './broadcast-queue.ts';
export {
  isNodeName,
  MEMBERLIST_OPTION_KEYS,
  readMemberlistOptions,
  resolveMemberlistConfig,
} from './config.ts';
export type {
  AdmissionDelegate,
  MemberlistDelegates,
  MemberObserver,
  PingDelegate,
  UserDelegate,
} from './delegates.ts';
export type { EventItem, EventStreamOptions } from './event-stream.ts';
export { EventStream } from './event-stream.ts';
export type {
  Listener,
  MemberEvent,
  MemberEventMap,
  NameConflict,
  Warning,
  WarningCode,
} from './events.ts';
export { Listeners } from './events.ts';
export type { JoinTarget, JoinTargetObject } from './join-targets.ts';
export type { JoinAttempt } from './join.ts';
export type { Member } from './member.ts';
export { Memberlist } from './memberlist.ts';
export type { BroadcastOptions, MessageEndpoint, MessageTarget } from './messages.ts';
export { randomNodeName } from './node-name.ts';
export type * from './options.ts';

export type { Ports } from './core.ts';
export { resolvePorts } from './assemble.ts';
export type { RingKeyInfo } from './ring-keys.ts';
export { RingKeys } from './ring-keys.ts';
export type { MemberlistStats } from './stats.ts';
export type { ErrorCode } from '../runtime/index.ts';
export {
  CodecError,
  CryptoError,
  GossipError,
  ConfigError,
  StateError,
  TimeoutError,
  TransportError,
} from '../runtime/index.ts';
