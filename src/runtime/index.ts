export {
  canonicalHost,
  formatAddress,
  hostFromBytes,
  hostToBytes,
  isLocalScope,
  isPrivateHost,
  isReachableHost,
  sameAddress,
  sharedAddress,
  sharedAddressText,
} from './address.ts';
export type { Clock, Timer } from './clock.ts';
export { Validator } from './config.ts';
export type { ConfigProblem, ErrorCode, ErrorDetails } from './errors.ts';
export {
  closedError,
  CodecError,
  ConfigError,
  CryptoError,
  ERROR_CODES,
  GossipError,
  StateError,
  TimeoutError,
  TransportError,
} from './errors.ts';
export type { FileStore } from './files.ts';
export type { LogFields, Logger } from './logger.ts';
export { forgivingLogger, silentLogger } from './logger.ts';
export { Counters } from './metrics.ts';
export { quietLogger } from './quiet-logger.ts';
export type { Entropy, Random } from './random.ts';
export { randomBelow, randomFraction, sample, SeededRandom, shuffle } from './random.ts';
export type { TickerOptions } from './ticker.ts';
export { Ticker } from './ticker.ts';
export type { BindTarget, StreamCloseReason } from './transport-errors.ts';
export {
  addressInUse,
  addressUnavailable,
  dialFailed,
  sendFailed,
  streamClosed,
  streamTooLong,
} from './transport-errors.ts';
export type {
  Address,
  InterfaceAddress,
  ListenOptions,
  Resolver,
  StreamConnection,
  StreamHandlers,
  StreamLimits,
  Transport,
  TransportHandlers,
} from './transport.ts';
export { isWellFormed, utf8, utf8Length } from './text.ts';
export type { Waiter, WaitOptions } from './waiters.ts';
export { checkFields, checkWait, Waiters } from './waiters.ts';
