/**
 * Every code an error of this package can carry. Only append; each has an entry in `docs/errors.md`
 * that says when it is raised, whether state changed and whether trying again helps.
 */
export const ERROR_CODES = [
  'ERR_CONFIG_INVALID',
  'ERR_ARGUMENT_INVALID',
  'ERR_CODEC_TRUNCATED',
  'ERR_CODEC_MALFORMED',
  'ERR_CODEC_LIMIT',
  'ERR_CODEC_UNSUPPORTED',
  'ERR_CODEC_CHECKSUM',
  'ERR_CODEC_OTHER_WIRE',
  'ERR_LABEL_MISMATCH',
  'ERR_KEY_INVALID',
  'ERR_KEY_UNKNOWN',
  'ERR_KEY_PRIMARY',
  'ERR_KEY_MISMATCH',
  'ERR_NOT_SEALED',
  'ERR_SEALED',
  'ERR_ADDRESS_IN_USE',
  'ERR_ADDRESS_UNAVAILABLE',
  'ERR_TRANSPORT',
  'ERR_DIAL_FAILED',
  'ERR_STREAM_CLOSED',
  'ERR_STREAM_LIMIT',
  'ERR_NAME_LOOKUP',
  'ERR_FILE',
  'ERR_JOIN_FAILED',
  'ERR_MERGE_REFUSED',
  'ERR_REMOTE',
  'ERR_TIMEOUT',
  'ERR_NO_PING_RESPONSE',
  'ERR_PACKET_TOO_LARGE',
  'ERR_MESSAGE_TOO_LARGE',
  'ERR_VALUE_TOO_LARGE',
  'ERR_NAME_INVALID',
  'ERR_MEMBER_UNKNOWN',
  'ERR_NETWORK_NOT_JOINED',
  'ERR_NETWORK_JOINED',
  'ERR_ENTRY_EXISTS',
  'ERR_ENTRY_NOT_FOUND',
  'ERR_ENTRY_NOT_OWNED',
  'ERR_TABLE_CODEC',
  'ERR_WATCH_OVERFLOW',
  'ERR_LEFT',
  'ERR_CLOSED',
  'ERR_INTERNAL',
  'ERR_NODE_NAME_REQUIRED',
  'ERR_NOT_LEFT',
  'ERR_JOIN_RUNNING',
  'ERR_CHECK_FAILED',
] as const;

/** One of the stable error codes; match on these, not on messages. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What may accompany an error: numbers and names that matter, and the cause. */
export interface ErrorDetails {
  readonly cause?: unknown;
  readonly [field: string]: unknown;
}

const BRAND = Symbol.for('networkdb.GossipError');

/**
 * Base of every error this package throws or rejects with.
 *
 * `code` is stable; `fields` carries the measured numbers (`sizeBytes`, `limitBytes`, …). `instanceof`
 * holds across two installed copies of the package, through a registered symbol.
 */
export class GossipError extends Error {
  readonly code: ErrorCode;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { cause, ...fields } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.fields = Object.freeze(fields);
    Object.defineProperty(this, BRAND, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== GossipError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

/** One thing wrong with a configuration. */
export interface ConfigProblem {
  /** Where: `probe.timeoutMs`. */
  readonly path: string;
  /** What was given. */
  readonly value: unknown;
  /** What must hold: `a number of milliseconds above 0`. */
  readonly rule: string;
}

/** A configuration was refused; lists every problem at once. */
export class ConfigError extends GossipError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map((p) => `  ${p.path}: must be ${p.rule} (got ${show(p.value)})`);
    super('ERR_CONFIG_INVALID', `invalid configuration:\n${lines.join('\n')}`);
    this.problems = Object.freeze([...problems]);
  }
}

/** Bytes could not be read, or a message could not be written. */
export class CodecError extends GossipError {}
/** Keys, or bytes that no key opens. */
export class CryptoError extends GossipError {}
/** Sockets, dialling and name lookups. */
export class TransportError extends GossipError {}
/** The call does not fit the present state. */
export class StateError extends GossipError {}
/** Something did not happen in time. */
export class TimeoutError extends GossipError {}

/** What a call of a closed node throws. */
export function closedError(): StateError {
  return new StateError('ERR_CLOSED', 'this node is closed');
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
  }
  return String(value);
}
