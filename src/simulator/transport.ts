import type {
  Address,
  GossipError,
  InterfaceAddress,
  ListenOptions,
  StreamConnection,
  StreamHandlers,
  StreamLimits,
  Transport,
  TransportHandlers,
} from '../runtime/index.ts';
import {
  addressInUse,
  addressUnavailable,
  canonicalHost,
  Counters,
  isLocalScope,
  sendFailed,
  StateError,
  TransportError,
} from '../runtime/index.ts';
import type { Fabric, PacketDelivery } from './fabric.ts';
import type { PortTable } from './port-table.ts';
import { PauseGate } from './pause-gate.ts';
import { DEAF, MemoryStream } from './stream.ts';
import type { StreamAcceptor, StreamOwner } from './stream.ts';

/*
 * The transport port over a simulated network: the same contract and limits as the real one.
 *
 *   idle -> binding -> open -> closing -> closed        a failed bind goes back to idle
 *
 * A handler that throws is not caught here: the error leaves the clock's `run…` call, so that a
 * simulation shows the bug.
 */

type Phase = 'idle' | 'binding' | 'open' | 'closing' | 'closed';

/** Largest payload of a UDP datagram over IPv4. */
const MAX_DATAGRAM_BYTES = 65_507;

const NO_LIMITS: StreamLimits = {
  maxInboundStreams: 0,
  maxStreamBytes: 0,
  streamIdleMs: 0,
  dialTimeoutMs: 0,
};

/** The host that a transport stands for. */
export interface MemoryTransportOptions {
  /** IP literal; several transports may share it, on different ports. */
  readonly host: string;
  /** What `interfaceAddresses` answers. Default: the host alone. */
  readonly interfaces?: readonly InterfaceAddress[];
}

/** One process's transport on a simulated network; made by `MemoryNetwork.transport`. */
export class MemoryTransport implements Transport, StreamAcceptor {
  readonly host: string;
  readonly #fabric: Fabric;
  readonly #ports: PortTable<MemoryTransport>;
  readonly #interfaces: readonly InterfaceAddress[];
  readonly #streams = new Set<MemoryStream>();
  readonly #inbound = new Set<MemoryStream>();
  readonly #closers: (() => void)[] = [];
  readonly #gate: PauseGate;
  readonly #counters = new Counters();
  #phase: Phase = 'idle';
  #bound: Address | null = null;
  #handlers: TransportHandlers | null = null;
  #limits: StreamLimits = NO_LIMITS;
  #hasCrashed = false;

  constructor(fabric: Fabric, ports: PortTable<MemoryTransport>, options: MemoryTransportOptions) {
    const host = canonicalHost(options.host);
    if (host === null) {
      throw new TransportError('ERR_ARGUMENT_INVALID', `${options.host} is not an IP address`);
    }
    this.host = host;
    this.#fabric = fabric;
    this.#gate = new PauseGate(fabric.clock);
    this.#ports = ports;
    this.#interfaces = options.interfaces ?? [onlyInterface(host)];
  }

  listen(
    options: ListenOptions,
    handlers: TransportHandlers,
    done: (error: GossipError | null, bound: Address) => void,
  ): void {
    const wanted: Address = { host: options.bindAddress, port: options.bindPort };
    const refusal = this.#refuseListen(options) ?? this.#bind(options.bindPort);
    if (refusal !== null) {
      this.#soon(() => done(refusal, wanted));
      return;
    }
    const host = canonicalHost(options.bindAddress) ?? options.bindAddress;
    this.#phase = 'binding';
    this.#handlers = handlers;
    this.#limits = options.limits;
    this.#soon(() => {
      if (this.#phase !== 'binding') {
        done(this.#closedError(), wanted);
        return;
      }
      this.#phase = 'open';
      done(null, { host, port: this.#bound?.port ?? options.bindPort });
    });
  }

  sendPacket(to: Address, bytes: Uint8Array, done?: (error: GossipError | null) => void): void {
    const error = this.#refusePacket(to, bytes);
    if (error !== null) this.#counters.add('packets.sendFailed');
    if (done !== undefined) this.#soon(() => done(error));
    if (error !== null || this.#bound === null) return;
    this.#fabric.carryPacket(this.#bound, to, bytes, this.#deliver);
  }

  /** Hands a packet to whoever listens where it was sent to; one function for all, since each packet takes it along. */
  readonly #deliver: PacketDelivery = (from, to, bytes) => {
    const target = this.#ports.find(to.host, to.port);
    if (target === undefined) this.#fabric.counters.add('packets.unheard');
    else target.#packetArrived(bytes, from);
  };

  dial(to: Address, handlers: StreamHandlers): StreamConnection {
    const gated = this.#gate.wrap(
      () => handlers,
      () => stream.isDropped,
    );
    const why = this.#phase === 'open' ? this.#refuseTarget(to) : this.#closedError().message;
    const owner = this.#owner();
    const stream: MemoryStream =
      why !== null
        ? MemoryStream.failed(this.#fabric, owner, to, gated, why)
        : MemoryStream.dial(this.#fabric, owner, to, gated, () =>
            this.#ports.find(to.host, to.port),
          );
    this.#streams.add(stream);
    return stream;
  }

  /** Streams that are not closed, and the port that is held. @internal */
  held(): { readonly streams: number; readonly ports: number } {
    return { streams: this.#streams.size, ports: this.#bound === null ? 0 : 1 };
  }

  interfaceAddresses(): readonly InterfaceAddress[] {
    return this.#interfaces;
  }

  counters(): Record<string, number> {
    return this.#counters.snapshot();
  }

  close(done: () => void): void {
    this.#closers.push(done);
    if (this.#phase === 'closed') this.#answerClosers();
    if (this.#phase === 'closing' || this.#phase === 'closed') return;
    this.#phase = 'closing';
    this.#release();
    for (const stream of [...this.#streams]) stream.destroy();
    this.#finishIfGone();
  }

  /** Hears nothing for so many milliseconds; what arrives meanwhile waits, as in a socket's buffer. */
  pause(durationMs: number): void {
    this.#gate.pause(durationMs);
  }

  /**
   * Ends this transport as the death of its process would: nothing is called back any more, peers
   * are reset, the port is free, what a pause held back is gone. `close` still answers.
   */
  crash(): void {
    if (this.#hasCrashed) return;
    this.#hasCrashed = true;
    this.#gate.end();
    this.#phase = 'closed';
    this.#release();
    for (const stream of [...this.#streams]) stream.abandon();
    this.#answerClosers();
  }

  /** A peer's dial has arrived; for streams of the same network only. */
  acceptStream(dialler: MemoryStream): void {
    if (this.#phase !== 'open' || this.#handlers === null) return;
    if (this.#inbound.size >= this.#limits.maxInboundStreams) {
      this.#fabric.counters.add('streams.refused');
      this.#counters.add('streams.refused');
      dialler.turnAway();
      return;
    }
    const stream = MemoryStream.accept(this.#fabric, this.#owner(), dialler);
    this.#streams.add(stream);
    this.#inbound.add(stream);
    const handlers = this.#handlers;
    const hear = (): StreamHandlers => (this.#phase === 'open' ? handlers.onStream(stream) : DEAF);
    stream.hear(this.#gate.wrap(hear, () => stream.isDropped));
  }

  #packetArrived(bytes: Uint8Array, from: Address): void {
    if (this.#phase !== 'open') return;
    if (this.#gate.isOpen) {
      this.#fabric.counters.add('packets.delivered');
      this.#handlers?.onPacket(bytes, from);
      return;
    }
    const isHeard = this.#gate.runPacket(() => {
      if (this.#phase === 'open') this.#handlers?.onPacket(bytes, from);
    });
    this.#fabric.counters.add(isHeard ? 'packets.delivered' : 'packets.overflowed');
  }

  #refuseListen({ bindAddress, bindPort }: ListenOptions): GossipError | null {
    if (this.#phase === 'closing' || this.#phase === 'closed') return this.#closedError();
    if (this.#phase !== 'idle') return new TransportError('ERR_TRANSPORT', 'already listening');
    const host = canonicalHost(bindAddress);
    const isOurs = host === this.host || host === '::' || (host === '0.0.0.0' && !this.#isIpv6);
    const isPort = Number.isInteger(bindPort) && bindPort >= 0 && bindPort <= 65_535;
    if (isOurs && isPort) return null;
    return addressUnavailable({ address: bindAddress, port: bindPort, protocol: 'tcp' });
  }

  #bind(wantedPort: number): GossipError | null {
    const port = this.#ports.bind(this.host, wantedPort, this);
    if (port === null) {
      return addressInUse({ address: this.host, port: wantedPort, protocol: 'tcp' });
    }
    this.#bound = Object.freeze({ host: this.host, port });
    return null;
  }

  #release(): void {
    if (this.#bound !== null) this.#ports.release(this.#bound.host, this.#bound.port);
    this.#bound = null;
  }

  #refusePacket(to: Address, bytes: Uint8Array): GossipError | null {
    if (this.#phase !== 'open') return this.#closedError();
    const why = this.#refuseTarget(to);
    if (why !== null) return sendFailed(to, why);
    return bytes.length > MAX_DATAGRAM_BYTES ? sendFailed(to, 'the datagram is too large') : null;
  }

  #refuseTarget({ host, port }: Address): string | null {
    if (canonicalHost(host) === null) return 'not an IP address';
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return 'not a port';
    return host.includes(':') === this.#isIpv6 ? null : 'no address of that family here';
  }

  #owner(): StreamOwner {
    return {
      host: this.host,
      limits: this.#limits,
      forget: (stream) => {
        this.#streams.delete(stream);
        this.#inbound.delete(stream);
        this.#finishIfGone();
      },
    };
  }

  #finishIfGone(): void {
    if (this.#phase !== 'closing' || this.#streams.size > 0) return;
    this.#phase = 'closed';
    this.#answerClosers();
  }

  /** The last that is called: after whatever waits while the process stands still, unless it is dead. */
  #answerClosers(): void {
    const answer = (): void => {
      for (const done of this.#closers.splice(0)) done();
    };
    this.#fabric.clock.schedule(0, () => {
      if (this.#hasCrashed) answer();
      else this.#gate.run(answer);
    });
  }

  #soon(run: () => void): void {
    this.#fabric.clock.schedule(0, () => {
      if (!this.#hasCrashed) this.#gate.run(run);
    });
  }

  #closedError(): GossipError {
    return this.#phase === 'closing' || this.#phase === 'closed'
      ? new StateError('ERR_CLOSED', 'the transport is closed')
      : new TransportError('ERR_TRANSPORT', 'the transport does not listen yet');
  }

  get #isIpv6(): boolean {
    return this.host.includes(':');
  }
}

function onlyInterface(host: string): InterfaceAddress {
  return { host, prefixBits: host.includes(':') ? 64 : 24, isInternal: isLocalScope(host) };
}
