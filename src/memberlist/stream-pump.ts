import type { StreamMessage, StreamSealer, Wire } from '../codec/index.ts';
import type { Clock, StreamConnection, Timer } from '../runtime/index.ts';

/**
 * Writes one message to a stream piece by piece.
 *
 * A piece is at most 64 KiB; between two pieces the loop takes a turn, and when the connection is
 * backed up the pump waits for it to drain. So neither memory nor the loop suffers from a message of
 * many megabytes.
 */
export class StreamPump {
  readonly #clock: Clock;
  readonly #connection: StreamConnection;
  readonly #sealer: StreamSealer;
  readonly #pieces: Iterator<Uint8Array>;
  readonly #onWritten: (bytes: number) => void;
  #turn: Timer | null = null;
  #isWaiting = false;
  #isDone = false;

  /** @param onWritten - called once, when every byte is queued at the connection */
  constructor(
    clock: Clock,
    o: {
      readonly wire: Wire;
      readonly connection: StreamConnection;
      readonly sealer: StreamSealer;
      readonly message: StreamMessage;
      readonly onWritten: (bytes: number) => void;
    },
  ) {
    this.#clock = clock;
    this.#connection = o.connection;
    this.#sealer = o.sealer;
    this.#pieces = o.wire.encodeStreamMessage(o.message)[Symbol.iterator]();
    this.#onWritten = o.onWritten;
  }

  #bytes = 0;

  /** Writes the next piece, and goes on by itself. */
  run(): void {
    if (this.#isDone) return;
    const next = this.#pieces.next();
    const isLast = next.done === true;
    const isRoomy = this.#write(isLast ? this.#sealer.finish() : this.#sealer.push(next.value));
    if (isLast) {
      this.#isDone = true;
      this.#onWritten(this.#bytes);
    } else if (isRoomy) {
      this.#turn = this.#clock.afterPendingInput(() => {
        this.run();
      });
    } else {
      this.#isWaiting = true;
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

  #write(chunks: readonly Uint8Array[]): boolean {
    let isRoomy = true;
    for (const chunk of chunks) {
      this.#bytes += chunk.length;
      isRoomy = this.#connection.write(chunk);
    }
    return isRoomy;
  }
}
