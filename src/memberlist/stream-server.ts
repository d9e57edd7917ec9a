import type { StreamMessage, StreamReader } from '../codec/index.ts';
import type { GossipError, StreamConnection, StreamHandlers } from '../runtime/index.ts';
import { formatAddress } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { StreamDeadline } from './stream-deadline.ts';
import { refusalReasonOf } from './stream-client.ts';
import { StreamPump } from './stream-pump.ts';

/** Gives the reply to a whole request; null ends the stream without one. */
export type RequestHandler = (
  request: StreamMessage,
  connection: StreamConnection,
) => StreamMessage | null;

/**
 * The answering side of streams.
 *
 * Junk is counted by reason and refused with a short reason, so that an operator on the other side
 * learns about a wrong key or label; it never throws and never touches state.
 */
export class StreamServer {
  readonly #core: Core;
  readonly #handle: RequestHandler;
  readonly #open = new Map<StreamConnection, () => void>();

  constructor(core: Core, handle: RequestHandler) {
    this.#core = core;
    this.#handle = handle;
  }

  /** A peer opened a stream. */
  accept(connection: StreamConnection): StreamHandlers {
    const { wire, ports, config, counters } = this.#core;
    counters.add('streams.accepted');
    const codec = wire.streams.accept();
    const reader = wire.createStreamReader({
      maxUserMessageBytes: config.limits.maxStreamMessageBytes,
    });
    const deadline = new StreamDeadline(ports.clock, config.limits.streamTimeoutMs, () => {
      counters.add('streams.rejected.slow');
      connection.destroy();
    });
    let pump: StreamPump | null = null;
    let isServed = false;
    const release = (): void => {
      this.#open.delete(connection);
      deadline.cancel();
      pump?.stop();
    };
    this.#open.set(connection, release);
    return {
      onData: (bytes) => {
        if (isServed) return;
        deadline.moved(bytes.length);
        counters.add('streams.receivedBytes', bytes.length);
        try {
          for (const piece of codec.request.push(bytes)) reader.push(piece);
        } catch (error) {
          isServed = true;
          this.#refuse(connection, error as GossipError, (reason, text) =>
            codec.refuse({ type: 'error', reason, text }),
          );
          return;
        }
        if (!codec.request.isComplete || reader.message === null) return;
        isServed = true;
        const reply = this.#answer(reader, connection);
        if (reply === null) return connection.end();
        pump = new StreamPump(ports.clock, {
          wire,
          connection,
          sealer: codec.reply,
          message: reply,
          onWritten: (bytes_) => {
            deadline.moved(bytes_);
            counters.add('streams.sentBytes', bytes_);
            connection.end();
          },
        });
        pump.run();
      },
      onDrain: () => {
        pump?.onDrain();
      },
      onEnd: () => {
        if (isServed) return;
        counters.add('streams.rejected.ERR_CODEC_TRUNCATED');
        connection.destroy();
      },
      onClose: release,
    };
  }

  /** Drops every stream. */
  stop(): void {
    for (const [connection, release] of [...this.#open]) {
      release();
      connection.destroy();
    }
  }

  #answer(reader: StreamReader, connection: StreamConnection): StreamMessage | null {
    const { message } = reader;
    return message === null ? null : this.#handle(message, connection);
  }

  #refuse(
    connection: StreamConnection,
    error: GossipError,
    encode: (reason: ReturnType<typeof refusalReasonOf>, text: string) => readonly Uint8Array[],
  ): void {
    const { counters, ports } = this.#core;
    counters.add(`streams.rejected.${error.code}`);
    const peer = formatAddress(connection.remote);
    ports.logger.warn({ peer, code: error.code }, 'stream refused');
    for (const chunk of encode(refusalReasonOf(error.code), error.code)) connection.write(chunk);
    connection.end();
  }
}
