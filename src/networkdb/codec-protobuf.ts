import { StateError } from '../runtime/index.ts';
import type { TableCodec } from './codecs.ts';

/*
 * Values that are protobuf messages. The type is the user's own, of protobufjs or with the same
 * functions, so that this package need not be built with the same version.
 */

/** What is used of a protobufjs `Type`; its static classes have the same functions. */
export interface ProtobufType {
  /** Why a value cannot be encoded, or null. */
  verify(message: Record<string, unknown>): string | null;
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

/** Options of {@link protobuf}. */
export interface ProtobufOptions {
  /**
   * Bytes of an encoded value, 1 or more; longer ones are neither written nor read. The table's own
   * limit, `limits.maxValueBytes`, holds besides.
   *
   * @defaultValue 1048576
   */
  readonly maxBytes?: number | undefined;
  /**
   * Whether values pass `verify` of the type, before they are encoded and after they were decoded.
   *
   * @defaultValue true
   */
  readonly verify?: boolean | undefined;
}

/**
 * Values are messages of a protobuf type.
 *
 * @param type - for example `root.lookupType('Service')`, or a class made by `pbjs --target static-module`
 * @throws StateError `ERR_ARGUMENT_INVALID`
 * @remarks `T` is what you say the type is; nobody compares the two. What is read is what `decode` of the
 * type returns: an instance of the message, absent fields at their defaults on its prototype, 64-bit
 * integers as protobufjs is set up to give them. Fields that the
 * type does not know are dropped, so writing back what was read loses what a newer peer had put in.
 * `verify` checks the kinds of fields, not their meaning.
 */
export function protobuf<T extends object>(
  type: ProtobufType,
  options: ProtobufOptions = {},
): TableCodec<T> {
  const { maxBytes = DEFAULT_MAX_BYTES, verify = true } = options;
  checkArguments(type, maxBytes, verify);
  const checkSize = (sizeBytes: number): void => {
    if (sizeBytes <= maxBytes) return;
    const text = `a message of ${sizeBytes} bytes, of ${maxBytes} allowed`;
    throw new StateError('ERR_TABLE_CODEC', text, { sizeBytes, limitBytes: maxBytes });
  };
  const check = (message: T): void => {
    const problem = verify ? type.verify(message as Record<string, unknown>) : null;
    if (problem !== null) throw new StateError('ERR_TABLE_CODEC', `the message has: ${problem}`);
  };
  return Object.freeze({
    encode: (value: T): Uint8Array => {
      check(value);
      const encoded = type.encode(value).finish();
      checkSize(encoded.length);
      return encoded;
    },
    decode: (value: Uint8Array): T => {
      checkSize(value.length);
      const message = type.decode(value) as T;
      check(message);
      return message;
    },
  });
}

const DEFAULT_MAX_BYTES = 1_048_576;

function checkArguments(type: unknown, maxBytes: unknown, verify: unknown): void {
  const functions = (type ?? {}) as Record<string, unknown>;
  const isType = ['verify', 'encode', 'decode'].every(
    (name) => typeof functions[name] === 'function',
  );
  const isSize = Number.isSafeInteger(maxBytes) && Number(maxBytes) >= 1;
  if (isType && isSize && typeof verify === 'boolean') return;
  const text = !isType
    ? 'a protobuf type has the functions verify, encode and decode'
    : isSize
      ? 'verify must be true or false'
      : 'maxBytes must be an integer of 1 or more';
  throw new StateError('ERR_ARGUMENT_INVALID', text, { maxBytes, verify });
}
