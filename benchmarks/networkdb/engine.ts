import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import {
  encodeBulkSync,
  encodeCompoundMessage,
  encodeTableEvent,
  GOSSIP_TYPE,
  wrapGossip,
} from '../../src/codec/index.ts';
import { FakeCluster } from '../../test/support/fake-membership.ts';
import type { FakeNode } from '../../test/support/fake-membership.ts';
import { eventOf, NETWORK, nodeName } from '../workload.ts';

/* Two nodes on one network without sockets: what their tables cost, and nothing else. */

/** A cluster of two, and its first node. */
export interface Pair {
  readonly cluster: FakeCluster;
  readonly node: FakeNode;
  readonly other: FakeNode;
}

export function pairOnNetwork(): Pair {
  const cluster = new FakeCluster();
  const [node, other] = cluster.startOn(NETWORK, [nodeName(1), nodeName(2)]);
  if (node === undefined || other === undefined) throw new Error('a pair has two nodes');
  return { cluster, node, other };
}

/** Events of a node, packed so many to a message. */
export function* packedEvents(
  owner: string,
  size: number,
  perMessage: number,
): Generator<Uint8Array, void> {
  let parts: Uint8Array[] = [];
  for (let at = 0; at < size; at += 1) {
    parts.push(wrapGossip(GOSSIP_TYPE.tableEvent, encodeTableEvent(eventOf(at, owner))));
    if (parts.length < perMessage && at < size - 1) continue;
    yield encodeCompoundMessage(parts);
    parts = [];
  }
}

/** A bulk sync from a node that wants no answer. */
export function bulkSyncOf(node: string, payload: Uint8Array): Uint8Array {
  const message = { time: 1_000_000, isRequest: false, node, networks: [NETWORK], payload };
  return wrapGossip(GOSSIP_TYPE.bulkSync, encodeBulkSync(message));
}

/** Bytes that are in use on the heap and beside it, after all that can be freed has been. */
export function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 4; i += 1) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
