import type { StreamOpener, StreamReader } from '../codec/index.ts';
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
 * Compressed frames may hold a hundred times their size; what they hold beyond a piece is read in later
 * turns, and an end of the stream that arrives meanwhile waits until all of it was read.
 */
export class StreamIntake {
  readonly #clock: Clock;
  readonly #o: StreamIntakeInit;
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
    const { opener, reader } = this.#o;
    try {
      for (const piece of opener.push(bytes)) {
        this.#o.onRead(piece.length);
        reader.push(piece);
      }
    } catch (error) {
      this.stop();
      return this.#o.onFailed(error as GossipError);
    }
    this.#next();
  }

  /** The peer sends nothing more. */
  end(): void {
    this.#hasEnded = true;
    if (!this.#isOver && this.#turn === null) this.#next();
  }

  /** Reads nothing more, telling nobody. */
  stop(): void {
    this.#isOver = true;
    this.#turn?.cancel();
    this.#turn = null;
  }

  #next(): void {
    const { opener } = this.#o;
    if (opener.isComplete) {
      this.stop();
      return this.#o.onWhole();
    }
    if (opener.hasMore === true) {
      this.#turn ??= this.#clock.afterPendingInput(() => {
        this.#turn = null;
        this.push(NO_BYTES);
      });
      return;
    }
    if (!this.#hasEnded) return;
    this.stop();
    this.#o.onCut();
  }
}

const NO_BYTES = new Uint8Array(0);
