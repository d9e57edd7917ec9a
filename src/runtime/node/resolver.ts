import { lookup } from 'node:dns';
import { readFile } from 'node:fs';

import { canonicalHost } from '../address.ts';
import { TransportError } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import type { Resolver } from '../transport.ts';
import { isDnsName } from './dns-message.ts';
import { lookupOverTcp } from './dns-tcp.ts';
import { firstNameServer } from './resolv-conf.ts';

/** How {@link nodeResolver} looks names up. */
export interface NodeResolverOptions {
  /**
   * Milliseconds for one lookup. The system's own limit is often half a minute.
   *
   * @defaultValue 5000
   */
  readonly timeoutMs?: number;
  /**
   * The resolv.conf whose first name server is asked over TCP; false asks the system only.
   *
   * @defaultValue '/etc/resolv.conf'
   */
  readonly dnsConfigPath?: string | false;
  /**
   * Milliseconds for the attempt over TCP; what is left of `timeoutMs` is the system's.
   *
   * @defaultValue 2000
   */
  readonly dnsTimeoutMs?: number;
  /**
   * Hears of attempts over TCP that failed.
   *
   * @defaultValue silent
   */
  readonly logger?: Logger;
}

/**
 * Names over TCP first, then through the system's resolver (`/etc/hosts`, DNS and what else it is told
 * to ask).
 *
 * IP literals are answered without asking. A name with a dot is first asked of one name server over
 * TCP, where the answer is not cut to one packet, so that all members behind a name are found; when that
 * fails in whatever way or finds nothing, and for names without a dot, the system is asked, with its
 * search list. A lookup that takes longer than `timeoutMs` fails with `ERR_NAME_LOOKUP`; the system's
 * attempt cannot be stopped and its late answer is ignored.
 */
export function nodeResolver(options: NodeResolverOptions = {}): Resolver {
  const { timeoutMs = 5_000, dnsTimeoutMs = 2_000, logger = silentLogger } = options;
  const { dnsConfigPath = '/etc/resolv.conf' } = options;
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
      const limitMs = Math.min(dnsTimeoutMs, timeoutMs);
      askNameServer(host, { dnsConfigPath, timeoutMs: limitMs, logger }, (hosts) => {
        if (hosts.length > 0) answer(null, hosts);
        else if (!isAnswered) askSystem(host, answer);
      });
    },
  };
}

/** No hosts when there is nothing to ask, nothing to find, or anything goes wrong. */
function askNameServer(
  host: string,
  o: {
    readonly dnsConfigPath: string | false;
    readonly timeoutMs: number;
    readonly logger: Logger;
  },
  done: (hosts: readonly string[]) => void,
): void {
  const { dnsConfigPath, timeoutMs, logger } = o;
  if (dnsConfigPath === false || !host.includes('.') || !isDnsName(host)) {
    done([]);
    return;
  }
  readFile(dnsConfigPath, 'utf8', (error, text) => {
    const server = error === null ? firstNameServer(text) : null;
    if (server === null) {
      logger.debug({ host, dnsConfigPath, error }, 'no name server to ask over TCP');
      done([]);
      return;
    }
    lookupOverTcp({ server, host, timeoutMs }, (failure, hosts) => {
      if (failure !== null) logger.debug({ host, server, error: failure }, 'no answer over TCP');
      done(hosts);
    });
  });
}

function askSystem(host: string, answer: (cause: unknown, hosts: readonly string[]) => void): void {
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
