import type { Address } from '../../src/runtime/index.ts';
import type { FakeNode } from '../../test/support/fake-membership.ts';
import type { AnyBench, Figures } from '../bench.ts';
import { benchOf, check, checkSame } from '../bench.ts';
import { cpuMs } from '../timing.ts';
import { keyOf, NETWORK, nodeName, TABLE, valueOf } from '../workload.ts';
import { bulkSyncOf, packedEvents, pairOnNetwork } from './engine.ts';

/*
 * So many events of another node, as they come in a bulk sync and as they come by gossip, when each is queued to be
 * passed on. Until all can be read.
 */

const PER_PACKET = 5;
/** Entries before those that are timed, for the compiler. */
const WARM_UP = 5_000;
const SLICES_MS = 60_000;

interface Intake {
  readonly take: (node: FakeNode, message: Uint8Array, from?: Address) => void;
}

const intake: Intake & Record<string, Intake['take']> = {
  take: (node, message, from) => {
    node.engine.events.message(message, from);
  },
};

const sizeOf = (node: FakeNode): number => node.engine.stats().networks[NETWORK]?.entries ?? 0;

function checkEntries(node: FakeNode, size: number): void {
  check(sizeOf(node) === size, 'number of entries');
  const last = node.engine.get({ network: NETWORK, table: TABLE, key: keyOf(size - 1) });
  checkSame(last?.value, valueOf(size - 1), 'last value');
}

type Take = Intake['take'];

function takeBulk(take: Take, size: number): Figures {
  const { cluster, node, other } = pairOnNetwork();
  const [payload = new Uint8Array(0)] = packedEvents(other.localName, size, size);
  const message = bulkSyncOf(other.localName, payload);
  other.kill();
  const before = cpuMs();
  take(node, message);
  cluster.clock.runUntil(() => node.engine.stats().waitingBytes === 0, SLICES_MS);
  const ms = cpuMs() - before;
  checkEntries(node, size);
  return { ms };
}

function takeGossip(take: Take, size: number): Figures {
  const { node, other } = pairOnNetwork();
  const messages = [...packedEvents(nodeName(2), size, PER_PACKET)];
  const before = cpuMs();
  for (const message of messages) take(node, message, other.address);
  const ms = cpuMs() - before;
  checkEntries(node, size);
  check(node.engine.stats().queued.relay === size, 'every event waits to be passed on');
  return { ms };
}

export const bulkEvents: AnyBench = benchOf({
  name: 'bulk-events',
  subject: intake,
  play({ take }, { size }) {
    takeBulk(take, Math.min(size, WARM_UP));
    return takeBulk(take, size);
  },
});

export const gossipEvents: AnyBench = benchOf({
  name: 'gossip-events',
  subject: intake,
  play({ take }, { size }) {
    takeGossip(take, Math.min(size, WARM_UP));
    return takeGossip(take, size);
  },
});
