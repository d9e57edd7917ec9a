import type { AliveMessage, PacketMessage } from '../codec/index.ts';
import type { Address } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { aliveClaim, broadcastRoomBytes } from './core.ts';
import { warnOfLimit, warnOfOversize } from './limit-warnings.ts';
import type { MemberRecord } from './member.ts';
import { goesRound } from './neighbours.ts';

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
  const message = encodeClaim(core, claim);
  core.newcomers.drop(claim.node);
  if (message === null) {
    core.queue.drop(claim.node);
    finished?.();
    return;
  }
  const { queue } = core;
  const droppedBefore = queue.droppedCount;
  queue.queue({ message, key: claim.node, ...(finished === undefined ? {} : { finished }) });
  noteDropped(core, queue.droppedCount - droppedBefore);
  keepWithinCap(core);
}

/**
 * Queues word of a newcomer, to go round the ring; it replaces any older claim about the same node. What we say of
 * ourselves is gossiped like any other claim besides, as our view of the ring is the least sure.
 */
export function spreadNewcomer(core: Core, claim: AliveMessage): void {
  const message = encodeClaim(core, claim);
  if (claim.node !== core.local.name) core.queue.drop(claim.node);
  if (message === null) return core.newcomers.drop(claim.node);
  core.newcomers.add(claim.node, message);
  keepWithinCap(core);
}

/**
 * A member has said again what we know: says it back, once, if it may be word of a newcomer that the member repeats
 * until it hears it from us.
 *
 * @returns whether it is to be sent
 */
export function answerNewcomer(core: Core, record: MemberRecord, from: Address): boolean {
  const { config, newcomers, ports } = core;
  const { intervalMs } = config.gossip;
  if (intervalMs === false || !goesRound(config) || record.state !== 'alive') return false;
  const now = ports.clock.now();
  if (now - record.stateChangedAt > ANSWERED_INTERVALS * intervalMs) return false;
  const hasAnswer = newcomers.answer(record.name, from, now, () =>
    encodeClaim(core, aliveClaim(record)),
  );
  if (hasAnswer) keepWithinCap(core);
  return hasAnswer;
}

/** The bytes of a claim, or null when no packet can hold them. */
function encodeClaim(core: Core, claim: PacketMessage & { node: string }): Uint8Array | null {
  const message = core.wire.encodePacketMessage(claim);
  const limitBytes = broadcastRoomBytes(core);
  if (message.length <= limitBytes) return message;
  const { node } = claim;
  const text = `what is known of ${node} is too large to be gossiped; only exchanges carry it`;
  core.counters.add('claims.notGossiped');
  warnOfOversize(core, node, text, { node, sizeBytes: message.length, limitBytes });
  return null;
}

/** One cap holds for both lists: word of newcomers gives way, since others pass it on as well. */
function keepWithinCap(core: Core): void {
  const { config, newcomers, queue } = core;
  const excess = newcomers.length + queue.length - config.limits.maxQueuedBroadcasts;
  if (excess <= 0) return;
  newcomers.dropSome(excess);
  noteDropped(core, excess);
}

function noteDropped(core: Core, dropped: number): void {
  if (dropped === 0) return;
  core.counters.add('claims.dropped', dropped);
  warnOfLimit(core, 'limits.maxQueuedBroadcasts', 'claims wait that were never gossiped enough');
}

/** Gossip intervals after a join in which somebody may still repeat word of it. */
const ANSWERED_INTERVALS = 40;
