import { lookup } from 'node:dns';

import { canonicalHost } from '../address.ts';
import { TransportError } from '../errors.ts';
import type { Resolver } from '../transport.ts';

/** Longest wait for the system's resolver, whose own limit is often half a minute. */
const DEFAULT_LOOKUP_TIMEOUT_MS = 5_000;

/**
 * Names through the system's resolver (`/etc/hosts`, DNS and what else it is told to ask).
 *
 * IP literals are answered without asking. A lookup that takes longer than the timeout fails with
 * `ERR_NAME_LOOKUP`; the system's own attempt cannot be stopped and its late answer is ignored.
 *
 * @param timeoutMs - bound of one lookup
 * @defaultValue timeoutMs is 5000
 */
export function nodeResolver(timeoutMs: number = DEFAULT_LOOKUP_TIMEOUT_MS): Resolver {
  return {
    lookup(host, done): void {
      const literal = canonicalHost(host);
      if (literal !== null) {
        process.nextTick(done, null, [literal]);
        return;
      }
      let isAnswered = false;
      const answer = (cause: unknown, hosts: readonly string[]): void => {
        if (isAnswered) return;
        isAnswered = true;
        clearTimeout(timer);
        if (hosts.length > 0) done(null, hosts);
        else done(lookupFailed(host, cause), []);
      };
      const timer = setTimeout(() => {
        answer(new Error(`no answer within ${timeoutMs} ms`), []);
      }, timeoutMs);
      ask(host, answer);
    },
  };
}

function ask(host: string, answer: (cause: unknown, hosts: readonly string[]) => void): void {
  const later = (cause: unknown): void => process.nextTick(answer, cause, []);
  if (host === '') {
    later(new Error('the name is empty')); // the system would answer with the local host
    return;
  }
  try {
    lookup(host, { all: true, verbatim: true }, (cause, addresses) => {
      if (cause === null) answer(null, canonicalHosts(addresses.map((each) => each.address)));
      else answer(cause, []);
    });
  } catch (cause) {
    later(cause);
  }
}

function canonicalHosts(addresses: readonly string[]): readonly string[] {
  const hosts = new Set<string>();
  for (const address of addresses) {
    const host = canonicalHost(address);
    if (host !== null) hosts.add(host);
  }
  return [...hosts];
}

function lookupFailed(host: string, cause: unknown): TransportError {
  return new TransportError('ERR_NAME_LOOKUP', `no address found for ${JSON.stringify(host)}`, {
    host,
    cause: cause ?? undefined,
  });
}
