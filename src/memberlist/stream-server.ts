import type { StreamMessage } from '../codec/index.ts';
import type { GossipError, StreamConnection, StreamHandlers } from '../runtime/index.ts';
import { CodecError, StateError } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { tellRefused } from './foreign-traffic.ts';
import { StreamDeadline } from './stream-deadline.ts';
import { mostPushPullNodes, refusalReasonOf } from './stream-client.ts';
import { StreamIntake } from './stream-intake.ts';
import { StreamPump } from './stream-pump.ts';
import { StreamRoom } from './stream-room.ts';

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
  readonly #room: StreamRoom<StreamConnection>;
  #isOpen = true;

  constructor(core: Core, handle: RequestHandler) {
    this.#core = core;
    this.#handle = handle;
    const { maxInboundStreams, maxStreamMessageBytes } = core.config.limits;
    this.#room = new StreamRoom({
      maxStreams: maxInboundStreams - Math.ceil(maxInboundStreams / SPARE_SHARE),
      maxBytes: LARGEST_AT_ONCE * maxStreamMessageBytes,
    });
  }

  /** A peer opened a stream. */
  accept(connection: StreamConnection): StreamHandlers {
    if (!this.#isOpen) return turnAway(connection);
    const { wire, ports, config, counters } = this.#core;
    counters.add('streams.accepted');
    ports.logger.debug({ ...connection.remote }, 'a stream was opened');
    const codec = wire.streams.accept();
    const reader = wire.createStreamReader({
      maxUserMessageBytes: config.limits.maxStreamMessageBytes,
      maxNodes: mostPushPullNodes(config.limits.maxMembers),
    });
    const deadline = new StreamDeadline(ports.clock, config.limits.streamTimeoutMs, () => {
      counters.add('streams.rejected.slow');
      connection.destroy();
    });
    let pump: StreamPump | null = null;
    let isServed = false;
    let arrivedBytes = 0;
    const closers: (() => void)[] = [];
    const stream: ServedStream = {
      destroy: () => {
        connection.destroy();
      },
      whenClosed: (run) => closers.push(run),
    };
    const refuse = (error: GossipError): void => {
      isServed = true;
      this.#refuse(connection, error, (reason, text) =>
        codec.refuse({ type: 'error', reason, text }),
      );
    };
    const intake = new StreamIntake(ports.clock, {
      opener: codec.request,
      reader,
      onRead: (bytes) => {
        this.#room.proved(connection);
        this.#room.read(connection, bytes);
      },
      onWhole: () => {
        counters.add('pushPulls.droppedRecords', reader.droppedRecords);
        if (reader.message === null) {
          return refuse(new CodecError('ERR_CODEC_TRUNCATED', 'the request ends too early'));
        }
        isServed = true;
        this.#core.reachability.reached('streams');
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
      onCut: () => {
        counters.add('streams.rejected.ERR_CODEC_TRUNCATED');
        connection.destroy();
      },
      onFailed: refuse,
    });
    const release = (): void => {
      this.#open.delete(connection);
      this.#room.leave(connection);
      deadline.cancel();
      intake.stop();
      pump?.stop();
      for (const run of closers.splice(0)) run();
    };
    this.#open.set(connection, release);
    this.#makeRoom(connection);
    return {
      onData: (bytes) => {
        if (isServed) return;
        deadline.moved(bytes.length);
        counters.add('streams.receivedBytes', bytes.length);
        arrivedBytes += bytes.length;
        if (!this.#room.hold(connection, arrivedBytes)) {
          intake.stop();
          counters.add('streams.rejected.memory');
          return refuse(new StateError('ERR_STREAM_LIMIT', 'too much is arriving at once'));
        }
        intake.push(bytes);
      },
      onDrain: () => {
        pump?.onDrain();
      },
      onEnd: () => {
        if (!isServed) intake.end();
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

  /** Drops the stream that has gone longest without an opened frame, when room runs out. */
  #makeRoom(connection: StreamConnection): void {
    const crowded = this.#room.enter(connection);
    if (crowded === null) return;
    this.#core.counters.add('streams.rejected.crowded');
    crowded.destroy();
  }

  #refuse(
    connection: StreamConnection,
    error: GossipError,
    encode: (reason: ReturnType<typeof refusalReasonOf>, text: string) => readonly Uint8Array[],
  ): void {
    this.#core.counters.add(`streams.rejected.${error.code}`);
    tellRefused(this.#core, 'streams', connection.remote, error);
    for (const chunk of encode(refusalReasonOf(error.code), error.code)) connection.write(chunk);
    connection.end();
  }
}

/** One in so many streams is kept free for whoever comes next, as long as silent ones can be dropped. */
const SPARE_SHARE = 16;
/** Messages of the largest size that may be arriving at once. */
const LARGEST_AT_ONCE = 4;

function turnAway(connection: StreamConnection): StreamHandlers {
  connection.destroy();
  return { onData: () => undefined, onClose: () => undefined };
}
