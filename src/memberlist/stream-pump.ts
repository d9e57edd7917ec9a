import type { StreamMessage, StreamSealer, Wire } from '../codec/index.ts';
import type { Clock, GossipError, StreamConnection, Timer } from '../runtime/index.ts';

/**
 * Writes one message to a stream piece by piece.
 *
 * A piece is at most 64 KiB; between two pieces the loop takes a turn, and when the connection is
 * backed up the pump waits for it to drain. So neither memory nor the loop suffers from a message of
 * many megabytes. Where nothing can leave before all of it was compressed, that is done piece by piece too.
 */
export class StreamPump {
  readonly #clock: Clock;
  readonly #pieces: Iterator<Uint8Array>;
  readonly #o: StreamPumpInit;
  #rest: Iterator<readonly Uint8Array[]> | null = null;
  #turn: Timer | null = null;
  #isWaiting = false;
  #isDone = false;

  constructor(clock: Clock, o: StreamPumpInit) {
    this.#clock = clock;
    this.#o = o;
    this.#pieces = o.wire.encodeStreamMessage(o.message)[Symbol.iterator]();
  }

  /** Writes the next piece, and goes on by itself. */
  run(): void {
    if (this.#isDone) return;
    try {
      this.#writeNext();
    } catch (error) {
      this.stop();
      this.#o.onFailed(error as GossipError);
    }
  }

  /** The connection has room again. */
  onDrain(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.run();
  }

  /** Writes nothing more. */
  stop(): void {
    this.#isDone = true;
    this.#turn?.cancel();
  }

  #writeNext(): void {
    const chunks = this.#nextChunks();
    const isRoomy = this.#write(chunks ?? []);
    if (chunks === null) {
      this.#isDone = true;
      this.#o.onWritten();
    } else if (isRoomy) {
      this.#turn = this.#clock.afterPendingInput(() => {
        this.run();
      });
    } else {
      this.#isWaiting = true;
    }
  }

  /** What is ready after one more step; null when all was written. */
  #nextChunks(): readonly Uint8Array[] | null {
    const { sealer } = this.#o;
    if (this.#rest === null) {
      const next = this.#pieces.next();
      if (next.done !== true) return sealer.push(next.value);
      this.#rest = sealer.finishInSteps();
    }
    const step = this.#rest.next();
    return step.done === true ? null : step.value;
  }

  #write(chunks: readonly Uint8Array[]): boolean {
    let isRoomy = true;
    for (const chunk of chunks) {
      isRoomy = this.#o.connection.write(chunk);
      this.#o.onMoved(chunk.length);
    }
    return isRoomy;
  }
}

/** What a pump moves, and who hears of it. */
export interface StreamPumpInit {
  readonly wire: Wire;
  readonly connection: StreamConnection;
  readonly sealer: StreamSealer;
  readonly message: StreamMessage;
  /** So many bytes more are queued at the connection. */
  readonly onMoved: (bytes: number) => void;
  /** Called once, when every byte is queued at the connection. */
  readonly onWritten: () => void;
  /** The message cannot be written at all: it breaks a limit of the codec. */
  readonly onFailed: (error: GossipError) => void;
}
