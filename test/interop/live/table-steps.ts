import type { Kind } from './peer.ts';
import type { Ring, RingNode } from './ring.ts';
import { grow } from './scenario.ts';

/*
 * What scenarios with tables have in common: one network, one table, and steps that the model of the ring takes along.
 */

export const network = 'net';
export const table = 'tab';

/** Writes at a node, and into the model. */
export async function write(ring: Ring, at: RingNode, key: string, value: string): Promise<void> {
  const entries = ring.expected(network, table);
  const verb = entries.has(key) ? 'updateEntry' : 'createEntry';
  await ring.ask(at, { do: verb, network, table, key, value });
  entries.set(key, value);
}

/** Deletes at a node, and from the model. */
export async function remove(ring: Ring, at: RingNode, key: string): Promise<void> {
  await ring.ask(at, { do: 'deleteEntry', network, table, key });
  ring.expected(network, table).delete(key);
}

/** A ring whose members are all on the network. */
export async function growAttached(ring: Ring, acting: Kind, size: number): Promise<RingNode[]> {
  const nodes = await grow(ring, acting, size);
  await ring.attach(network);
  await ring.agree();
  return nodes;
}
