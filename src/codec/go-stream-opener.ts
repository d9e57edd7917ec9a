import { CodecError, CryptoError } from '../runtime/errors.ts';
import { openEnvelope, requireEnvelope } from './aes-gcm.ts';
import {
  ByteQueue,
  concatBytes,
  copyBytes,
  limitError,
  malformedError,
  readUint32,
  truncatedError,
} from './bytes.ts';
import { inflateBody, inflateMessage } from './compress-message.ts';
import type { StreamOpener } from './envelope.ts';
import type { RingKey } from './keyring.ts';
import { requireLabel, splitLabel } from './label.ts';
import { MAX_GO_SEALED_BYTES, MAX_GO_STREAM_BYTES, MAX_REFUSAL_BYTES } from './limits.ts';
import { MESSAGE_TYPE } from './messages.ts';
import { createGoStreamReader } from './msgpack-stream.ts';
import { MsgpackScanner } from './msgpack-scanner.ts';
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

type Step = 'label' | 'first' | 'sealed' | 'compressed' | 'plain' | 'hint' | 'done';

/**
 * Takes label, seal and compression off one direction of a Go stream.
 *
 * What is sealed or compressed says where it ends. What is neither is passed on as it comes, and only
 * whoever reads the message knows its end: then `hasEnd` is false.
 */
export class GoStreamOpener implements StreamOpener {
  readonly #role: GoOpenerRole;
  readonly #queue = new ByteQueue();
  readonly #compressed = new MsgpackScanner(MAX_GO_STREAM_BYTES);
  #step: Step = 'label';
  #header: Uint8Array = new Uint8Array(0);
  #sealedBytes = 0;
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

  push(bytes: Uint8Array): Uint8Array[] {
    if (this.#failure !== null) throw this.#failure;
    if (this.#step === 'plain') return [copyBytes(bytes)];
    const pieces: Uint8Array[] = [];
    if (this.#step === 'done') return pieces;
    try {
      this.#queue.push(bytes);
      while (this.#advance(pieces));
    } catch (error) {
      this.#failure = error as Error;
      this.#queue.clear();
      throw error;
    }
    return pieces;
  }

  /** One step; false when more bytes are needed. */
  #advance(pieces: Uint8Array[]): boolean {
    switch (this.#step) {
      case 'label':
        return this.#readLabel();
      case 'first':
        return this.#readFirst(pieces);
      case 'sealed':
        return this.#readSealed(pieces);
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
    this.#step = 'sealed';
    return true;
  }

  #readSealed(pieces: Uint8Array[]): boolean {
    const queue = this.#queue;
    if (queue.length < this.#sealedBytes) return false;
    const message = this.#open(queue.take(this.#sealedBytes));
    if (message.length === 0) throw truncatedError('sealed message of a stream');
    const isCompressed = message[0] === MESSAGE_TYPE.compress;
    pieces.push(isCompressed ? inflateMessage(message, MAX_GO_STREAM_BYTES) : message);
    return this.#complete();
  }

  #open(envelope: Uint8Array): Uint8Array {
    requireEnvelope(envelope);
    const keys = this.#role.keys();
    const bound = concatBytes([this.#header, this.#role.label]);
    for (const { bytes: key, fingerprint } of keys) {
      const plaintext = openEnvelope(envelope, key, bound);
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
    const length = this.#compressed.scan(this.#queue);
    if (length === null) return false;
    pieces.push(inflateBody(this.#queue.take(length), MAX_GO_STREAM_BYTES));
    return this.#complete();
  }

  #complete(): false {
    this.#isComplete = true;
    this.#step = 'done';
    this.#queue.clear();
    return false;
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
