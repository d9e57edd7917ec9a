import type { StreamOpener, StreamReader } from '../codec/index.ts';
import { hasStreamEnded, MESSAGE_TYPE } from '../codec/index.ts';
import type { Clock, GossipError, Timer } from '../runtime/index.ts';

/** What an intake reads with, and who hears how it goes. */
export interface StreamIntakeInit {
  readonly opener: StreamOpener;
  readonly reader: StreamReader;
  /** Plaintext was read: so many bytes more. */
  readonly onRead: (bytes: number) => void;
  /** The stream is whole; whether its message is, the reader says. Called once. */
  readonly onWhole: () => void;
  /** The peer ended, or the stream broke, before it was whole; nothing more follows. */
  readonly onCut: () => void;
  /** The bytes cannot be read; nothing more follows. */
  readonly onFailed: (error: GossipError) => void;
}

/**
 * Reads the bytes of a stream, a bounded piece between two turns of the loop.
 *
 * Compressed frames may hold a hundred times their size, and a frame some thousand records; and the system
 * hands over up to two megabytes of a stream before the loop goes on. So what arrives while a turn is waited for
 * is put aside, a turn is waited for after every full piece, and an end of the stream that arrives meanwhile
 * waits until all was read.
 */
export class StreamIntake {
  readonly #clock: Clock;
  readonly #o: StreamIntakeInit;
  /** Bytes that wait to be opened. */
  readonly #arrived: Uint8Array[] = [];
  /** Plaintext that waits to be read. */
  readonly #waiting: Uint8Array[] = [];
  /** What is read in one turn; known with the first byte. */
  #pieceBytes = 0;
  /** What was opened and read since the last turn. */
  #doneBytes = 0;
  #turn: Timer | null = null;
  #hasEnded = false;
  #isOver = false;

  constructor(clock: Clock, o: StreamIntakeInit) {
    this.#clock = clock;
    this.#o = o;
  }

  /** The next bytes arrived. */
  push(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#arrived.push(bytes);
    if (this.#turn === null) this.#goOn();
  }

  /** The peer sends nothing more. */
  end(): void {
    this.#hasEnded = true;
    if (!this.#isOver) this.#next();
  }

  /** Reads nothing more, telling nobody. */
  stop(): void {
    this.#isOver = true;
    this.#arrived.length = 0;
    this.#waiting.length = 0;
    this.#turn?.cancel();
    this.#turn = null;
  }

  /** One turn's work: frames are opened only when nothing is left of those before. */
  #goOn(): void {
    try {
      do {
        if (this.#waiting.length === 0) this.#openNext();
        this.#read();
      } while (this.#hasRoomForMore());
    } catch (error) {
      this.#fail(error as GossipError);
      return;
    }
    this.#next();
  }

  /** Small pieces that have arrived share a turn. */
  #hasRoomForMore(): boolean {
    const isIdle = this.#waiting.length === 0 && this.#o.opener.hasMore !== true;
    return isIdle && this.#arrived.length > 0 && this.#doneBytes < RAW_PIECE_BYTES;
  }

  #openNext(): void {
    const { opener } = this.#o;
    if (opener.hasMore === true) return this.#open(NO_BYTES);
    const next = this.#arrived.shift();
    if (next !== undefined) this.#open(next);
  }

  #open(bytes: Uint8Array): void {
    const { opener } = this.#o;
    this.#doneBytes += bytes.length;
    for (const plaintext of opener.push(bytes)) {
      if (this.#pieceBytes === 0) {
        const holdsRecords = plaintext[0] === MESSAGE_TYPE.pushPull;
        this.#pieceBytes = holdsRecords ? RECORDS_PIECE_BYTES : RAW_PIECE_BYTES;
      }
      this.#o.onRead(plaintext.length);
      this.#waiting.push(plaintext);
    }
  }

  /** Reads one piece of what waits. */
  #read(): void {
    let room = this.#pieceBytes;
    while (room > 0 && this.#waiting.length > 0) {
      const first = this.#waiting[0] as Uint8Array;
      // What is known is taken in as many turns as what is not, so that a simulation does not depend on it.
      this.#o.reader.expect?.(first);
      const piece = first.subarray(0, room);
      if (piece.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(piece.length);
      room -= piece.length;
      this.#doneBytes += piece.length;
      this.#o.reader.push(piece);
      // What is read is copied to where it belongs.
      if (piece.length === first.length) this.#o.opener.release?.(first);
    }
  }

  #next(): void {
    const { opener, reader } = this.#o;
    if (this.#turn !== null) return;
    const hasPlaintext = this.#waiting.length > 0 || opener.hasMore === true;
    if (!hasPlaintext && hasStreamEnded(opener, reader)) {
      this.stop();
      this.#o.onWhole();
    } else if (hasPlaintext || this.#arrived.length > 0 || this.#doneBytes >= RAW_PIECE_BYTES) {
      this.#turn = this.#clock.afterPendingInput(() => {
        this.#turn = null;
        this.#doneBytes = 0;
        this.#goOn();
      });
    } else if (this.#hasEnded) {
      this.stop();
      this.#o.onCut();
    }
  }

  #fail(error: GossipError): void {
    this.stop();
    this.#o.onFailed(error);
  }
}

const NO_BYTES = new Uint8Array(0);
/** A few hundred records: some two milliseconds. */
const RECORDS_PIECE_BYTES = 16_384;
/** Raw bytes are only copied. */
const RAW_PIECE_BYTES = 65_536;
