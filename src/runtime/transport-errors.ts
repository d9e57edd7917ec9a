import { TransportError } from './errors.ts';
import type { Address } from './transport.ts';
import { formatAddress } from './address.ts';

/*
 * The errors of a transport, made in one place so that every implementation reports the same
 * failure with the same code and fields.
 */

/** Why a stream ended before both sides had ended it in order. */
export type StreamCloseReason = 'destroyed' | 'reset' | 'idle' | 'handler';

const CLOSE_TEXT: Readonly<Record<StreamCloseReason, string>> = {
  destroyed: 'was dropped by this side',
  reset: 'was dropped by the peer',
  idle: 'was idle for too long',
  handler: 'was dropped because its handler threw',
};

/** Where a socket was to be bound. */
export interface BindTarget {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

/** Another socket holds the port: `ERR_ADDRESS_IN_USE` with `address`, `port`, `protocol`. */
export function addressInUse(target: BindTarget, cause?: unknown): TransportError {
  const where = `${formatAddress({ host: target.address, port: target.port })}/${target.protocol}`;
  return new TransportError('ERR_ADDRESS_IN_USE', `${where} is in use`, { ...target, cause });
}

/** The machine has no such address or forbids it: `ERR_ADDRESS_UNAVAILABLE`. */
export function addressUnavailable(target: BindTarget, cause?: unknown): TransportError {
  const where = `${formatAddress({ host: target.address, port: target.port })}/${target.protocol}`;
  return new TransportError('ERR_ADDRESS_UNAVAILABLE', `cannot listen on ${where}`, {
    ...target,
    cause,
  });
}

/** A datagram could not be handed to the network: `ERR_TRANSPORT` with `host`, `port`. */
export function sendFailed(to: Address, why: string, cause?: unknown): TransportError {
  return new TransportError('ERR_TRANSPORT', `cannot send to ${formatAddress(to)}: ${why}`, {
    host: to.host,
    port: to.port,
    cause,
  });
}

/** A stream was never established: `ERR_DIAL_FAILED` with `host`, `port`. */
export function dialFailed(to: Address, why: string, cause?: unknown): TransportError {
  return new TransportError('ERR_DIAL_FAILED', `cannot reach ${formatAddress(to)}: ${why}`, {
    host: to.host,
    port: to.port,
    cause,
  });
}

/** An established stream broke: `ERR_STREAM_CLOSED` with `host`, `port`, `reason`. */
export function streamClosed(
  remote: Address,
  reason: StreamCloseReason,
  cause?: unknown,
): TransportError {
  const text = `the stream with ${formatAddress(remote)} ${CLOSE_TEXT[reason]}`;
  return new TransportError('ERR_STREAM_CLOSED', text, {
    host: remote.host,
    port: remote.port,
    reason,
    cause,
  });
}

/** A peer sent more than one stream may carry: `ERR_STREAM_LIMIT` with both sizes. */
export function streamTooLong(
  remote: Address,
  sizes: { readonly sizeBytes: number; readonly limitBytes: number },
): TransportError {
  const text = `${formatAddress(remote)} sent more than ${sizes.limitBytes} bytes on one stream`;
  return new TransportError('ERR_STREAM_LIMIT', text, {
    host: remote.host,
    port: remote.port,
    ...sizes,
  });
}
