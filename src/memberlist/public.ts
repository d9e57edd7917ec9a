/*
 * What `networkdb/memberlist` offers to users: the membership alone. The folder's own door, index.ts, also
 * holds what only the layer above needs, and is no part of the package's surface.
 */

export type { Broadcast, BroadcastQueueOptions } from './broadcast-queue.ts';
export { BroadcastQueue, retransmitLimit } from './broadcast-queue.ts';
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
export type { JoinTarget, JoinTargetObject } from './join-targets.ts';
export type { JoinAttempt } from './join.ts';
export type { Member } from './member.ts';
export type { MemberlistStats } from './stats.ts';
export { Memberlist } from './memberlist.ts';
export type { BroadcastOptions, MessageEndpoint, MessageTarget } from './messages.ts';
export type {
  AwarenessOptions,
  DelegateVersion,
  DnsOptions,
  EncryptionOptions,
  GossipOptions,
  MemberlistLimits,
  MemberlistOptions,
  ProbeOptions,
  Profile,
  PushPullOptions,
  RejoinOptions,
  RuntimeOptions,
  SuspicionOptions,
  WireName,
} from './options.ts';
export type { RingKeyInfo, RingKeys } from './ring-keys.ts';
export type {
  Address,
  Clock,
  ConfigProblem,
  Entropy,
  ErrorCode,
  FileStore,
  InterfaceAddress,
  ListenOptions,
  LogFields,
  Logger,
  Random,
  Resolver,
  StreamConnection,
  StreamHandlers,
  StreamLimits,
  Timer,
  Transport,
  TransportHandlers,
  WaitOptions,
} from '../runtime/index.ts';
export {
  CodecError,
  ConfigError,
  CryptoError,
  ERROR_CODES,
  GossipError,
  StateError,
  TimeoutError,
  TransportError,
} from '../runtime/index.ts';
