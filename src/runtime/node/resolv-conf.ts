import { canonicalHost } from '../address.ts';
import type { Address } from '../transport.ts';

/**
 * The first name server of a resolv.conf.
 *
 * Only the first one is taken: the lookup falls back to the system's resolver, which tries them all.
 *
 * @param text - the file's content
 * @returns its address, port 53 unless one is attached (`10.0.0.2:5353`, `[::1]:5353`); a scope
 * (`fe80::1%eth0`) stays at the host; null when there is no usable server
 */
export function firstNameServer(text: string): Address | null {
  const server = /^[ \t]*nameserver[ \t]+(\S+)/m.exec(text)?.[1];
  return server === undefined ? null : parseServer(server);
}

function parseServer(server: string): Address | null {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(server);
  const withPort = bracketed ?? /^([^:]+):(\d+)$/.exec(server);
  const host = withPort?.[1] ?? server;
  const port = Number(withPort?.[2] ?? DNS_PORT);
  const literal = /^(.*?)(%[^%]+)?$/.exec(host);
  const canonical = canonicalHost(literal?.[1] ?? '');
  if (canonical === null || port < 1 || port > 65_535) return null;
  return { host: `${canonical}${literal?.[2] ?? ''}`, port };
}

const DNS_PORT = 53;
