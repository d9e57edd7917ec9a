import { Socket } from 'node:net';

import type { GossipError } from '../errors.ts';
import { dialFailed, streamClosed, streamTooLong } from '../transport-errors.ts';
import type { Address, StreamConnection, StreamHandlers, StreamLimits } from '../transport.ts';

/*
 * One TCP connection behind the stream port.
 *
 * Invariant: once `#failure` is set, or the socket has closed, the only call that still goes to the
 * handler is `onClose`, once. The first failure is the one reported.
 *
 * Dropping a connection resets it, so that the peer cannot mistake a cut stream for an ended one. The
 * exception is a stream that we have ended ourselves: its shutdown may be under way, and libuv refuses
 * to reset then.
 */

/** `write` says "hold" from here on; Node's own mark differs between its versions. */
const HIGH_WATER_BYTES = 64 * 1024;
const MAX_TIMEOUT_MS = 0x7fff_ffff;

/** What a stream needs of the transport it belongs to. */
export interface StreamOwner {
  readonly limits: StreamLimits;
  /** Runs a handler; false when it threw, which has been counted then. */
  guard(run: () => void): boolean;
  /** The stream has closed and its handler knows. */
  forget(stream: NodeStream): void;
}

/** A dialled or accepted stream. */
export class NodeStream implements StreamConnection {
  readonly remote: Address;
  readonly #owner: StreamOwner;
  readonly #socket: Socket;
  #handlers: StreamHandlers;
  #dialTimer: NodeJS.Timeout | undefined;
  #failure: GossipError | null = null;
  #isOpen = false;
  #hasPeerEnded = false;
  #owesDrain = false;
  #receivedBytes = 0;

  private constructor(
    owner: StreamOwner,
    socket: Socket,
    remote: Address,
    handlers: StreamHandlers,
  ) {
    this.#owner = owner;
    this.#socket = socket;
    this.#handlers = handlers;
    this.remote = remote;
  }

  /** Starts to connect. */
  static dial(owner: StreamOwner, to: Address, handlers: StreamHandlers): NodeStream {
    const remote = Object.freeze({ host: to.host, port: to.port });
    const socket = new Socket({ allowHalfOpen: true });
    const stream = new NodeStream(owner, socket, remote, handlers);
    stream.#listen();
    stream.#connect();
    return stream;
  }

  /** A stream that fails at once, since the transport cannot dial now. */
  static failed(
    owner: StreamOwner,
    to: Address,
    handlers: StreamHandlers,
    why: GossipError,
  ): NodeStream {
    const remote = Object.freeze({ host: to.host, port: to.port });
    const stream = new NodeStream(owner, new Socket(), remote, handlers);
    stream.#listen();
    stream.#fail(dialFailed(remote, why.message, why));
    return stream;
  }

  /** Takes over an accepted socket; the handler follows with {@link NodeStream.hear}. */
  static accept(owner: StreamOwner, socket: Socket, remote: Address): NodeStream {
    const stream = new NodeStream(owner, socket, remote, DEAF);
    stream.#isOpen = true;
    return stream;
  }

  /** Gives an accepted stream its handler and starts to read. */
  hear(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    this.#listen();
    this.#watchIdle();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver || this.#socket.writableEnded) return false;
    if (bytes.length > 0) this.#socket.write(bytes);
    if (this.#socket.writableLength < HIGH_WATER_BYTES) return true;
    this.#owesDrain = true;
    return false;
  }

  end(): void {
    if (!this.#isOver) this.#socket.end();
  }

  destroy(): void {
    if (!this.#isOver && !this.#hasEndedInOrder) this.#fail(streamClosed(this.remote, 'destroyed'));
  }

  get #isOver(): boolean {
    return this.#failure !== null || this.#socket.destroyed;
  }

  get #hasEndedInOrder(): boolean {
    return this.#hasPeerEnded && this.#socket.writableFinished;
  }

  #connect(): void {
    const { dialTimeoutMs } = this.#owner.limits;
    const { host, port } = this.remote;
    this.#socket.setNoDelay(true);
    this.#dialTimer = setTimeout(
      () => this.#fail(dialFailed(this.remote, `no answer within ${dialTimeoutMs} ms`)),
      Math.min(dialTimeoutMs, MAX_TIMEOUT_MS),
    );
    try {
      this.#socket.connect({ host, port, lookup: refuseName });
    } catch (cause) {
      this.#fail(dialFailed(this.remote, messageOf(cause), cause));
    }
  }

  #listen(): void {
    this.#socket.on('connect', () => this.#opened());
    this.#socket.on('data', (chunk: Buffer) => this.#received(chunk));
    this.#socket.on('end', () => this.#peerEnded());
    this.#socket.on('drain', () => this.#drained());
    this.#socket.on('timeout', () => this.#fail(streamClosed(this.remote, 'idle')));
    this.#socket.on('error', (cause) => this.#broke(cause));
    this.#socket.on('close', () => this.#closed());
  }

  #watchIdle(): void {
    this.#socket.setTimeout(Math.min(this.#owner.limits.streamIdleMs, MAX_TIMEOUT_MS));
  }

  #opened(): void {
    clearTimeout(this.#dialTimer);
    this.#isOpen = true;
    this.#watchIdle();
    this.#tell(() => this.#handlers.onOpen?.());
  }

  #received(chunk: Buffer): void {
    if (this.#failure !== null) return;
    const limitBytes = this.#owner.limits.maxStreamBytes;
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes > limitBytes) {
      this.#fail(streamTooLong(this.remote, { sizeBytes: this.#receivedBytes, limitBytes }));
      return;
    }
    // Every read has memory of its own, so the view may be kept; a plain array, since `slice` of a
    // Buffer does not copy.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#tell(() => this.#handlers.onData(bytes));
  }

  #peerEnded(): void {
    this.#hasPeerEnded = true;
    this.#tell(() => this.#handlers.onEnd?.());
  }

  #drained(): void {
    if (!this.#owesDrain) return;
    this.#owesDrain = false;
    this.#tell(() => this.#handlers.onDrain?.());
  }

  #broke(cause: Error): void {
    this.#fail(
      this.#isOpen
        ? streamClosed(this.remote, 'reset', cause)
        : dialFailed(this.remote, cause.message, cause),
    );
  }

  #tell(call: () => void): void {
    if (this.#failure !== null) return;
    if (!this.#owner.guard(call)) this.#fail(streamClosed(this.remote, 'handler'));
  }

  #fail(failure: GossipError): void {
    this.#failure ??= failure;
    clearTimeout(this.#dialTimer);
    if (this.#socket.destroyed) return;
    if (this.#isOpen && !this.#socket.writableEnded) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #closed(): void {
    clearTimeout(this.#dialTimer);
    const orderly = this.#hasEndedInOrder ? null : streamClosed(this.remote, 'reset');
    const outcome = this.#failure ?? orderly;
    this.#owner.guard(() => this.#handlers.onClose(outcome));
    this.#owner.forget(this);
  }
}

/** Stands in until an accepted stream has its own handler. */
const DEAF: StreamHandlers = { onData: () => undefined, onClose: () => undefined };

/** Dialling is for addresses; names belong to the resolver. */
function refuseName(name: string, _options: unknown, answer: (error: Error, address: '') => void) {
  process.nextTick(answer, new Error(`${JSON.stringify(name)} is not an IP address`), '');
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
