import { StateError } from '../runtime/errors.ts';
import { AES_NONCE_BYTES, envelopeBytes, sealEnvelopeInPieces } from './aes-gcm.ts';
import { ByteChunks } from './byte-chunks.ts';
import { concatBytes, copyBytes, limitError, writeUint32 } from './bytes.ts';
import { compressedHeader } from './compress-message.ts';
import { compressLzw } from './compression.ts';
import type {
  AcceptedStream,
  InitiatedStream,
  StreamEnvelope,
  StreamEnvelopeOptions,
  StreamSealer,
} from './envelope.ts';
import { envelopeVersionOf } from './go-packet.ts';
import { GO_SEAL_HEADER_BYTES, GoStreamOpener } from './go-stream-opener.ts';
import type { RingKey } from './keyring.ts';
import { labelHeader } from './label.ts';
import {
  MAX_GO_SEALED_BYTES,
  MAX_GO_STREAM_BYTES,
  MAX_REFUSAL_BYTES,
  MAX_STREAM_PIECE_BYTES,
} from './limits.ts';
import { LzwEncoder } from './lzw-encoder.ts';
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

/**
 * Whatever the keys are when a stream's first bytes are due decides how it is sealed.
 *
 * The lengths in front of compressed and of sealed bytes are known only when all of the message is, so nothing
 * leaves before. Each piece is compressed when it comes, and sealed when it goes: no step takes long.
 */
class GoStreamSealer implements StreamSealer {
  readonly #options: StreamEnvelopeOptions;
  readonly #header: Uint8Array;
  /** The message as it is, where it may have to be sent so. */
  readonly #gathered = new ByteChunks();
  readonly #compressed = new ByteChunks();
  #encoder: LzwEncoder | null = null;
  /** The first piece until a second one comes. */
  #first: Uint8Array | null = null;
  #messageBytes = 0;
  #key: RingKey | null = null;
  #hasBegun = false;
  #isFinished = false;

  constructor(options: StreamEnvelopeOptions, header: Uint8Array) {
    this.#options = options;
    this.#header = header;
  }

  push(plaintext: Uint8Array): Uint8Array[] {
    if (this.#isFinished) throw new StateError('ERR_INTERNAL', 'the stream is already finished');
    const ready = this.#begin();
    const { compression } = this.#options;
    if (this.#key === null && !compression) return [...ready, copyBytes(plaintext)];
    this.#messageBytes += plaintext.length;
    if (this.#messageBytes > MAX_GO_STREAM_BYTES) {
      throw limitError('message of a stream', this.#messageBytes, MAX_GO_STREAM_BYTES);
    }
    if (compression) this.#compress(plaintext);
    if (!compression || this.#key !== null) this.#gathered.push(plaintext);
    return ready;
  }

  finish(): Uint8Array[] {
    return [...this.finishInSteps()].flat();
  }

  *finishInSteps(): Generator<Uint8Array[], void, void> {
    if (this.#isFinished) throw new StateError('ERR_INTERNAL', 'the stream is already finished');
    const ready = this.#begin();
    this.#isFinished = true;
    if (this.#messageBytes === 0) {
      if (ready.length > 0) yield ready;
      return;
    }
    const message = this.#pack();
    const pieces = message.slices(0, message.length, MAX_STREAM_PIECE_BYTES);
    if (this.#key === null) {
      for (const piece of pieces) yield [...ready.splice(0), piece];
    } else yield* this.#seal(pieces, message.length, { key: this.#key, ready });
  }

  #begin(): Uint8Array[] {
    if (this.#hasBegun) return [];
    this.#hasBegun = true;
    const { keyring, verifyOutgoing } = this.#options;
    if (verifyOutgoing && keyring.isEnabled) this.#key = keyring.primary;
    return this.#header.length === 0 ? [] : [this.#header];
  }

  /** Messages of one small piece, which most are, need no table of their own. */
  /** Most messages are one small piece, which needs no table of its own. */
  #compress(plaintext: Uint8Array): void {
    if (this.#encoder === null && this.#first === null) {
      this.#first = copyBytes(plaintext);
      return;
    }
    this.#encoder ??= new LzwEncoder();
    for (const piece of this.#first === null ? [plaintext] : [this.#first, plaintext]) {
      this.#compressed.pushOwned(this.#encoder.push(piece));
    }
    this.#first = null;
  }

  #endCompression(): void {
    const whole = this.#first === null ? null : compressLzw(this.#first);
    if (whole !== null) this.#compressed.pushOwned(whole);
    if (this.#encoder !== null) this.#compressed.pushOwned(this.#encoder.finish());
  }

  #pack(): ByteChunks {
    if (!this.#options.compression) return this.#gathered;
    this.#endCompression();
    const header = compressedHeader(this.#compressed.length);
    // Noise grows when it is compressed, and must not thereby become too large to be taken.
    const fits = this.#sealedBytes(header.length + this.#compressed.length) <= MAX_GO_SEALED_BYTES;
    if (!fits && this.#key !== null) return this.#gathered;
    this.#gathered.clear();
    const packed = new ByteChunks();
    packed.pushOwned(header);
    for (let next = this.#compressed.shift(); next !== null; next = this.#compressed.shift()) {
      packed.pushOwned(next);
    }
    return packed;
  }

  #sealedBytes(messageBytes: number): number {
    return envelopeBytes(envelopeVersionOf(this.#options), messageBytes);
  }

  *#seal(
    pieces: Iterable<Uint8Array>,
    messageBytes: number,
    { key, ready }: { readonly key: RingKey; readonly ready: Uint8Array[] },
  ): Generator<Uint8Array[], void, void> {
    const sizeBytes = this.#sealedBytes(messageBytes);
    if (sizeBytes > MAX_GO_SEALED_BYTES) {
      throw limitError('sealed message of a stream', sizeBytes, MAX_GO_SEALED_BYTES);
    }
    const header = new Uint8Array(GO_SEAL_HEADER_BYTES);
    header[0] = MESSAGE_TYPE.sealed;
    writeUint32(header, 1, sizeBytes);
    const nonce = new Uint8Array(AES_NONCE_BYTES);
    this.#options.entropy.fill(nonce);
    const bound = concatBytes([header, this.#options.label]);
    const secret = { key: key.bytes, nonce, bound };
    this.#options.keyring.countSealed(key);
    const version = envelopeVersionOf(this.#options);
    const front = [...ready, header];
    for (const piece of sealEnvelopeInPieces(version, pieces, messageBytes, secret)) {
      yield [...front.splice(0), piece];
    }
  }
}
