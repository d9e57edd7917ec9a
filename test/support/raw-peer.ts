import type {
  AliveMessage,
  PacketMessage,
  PushPullMessage,
  PushPullNode,
  StreamMessage,
  Wire,
} from '../../src/codec/index.ts';
import {
  createWire,
  encodeCompound,
  Keyring,
  MESSAGE_TYPE,
  splitCompound,
} from '../../src/codec/index.ts';
import type { Address, StreamConnection, StreamHandlers } from '../../src/runtime/index.ts';
import { hostToBytes, SeededRandom } from '../../src/runtime/index.ts';
import type { MemoryTransport } from '../../src/simulator/index.ts';
import { seededEntropy } from '../../src/simulator/index.ts';
import type { Ring } from './ring.ts';

/*
 * A peer that does only what a test tells it: it speaks the wire, keeps what it hears, and answers
 * nothing by itself. With it a test can be slow, forge, lie or stay silent.
 */

/** How a raw peer is made. */
export interface RawPeerOptions {
  readonly host: string;
  readonly name?: string;
  readonly keys?: readonly Uint8Array[];
  readonly label?: string;
}

/** A scripted node of a ring. */
export class RawPeer {
  readonly name: string;
  readonly address: Address;
  readonly startId = Uint8Array.of(9, 9, 9, 9);
  /** Every message that came in packets, compounds taken apart, in order. */
  readonly heard: PacketMessage[] = [];
  /** Payloads of user messages that came in packets. */
  readonly userMessages: Uint8Array[] = [];
  /** Every whole request that came over a stream. */
  readonly requests: StreamMessage[] = [];
  readonly wire: Wire;
  readonly transport: MemoryTransport;
  /** Runs for every message, after it was kept. */
  onMessage: ((message: PacketMessage, from: Address) => void) | null = null;
  /** Gives the reply to a request over a stream; null ends it without one, `hang` leaves it open. */
  onRequest: ((request: StreamMessage) => StreamMessage | null | 'hang') | null = null;

  private constructor(ring: Ring, options: RawPeerOptions) {
    this.name = options.name ?? 'raw';
    this.address = { host: options.host, port: 7946 };
    this.transport = ring.network.transport({ host: options.host });
    this.wire = createWire('protobuf', {
      keyring: new Keyring(options.keys ?? [], [32]),
      label: new TextEncoder().encode(options.label ?? ''),
      entropy: seededEntropy(new SeededRandom(77)),
      verifyIncoming: true,
      verifyOutgoing: true,
      compression: true,
    });
  }

  /** Starts to listen on port 7946. */
  static async start(ring: Ring, options: RawPeerOptions): Promise<RawPeer> {
    const peer = new RawPeer(ring, options);
    const limits = {
      maxInboundStreams: 64,
      maxStreamBytes: 1 << 24,
      streamIdleMs: 60_000,
      dialTimeoutMs: 10_000,
    };
    await ring.settle(
      new Promise<void>((resolve, reject) => {
        peer.transport.listen(
          { bindAddress: options.host, bindPort: 7946, limits },
          {
            onPacket: (bytes, from) => peer.#hear(peer.wire.packets.open(bytes).message, from),
            onStream: (connection) => peer.#accept(connection),
          },
          (error) => (error === null ? resolve() : reject(error)),
        );
      }),
    );
    return peer;
  }

  /** Sends messages, several in one compound. */
  send(to: Address | { readonly host: string }, ...messages: PacketMessage[]): void {
    const parts = messages.map((message) => this.wire.encodePacketMessage(message));
    this.sendMessage(to, parts.length === 1 ? (parts[0] as Uint8Array) : encodeCompound(parts));
  }

  /** Seals and sends an encoded message. */
  sendMessage(to: Address | { readonly host: string }, message: Uint8Array): void {
    this.sendBytes(to, this.wire.packets.seal(message));
  }

  /** Sends a datagram as it is. */
  sendBytes(to: Address | { readonly host: string }, bytes: Uint8Array): void {
    this.transport.sendPacket({ port: 7946, ...to }, bytes);
  }

  /** This peer's own alive claim. */
  alive(changes: Partial<AliveMessage> = {}): AliveMessage {
    return {
      type: 'alive',
      incarnation: 1,
      node: this.name,
      address: hostToBytes(this.address.host),
      port: this.address.port,
      metadata: new Uint8Array(0),
      versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
      startId: this.startId,
      ...changes,
    };
  }

  /** This peer's own record in a push/pull. */
  node(changes: Partial<PushPullNode> = {}): PushPullNode {
    const { address, port, metadata, incarnation, versions, startId } = this.alive();
    const record = { address, port, metadata, incarnation, versions, startId };
    return { name: this.name, state: 'alive', ...record, ...changes };
  }

  /** A push/pull with these records. */
  pushPull(nodes: readonly PushPullNode[] = [this.node()], join = true): PushPullMessage {
    return { type: 'pushPull', join, nodes, userState: new Uint8Array(0) };
  }

  /** Answers pings, as a live member would. */
  answerPings(): void {
    this.onMessage = (message, from) => {
      if (message.type === 'ping' && message.node === this.name) {
        this.send(from, { type: 'ack', seq: message.seq, payload: new Uint8Array(0) });
      }
    };
  }

  /** Dials and sends one request; the promise ends with the reply, or null when the stream ends first. */
  async request(
    to: { readonly host: string },
    message: StreamMessage,
  ): Promise<StreamMessage | null> {
    const { request, reply } = this.wire.streams.initiate();
    const chunks = [...this.wire.encodeStreamMessage(message)].flatMap((piece) =>
      request.push(piece),
    );
    const reader = this.wire.createStreamReader();
    return new Promise((resolve, reject) => {
      const connection = this.transport.dial(
        { host: to.host, port: 7946 },
        {
          onData: (bytes) => {
            try {
              for (const piece of reply.push(bytes)) reader.push(piece);
            } catch (error) {
              reject(error instanceof Error ? error : new Error(String(error)));
            }
            if (reader.message === null || !reply.isComplete) return;
            resolve(reader.message);
            connection.destroy();
          },
          onEnd: () => connection.end(),
          onClose: () => resolve(reader.message),
        },
      );
      for (const chunk of [...chunks, ...request.finish()]) connection.write(chunk);
    });
  }

  /** Dials and writes bytes as they are; the promise ends with the stream. */
  async dialBytes(to: { readonly host: string }, bytes: Uint8Array): Promise<Uint8Array> {
    const heard: number[] = [];
    return new Promise((resolve) => {
      const connection = this.transport.dial(
        { host: to.host, port: 7946 },
        {
          onData: (more) => heard.push(...more),
          onEnd: () => connection.end(),
          onClose: () => resolve(Uint8Array.from(heard)),
        },
      );
      connection.write(bytes);
      connection.end();
    });
  }

  async close(): Promise<void> {
    return new Promise((resolve) => {
      this.transport.close(resolve);
    });
  }

  #hear(message: Uint8Array, from: Address): void {
    if (message[0] === MESSAGE_TYPE.compound) {
      for (const part of splitCompound(message).parts) this.#hear(part, from);
    } else if (message[0] === MESSAGE_TYPE.user) {
      this.userMessages.push(message.slice(1));
    } else {
      const decoded = this.wire.decodePacketMessage(message);
      this.heard.push(decoded);
      this.onMessage?.(decoded, from);
    }
  }

  #accept(connection: StreamConnection): StreamHandlers {
    const { request, reply } = this.wire.streams.accept();
    const reader = this.wire.createStreamReader();
    let isServed = false;
    return {
      onData: (bytes) => {
        for (const piece of request.push(bytes)) reader.push(piece);
        if (isServed || reader.message === null || !request.isComplete) return;
        isServed = true;
        this.requests.push(reader.message);
        const answer = this.onRequest?.(reader.message) ?? null;
        if (answer === 'hang') return;
        if (answer !== null) {
          const pieces = [...this.wire.encodeStreamMessage(answer)];
          const chunks = pieces.flatMap((piece) => reply.push(piece));
          for (const chunk of [...chunks, ...reply.finish()]) connection.write(chunk);
        }
        connection.end();
      },
      onEnd: () => connection.end(),
      onClose: () => undefined,
    };
  }
}
