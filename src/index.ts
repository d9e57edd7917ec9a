export type { Member, NameConflict, Warning, WarningCode } from './memberlist/index.ts';
export type {
  EncryptionOptions,
  JoinTarget,
  Profile,
  RingKeyInfo,
  RuntimeOptions,
} from './memberlist/index.ts';
export * from './networkdb/index.ts';
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
