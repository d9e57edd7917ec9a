export type {
  EventItem,
  EventStream,
  EventStreamOptions,
  Member,
  NameConflict,
  Warning,
  WarningCode,
} from './memberlist/index.ts';
export type {
  EncryptionOptions,
  JoinTarget,
  Listener,
  Profile,
  RejoinOptions,
  RingKeyInfo,
  RingKeys,
  RuntimeOptions,
} from './memberlist/index.ts';
export type {
  Change,
  JoinNetworkWait,
  Network,
  NetworkDBEventMap,
  NetworkDBOptions,
  NetworkDBStats,
  Table,
  TableCodec,
  TableEntry,
  TableOptions,
  TableTimings,
  TableWatchOptions,
  WatchOptions,
  WriteConflict,
  WritersPolicy,
} from './networkdb/index.ts';
export { bytes, json, NetworkDB, utf8 } from './networkdb/index.ts';
export type { ConfigProblem, ErrorCode, LogFields, Logger, WaitOptions } from './runtime/index.ts';
export {
  CodecError,
  ConfigError,
  CryptoError,
  ERROR_CODES,
  GossipError,
  StateError,
  TimeoutError,
  TransportError,
} from './runtime/index.ts';
