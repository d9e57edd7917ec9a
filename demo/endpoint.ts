import { hostname, networkInterfaces, totalmem } from 'node:os';

import type { Endpoint } from './messages.ts';

/**
 * The true record of this process.
 *
 * @param bound - where the member listens
 */
export function describeEndpoint(bound: {
  readonly host: string;
  readonly port: number;
}): Endpoint {
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal)
    .map((address) => address.address);
  return {
    host: hostname(),
    addresses: [bound.host, ...outside],
    ports: { gossip: bound.port },
    pid: process.pid,
    node: process.version,
    memory: { rssBytes: process.memoryUsage.rss(), hostBytes: totalmem() },
  };
}
