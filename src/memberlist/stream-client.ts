import type { RefusalReason, StreamMessage } from '../codec/index.ts';
import { MAX_PUSH_PULL_NODES, REFUSAL_REASONS } from '../codec/index.ts';
import type { Address, ErrorCode, StreamConnection } from '../runtime/index.ts';
import {
  CodecError,
  CryptoError,
  formatAddress,
  GossipError,
  TimeoutError,
  TransportError,
} from '../runtime/index.ts';
import type { Core } from './core.ts';
import { StreamDeadline } from './stream-deadline.ts';
import { StreamIntake } from './stream-intake.ts';
import { StreamPump } from './stream-pump.ts';

/** How an exchange ended: with the reply (null where none was wanted), or with an error. */
export type ExchangeCallback = (error: GossipError | null, reply: StreamMessage | null) => void;

/** What one exchange wants. */
export interface ExchangeOptions {
  readonly wantsReply: boolean;
  /** Milliseconds for all of it, plus a second per MiB moved. */
  readonly timeoutMs: number;
}

/** The asking side of streams: one request, at most one reply, then the stream ends. */
export class StreamClient {
  readonly #core: Core;
  readonly #open = new Set<Exchange>();

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Sends one message over a stream of its own.
   *
   * @returns a function that gives up; `done` then hears nothing
   */
  exchange(
    to: Address,
    request: StreamMessage,
    options: ExchangeOptions,
    done: ExchangeCallback,
  ): () => void {
    this.#core.counters.add('streams.dialled');
    const exchange = new Exchange(this.#core, to, request, options, (error, reply) => {
      this.#open.delete(exchange);
      if (error !== null) this.#core.counters.add('streams.failed');
      else if (reply !== null) this.#core.reachability.answered();
      done(error, reply);
    });
    this.#open.add(exchange);
    exchange.start();
    return () => {
      this.#open.delete(exchange);
      exchange.abandon();
    };
  }

  /** Drops every open exchange; nobody is told. */
  stop(): void {
    for (const exchange of this.#open) exchange.abandon();
    this.#open.clear();
  }
}

class Exchange {
  readonly #core: Core;
  readonly #to: Address;
  readonly #request: StreamMessage;
  readonly #wantsReply: boolean;
  readonly #timeoutMs: number;
  readonly #done: ExchangeCallback;
  #connection: StreamConnection | null = null;
  #intake: StreamIntake | null = null;
  #pump: StreamPump | null = null;
  #deadline: StreamDeadline | null = null;
  #unwritable: GossipError | null = null;
  #isSettled = false;
  #hasHeard = false;

  constructor(
    core: Core,
    to: Address,
    request: StreamMessage,
    options: ExchangeOptions,
    done: ExchangeCallback,
  ) {
    this.#core = core;
    this.#to = to;
    this.#request = request;
    this.#wantsReply = options.wantsReply;
    this.#timeoutMs = options.timeoutMs;
    this.#done = done;
  }

  start(): void {
    const { wire, ports, config } = this.#core;
    const { request, reply } = wire.streams.initiate();
    const reader = wire.createStreamReader({
      maxUserMessageBytes: config.limits.maxStreamMessageBytes,
      maxNodes: mostPushPullNodes(config.limits.maxMembers),
    });
    const intake = new StreamIntake(ports.clock, {
      opener: reply,
      reader,
      onRead: () => undefined,
      onWhole: () => {
        this.#answered(reader.message);
      },
      onCut: () => {
        this.#fail(this.#closedEarly(null));
      },
      onFailed: (error) => {
        this.#fail(explain(error, this.#to));
      },
    });
    this.#intake = intake;
    const connection = ports.transport.dial(this.#to, {
      onData: (bytes) => {
        if (this.#isSettled) return;
        this.#hasHeard = true;
        this.#deadline?.moved(bytes.length);
        this.#core.counters.add('streams.receivedBytes', bytes.length);
        intake.push(bytes);
      },
      onDrain: () => {
        this.#pump?.onDrain();
      },
      onEnd: () => {
        if (this.#wantsReply) intake.end();
        else connection.end();
      },
      onClose: (error) => {
        if (this.#unwritable !== null) this.#fail(this.#unwritable);
        else if (error === null && !this.#wantsReply) this.#settle(null, null);
        else this.#fail(this.#closedEarly(error));
      },
    });
    this.#connection = connection;
    this.#deadline = new StreamDeadline(ports.clock, this.#timeoutMs, () => {
      const where = formatAddress(this.#to);
      const fields = { address: where, timeoutMs: this.#timeoutMs };
      this.#fail(
        new TimeoutError('ERR_TIMEOUT', `no complete exchange with ${where} in time`, fields),
      );
    });
    const sealer = request;
    this.#pump = new StreamPump(ports.clock, {
      wire,
      connection,
      sealer,
      message: this.#request,
      onMoved: (bytes) => {
        this.#deadline?.moved(bytes);
        this.#core.counters.add('streams.sentBytes', bytes);
      },
      onWritten: () => {
        if (!this.#wantsReply) connection.end();
      },
      onFailed: (error) => {
        this.#unwritable = error;
        connection.destroy();
      },
    });
    this.#pump.run();
  }

  /** Ends without telling anyone. */
  abandon(): void {
    this.#release();
    this.#isSettled = true;
  }

  #answered(message: StreamMessage | null): void {
    if (message === null) this.#fail(truncated(this.#to));
    else if (message.type === 'error') this.#fail(refusal(message.reason, message.text, this.#to));
    else this.#settle(null, message);
  }

  #closedEarly(error: GossipError | null): GossipError {
    if (error !== null && error.code !== 'ERR_STREAM_CLOSED') return error;
    const where = formatAddress(this.#to);
    const why = this.#hasHeard
      ? 'before its answer was whole'
      : 'without an answer; another label or another wire may be in use there';
    return new TransportError('ERR_STREAM_CLOSED', `${where} closed the stream ${why}`, {
      address: where,
      ...(error === null ? {} : { reason: error.fields['reason'], cause: error }),
    });
  }

  #fail(error: GossipError): void {
    this.#settle(error, null);
  }

  #settle(error: GossipError | null, reply: StreamMessage | null): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#release();
    this.#done(error, reply);
  }

  #release(): void {
    this.#deadline?.cancel();
    this.#intake?.stop();
    this.#pump?.stop();
    this.#connection?.destroy();
  }
}

function truncated(from: Address): GossipError {
  const where = formatAddress(from);
  const text = `the answer of ${where} ends before its message does`;
  return new CodecError('ERR_CODEC_TRUNCATED', text, { address: where });
}

/** A typed error for what a peer's refusal says. */
function refusal(reason: RefusalReason, text: string, from: Address): GossipError {
  const where = formatAddress(from);
  const fields = { address: where, reason, remoteText: text };
  switch (reason) {
    case 'label':
      return new CryptoError('ERR_LABEL_MISMATCH', `${where} uses another label`, fields);
    case 'key':
      return new CryptoError('ERR_KEY_MISMATCH', `${where} shares no key with this node`, fields);
    case 'unknown':
      // Go's nodes give no reason, only words.
      return new GossipError('ERR_REMOTE', `${where} refused: ${JSON.stringify(text)}`, fields);
    case 'malformed':
    case 'busy':
    case 'refused':
      return new GossipError('ERR_REMOTE', `${where} refused: ${reason}`, fields);
  }
}

/** An unsealed refusal of a sealed request is only a hint, but the best explanation there is. */
function explain(error: GossipError, from: Address): GossipError {
  const hint = error.fields['hint'] as { reason?: unknown; text?: unknown } | undefined;
  const reason = REFUSAL_REASONS.find((known) => known === hint?.reason);
  const text = typeof hint?.text === 'string' ? hint.text : '';
  if (reason === undefined) return error;
  if (reason !== 'unknown') return refusal(reason, text, from);
  const where = formatAddress(from);
  const told = `${where} answered without sealing: ${JSON.stringify(text)}`;
  return new CryptoError('ERR_NOT_SEALED', told, { address: where, remoteText: text });
}

/**
 * Records that a push/pull may have: what does not fit the table is not worth reading, but a peer may
 * be allowed more members than we are.
 */
export function mostPushPullNodes(maxMembers: number): number {
  return Math.min(MAX_PUSH_PULL_NODES, Math.max(2 * maxMembers, 4096));
}

/** The reason an acceptor gives for refusing a stream; all that is not listed is junk. */
export function refusalReasonOf(code: ErrorCode): RefusalReason {
  return REASONS[code] ?? 'malformed';
}

const REASONS: { readonly [Code in ErrorCode]?: RefusalReason } = {
  ERR_LABEL_MISMATCH: 'label',
  ERR_KEY_MISMATCH: 'key',
  ERR_NOT_SEALED: 'key',
  ERR_SEALED: 'key',
  ERR_STREAM_LIMIT: 'busy',
};
