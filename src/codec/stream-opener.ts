import { CodecError, CryptoError } from '../runtime/errors.ts';
import { ByteQueue, limitError, malformedError, readUint32 } from './bytes.ts';
import type { StreamOpener } from './envelope.ts';
import { requireLabel, splitLabel } from './label.ts';
import { MAX_FRAME_BYTES, MAX_REFUSAL_BYTES, MAX_STREAM_MESSAGE_BYTES } from './limits.ts';
import { MESSAGE_TYPE } from './messages.ts';
import { SALT_BYTES, SEALED_MARK } from './secretbox.ts';
import type { FramePlace, FrameSecret } from './stream-frame.ts';
import {
  FRAME_LENGTH_BYTES,
  LAST_FRAME_BIT,
  openFrame,
  requireFrameLength,
  unpackData,
} from './stream-frame.ts';
import { createStreamReader } from './swim-stream.ts';

/** A key with which the first frame may open. */
export interface CandidateKey {
  readonly key: Uint8Array;
  readonly fingerprint: string;
}

/** What a direction of a stream must look like. */
export interface OpenerRole {
  /** The label that must stand in front; null where no label header may stand. */
  readonly label: Uint8Array | null;
  /** What to do with frames that are not sealed; `hint` reads a refusal out of them and then throws. */
  plain(): 'accept' | 'refuse' | 'hint';
  /** The keys to try on a stream that is sealed; none when it should not be sealed. */
  candidates(salt: Uint8Array): readonly CandidateKey[];
  /** The first frame was opened: with which of the candidates, or without any. */
  opened(how: { readonly salt: Uint8Array; readonly candidate: number } | null): void;
}

const SMALL_FRAME_BYTES = 1_024;

type Step = 'label' | 'mark' | 'salt' | 'frames' | 'hint' | 'done';

/**
 * Reads the frames of one direction in order.
 *
 * It holds one unfinished frame, and those that wait because earlier ones inflated to much: a frame of
 * a few hundred bytes may become 64 KiB. What all frames together may become is bounded by the largest
 * message. The key is found on the first frame and kept.
 */
export class FrameOpener implements StreamOpener {
  readonly #role: OpenerRole;
  readonly #queue = new ByteQueue();
  #step: Step = 'label';
  #salt: Uint8Array | null = null;
  #secret: FrameSecret | null = null;
  #nextIndex = 0;
  #plaintextBytes = 0;
  /** Plaintext that the present call may still give. */
  #roomBytes = 0;
  #hasMore = false;
  #isComplete = false;
  #keyFingerprint: string | null = null;
  /** Where full frames are put one after the other, while each is given back before the next; made with the second one. */
  #frame: Uint8Array | null = null;
  #isFrameLent = false;
  #failure: Error | null = null;

  constructor(role: OpenerRole) {
    this.#role = role;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  get hasEnd(): boolean {
    return true;
  }

  get hasMore(): boolean {
    return this.#hasMore;
  }

  get keyFingerprint(): string | null {
    return this.#keyFingerprint;
  }

  push(bytes: Uint8Array): Uint8Array[] {
    if (this.#failure !== null) throw this.#failure;
    const pieces: Uint8Array[] = [];
    if (this.#step === 'done') return pieces;
    // One full frame a call: to open and inflate it takes more than a millisecond.
    this.#roomBytes = MAX_FRAME_BYTES;
    this.#hasMore = false;
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

  release(plaintext: Uint8Array): void {
    if (plaintext.buffer === this.#frame?.buffer) this.#isFrameLent = false;
  }

  /** One step; false when more bytes are needed. */
  #advance(pieces: Uint8Array[]): boolean {
    switch (this.#step) {
      case 'label':
        return this.#readLabel();
      case 'mark':
        return this.#readMark();
      case 'salt':
        if (this.#queue.length < SALT_BYTES) return false;
        this.#salt = new Uint8Array(this.#queue.take(SALT_BYTES));
        this.#step = 'frames';
        return true;
      case 'frames':
        return this.#readFrame(pieces);
      case 'hint':
        return this.#readHint();
      case 'done':
        return false;
    }
  }

  #readLabel(): boolean {
    const queue = this.#queue;
    if (queue.length === 0) return false;
    const expected = this.#role.label;
    const hasHeader = queue.byteAt(0) === MESSAGE_TYPE.label;
    if (expected === null) {
      if (hasHeader) throw malformedError('a label stands where none belongs');
    } else if (hasHeader) {
      if (queue.length < 2) return false;
      const headerBytes = 2 + queue.byteAt(1);
      if (queue.length < headerBytes) return false;
      requireLabel(splitLabel(queue.take(headerBytes)).label, expected);
    } else {
      if (!this.#knowsWire()) return false;
      requireLabel(new Uint8Array(0), expected);
    }
    this.#step = 'mark';
    return true;
  }

  #readMark(): boolean {
    const queue = this.#queue;
    if (!this.#knowsWire()) return false;
    const mark = queue.byteAt(0);
    if (mark === MESSAGE_TYPE.framed) {
      queue.take(1);
      this.#beginPlain();
      return true;
    }
    if (mark !== MESSAGE_TYPE.sealed) throw malformedError(`a stream begins with byte ${mark}`);
    queue.take(2);
    this.#step = 'salt';
    return true;
  }

  #beginPlain(): void {
    switch (this.#role.plain()) {
      case 'accept':
        this.#step = 'frames';
        return;
      case 'hint':
        this.#step = 'hint';
        return;
      case 'refuse':
        throw new CryptoError('ERR_NOT_SEALED', 'a stream is not sealed, and we have keys');
    }
  }

  /**
   * Whether enough bytes wait to tell the wires apart: Go's streams begin with a bare message, or with
   * the mark of a sealed one and a length.
   */
  #knowsWire(): boolean {
    const queue = this.#queue;
    if (queue.length === 0) return false;
    switch (queue.byteAt(0)) {
      case MESSAGE_TYPE.ping:
      case MESSAGE_TYPE.ack:
      case MESSAGE_TYPE.pushPull:
      case MESSAGE_TYPE.user:
      case MESSAGE_TYPE.compress:
      case MESSAGE_TYPE.error:
        throw otherWireError();
      case MESSAGE_TYPE.sealed:
        if (queue.length < 2) return false;
        if (queue.byteAt(1) !== SEALED_MARK) throw otherWireError();
    }
    return true;
  }

  #readFrame(pieces: Uint8Array[]): boolean {
    const queue = this.#queue;
    if (queue.length < FRAME_LENGTH_BYTES) return false;
    const marked = readUint32(queue.peek(FRAME_LENGTH_BYTES), 0);
    const isLast = marked >= LAST_FRAME_BIT;
    const length = isLast ? marked - LAST_FRAME_BIT : marked;
    requireFrameLength(length, this.#salt !== null);
    if (queue.length < FRAME_LENGTH_BYTES + length) return false;
    // A full frame and a small last one behind it come together.
    if (this.#roomBytes < 0 || (this.#roomBytes === 0 && length > SMALL_FRAME_BYTES)) {
      this.#hasMore = true;
      return false;
    }
    queue.take(FRAME_LENGTH_BYTES);
    const place = { index: this.#nextIndex, isLast };
    const plaintext = this.#open(queue.take(length), place);
    const data = unpackData(plaintext, this.#roomFor(plaintext));
    this.#isFrameLent ||= data.buffer === this.#frame?.buffer;
    this.#nextIndex += 1;
    this.#count(data.length);
    if (data.length > 0) pieces.push(data);
    else if (!isLast) throw malformedError('only the last frame of a stream may be empty');
    if (isLast) {
      this.#isComplete = true;
      this.#step = 'done';
      queue.clear();
    }
    return !isLast;
  }

  /** An array of 64 KiB for each frame would be most of what a large message leaves beside the heap. */
  #roomFor(plaintext: Uint8Array): Uint8Array | null {
    const isFirst = this.#nextIndex === 0;
    if (isFirst || this.#isFrameLent || plaintext.length <= SMALL_FRAME_BYTES) return null;
    this.#frame ??= new Uint8Array(MAX_FRAME_BYTES);
    return this.#frame;
  }

  #count(bytes: number): void {
    this.#roomBytes -= bytes;
    this.#plaintextBytes += bytes;
    if (this.#plaintextBytes <= MAX_STREAM_MESSAGE_BYTES) return;
    throw limitError('plaintext of a stream', this.#plaintextBytes, MAX_STREAM_MESSAGE_BYTES);
  }

  #open(body: Uint8Array, place: FramePlace): Uint8Array {
    if (this.#salt === null) {
      if (place.index === 0) this.#role.opened(null);
      return body;
    }
    if (this.#secret === null) return this.#openFirst(body, place, this.#salt);
    const plaintext = openFrame(body, place, this.#secret);
    if (plaintext !== null) return plaintext;
    throw new CryptoError(
      'ERR_KEY_MISMATCH',
      'a frame of a stream is damaged or out of its place',
      {
        frame: place.index,
        sizeBytes: body.length,
      },
    );
  }

  #openFirst(body: Uint8Array, place: FramePlace, salt: Uint8Array): Uint8Array {
    const candidates = this.#role.candidates(salt);
    for (const [at, candidate] of candidates.entries()) {
      const secret = { key: candidate.key, salt };
      const plaintext = openFrame(body, place, secret);
      if (plaintext === null) continue;
      this.#secret = secret;
      this.#keyFingerprint = candidate.fingerprint;
      this.#role.opened({ salt, candidate: at });
      return plaintext;
    }
    throw new CryptoError('ERR_KEY_MISMATCH', 'no key of ours opens a stream', {
      frame: 0,
      sizeBytes: body.length,
      keys: candidates.length,
    });
  }

  /** Waits for the one small frame of a refusal, which proves nothing, and throws with what it says. */
  #readHint(): boolean {
    const queue = this.#queue;
    if (queue.length < FRAME_LENGTH_BYTES) return false;
    const marked = readUint32(queue.peek(FRAME_LENGTH_BYTES), 0);
    const length = marked - LAST_FRAME_BIT;
    if (length < 1 || length > 1 + MAX_REFUSAL_BYTES) throw notSealedError(null);
    if (queue.length < FRAME_LENGTH_BYTES + length) return false;
    queue.take(FRAME_LENGTH_BYTES);
    throw notSealedError(readRefusal(queue.take(length)));
  }
}

interface Hint {
  readonly reason: string;
  readonly text: string;
}

function readRefusal(plaintext: Uint8Array): Hint | null {
  try {
    const data = unpackData(plaintext);
    if (data.length > MAX_REFUSAL_BYTES) return null;
    const reader = createStreamReader();
    reader.push(data);
    const { message } = reader;
    return message?.type === 'error' ? { reason: message.reason, text: message.text } : null;
  } catch {
    return null;
  }
}

function notSealedError(hint: Hint | null): CryptoError {
  return new CryptoError(
    'ERR_NOT_SEALED',
    'the answer to a sealed request is not sealed',
    hint === null ? {} : { hint },
  );
}

function otherWireError(): CodecError {
  return new CodecError('ERR_CODEC_OTHER_WIRE', 'a stream is of the memberlist wire');
}
