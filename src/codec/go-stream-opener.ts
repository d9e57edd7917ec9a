import { CodecError, CryptoError } from '../runtime/errors.ts';
import { openEnvelopeInSteps, requireEnvelopeSize } from './aes-gcm.ts';
import { ByteChunks } from './byte-chunks.ts';
import {
  ByteQueue,
  concatBytes,
  copyBytes,
  limitError,
  malformedError,
  readUint32,
  truncatedError,
} from './bytes.ts';
import type { StreamOpener } from './envelope.ts';
import { Inflater } from './inflater.ts';
import type { RingKey } from './keyring.ts';
import { requireLabel, splitLabel } from './label.ts';
import { MAX_GO_SEALED_BYTES, MAX_GO_STREAM_BYTES, MAX_REFUSAL_BYTES } from './limits.ts';
import { MESSAGE_TYPE } from './messages.ts';
import { createGoStreamReader } from './msgpack-stream.ts';
import { SEALED_MARK } from './secretbox.ts';

/** Mark and length in front of a sealed message. */
export const GO_SEAL_HEADER_BYTES = 5;
/** What a refusal takes at most with its layers. */
const MAX_HINT_BYTES = 4 * MAX_REFUSAL_BYTES;

/** What a direction of a stream must look like. */
export interface GoOpenerRole {
  /** The label of the ring, which is bound to what is sealed in both directions. */
  readonly label: Uint8Array;
  /** Whether the label stands in front; the side that was dialled sends none. */
  readonly hasLabelHeader: boolean;
  /** What to do with a message that is not sealed; `hint` reads a refusal out of it and then throws. */
  plain(): 'accept' | 'refuse' | 'hint';
  /** The keys to try, in order; none when nothing can be opened. */
  keys(): readonly RingKey[];
}

type Step = 'label' | 'first' | 'sealed' | 'opening' | 'compressed' | 'plain' | 'hint' | 'done';

/**
 * Takes label, seal and compression off one direction of a Go stream.
 *
 * What is sealed or compressed says where it ends. What is neither is passed on as it comes, and only
 * whoever reads the message knows its end: then `hasEnd` is false.
 *
 * A sealed message of 20 MiB takes a second to open and inflate. So a call does one step of it, a few hundred
 * KiB of AES or 64 KiB of LZW, and what is left waits for the next calls: `hasMore`. Nothing of a sealed
 * message is given out before all of it was found genuine.
 */
export class GoStreamOpener implements StreamOpener {
  readonly #role: GoOpenerRole;
  readonly #queue = new ByteQueue();
  #step: Step = 'label';
  #header: Uint8Array = new Uint8Array(0);
  #sealedBytes = 0;
  /** What has arrived of the sealed message. */
  readonly #envelope = new ByteChunks();
  #opening: Generator<undefined, ByteChunks, void> | null = null;
  #inflater: Inflater | null = null;
  #hintBytes = 0;
  #hint: GoStreamOpener | null = null;
  readonly #hintReader = createGoStreamReader();
  #isComplete = false;
  #keyFingerprint: string | null = null;
  #failure: Error | null = null;

  constructor(role: GoOpenerRole) {
    this.#role = role;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  get hasEnd(): boolean {
    return this.#step !== 'plain';
  }

  get keyFingerprint(): string | null {
    return this.#keyFingerprint;
  }

  get hasMore(): boolean {
    return this.#opening !== null || this.#inflater?.hasMore === true;
  }

  push(bytes: Uint8Array): Uint8Array[] {
    if (this.#failure !== null) throw this.#failure;
    if (this.#step === 'plain') return [copyBytes(bytes)];
    const pieces: Uint8Array[] = [];
    if (this.#step === 'done') return pieces;
    try {
      this.#take(bytes, pieces);
    } catch (error) {
      this.#failure = error as Error;
      this.#release();
      throw error;
    }
    return pieces;
  }

  #take(bytes: Uint8Array, pieces: Uint8Array[]): void {
    // Megabytes need no queue: they wait in the pieces in which they came, or are inflated.
    if (this.#step === 'sealed') this.#envelope.push(bytes);
    else if (this.#step === 'compressed') this.#inflater?.push(bytes);
    else if (this.#step !== 'opening') this.#queue.push(bytes);
    while (this.#advance(pieces));
  }

  /** One step; false when more bytes are needed, or when the call has done enough. */
  #advance(pieces: Uint8Array[]): boolean {
    switch (this.#step) {
      case 'label':
        return this.#readLabel();
      case 'first':
        return this.#readFirst(pieces);
      case 'sealed':
        return this.#readSealed();
      case 'opening':
        return this.#readOpening(pieces);
      case 'compressed':
        return this.#readCompressed(pieces);
      case 'hint':
        return this.#readHint();
      case 'plain':
      case 'done':
        return false;
    }
  }

  #readLabel(): boolean {
    const queue = this.#queue;
    if (queue.length === 0) return false;
    const { label, hasLabelHeader } = this.#role;
    const hasHeader = queue.byteAt(0) === MESSAGE_TYPE.label;
    if (!hasLabelHeader) {
      if (hasHeader) throw malformedError('a label stands where none belongs');
    } else if (hasHeader) {
      if (queue.length < 2) return false;
      const headerBytes = 2 + queue.byteAt(1);
      if (queue.length < headerBytes) return false;
      requireLabel(splitLabel(queue.take(headerBytes)).label, label);
    } else requireLabel(new Uint8Array(0), label);
    this.#step = 'first';
    return true;
  }

  #readFirst(pieces: Uint8Array[]): boolean {
    const queue = this.#queue;
    if (queue.length === 0) return false;
    const first = queue.byteAt(0);
    if (first === MESSAGE_TYPE.framed) throw otherWireError();
    if (first === MESSAGE_TYPE.sealed) return this.#readSealHeader();
    switch (this.#role.plain()) {
      case 'refuse':
        throw new CryptoError('ERR_NOT_SEALED', 'a stream is not sealed, and we have keys');
      case 'hint':
        this.#step = 'hint';
        return true;
      case 'accept':
        if (first === MESSAGE_TYPE.compress) {
          queue.take(1);
          this.#inflater = new Inflater(MAX_GO_STREAM_BYTES);
          this.#inflater.push(queue.take(queue.length));
          queue.clear();
          this.#step = 'compressed';
          return true;
        }
        this.#step = 'plain';
        pieces.push(copyBytes(queue.take(queue.length)));
        queue.clear();
        return false;
    }
  }

  #readSealHeader(): boolean {
    const queue = this.#queue;
    if (queue.length < 2) return false;
    // As a length this would be far above the limit.
    if (queue.byteAt(1) === SEALED_MARK) throw otherWireError();
    if (queue.length < GO_SEAL_HEADER_BYTES) return false;
    if (this.#role.keys().length === 0) {
      throw new CryptoError('ERR_SEALED', 'a stream is sealed, and we have no key');
    }
    this.#header = copyBytes(queue.take(GO_SEAL_HEADER_BYTES));
    this.#sealedBytes = readUint32(this.#header, 1);
    if (this.#sealedBytes > MAX_GO_SEALED_BYTES) {
      throw limitError('sealed message of a stream', this.#sealedBytes, MAX_GO_SEALED_BYTES);
    }
    this.#envelope.push(queue.take(queue.length));
    queue.clear();
    this.#step = 'sealed';
    return true;
  }

  #readSealed(): boolean {
    const envelope = this.#envelope;
    if (envelope.length < this.#sealedBytes) return false;
    envelope.dropLast(envelope.length - this.#sealedBytes);
    this.#opening = this.#open();
    this.#step = 'opening';
    return true;
  }

  /** A message that is open within one step is inflated with the same call. */
  #readOpening(pieces: Uint8Array[]): boolean {
    const opened = this.#opening?.next();
    if (opened?.done !== true) return false;
    this.#opening = null;
    this.#envelope.clear();
    const message = opened.value;
    const [type] = message.copy(0, 1);
    if (type === undefined) throw truncatedError('sealed message of a stream');
    const inflater = type === MESSAGE_TYPE.compress ? new Inflater(MAX_GO_STREAM_BYTES) : null;
    for (const piece of message.slices(inflater === null ? 0 : 1, message.length, Infinity)) {
      if (inflater === null) pieces.push(piece);
      else inflater.push(piece);
    }
    if (inflater === null) return this.#complete();
    this.#inflater = inflater;
    this.#step = 'compressed';
    return true;
  }

  *#open(): Generator<undefined, ByteChunks, void> {
    const envelope = this.#envelope;
    requireEnvelopeSize(envelope.copy(0, 1)[0], envelope.length);
    const keys = this.#role.keys();
    const bound = concatBytes([this.#header, this.#role.label]);
    for (const { bytes: key, fingerprint } of keys) {
      const plaintext = yield* openEnvelopeInSteps(envelope, key, bound);
      if (plaintext === null) continue;
      this.#keyFingerprint = fingerprint;
      return plaintext;
    }
    throw new CryptoError('ERR_KEY_MISMATCH', 'no key of ours opens a stream', {
      sizeBytes: envelope.length,
      keys: keys.length,
    });
  }

  #readCompressed(pieces: Uint8Array[]): boolean {
    const inflater = this.#inflater as Inflater;
    const piece = inflater.step();
    if (piece !== null) pieces.push(piece);
    if (inflater.isEnded) return this.#complete();
    if (!inflater.hasMore && this.#keyFingerprint !== null) {
      throw truncatedError('compressed message of a stream');
    }
    return false;
  }

  #complete(): false {
    this.#isComplete = true;
    this.#step = 'done';
    this.#release();
    return false;
  }

  #release(): void {
    this.#queue.clear();
    this.#envelope.clear();
    this.#opening = null;
    this.#inflater = null;
  }

  /** Reads what a peer says in the clear, which proves nothing, and throws with it. */
  #readHint(): boolean {
    const { label } = this.#role;
    this.#hint ??= new GoStreamOpener({
      label,
      hasLabelHeader: false,
      plain: () => 'accept',
      keys: () => [],
    });
    const bytes = this.#queue.take(this.#queue.length);
    this.#hintBytes += bytes.length;
    if (this.#hintBytes > MAX_HINT_BYTES) throw notSealedError(null);
    try {
      for (const piece of this.#hint.push(bytes)) this.#hintReader.push(piece);
    } catch {
      throw notSealedError(null);
    }
    const { message } = this.#hintReader;
    if (message?.type === 'error') {
      throw notSealedError({ reason: message.reason, text: message.text });
    }
    if (message !== null) throw notSealedError(null);
    return false;
  }
}

function notSealedError(
  hint: { readonly reason: string; readonly text: string } | null,
): CryptoError {
  const text = 'the answer is not sealed, and we have keys';
  return new CryptoError('ERR_NOT_SEALED', text, hint === null ? {} : { hint });
}

function otherWireError(): CodecError {
  return new CodecError('ERR_CODEC_OTHER_WIRE', 'a stream is of the protobuf wire');
}
