import type { Socket as UdpSocket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import type { Server } from 'node:net';
import { createServer } from 'node:net';

import { canonicalHost } from '../address.ts';
import type { GossipError } from '../errors.ts';
import { TransportError } from '../errors.ts';
import type { BindTarget } from '../transport-errors.ts';
import { addressInUse, addressUnavailable } from '../transport-errors.ts';

/*
 * One port number for both protocols. With port 0 the system picks a free TCP port and the same UDP
 * port is tried; somebody else may hold it, so that is repeated a few times. Either both sockets are
 * handed over or neither stays open.
 */

/** A TCP listener and a UDP socket on one port. */
export interface SocketPair {
  readonly server: Server;
  readonly udp: UdpSocket;
  readonly port: number;
}

type BindDone = (error: GossipError | null, pair: SocketPair | null) => void;

const PORT_ATTEMPTS = 10;
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;
const LEAST_RECEIVE_BUFFER_BYTES = 64 * 1024;

/**
 * Binds both sockets exclusively: no other process, nor another worker of a cluster, shares them.
 *
 * @param host - canonical IP literal; `::` serves IPv4 too
 * @param port - 0 for any that is free on both protocols
 */
export function bindSocketPair(host: string, port: number, done: BindDone): void {
  let attemptsLeft = port === 0 ? PORT_ATTEMPTS : 1;
  const attempt = (): void => {
    attemptsLeft -= 1;
    bindOnce(host, port, (error, pair) => {
      if (error?.code === 'ERR_ADDRESS_IN_USE' && attemptsLeft > 0) attempt();
      else done(error, pair);
    });
  };
  attempt();
}

function bindOnce(host: string, wantedPort: number, done: BindDone): void {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const refused = (cause: Error): void => {
    done(bindError(cause, { address: host, port: wantedPort, protocol: 'tcp' }), null);
  };
  server.once('error', refused);
  server.listen({ host, port: wantedPort, exclusive: true, ipv6Only: false }, () => {
    server.off('error', refused);
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : wantedPort;
    bindUdp(host, port, (error, udp) => {
      if (udp !== null) done(null, { server, udp, port });
      else server.close(() => done(error, null));
    });
  });
}

function bindUdp(
  host: string,
  port: number,
  done: (error: GossipError | null, udp: UdpSocket | null) => void,
): void {
  const udp = createSocket({
    type: host.includes(':') ? 'udp6' : 'udp4',
    // Only IP literals come here. Answering at once keeps sends out of the thread pool, and binding
    // within the tick that opened the listener: nothing can arrive before both stand.
    lookup: (literal, options, answer) => {
      answer(null, literal, typeof options === 'number' ? options : 4);
    },
  });
  const refused = (cause: Error): void => {
    udp.close(() => done(bindError(cause, { address: host, port, protocol: 'udp' }), null));
  };
  udp.once('error', refused);
  udp.bind({ address: host, port, exclusive: true }, () => {
    udp.off('error', refused);
    enlargeReceiveBuffer(udp);
    done(null, udp);
  });
}

/** Bursts of gossip must not overflow the socket; what the system refuses is halved, then left. */
function enlargeReceiveBuffer(udp: UdpSocket): void {
  for (
    let size = RECEIVE_BUFFER_BYTES;
    size >= LEAST_RECEIVE_BUFFER_BYTES;
    size = Math.floor(size / 2)
  ) {
    try {
      udp.setRecvBufferSize(size);
      return;
    } catch {
      // the next smaller one
    }
  }
}

function bindError(cause: Error, target: BindTarget): GossipError {
  switch (systemCode(cause)) {
    case 'EADDRINUSE':
      return addressInUse(target, cause);
    case 'EADDRNOTAVAIL':
    case 'EACCES':
    case 'EPERM':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return addressUnavailable(target, cause);
    case null:
    default: {
      const { address, port, protocol } = target;
      const text = `cannot open a ${protocol} socket: ${cause.message}`;
      return new TransportError('ERR_TRANSPORT', text, { address, port, protocol, cause });
    }
  }
}

/** The system's name for a failure (`ECONNREFUSED`), if it has one. */
export function systemCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/**
 * Canonical text of an address as a socket shows it: mapped IPv4 becomes IPv4, a zone is dropped.
 *
 * IPv4 text from the system is canonical already and is the common case on every packet.
 */
export function peerHost(shown: string): string {
  if (!shown.includes(':')) return shown;
  const zoneAt = shown.indexOf('%');
  const bare = zoneAt === -1 ? shown : shown.slice(0, zoneAt);
  return canonicalHost(bare) ?? bare;
}
