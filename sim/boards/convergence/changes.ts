import type { TableCluster, TableNode } from '../../tables/cluster.ts';
import { NETWORK, tableOf } from '../../tables/cluster.ts';

/*
 * The seven changes of upstream's own convergence test, by its names and with its meaning. A write has reached
 * a node that holds the key at its Lamport time or a later one, so that a later write cannot hide it. What
 * was deleted cannot be read any more, and nothing else hides it in a quiet cluster.
 */

/** Whether a node has caught up with a change. */
export type HasReached = (node: TableNode) => boolean;

/** One kind of change. */
export interface ChangeKind {
  readonly name: string;
  /** In smaller clusters it means nothing. */
  readonly minNodes: number;
  /** The key that is written, for telling how it arrived; null when nothing is. */
  readonly key: string | null;
  /** The last node joins the network as part of the change. */
  readonly holdsBackLast?: true;
  /** Who has written the key `seed` before. */
  readonly seedOwner?: 'first' | 'last';
  /** Makes the change; no time passes. */
  apply(cluster: TableCluster): Promise<HasReached>;
}

/** Key of the entry that is there before. */
export const SEED_KEY = 'seed';

const VALUE = new TextEncoder().encode('v');
const OTHER_VALUE = new TextEncoder().encode('v2');

/** All of them, in upstream's order. */
export const CHANGES: readonly ChangeKind[] = [
  {
    name: 'create-entry',
    minNodes: 2,
    key: 'k',
    async apply(cluster) {
      const first = firstOf(cluster);
      tableOf(first).create('k', VALUE);
      return hasWrite('k', timeOf(first, 'k'));
    },
  },
  {
    name: 'update-entry',
    minNodes: 2,
    key: SEED_KEY,
    seedOwner: 'first',
    async apply(cluster) {
      const first = firstOf(cluster);
      tableOf(first).update(SEED_KEY, OTHER_VALUE);
      return hasWrite(SEED_KEY, timeOf(first, SEED_KEY));
    },
  },
  {
    name: 'delete-entry',
    minNodes: 2,
    key: SEED_KEY,
    seedOwner: 'first',
    async apply(cluster) {
      tableOf(firstOf(cluster)).delete(SEED_KEY);
      return (node) => !tableOf(node).has(SEED_KEY);
    },
  },
  {
    name: 'join-network',
    minNodes: 3,
    key: null,
    holdsBackLast: true,
    async apply(cluster) {
      const last = lastOf(cluster);
      await cluster.enter(last);
      return (node) => participates(node, last.name);
    },
  },
  {
    name: 'write-after-join',
    minNodes: 3,
    key: 'k',
    holdsBackLast: true,
    async apply(cluster) {
      const last = lastOf(cluster);
      const table = await cluster.enter(last);
      table.create('k', VALUE);
      return hasWrite('k', timeOf(last, 'k'));
    },
  },
  {
    name: 'join-populated-network',
    minNodes: 3,
    key: SEED_KEY,
    holdsBackLast: true,
    seedOwner: 'first',
    async apply(cluster) {
      const time = timeOf(firstOf(cluster), SEED_KEY);
      await cluster.enter(lastOf(cluster));
      return hasWrite(SEED_KEY, time);
    },
  },
  {
    name: 'leave-network',
    minNodes: 3,
    key: null,
    seedOwner: 'last',
    async apply(cluster) {
      const last = lastOf(cluster);
      cluster.exit(last);
      return (node) => !participates(node, last.name) && !tableOf(node).has(SEED_KEY);
    },
  },
];

/** Whether a node holds a key as it was written at a Lamport time, or later. */
export function hasWrite(key: string, time: number): HasReached {
  return (node) => (tableOf(node).get(key, { detail: true })?.time ?? -1) >= time;
}

/** The Lamport time of an entry. @throws Error when the node has none */
export function timeOf(node: TableNode, key: string): number {
  const held = tableOf(node).get(key, { detail: true });
  if (held === undefined) throw new Error(`${node.name} holds no ${key}`);
  return held.time;
}

function participates(node: TableNode, name: string): boolean {
  return node.db.peers(NETWORK).some((peer) => peer.name === name);
}

function firstOf({ nodes }: TableCluster): TableNode {
  return nodes[0] as TableNode;
}

function lastOf({ nodes }: TableCluster): TableNode {
  return nodes.at(-1) as TableNode;
}
