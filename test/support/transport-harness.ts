import assert from 'node:assert/strict';

import type {
  Address,
  GossipError,
  ListenOptions,
  StreamConnection,
  StreamHandlers,
  StreamLimits,
  Transport,
  TransportHandlers,
} from '../../src/runtime/index.ts';
import type { Run } from './drivers.ts';

/** One implementation on one address, as the transport suite sees it. */
export interface TransportHarness {
  /** IP literal on which every transport of the harness can listen. */
  readonly host: string;
  create(): Transport;
  readonly run: Run;
  /** Lets everything that is under way arrive. */
  settle(): Promise<void>;
  /** What went wrong out of the test's sight: failed assertions in handlers, for one. */
  problems(): readonly unknown[];
}

export const LIMITS: StreamLimits = {
  maxInboundStreams: 16,
  maxStreamBytes: 1024 * 1024,
  streamIdleMs: 10_000,
  dialTimeoutMs: 10_000,
};

/** A datagram as it arrived. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly from: Address;
}

/** What a stream's handler has heard, in order, and the stream. */
export class StreamLog implements StreamHandlers {
  readonly heard: string[] = [];
  readonly chunks: Uint8Array[] = [];
  /** Undefined until closed. */
  outcome: GossipError | null | undefined = undefined;
  connection: StreamConnection | null = null;
  onEvent: (event: string) => void = () => undefined;

  onOpen(): void {
    this.#note('open');
  }
  onData(bytes: Uint8Array): void {
    assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
    this.chunks.push(bytes);
    this.#note('data');
  }
  onEnd(): void {
    this.#note('end');
  }
  onDrain(): void {
    this.#note('drain');
  }
  onClose(error: GossipError | null): void {
    this.outcome = error;
    this.#note('close');
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.chunks);
  }
  get isClosed(): boolean {
    return this.outcome !== undefined;
  }
  has(event: string): boolean {
    return this.heard.includes(event);
  }

  #note(event: string): void {
    assert.notEqual(this.heard.at(-1), 'close', `${event} after close`);
    if (event !== 'data' || this.heard.at(-1) !== 'data') this.heard.push(event);
    this.onEvent(event);
  }
}

/** A listening transport with everything that it received. */
export class TestNode {
  readonly transport: Transport;
  readonly address: Address;
  readonly packets: Received[] = [];
  readonly accepted: StreamLog[] = [];
  /** Looks at a stream as it comes in. */
  onAccept: (log: StreamLog) => void = () => undefined;
  isClosed = false;

  constructor(transport: Transport, address: Address) {
    this.transport = transport;
    this.address = address;
  }

  dial(to: Address): StreamLog {
    const log = new StreamLog();
    log.connection = this.transport.dial(to, log);
    return log;
  }
}

/** Starts transports and closes them when a test is over. */
export class TestRing {
  readonly #harness: TransportHarness;
  readonly #transports: Transport[] = [];

  constructor(harness: TransportHarness) {
    this.#harness = harness;
  }

  /** A transport that does not listen yet. */
  create(): Transport {
    const transport = this.#harness.create();
    this.#transports.push(transport);
    return transport;
  }

  /** A transport listening on a free port. */
  async start(limits: Partial<StreamLimits> = {}): Promise<TestNode> {
    const transport = this.create();
    let node: TestNode | null = null;
    const outcome = await this.listen(
      transport,
      { limits: { ...LIMITS, ...limits } },
      {
        onPacket: (bytes, from) => node?.packets.push({ bytes, from }),
        onStream: (connection) => {
          const log = new StreamLog();
          log.connection = connection;
          node?.accepted.push(log);
          node?.onAccept(log);
          return log;
        },
      },
    );
    assert.equal(outcome.error, null);
    node = new TestNode(transport, outcome.bound);
    return node;
  }

  /** Listens and waits for the answer, whatever it is. */
  async listen(
    transport: Transport,
    options: Partial<ListenOptions> = {},
    handlers: TransportHandlers = { onPacket: () => undefined, onStream: () => new StreamLog() },
  ): Promise<{ error: GossipError | null; bound: Address }> {
    let outcome: { error: GossipError | null; bound: Address } | null = null;
    transport.listen(
      { bindAddress: this.#harness.host, bindPort: 0, limits: LIMITS, ...options },
      handlers,
      (error, bound) => (outcome = { error, bound }),
    );
    await this.#harness.run(() => outcome !== null);
    assert.ok(outcome);
    return outcome;
  }

  async close(...transports: Transport[]): Promise<void> {
    let open = transports.length;
    for (const transport of transports) transport.close(() => (open -= 1));
    await this.#harness.run(() => open === 0);
  }

  async closeAll(): Promise<void> {
    await this.close(...this.#transports);
  }
}

/** `length` bytes that differ from their neighbours. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
}

export function assertCode(log: StreamLog, ...codes: string[]): void {
  assert.ok(log.outcome, `closed in order or not at all: ${log.heard.join(' ')}`);
  assert.ok(codes.includes(log.outcome.code), `${log.outcome.code}: ${log.outcome.message}`);
}
