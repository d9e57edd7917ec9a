import type { StreamMessage } from '../codec/index.ts';
import { hasStreamEnded } from '../codec/index.ts';
import type { GossipError, StreamConnection, StreamHandlers } from '../runtime/index.ts';
import { CodecError } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { tellForeignTraffic } from './foreign-traffic.ts';
import { StreamDeadline } from './stream-deadline.ts';
import { refusalReasonOf } from './stream-client.ts';
import { StreamPump } from './stream-pump.ts';

/** The stream that a request came over. */
export interface ServedStream {
  /** Drops it. */
  destroy(): void;
  /** Runs once when it has ended, in whatever way. */
  whenClosed(run: () => void): void;
}

/** Gives the reply to a whole request; null ends the stream without one. */
export type RequestHandler = (request: StreamMessage, stream: ServedStream) => StreamMessage | null;

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
  #isOpen = true;

  constructor(core: Core, handle: RequestHandler) {
    this.#core = core;
    this.#handle = handle;
  }

  /** A peer opened a stream. */
  accept(connection: StreamConnection): StreamHandlers {
    if (!this.#isOpen) return turnAway(connection);
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
    const closers: (() => void)[] = [];
    const stream: ServedStream = {
      destroy: () => {
        connection.destroy();
      },
      whenClosed: (run) => closers.push(run),
    };
    const release = (): void => {
      this.#open.delete(connection);
      deadline.cancel();
      pump?.stop();
      for (const run of closers.splice(0)) run();
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
        if (!hasStreamEnded(codec.request, reader)) return;
        counters.add('pushPulls.droppedRecords', reader.droppedRecords);
        isServed = true;
        if (reader.message === null) {
          const error = new CodecError('ERR_CODEC_TRUNCATED', 'the request ends too early');
          this.#refuse(connection, error, (reason, text) =>
            codec.refuse({ type: 'error', reason, text }),
          );
          return;
        }
        const reply = this.#handle(reader.message, stream);
        if (reply === null) return connection.end();
        pump = new StreamPump(ports.clock, {
          wire,
          connection,
          sealer: codec.reply,
          message: reply,
          onMoved: (sent) => {
            deadline.moved(sent);
            counters.add('streams.sentBytes', sent);
          },
          onWritten: () => {
            connection.end();
          },
          onFailed: (error) => {
            counters.add('streams.replyFailed');
            ports.logger.error({ error }, 'a reply could not be written');
            connection.destroy();
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

  /** Drops every stream, and accepts none any more. */
  stop(): void {
    this.#isOpen = false;
    for (const [connection, release] of [...this.#open]) {
      release();
      connection.destroy();
    }
  }

  #refuse(
    connection: StreamConnection,
    error: GossipError,
    encode: (reason: ReturnType<typeof refusalReasonOf>, text: string) => readonly Uint8Array[],
  ): void {
    this.#core.counters.add(`streams.rejected.${error.code}`);
    tellForeignTraffic(this.#core, 'streams', connection.remote, error);
    for (const chunk of encode(refusalReasonOf(error.code), error.code)) connection.write(chunk);
    connection.end();
  }
}

function turnAway(connection: StreamConnection): StreamHandlers {
  connection.destroy();
  return { onData: () => undefined, onClose: () => undefined };
}
