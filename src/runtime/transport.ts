import type { GossipError } from './errors.ts';

/** An IP address in canonical text (`10.0.0.1`, `::1`; never a mapped IPv4) and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What one end of a stream hears. All calls come from the loop, never inside a call to the port. */
export interface StreamHandlers {
  /** The connection stands; writes made before are already queued. Dialled streams only. */
  onOpen?(): void;
  /** Bytes arrived. The array is the handler's to keep. */
  onData(bytes: Uint8Array): void;
  /** The peer will send nothing more; we may still write. */
  onEnd?(): void;
  /** What was queued has gone to the peer, after {@link StreamConnection.write} said false. */
  onDrain?(): void;
  /**
   * Called exactly once, last. `error` is null when both sides ended in order, else
   * `ERR_DIAL_FAILED`, `ERR_STREAM_CLOSED` (its field `reason` says why) or `ERR_STREAM_LIMIT`.
   */
  onClose(error: GossipError | null): void;
}

/** One open stream, either side. */
export interface StreamConnection {
  /** The other end as the connection shows it. */
  readonly remote: Address;
  /**
   * Queues bytes, which must not be changed any more. False means that much is waiting: hold further
   * writes until `onDrain`. After `end`, `destroy` or the close it does nothing and says false.
   */
  write(bytes: Uint8Array): boolean;
  /** Ends our direction after what is queued; the peer may still send. */
  end(): void;
  /** Drops the connection at once, what is queued included; the peer is reset, `onClose` follows. */
  destroy(): void;
}

/** What a transport delivers. */
export interface TransportHandlers {
  /** One datagram. The array is the handler's to keep. */
  onPacket(bytes: Uint8Array, from: Address): void;
  /** A peer opened a stream; the answer hears it. */
  onStream(connection: StreamConnection): StreamHandlers;
}

/** Bounds of every stream, whatever the peer does. */
export interface StreamLimits {
  /** Streams a peer opened that may be open at once; more are refused. Default 512. */
  readonly maxInboundStreams: number;
  /** Bytes accepted on one stream. Default 64 MiB + 1 MiB for framing. */
  readonly maxStreamBytes: number;
  /** Milliseconds without a byte in either direction before a stream is dropped. Default 10 s. */
  readonly streamIdleMs: number;
  /** Milliseconds for a dial to succeed. Default 10 s. */
  readonly dialTimeoutMs: number;
}

/** An address of this machine, for choosing what to advertise. */
export interface InterfaceAddress {
  readonly host: string;
  /** Length of the network prefix in bits. */
  readonly prefixBits: number;
  readonly isInternal: boolean;
  /** Whether packets to the rest of the world leave through its interface; left out where nobody knows. */
  readonly hasDefaultRoute?: boolean;
}

/** Where a transport should listen. */
export interface ListenOptions {
  /** IP literal; `0.0.0.0` is every IPv4 address, `::` every IPv4 and IPv6 address. */
  readonly bindAddress: string;
  /** 0 picks one port that is free for packets and streams alike. */
  readonly bindPort: number;
  readonly limits: StreamLimits;
}

/**
 * Datagrams and streams on one port number.
 *
 * Contract, held by the compliance suite for every implementation: callbacks never run inside a call;
 * packets may be lost, doubled and reordered, streams not; after `close` has called back nothing is
 * delivered any more and no handle is left; failures are values, nothing throws.
 */
export interface Transport {
  /** Starts to listen, exclusively; calls back with the bound address, or with why not. */
  listen(
    options: ListenOptions,
    handlers: TransportHandlers,
    done: (error: GossipError | null, bound: Address) => void,
  ): void;
  /**
   * Sends one datagram from the bound port. `done` hears a local failure to send; null is no receipt.
   * The bytes must not be changed before `done`.
   */
  sendPacket(to: Address, bytes: Uint8Array, done?: (error: GossipError | null) => void): void;
  /** Opens a stream. A failure to connect arrives at `onClose`. */
  dial(to: Address, handlers: StreamHandlers): StreamConnection;
  /** Addresses of this machine's interfaces, in no promised order. */
  interfaceAddresses(): readonly InterfaceAddress[];
  /**
   * What happened out of the handlers' sight since the start, by dotted name; a copy. `stats()` of the public
   * classes shows it with `transport.` in front. May be left out.
   */
  counters?(): Readonly<Record<string, number>>;
  /** Stops listening, drops every stream, calls back when all handles are gone. Idempotent. */
  close(done: () => void): void;
}

/** Turns host names into IP addresses. */
export interface Resolver {
  /** Every address of `host`, canonical, without duplicates; an error when there is none. */
  lookup(host: string, done: (error: GossipError | null, hosts: readonly string[]) => void): void;
  /**
   * The same for a node with that `dns.timeoutMs`, after which a lookup fails with `ERR_NAME_LOOKUP`. A resolver
   * without it keeps times of its own.
   */
  within?(timeoutMs: number): Resolver;
}
