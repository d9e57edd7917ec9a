import type { RemoteInfo } from 'node:dgram';
import type { Socket } from 'node:net';

import { canonicalHost } from '../address.ts';
import type { GossipError } from '../errors.ts';
import { StateError, TransportError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { silentLogger } from '../logger.ts';
import { Counters } from '../metrics.ts';
import { addressUnavailable, sendFailed } from '../transport-errors.ts';
import type {
  Address,
  InterfaceAddress,
  ListenOptions,
  StreamConnection,
  StreamHandlers,
  StreamLimits,
  Transport,
  TransportHandlers,
} from '../transport.ts';
import { interfaceAddresses } from './interfaces.ts';
import type { SocketPair } from './sockets.ts';
import { bindSocketPair, peerHost } from './sockets.ts';
import type { StreamOwner } from './stream.ts';
import { NodeStream } from './stream.ts';

/*
 * UDP and TCP behind the transport port.
 *
 *   idle -> binding -> open -> closing -> closed        a failed bind goes back to idle
 *
 * Whatever the network or a handler does stays a value or a counter: no event of a socket is left
 * without a listener, and every handler runs guarded. `closed` is reached when the sockets and every
 * stream are gone and each stream's handler has heard so.
 */

/** Collaborators of a {@link NodeTransport}. */
export interface NodeTransportOptions {
  /** Hears of handlers that threw. Default: nobody. */
  readonly logger?: Logger;
}

type Phase = 'idle' | 'binding' | 'open' | 'closing' | 'closed';

const NO_LIMITS: StreamLimits = {
  maxInboundStreams: 0,
  maxStreamBytes: 0,
  streamIdleMs: 0,
  dialTimeoutMs: 0,
};

/** Datagrams over `node:dgram` and streams over `node:net`, on one port number. */
export class NodeTransport implements Transport {
  readonly #logger: Logger;
  readonly #counters = new Counters();
  readonly #streams = new Set<NodeStream>();
  readonly #inbound = new Set<NodeStream>();
  readonly #closers: (() => void)[] = [];
  #phase: Phase = 'idle';
  #pair: SocketPair | null = null;
  #isIpv6 = false;
  #isFinishing = false;
  #openSockets = 0;
  #limits: StreamLimits = NO_LIMITS;

  constructor(options: NodeTransportOptions = {}) {
    this.#logger = options.logger ?? silentLogger;
  }

  listen(
    options: ListenOptions,
    handlers: TransportHandlers,
    done: (error: GossipError | null, bound: Address) => void,
  ): void {
    const wanted: Address = { host: options.bindAddress, port: options.bindPort };
    const refusal = this.#refuseListen(options);
    if (refusal !== null) {
      process.nextTick(() => this.#guard(() => done(refusal, wanted)));
      return;
    }
    const host = canonicalHost(options.bindAddress) ?? options.bindAddress;
    this.#phase = 'binding';
    this.#isIpv6 = host.includes(':');
    bindSocketPair(host, options.bindPort, (error, pair) => {
      this.#adopt(pair, handlers, options.limits);
      if (this.#phase === 'closing') {
        this.#guard(() => done(this.#closedError(), wanted));
        this.#tearDown();
        return;
      }
      this.#phase = pair === null ? 'idle' : 'open';
      this.#guard(() => done(error, pair === null ? wanted : { host, port: pair.port }));
    });
  }

  sendPacket(to: Address, bytes: Uint8Array, done?: (error: GossipError | null) => void): void {
    const answer = (error: GossipError | null): void => {
      if (error !== null) this.#counters.add('packets.sendFailed');
      if (done !== undefined) this.#guard(() => done(error));
    };
    if (this.#phase !== 'open' || this.#pair === null) {
      process.nextTick(answer, this.#closedError());
      return;
    }
    const { udp } = this.#pair;
    // A socket of the IPv6 family takes IPv4 destinations in mapped form only.
    const isMapped = this.#isIpv6 && !to.host.includes(':');
    try {
      udp.send(bytes, to.port, isMapped ? `::ffff:${to.host}` : to.host, (cause) => {
        answer(cause === null ? null : sendFailed(to, cause.message, cause));
      });
    } catch (cause) {
      process.nextTick(answer, sendFailed(to, String(cause), cause));
    }
  }

  dial(to: Address, handlers: StreamHandlers): StreamConnection {
    const owner = this.#owner();
    const stream =
      this.#phase === 'open'
        ? NodeStream.dial(owner, to, handlers)
        : NodeStream.failed(owner, to, handlers, this.#closedError());
    this.#streams.add(stream);
    return stream;
  }

  interfaceAddresses(): readonly InterfaceAddress[] {
    return interfaceAddresses();
  }

  close(done: () => void): void {
    if (this.#phase === 'closed') {
      process.nextTick(() => this.#guard(done));
      return;
    }
    this.#closers.push(done);
    if (this.#phase === 'closing') return;
    const wasBinding = this.#phase === 'binding';
    this.#phase = 'closing';
    if (!wasBinding) this.#tearDown(); // otherwise the end of the binding does
  }

  counters(): Record<string, number> {
    return this.#counters.snapshot();
  }

  #refuseListen(options: ListenOptions): GossipError | null {
    const { bindAddress, bindPort } = options;
    if (this.#phase === 'closing' || this.#phase === 'closed') return this.#closedError();
    if (this.#phase !== 'idle') return new TransportError('ERR_TRANSPORT', 'already listening');
    const isPort = Number.isInteger(bindPort) && bindPort >= 0 && bindPort <= 65_535;
    if (isPort && canonicalHost(bindAddress) !== null) return null;
    return addressUnavailable({ address: bindAddress, port: bindPort, protocol: 'tcp' });
  }

  /** Wires sockets that have just been bound; nothing has arrived on them yet. */
  #adopt(pair: SocketPair | null, handlers: TransportHandlers, limits: StreamLimits): void {
    if (pair === null) return;
    this.#pair = pair;
    this.#limits = limits;
    this.#openSockets = 2;
    const released = (): void => {
      this.#openSockets -= 1;
      this.#finishIfGone();
    };
    pair.udp.on('message', (chunk, from) => this.#packetArrived(chunk, from, handlers));
    pair.udp.on('error', (error) => this.#socketFailed(error));
    pair.udp.on('close', released);
    pair.server.on('connection', (socket) => this.#streamArrived(socket, handlers));
    pair.server.on('error', (error) => this.#socketFailed(error)); // EMFILE: accepts later
    pair.server.on('close', released);
  }

  #packetArrived(chunk: Buffer, from: RemoteInfo, handlers: TransportHandlers): void {
    if (this.#phase !== 'open') return;
    // dgram gives every datagram memory of its own, so the view is the handler's to keep.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    const sender: Address = { host: peerHost(from.address), port: from.port };
    this.#guard(() => handlers.onPacket(bytes, sender));
  }

  #streamArrived(socket: Socket, handlers: TransportHandlers): void {
    const { remoteAddress, remotePort } = socket;
    const isGone = remoteAddress === undefined || remotePort === undefined;
    if (isGone || this.#phase !== 'open') {
      discard(socket);
      return;
    }
    if (this.#inbound.size >= this.#limits.maxInboundStreams) {
      this.#counters.add('streams.refused');
      discard(socket);
      return;
    }
    const remote = Object.freeze({ host: peerHost(remoteAddress), port: remotePort });
    const stream = NodeStream.accept(this.#owner(), socket, remote);
    this.#streams.add(stream);
    this.#inbound.add(stream);
    const isHeard = this.#guard(() => stream.hear(handlers.onStream(stream)));
    if (isHeard) return;
    this.#streams.delete(stream);
    this.#inbound.delete(stream);
    discard(socket);
  }

  #owner(): StreamOwner {
    return {
      limits: this.#limits,
      guard: (run) => this.#guard(run),
      forget: (stream) => {
        this.#streams.delete(stream);
        this.#inbound.delete(stream);
        this.#finishIfGone();
      },
    };
  }

  #tearDown(): void {
    for (const stream of [...this.#streams]) stream.destroy();
    this.#pair?.udp.close();
    this.#pair?.server.close();
    this.#finishIfGone();
  }

  #finishIfGone(): void {
    if (this.#phase !== 'closing' || this.#isFinishing) return;
    if (this.#openSockets > 0 || this.#streams.size > 0) return;
    this.#isFinishing = true;
    // Handles end in the closing phase of a loop turn; two turns on, it has passed.
    setImmediate(() => setImmediate(() => this.#finish()));
  }

  #finish(): void {
    this.#phase = 'closed';
    for (const done of this.#closers) this.#guard(done);
  }

  #guard(run: () => void): boolean {
    try {
      run();
      return true;
    } catch (error) {
      this.#counters.add('handlers.threw');
      this.#logger.error({ error }, 'a transport handler threw');
      return false;
    }
  }

  #socketFailed(error: Error): void {
    this.#counters.add('sockets.errors');
    this.#logger.error({ error }, 'a socket reported an error');
  }

  #closedError(): GossipError {
    return this.#phase === 'closing' || this.#phase === 'closed'
      ? new StateError('ERR_CLOSED', 'the transport is closed')
      : new TransportError('ERR_TRANSPORT', 'the transport does not listen yet');
  }
}

/** Drops a connection that no handler knows. */
function discard(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.resetAndDestroy();
}
