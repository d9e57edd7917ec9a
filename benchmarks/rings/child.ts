import type { Table } from '../../src/networkdb/index.ts';
import { keyOf, NETWORK, valueOf, WARM_UP_NETWORK } from '../workload.ts';
import type { ChildAnswer, ChildOrder } from './other-process.ts';
import type { LoopDelay } from './loop-delay.ts';
import { watchLoop } from './loop-delay.ts';
import { join, joinNetwork, noneSent, startMember } from './ring.ts';

/* The other process: one member. It ends with its parent. */

const QUEUED_EVENTS = 1;

const sent = noneSent();
let endWatch: (() => LoopDelay) | null = null;

async function start(order: Extract<ChildOrder, { do: 'start' }>): Promise<ChildAnswer> {
  const { at, wire, entries, warmUp, valueBytes, port } = order;
  // What it writes while it is alone would wait to be gossiped to the first who comes, beside the bulk sync.
  const member = await startMember(at, { wire, sent, maxQueuedEvents: QUEUED_EVENTS });
  if (port !== 0) await join(member, port);
  const fill = (table: Table<Uint8Array>, count: number): void => {
    for (let i = 0; i < count; i += 1) table.create(keyOf(i), valueOf(i, valueBytes));
  };
  if (warmUp > 0) fill(await joinNetwork(member, WARM_UP_NETWORK), warmUp);
  fill(await joinNetwork(member, NETWORK), entries);
  return { port: member.port };
}

async function answer(order: ChildOrder): Promise<ChildAnswer> {
  if (order.do === 'start') return start(order);
  if (order.do === 'watch') {
    sent.packetBytes = 0;
    sent.streamBytes = 0;
    endWatch = watchLoop();
    return {};
  }
  return { sentBytes: sent.packetBytes + sent.streamBytes, delay: endWatch?.() ?? null };
}

process.on('message', (order: ChildOrder) => {
  void answer(order).then((found) => process.send?.(found));
});
process.on('disconnect', () => process.exit());
