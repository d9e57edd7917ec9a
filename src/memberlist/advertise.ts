import type { Address, InterfaceAddress } from '../runtime/index.ts';
import { isLocalScope, isPrivateHost } from '../runtime/index.ts';

/** An address to tell the others, and what is doubtful about it. */
export interface AdvertiseChoice {
  readonly host: string;
  /** `loopback`: no other machine can reach it; `public`: it lies outside the private blocks. */
  readonly doubt: 'none' | 'loopback' | 'public';
}

/**
 * The address this node tells the others.
 *
 * An explicit one is taken as it is. A bound literal is told as it is. For a wildcard: private
 * addresses first, then other routable ones, then loopback; within each those of an interface with a default
 * route first (the bridge of a container engine has none), then IPv4 (IPv6 when bound to `::`), larger networks
 * first, then by text, so that the choice is the same at each start.
 *
 * @remarks memberlist finalAdvertiseAddr, with a fallback instead of a failure on hosts that have no
 * private address
 */
export function chooseAdvertiseHost(
  bound: Address,
  explicitHost: string | null,
  interfaces: readonly InterfaceAddress[],
): AdvertiseChoice {
  if (explicitHost !== null) return { host: explicitHost, doubt: doubtOf(explicitHost) };
  const isWildcard = bound.host === '0.0.0.0' || bound.host === '::';
  if (!isWildcard) return { host: bound.host, doubt: doubtOf(bound.host) };
  const prefersV6 = bound.host === '::';
  const rank = (address: InterfaceAddress): number => {
    const scope = isPrivateHost(address.host) ? 0 : isLocalScope(address.host) ? 2 : 1;
    const isV6 = address.host.includes(':');
    const route = address.hasDefaultRoute === true ? 0 : 1;
    return scope * 4 + route * 2 + (isV6 === prefersV6 ? 0 : 1);
  };
  const usable = interfaces.filter(({ host }) => prefersV6 || !host.includes(':'));
  const [best] = [...usable].sort(
    (a, b) => rank(a) - rank(b) || a.prefixBits - b.prefixBits || (a.host < b.host ? -1 : 1),
  );
  const host = best?.host ?? (prefersV6 ? '::1' : '127.0.0.1');
  return { host, doubt: doubtOf(host) };
}

function doubtOf(host: string): AdvertiseChoice['doubt'] {
  if (isLocalScope(host)) return 'loopback';
  return isPrivateHost(host) ? 'none' : 'public';
}
