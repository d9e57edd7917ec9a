import type { PacketMessage } from '../codec/index.ts';
import type { Core } from './core.ts';
import { broadcastRoomBytes } from './core.ts';
import { warnOfLimit, warnOfOversize } from './limit-warnings.ts';

/**
 * Queues a claim about a node for gossip; it replaces any older one about the same node.
 *
 * A claim that no packet can hold (much metadata) would wait for ever: it is left to push/pull.
 */
export function spreadClaim(
  core: Core,
  claim: PacketMessage & { node: string },
  finished?: () => void,
): void {
  const { counters, queue, wire } = core;
  const message = wire.encodePacketMessage(claim);
  const limitBytes = broadcastRoomBytes(core);
  if (message.length > limitBytes) {
    const { node } = claim;
    const text = `what is known of ${node} is too large to be gossiped; only exchanges carry it`;
    counters.add('claims.notGossiped');
    warnOfOversize(core, node, text, { node, sizeBytes: message.length, limitBytes });
    queue.drop(claim.node);
    finished?.();
    return;
  }
  const droppedBefore = queue.droppedCount;
  queue.queue({ message, key: claim.node, ...(finished === undefined ? {} : { finished }) });
  const dropped = queue.droppedCount - droppedBefore;
  if (dropped === 0) return;
  counters.add('claims.dropped', dropped);
  warnOfLimit(core, 'limits.maxQueuedBroadcasts', 'claims wait that were never gossiped enough');
}
