import type { Address, GossipError, Resolver } from '../runtime/index.ts';
import { canonicalHost, StateError } from '../runtime/index.ts';

/** A place to join, in parts; for names with a slash, or hosts that are kept apart from their port. */
export interface JoinTargetObject {
  /** Name of the node there. Needed with `requireNodeNames`, of no effect without. */
  readonly name?: string;
  /** Host name or IP address. */
  readonly host: string;
  /** Default: this node's own bind port. */
  readonly port?: number;
}

/** `host`, `host:port`, `[v6]:port`, bare IPv6, each with `name/` in front if wanted; or the parts. */
export type JoinTarget = string | JoinTargetObject;

/**
 * Splits a join target into host and port.
 *
 * A text that starts with a bracket has a port when a colon follows the closing bracket; any other has
 * one when it holds exactly one colon.
 *
 * @param defaultPort - used when the target names none
 * @throws StateError with `ERR_ARGUMENT_INVALID`
 */
export function parseJoinTarget(target: JoinTarget, defaultPort: number): Address {
  if (typeof target !== 'string') {
    if (typeof target !== 'object' || (target as unknown) === null) throw invalid(target);
    return checked(target.host, target.port ?? defaultPort, target);
  }
  const slash = target.indexOf('/');
  if (slash === 0) throw invalid(target);
  const endpoint = target.slice(slash + 1);
  const bracketed = /^\[(?<host>[^\]]*)\](?::(?<port>\d+))?$/.exec(endpoint)?.groups;
  if (bracketed !== undefined) {
    const { host = '', port } = bracketed;
    return checked(host, port === undefined ? defaultPort : Number(port), target);
  }
  const colon = endpoint.indexOf(':');
  if (colon === -1 || endpoint.includes(':', colon + 1))
    return checked(endpoint, defaultPort, target);
  const port = endpoint.slice(colon + 1);
  return checked(endpoint.slice(0, colon), /^\d+$/.test(port) ? Number(port) : NaN, target);
}

/** The name of the node that a target names, null for none. */
export function joinTargetName(target: JoinTarget): string | null {
  if (typeof target !== 'string') return target.name === undefined ? null : target.name || null;
  const slash = target.indexOf('/');
  return slash <= 0 ? null : target.slice(0, slash);
}

/** Every endpoint a target stands for: one for a literal, all addresses of a name. */
export function resolveJoinTarget(
  resolver: Resolver,
  endpoint: Address,
  done: (error: GossipError | null, endpoints: readonly Address[]) => void,
): void {
  const literal = canonicalHost(endpoint.host);
  if (literal !== null) return done(null, [{ host: literal, port: endpoint.port }]);
  resolver.lookup(endpoint.host, (error, hosts) => {
    done(
      error,
      hosts.map((host) => ({ host, port: endpoint.port })),
    );
  });
}

function checked(host: unknown, port: number, target: JoinTarget): Address {
  const isPort = Number.isInteger(port) && port >= 1 && port <= 65_535;
  const isHost = typeof host === 'string' && (canonicalHost(host) !== null || isName(host));
  if (!isHost || !isPort) throw invalid(target);
  return { host, port };
}

function isName(host: string): boolean {
  return /^[^\s:[\]/]+$/.test(host);
}

function invalid(target: JoinTarget): StateError {
  const shown = JSON.stringify(target);
  return new StateError('ERR_ARGUMENT_INVALID', `not a join target: ${shown}`, { target });
}
