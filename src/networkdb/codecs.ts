import { StateError } from '../runtime/index.ts';
import type { Schema } from './codec-schema.ts';
import { checkOf } from './codec-schema.ts';

/*
 * Values of a table as the user sees them, and as bytes. A codec is for one table; all nodes must use
 * the same, since the bytes say nothing of it.
 */

/** Turns values into bytes and back. */
export interface TableCodec<T> {
  /** The bytes of a value; throws when it has none. */
  encode(value: T): Uint8Array;
  /** The value of bytes; throws when they are none. The bytes are the codec's own to keep. */
  decode(bytes: Uint8Array): T;
}

/** Values are bytes. The default. */
export const bytes: TableCodec<Uint8Array> = Object.freeze({
  encode: (value: Uint8Array): Uint8Array => {
    if (value instanceof Uint8Array) return value;
    throw new StateError('ERR_TABLE_CODEC', 'a value of a table without a codec must be bytes');
  },
  decode: (value: Uint8Array): Uint8Array => value,
});

/** Values are text, as UTF-8. */
export function utf8(): TableCodec<string> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return Object.freeze({
    encode: (value: string): Uint8Array => {
      if (typeof value === 'string') return encoder.encode(value);
      throw new StateError('ERR_TABLE_CODEC', 'a value of a text table must be text');
    },
    decode: (value: Uint8Array): string => decoder.decode(value),
  });
}

/**
 * Values are whatever JSON can say, as UTF-8.
 *
 * @param schema - checks what is read, and, after a trip through JSON, what is written; what it returns
 * is the value. Without it `T` is what you promise to write, and what a peer wrote is parsed, not
 * checked against it
 * @throws StateError `ERR_ARGUMENT_INVALID` when the schema is none
 */
export function json<T>(schema?: Schema<T>): TableCodec<T> {
  const text = utf8();
  const check = schema === undefined ? null : checkOf(schema);
  const parse = (encoded: string): T => {
    const parsed: unknown = JSON.parse(encoded);
    return check === null ? (parsed as T) : check(parsed);
  };
  return Object.freeze({
    encode: (value: T): Uint8Array => {
      const encoded = JSON.stringify(value) as string | undefined;
      if (encoded === undefined) {
        throw new StateError('ERR_TABLE_CODEC', 'the value has no form in JSON');
      }
      if (check !== null) parse(encoded);
      return text.encode(encoded);
    },
    decode: (value: Uint8Array): T => parse(text.decode(value)),
  });
}

/** Encodes with the codec. @throws StateError `ERR_TABLE_CODEC` with what the codec threw as cause */
export function encodeValue<T>(codec: TableCodec<T>, value: T): Uint8Array {
  return guarded('encode', () => {
    const encoded: unknown = codec.encode(value);
    if (encoded instanceof Uint8Array) return encoded;
    throw new TypeError(`a codec's encode must give a Uint8Array, got ${typeof encoded}`);
  });
}

/** Decodes with the codec. @throws StateError `ERR_TABLE_CODEC` with what the codec threw as cause */
export function decodeValue<T>(codec: TableCodec<T>, value: Uint8Array): T {
  return guarded('decode', () => codec.decode(value));
}

function guarded<R>(what: 'encode' | 'decode', run: () => R): R {
  try {
    return run();
  } catch (error) {
    if (error instanceof StateError && error.code === 'ERR_TABLE_CODEC') throw error;
    throw new StateError('ERR_TABLE_CODEC', `the table's codec could not ${what} a value`, {
      cause: error,
    });
  }
}
