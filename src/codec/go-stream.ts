import { StateError } from '../runtime/errors.ts';
import { AES_NONCE_BYTES, envelopeBytes, sealEnvelope } from './aes-gcm.ts';
import { concatBytes, copyBytes, limitError, writeUint32 } from './bytes.ts';
import { compressMessage } from './compress-message.ts';
import type {
  AcceptedStream,
  InitiatedStream,
  StreamEnvelope,
  StreamEnvelopeOptions,
  StreamSealer,
} from './envelope.ts';
import { envelopeVersionOf } from './go-packet.ts';
import { GO_SEAL_HEADER_BYTES, GoStreamOpener } from './go-stream-opener.ts';
import { labelHeader } from './label.ts';
import { MAX_GO_SEALED_BYTES, MAX_GO_STREAM_BYTES, MAX_REFUSAL_BYTES } from './limits.ts';
import type { ErrorMessage } from './messages.ts';
import { MESSAGE_TYPE } from './messages.ts';
import { encodeGoStreamMessage } from './msgpack-stream.ts';

/*
 * A stream of the memberlist wire carries one message in each direction at most, exactly as Go's:
 *
 *   dialler -> acceptor   [f4 length label]  [0a length(4) envelope]  [09 compressed]  message
 *   acceptor -> dialler   the same without a label
 *
 * Bound to an envelope are its mark and length as sent, then the label, in both directions. A message is
 * compressed whenever compression is on, however small; a sealed one is gathered whole before it is sent,
 * and one that is neither goes out as it comes. Whoever reads the message finds its end.
 */

/** Frames, compresses and seals streams as Go memberlist does. */
export class GoStreamCodec implements StreamEnvelope {
  readonly #options: StreamEnvelopeOptions;
  readonly #label: Uint8Array;

  constructor(options: StreamEnvelopeOptions) {
    this.#options = options;
    this.#label = copyBytes(options.label);
  }

  /** Both directions for the side that dials. */
  initiate(): InitiatedStream {
    return {
      request: this.#sealer(labelHeader(this.#label)),
      reply: new GoStreamOpener({
        label: this.#label,
        hasLabelHeader: false,
        plain: () => (this.#refusesPlain() ? 'hint' : 'accept'),
        keys: () => this.#options.keyring.entries(),
      }),
    };
  }

  /** Both directions for the side that was dialled. */
  accept(): AcceptedStream {
    return {
      request: new GoStreamOpener({
        label: this.#label,
        hasLabelHeader: this.#options.skipInboundLabelCheck !== true,
        plain: () => (this.#refusesPlain() ? 'refuse' : 'accept'),
        keys: () => this.#options.keyring.entries(),
      }),
      reply: this.#sealer(new Uint8Array(0)),
      refuse: (error) => this.#refuse(error),
    };
  }

  /** Go closes a stream of another label without a word, and so do we. */
  #refuse(error: ErrorMessage): Uint8Array[] {
    if (error.reason === 'label') return [];
    const wellFormed = error.text.replace(/\p{Surrogate}/gu, '\ufffd');
    const text = wellFormed.slice(0, MAX_REFUSAL_BYTES >> 2);
    const sealer = this.#sealer(new Uint8Array(0));
    const ready: Uint8Array[] = [];
    for (const piece of encodeGoStreamMessage({ ...error, text }))
      ready.push(...sealer.push(piece));
    return [...ready, ...sealer.finish()];
  }

  #sealer(header: Uint8Array): StreamSealer {
    return new GoStreamSealer(this.#options, header);
  }

  #refusesPlain(): boolean {
    return this.#options.verifyIncoming && this.#options.keyring.isEnabled;
  }
}

/** Whatever the keys are when a stream's first bytes are due decides how it is sealed. */
class GoStreamSealer implements StreamSealer {
  readonly #options: StreamEnvelopeOptions;
  readonly #header: Uint8Array;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #key: Uint8Array | null = null;
  #hasBegun = false;
  #isFinished = false;

  constructor(options: StreamEnvelopeOptions, header: Uint8Array) {
    this.#options = options;
    this.#header = header;
  }

  push(plaintext: Uint8Array): Uint8Array[] {
    if (this.#isFinished) throw new StateError('ERR_INTERNAL', 'the stream is already finished');
    const ready = this.#begin();
    if (this.#key === null && !this.#options.compression) return [...ready, copyBytes(plaintext)];
    this.#gathered.push(copyBytes(plaintext));
    this.#gatheredBytes += plaintext.length;
    if (this.#gatheredBytes > MAX_GO_STREAM_BYTES) {
      throw limitError('message of a stream', this.#gatheredBytes, MAX_GO_STREAM_BYTES);
    }
    return ready;
  }

  finish(): Uint8Array[] {
    if (this.#isFinished) throw new StateError('ERR_INTERNAL', 'the stream is already finished');
    const ready = this.#begin();
    this.#isFinished = true;
    if (this.#gatheredBytes === 0) return ready;
    const message = concatBytes(this.#gathered);
    this.#gathered = [];
    const packed = this.#options.compression ? compressMessage(message) : message;
    if (this.#key === null) return [...ready, packed];
    // Noise grows when it is compressed, and must not thereby become too large to be taken.
    const fits = this.#sealedBytes(packed) <= MAX_GO_SEALED_BYTES;
    return [...ready, ...this.#seal(fits ? packed : message, this.#key)];
  }

  #begin(): Uint8Array[] {
    if (this.#hasBegun) return [];
    this.#hasBegun = true;
    const { keyring, verifyOutgoing } = this.#options;
    if (verifyOutgoing && keyring.isEnabled) this.#key = keyring.primary.bytes;
    return this.#header.length === 0 ? [] : [this.#header];
  }

  #sealedBytes(message: Uint8Array): number {
    return envelopeBytes(envelopeVersionOf(this.#options), message.length);
  }

  #seal(message: Uint8Array, key: Uint8Array): Uint8Array[] {
    const sizeBytes = this.#sealedBytes(message);
    if (sizeBytes > MAX_GO_SEALED_BYTES) {
      throw limitError('sealed message of a stream', sizeBytes, MAX_GO_SEALED_BYTES);
    }
    const header = new Uint8Array(GO_SEAL_HEADER_BYTES);
    header[0] = MESSAGE_TYPE.sealed;
    writeUint32(header, 1, sizeBytes);
    const nonce = new Uint8Array(AES_NONCE_BYTES);
    this.#options.entropy.fill(nonce);
    const bound = concatBytes([header, this.#options.label]);
    const secret = { key, nonce, bound };
    return [header, sealEnvelope(envelopeVersionOf(this.#options), message, secret)];
  }
}
