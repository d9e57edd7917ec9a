import type { FakeNode } from '../../test/support/fake-membership.ts';
import type { AnyBench } from '../bench.ts';
import { benchOf, check } from '../bench.ts';
import { NETWORK } from '../workload.ts';
import { bulkSyncOf, packedEvents, pairOnNetwork, usedBytes } from './engine.ts';

const PER_MESSAGE = 1000;
const SLICES_MS = 60_000;

/* What an entry of another node costs in memory, on the heap and beside it, when it came by bulk sync. */
export const memory: AnyBench = benchOf({
  name: 'memory',
  subject: {
    take: (node: FakeNode, message: Uint8Array) => {
      node.engine.events.message(message);
    },
  },
  play({ take }, { size }) {
    const { cluster, node, other } = pairOnNetwork();
    other.kill();
    const before = usedBytes();
    for (const payload of packedEvents(other.localName, size, PER_MESSAGE)) {
      take(node, bulkSyncOf(other.localName, payload));
      cluster.clock.runUntil(() => node.engine.stats().waitingBytes === 0, SLICES_MS);
    }
    const queued = node.engine.stats().queued.relay;
    const after = usedBytes();
    check(node.engine.stats().networks[NETWORK]?.entries === size, 'number of entries');
    return { 'bytes-per-entry': (after - before) / size, queued };
  },
});
