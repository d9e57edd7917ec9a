import { CodecError, CryptoError } from '../runtime/errors.ts';
import { copyBytes, plainBytes, truncatedError } from './bytes.ts';
import { addChecksum, CHECKSUM_HEADER_BYTES, removeChecksum } from './checksum.ts';
import type { EnvelopeOptions, OpenedPacket, PacketEnvelope } from './envelope.ts';
import { labelHeader, takeLabel } from './label.ts';
import { MESSAGE_TYPE } from './messages.ts';
import {
  BOX_OVERHEAD_BYTES,
  NONCE_BYTES,
  openPacketBox,
  SEALED_MARK,
  SealingKeys,
  sealPacketBox,
} from './secretbox.ts';
import { cutBytes } from './slab.ts';
import { decodePacketMessage, isMsgpackBody } from './swim-protobuf.ts';

/*
 * A datagram, outermost layer first:
 *
 *   [f4 length label]  e2 nonce(24) box(message)         sealed
 *   [f4 length label]  0c CRC-32(4) message              not sealed
 *
 * What is sealed is authenticated, so the checksum is added only to what is not. On the way in a
 * checksum is verified wherever it stands, and a packet without one is taken as it is.
 */

/** The smallest AES-GCM envelope of the memberlist wire: version, nonce and tag. */
const AES_ENVELOPE_BYTES = 29;
/** The nonce of the packet in hand: a view of each packet would cost as much as filling it. Nothing here waits. */
const nonce = new Uint8Array(NONCE_BYTES);

/** Seals and opens datagrams with secretbox. */
export class PacketCodec implements PacketEnvelope {
  readonly #options: EnvelopeOptions;
  readonly #label: Uint8Array;
  readonly #header: Uint8Array;
  readonly #keys: SealingKeys;

  /** @throws CodecError `ERR_CODEC_LIMIT` for a label of more than 255 bytes */
  constructor(options: EnvelopeOptions) {
    this.#options = options;
    this.#label = copyBytes(options.label);
    this.#header = labelHeader(this.#label);
    this.#keys = new SealingKeys(this.#label);
  }

  /** Exactly the bytes that {@link seal} adds to a message as things stand. */
  overheadBytes(): number {
    const layer = this.#seals() ? 1 + NONCE_BYTES + BOX_OVERHEAD_BYTES : CHECKSUM_HEADER_BYTES;
    return this.#header.length + layer;
  }

  /** The datagram for a message. */
  seal(message: Uint8Array): Uint8Array {
    const header = this.#header;
    if (!this.#seals()) {
      const checked = addChecksum(message);
      if (header.length === 0) return checked;
      const plain = new Uint8Array(header.length + checked.length);
      plain.set(header);
      plain.set(checked, header.length);
      return plain;
    }
    const nonceAt = header.length + 1;
    const out = cutBytes(nonceAt + NONCE_BYTES + BOX_OVERHEAD_BYTES + message.length);
    out.set(header);
    out[header.length] = SEALED_MARK;
    this.#options.entropy.fill(nonce);
    out.set(nonce, nonceAt);
    const { keyring } = this.#options;
    const { primary } = keyring;
    const key = this.#keys.packet(primary);
    sealPacketBox(out, nonceAt + NONCE_BYTES, { message, nonce, key });
    keyring.countSealed(primary);
    return out;
  }

  /**
   * The message in a datagram; may be a view of it.
   *
   * @throws CodecError `ERR_LABEL_MISMATCH` for another cluster's packet, `ERR_CODEC_OTHER_WIRE` for one
   * of the memberlist wire, `ERR_CODEC_CHECKSUM`, `ERR_CODEC_TRUNCATED` when it is cut or empty,
   * `ERR_CODEC_MALFORMED` for an empty label
   * @throws CryptoError `ERR_KEY_MISMATCH` when no key opens it, `ERR_SEALED` when it is sealed and we have
   * no key, `ERR_NOT_SEALED` when we have keys and it is not sealed
   */
  open(datagram: Uint8Array): OpenedPacket {
    const isStripped = this.#options.skipInboundLabelCheck === true;
    const rest = takeLabel(plainBytes(datagram), { expected: this.#label, isStripped });
    if (rest.length === 0) throw truncatedError('packet');
    const opened = rest[0] === SEALED_MARK ? this.#openSealed(rest) : this.#openPlain(rest);
    const message = removeChecksum(opened.message);
    if (message.length === 0) throw truncatedError('message of a packet');
    return { message, keyFingerprint: opened.keyFingerprint };
  }

  #seals(): boolean {
    return this.#options.verifyOutgoing && this.#options.keyring.isEnabled;
  }

  #openSealed(bytes: Uint8Array): OpenedPacket {
    const { keyring } = this.#options;
    if (!keyring.isEnabled) {
      throw new CryptoError('ERR_SEALED', 'a packet is sealed, and we have no key');
    }
    if (bytes.length < 1 + NONCE_BYTES + BOX_OVERHEAD_BYTES) throw truncatedError('sealed packet');
    for (let i = 0; i < NONCE_BYTES; i += 1) nonce[i] = bytes[1 + i] as number;
    for (const key of keyring.entries()) {
      const message = openPacketBox(bytes, 1 + NONCE_BYTES, { nonce, key: this.#keys.packet(key) });
      if (message !== null) return { message, keyFingerprint: key.fingerprint };
    }
    throw new CryptoError('ERR_KEY_MISMATCH', 'no key of ours opens a packet', {
      sizeBytes: bytes.length,
      keys: keyring.size,
    });
  }

  #openPlain(bytes: Uint8Array): OpenedPacket {
    if (this.#options.keyring.isEnabled) {
      if (isOtherWire(bytes)) {
        throw new CodecError('ERR_CODEC_OTHER_WIRE', 'a packet is of the memberlist wire');
      }
      if (this.#options.verifyIncoming) {
        throw new CryptoError('ERR_NOT_SEALED', 'a packet is not sealed, and we have keys');
      }
    }
    return { message: bytes, keyFingerprint: null };
  }
}

/** Whether bytes look like Go's: an AES-GCM envelope, compression, or a msgpack body in the clear. */
function isOtherWire(bytes: Uint8Array): boolean {
  const first = bytes[0] as number;
  if (first === MESSAGE_TYPE.compress) return true;
  if (first <= MESSAGE_TYPE.dead && isMsgpackBody(bytes.subarray(1))) return true;
  if (first > 1 || bytes.length < AES_ENVELOPE_BYTES) return false;
  try {
    decodePacketMessage(bytes);
    return false;
  } catch {
    return true;
  }
}
