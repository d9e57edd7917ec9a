import { StateError } from '../runtime/errors.ts';
import type { StreamSealer } from './envelope.ts';
import { MAX_FRAME_BYTES } from './limits.ts';
import type { RecordBlock } from './record-blocks.ts';
import { recordBlocks } from './record-blocks.ts';
import type { FrameSecret } from './stream-frame.ts';
import { encodeBlockFrame, encodeFrame } from './stream-frame.ts';

/** How a direction of a stream begins. */
export interface StreamBeginning {
  /** Everything in front of the first frame. */
  readonly preamble: Uint8Array;
  /** Null when the frames are not sealed. */
  readonly secret: FrameSecret | null;
}

/**
 * Gathers plaintext into frames of 64 KiB; a full one waits for what follows, as it may be the last. A block of
 * records is a frame of its own (`record-blocks.ts`), and waits for the same reason.
 */
export class FrameSealer implements StreamSealer {
  readonly #begin: () => StreamBeginning;
  readonly #compression: boolean;
  #beginning: StreamBeginning | null = null;
  /** Used for one frame after the other. */
  #gathered: Uint8Array = new Uint8Array(0);
  #gatheredBytes = 0;
  /** What waits in place of gathered bytes. */
  #block: RecordBlock | null = null;
  #nextIndex = 0;
  #isFinished = false;

  /** @param begin - called once, when the first bytes are due */
  constructor(begin: () => StreamBeginning, compression: boolean) {
    this.#begin = begin;
    this.#compression = compression;
  }

  push(plaintext: Uint8Array): Uint8Array[] {
    this.#requireOpen();
    const ready: Uint8Array[] = [];
    if (plaintext.length === 0) return ready;
    const block = recordBlocks.ofBytes(plaintext);
    if (this.#block !== null || (block !== null && this.#gatheredBytes > 0)) {
      this.#emit(ready, false);
    }
    if (block !== null) {
      this.#block = block;
      return ready;
    }
    let rest = plaintext;
    while (this.#gatheredBytes + rest.length > MAX_FRAME_BYTES) {
      const room = MAX_FRAME_BYTES - this.#gatheredBytes;
      this.#gather(rest.subarray(0, room));
      rest = rest.subarray(room);
      this.#emit(ready, false);
    }
    this.#gather(rest);
    return ready;
  }

  finish(): Uint8Array[] {
    this.#requireOpen();
    const ready: Uint8Array[] = [];
    this.#emit(ready, true);
    this.#isFinished = true;
    return ready;
  }

  *finishInSteps(): Generator<Uint8Array[], void, void> {
    yield this.finish();
  }

  #gather(bytes: Uint8Array): void {
    const length = this.#gatheredBytes + bytes.length;
    if (length > this.#gathered.length) {
      const larger = new Uint8Array(Math.min(MAX_FRAME_BYTES, 2 * length));
      larger.set(this.#gathered.subarray(0, this.#gatheredBytes));
      this.#gathered = larger;
    }
    this.#gathered.set(bytes, this.#gatheredBytes);
    this.#gatheredBytes = length;
  }

  #emit(ready: Uint8Array[], isLast: boolean): void {
    if (this.#beginning === null) {
      this.#beginning = this.#begin();
      ready.push(this.#beginning.preamble);
    }
    const place = { index: this.#nextIndex, isLast };
    this.#nextIndex += 1;
    const options = { secret: this.#beginning.secret, compression: this.#compression };
    if (this.#block !== null) ready.push(encodeBlockFrame(this.#block, place, options));
    else ready.push(encodeFrame(this.#gathered.subarray(0, this.#gatheredBytes), place, options));
    this.#block = null;
    this.#gatheredBytes = 0;
  }

  #requireOpen(): void {
    if (this.#isFinished) throw new StateError('ERR_INTERNAL', 'the stream is already finished');
  }
}
