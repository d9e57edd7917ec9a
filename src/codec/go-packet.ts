import type { GossipError } from '../runtime/errors.ts';
import { CodecError, CryptoError } from '../runtime/errors.ts';
import type { EnvelopeVersion } from './aes-gcm.ts';
import {
  AES_NONCE_BYTES,
  envelopeOverheadBytes,
  openEnvelope,
  requireEnvelope,
  sealEnvelope,
} from './aes-gcm.ts';
import { concatBytes, copyBytes, plainBytes, truncatedError } from './bytes.ts';
import { addChecksum, CHECKSUM_HEADER_BYTES, removeChecksum } from './checksum.ts';
import { compressIfSmaller } from './compress-message.ts';
import type {
  OpenedPacket,
  PacketEnvelope,
  PacketOptions,
  StreamEnvelopeOptions,
} from './envelope.ts';
import { isProtobufBody } from './go-shapes.ts';
import { labelHeader, takeLabel } from './label.ts';
import { MESSAGE_TYPE } from './messages.ts';
import { SEALED_MARK } from './secretbox.ts';
import { decodeGoPacketMessage } from './swim-msgpack.ts';

/*
 * A datagram of the memberlist wire, outermost layer first, each layer but the message optional:
 *
 *   [f4 length label]  [version nonce(12) ciphertext tag(16)]  [0c CRC-32(4)]  [09 compressed]  message
 *
 * An envelope has no mark of its own: its first byte is its version, 0 or 1, which is also the type of a
 * ping. Whether a packet is sealed is known only from having keys, so that without them a sealed packet is
 * told by what it cannot be. The checksum is for destinations that announce protocol 5; whoever sends it
 * must know that. The compressed message is opened by whoever dispatches messages, within a budget.
 */

/** Protocol version from which a node understands the checksum. */
const CHECKSUM_VERSION = 5;

/** Seals and opens datagrams as Go memberlist does. */
export class GoPacketCodec implements PacketEnvelope {
  readonly #options: StreamEnvelopeOptions;
  readonly #version: EnvelopeVersion;
  readonly #label: Uint8Array;
  readonly #header: Uint8Array;

  /** @throws CodecError `ERR_CODEC_LIMIT` for a label of more than 255 bytes */
  constructor(options: StreamEnvelopeOptions) {
    this.#options = options;
    this.#version = envelopeVersionOf(options);
    this.#label = copyBytes(options.label);
    this.#header = labelHeader(this.#label);
  }

  /** The bytes that {@link seal} adds to a message at most: padding may take up to 15 fewer. */
  overheadBytes(options: PacketOptions = {}): number {
    const checksum = hasChecksum(options) ? CHECKSUM_HEADER_BYTES : 0;
    const envelope = this.#seals() ? envelopeOverheadBytes(this.#version) : 0;
    return this.#header.length + envelope + checksum;
  }

  /** The datagram for a message. */
  seal(message: Uint8Array, options: PacketOptions = {}): Uint8Array {
    const { compression, entropy, keyring } = this.#options;
    let bytes = compression ? compressIfSmaller(message) : message;
    if (hasChecksum(options)) bytes = addChecksum(bytes);
    if (this.#seals()) {
      const nonce = new Uint8Array(AES_NONCE_BYTES);
      entropy.fill(nonce);
      const key = keyring.primary;
      const secret = { key: key.bytes, nonce, bound: this.#label };
      bytes = sealEnvelope(this.#version, bytes, secret);
      keyring.countSealed(key);
    }
    // What is sealed is an array of its own already.
    if (this.#header.length === 0 && bytes !== message) return bytes;
    return concatBytes([this.#header, bytes]);
  }

  /**
   * The message in a datagram; may be a view of it, and may be compressed.
   *
   * @throws CodecError `ERR_LABEL_MISMATCH` for another cluster's packet, `ERR_CODEC_OTHER_WIRE` for one
   * of the protobuf wire, `ERR_CODEC_CHECKSUM`, `ERR_CODEC_TRUNCATED` when it is cut or empty,
   * `ERR_CODEC_MALFORMED` for an empty label or a wrong padding
   * @throws CryptoError `ERR_KEY_MISMATCH` when no key opens it, `ERR_SEALED` when it is sealed and we have
   * no key, `ERR_NOT_SEALED` when we have keys and it is not sealed
   */
  open(datagram: Uint8Array): OpenedPacket {
    const isStripped = this.#options.skipInboundLabelCheck === true;
    const rest = takeLabel(plainBytes(datagram), { expected: this.#label, isStripped });
    if (rest.length === 0) throw truncatedError('packet');
    if (rest[0] === SEALED_MARK) throw otherWireError();
    const { keyring } = this.#options;
    const opened = keyring.isEnabled ? this.#openWithKeys(rest) : openWithoutKeys(rest);
    const message = removeChecksum(opened.message);
    if (message.length === 0) throw truncatedError('message of a packet');
    return { message, keyFingerprint: opened.keyFingerprint };
  }

  #seals(): boolean {
    return this.#options.verifyOutgoing && this.#options.keyring.isEnabled;
  }

  #openWithKeys(bytes: Uint8Array): OpenedPacket {
    try {
      return this.#openSealed(bytes);
    } catch (error) {
      if (!this.#options.verifyIncoming) return { message: bytes, keyFingerprint: null };
      throw refusalOf(bytes, error as GossipError);
    }
  }

  #openSealed(bytes: Uint8Array): OpenedPacket {
    requireEnvelope(bytes);
    const { keyring } = this.#options;
    for (const { bytes: key, fingerprint } of keyring.entries()) {
      const message = openEnvelope(bytes, key, this.#label);
      if (message !== null) return { message, keyFingerprint: fingerprint };
    }
    throw new CryptoError('ERR_KEY_MISMATCH', 'no key of ours opens a packet', {
      sizeBytes: bytes.length,
      keys: keyring.size,
    });
  }
}

/** The envelope that a protocol version sends. */
export function envelopeVersionOf(options: StreamEnvelopeOptions): EnvelopeVersion {
  return options.protocolVersion === 1 ? 0 : 1;
}

function hasChecksum({ peerMaxVersion = 0 }: PacketOptions): boolean {
  return peerMaxVersion >= CHECKSUM_VERSION;
}

function openWithoutKeys(bytes: Uint8Array): OpenedPacket {
  const first = bytes[0] as number;
  const isSealed = first <= MESSAGE_TYPE.indirectPing && !isMap(bytes[1] ?? 0);
  if (isSealed) throw new CryptoError('ERR_SEALED', 'a packet is sealed, and we have no key');
  return { message: bytes, keyFingerprint: null };
}

function isMap(first: number): boolean {
  return (first >= 0x80 && first <= 0x8f) || first === 0xde || first === 0xdf;
}

/** Why bytes that no key opens are refused: they may be of another wire, or not sealed at all. */
function refusalOf(bytes: Uint8Array, error: GossipError): GossipError {
  let message: Uint8Array;
  try {
    message = removeChecksum(bytes);
  } catch {
    return error;
  }
  const first = message[0] as number;
  const hasBody = first <= MESSAGE_TYPE.dead || first === MESSAGE_TYPE.nack;
  const isChecked = message !== bytes;
  if (isChecked && hasBody && isProtobufBody(message.subarray(1))) return otherWireError();
  const isPlain = first >= MESSAGE_TYPE.ack ? first < MESSAGE_TYPE.framed : canBeRead(message);
  if (!isPlain) return error;
  return new CryptoError('ERR_NOT_SEALED', 'a packet is not sealed, and we have keys');
}

function canBeRead(message: Uint8Array): boolean {
  try {
    decodeGoPacketMessage(message);
    return true;
  } catch {
    return false;
  }
}

function otherWireError(): CodecError {
  return new CodecError('ERR_CODEC_OTHER_WIRE', 'a packet is of the protobuf wire');
}
