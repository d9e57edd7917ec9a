import { MAX_PORT, MAX_UINT32 } from './swim-checks.ts';
import { MsgpackReader, MsgpackWriter } from './msgpack.ts';
import { requireInteger } from './text.ts';

/*
 * The bodies of Go memberlist's messages, each one msgpack map of a fixed shape.
 *
 * A shape names the keys in the order in which they are written, which is that of their bytes. Keys that
 * end up empty are left out only where Go leaves them out. On reading, keys come in any order, the last of
 * a repeated one counts, missing ones are zero, and unknown ones are passed over.
 */

/** How a field travels. `optional…` is left out when it is zero or empty. */
export type FieldKind =
  | 'text'
  | 'optionalText'
  | 'bytes'
  | 'optionalBytes'
  | 'boolean'
  | 'uint8'
  | 'uint16'
  | 'optionalUint16'
  | 'uint32'
  /** Signed in Go, whose newer codec writes it otherwise above 127; both read both. */
  | 'int';

/** The keys of a body. */
export type GoShape = Readonly<Record<string, FieldKind>>;

interface FieldTypes {
  readonly text: string;
  readonly optionalText: string;
  /** Null is Go's nil. */
  readonly bytes: Uint8Array | null;
  readonly optionalBytes: Uint8Array | null;
  readonly boolean: boolean;
  readonly uint8: number;
  readonly uint16: number;
  readonly optionalUint16: number;
  readonly uint32: number;
  readonly int: number;
}

/** The values of a body. */
export type GoBody<S extends GoShape> = { readonly [K in keyof S]: FieldTypes[S[K]] };

/** Every shape of the protocol. */
export const GO_SHAPES = {
  ping: {
    Node: 'text',
    SeqNo: 'uint32',
    SourceAddr: 'optionalBytes',
    SourceNode: 'optionalText',
    SourcePort: 'optionalUint16',
  },
  indirectPing: {
    Nack: 'boolean',
    Node: 'text',
    Port: 'uint16',
    SeqNo: 'uint32',
    SourceAddr: 'optionalBytes',
    SourceNode: 'optionalText',
    SourcePort: 'optionalUint16',
    Target: 'bytes',
  },
  ack: { Payload: 'bytes', SeqNo: 'uint32' },
  nack: { SeqNo: 'uint32' },
  error: { Error: 'text' },
  accusation: { From: 'text', Incarnation: 'uint32', Node: 'text' },
  alive: {
    Addr: 'bytes',
    Incarnation: 'uint32',
    Meta: 'bytes',
    Node: 'text',
    Port: 'uint16',
    Vsn: 'bytes',
  },
  pushPullHeader: { Join: 'boolean', Nodes: 'int', UserStateLen: 'int' },
  pushPullNode: {
    Addr: 'bytes',
    Incarnation: 'uint32',
    Meta: 'bytes',
    Name: 'text',
    Port: 'uint16',
    State: 'int',
    Vsn: 'bytes',
  },
  userHeader: { UserMsgLen: 'int' },
  compress: { Algo: 'uint8', Buf: 'bytes' },
} as const;

const writer = new MsgpackWriter();

/**
 * The bytes of a body.
 *
 * @param type - the type byte in front; null for none
 * @throws CodecError `ERR_CODEC_MALFORMED` for numbers out of range and text without a UTF-8 form
 */
export function encodeBody<S extends GoShape>(
  type: number | null,
  shape: S,
  body: GoBody<S>,
): Uint8Array {
  const fields = Object.entries(shape)
    .map(([key, kind]) => [key, kind, body[key]] as const)
    .filter(([, kind, value]) => !isOptional(kind) || !isEmpty(value));
  writer.begin();
  if (type !== null) writer.byte(type);
  writer.map(fields.length);
  for (const [key, kind, value] of fields) {
    writer.text('key', key);
    writeField(key, kind, value);
  }
  return writer.finish();
}

/**
 * Reads a body; bytes behind it are ignored.
 *
 * @returns the values, bytes among them as views
 * @throws CodecError `ERR_CODEC_TRUNCATED`, `ERR_CODEC_MALFORMED`, `ERR_CODEC_LIMIT`
 */
export function decodeBody<S extends GoShape>(shape: S, bytes: Uint8Array): GoBody<S> {
  const reader = new MsgpackReader(bytes);
  const body: Record<string, unknown> = {};
  for (const [key, kind] of Object.entries(shape)) body[key] = zeroOf(kind);
  const entries = reader.mapEntries();
  for (let i = 0; i < entries; i += 1) {
    const key = reader.key();
    const kind = key !== null && Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (key === null || kind === undefined) reader.skip();
    else body[key] = readField(reader, kind);
  }
  return body as GoBody<S>;
}

type FieldValue = FieldTypes[FieldKind] | undefined;

function isOptional(kind: FieldKind): boolean {
  return kind === 'optionalText' || kind === 'optionalBytes' || kind === 'optionalUint16';
}

function isEmpty(value: FieldValue): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return value === null || value === '' || value === 0;
}

function zeroOf(kind: FieldKind): FieldValue {
  switch (kind) {
    case 'text':
    case 'optionalText':
      return '';
    case 'bytes':
    case 'optionalBytes':
      return null;
    case 'boolean':
      return false;
    case 'uint8':
    case 'uint16':
    case 'optionalUint16':
    case 'uint32':
    case 'int':
      return 0;
  }
}

function maxOf(kind: 'uint8' | 'uint16' | 'optionalUint16' | 'uint32' | 'int'): number {
  switch (kind) {
    case 'uint8':
      return 255;
    case 'uint16':
    case 'optionalUint16':
      return MAX_PORT;
    case 'uint32':
    case 'int':
      return MAX_UINT32;
  }
}

function readField(reader: MsgpackReader, kind: FieldKind): FieldValue {
  switch (kind) {
    case 'text':
    case 'optionalText':
      return reader.text();
    case 'bytes':
    case 'optionalBytes':
      return reader.bytes();
    case 'boolean':
      return reader.boolean();
    case 'int':
      return reader.integer();
    case 'uint8':
    case 'uint16':
    case 'optionalUint16':
    case 'uint32':
      return reader.unsigned(maxOf(kind));
  }
}

function writeField(key: string, kind: FieldKind, value: FieldValue): void {
  switch (kind) {
    case 'text':
    case 'optionalText':
      return writer.text(key, value as string);
    case 'bytes':
    case 'optionalBytes':
      return writer.bytes(value as Uint8Array | null);
    case 'boolean':
      return writer.boolean(value as boolean);
    case 'uint8':
    case 'uint16':
    case 'optionalUint16':
    case 'uint32':
    case 'int':
      return writer.integer(requireInteger(key, value as number, maxOf(kind)));
  }
}

/** Whether a body begins as a protobuf message of the default wire does: no map of msgpack begins so. */
export function isProtobufBody(body: Uint8Array): boolean {
  const first = body[0];
  return first !== undefined && first < 0x80;
}
