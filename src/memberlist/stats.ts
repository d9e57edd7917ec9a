import type { Core } from './core.ts';

/** What `stats()` of a member returns. */
export interface MemberlistStats {
  readonly members: number;
  /** Records held, the gone ones included. */
  readonly knownNodes: number;
  /** 0 is healthy. */
  readonly healthScore: number;
  /** Claims about nodes that wait to be gossiped. */
  readonly queuedBroadcasts: number;
  /** Broadcasts of `broadcast()` that wait to be gossiped. */
  readonly queuedUserBroadcasts: number;
  /** Every counter by its dotted name. */
  readonly counters: Readonly<Record<string, number>>;
}

/** Sizes and counters at this moment. */
export function collectStats({
  awareness,
  counters,
  queue,
  table,
  userQueue,
}: Core): MemberlistStats {
  return {
    members: table.memberCount(),
    knownNodes: table.size,
    healthScore: awareness.score,
    queuedBroadcasts: queue.length,
    queuedUserBroadcasts: userQueue.length,
    counters: counters.snapshot(),
  };
}
