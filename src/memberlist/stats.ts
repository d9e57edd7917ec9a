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
export function collectStats(core: Core): MemberlistStats {
  const { awareness, queue, table, userQueue } = core;
  return {
    members: table.memberCount(),
    knownNodes: table.size,
    healthScore: awareness.score,
    queuedBroadcasts: queue.length,
    queuedUserBroadcasts: userQueue.length,
    counters: allCounters(core),
  };
}

/** Every counter by its dotted name, in order; those of the transport stand under `transport.`. */
function allCounters({ counters, ports }: Core): Record<string, number> {
  const ofTransport = Object.entries(ports.transport.counters?.() ?? {});
  const entries = [
    ...Object.entries(counters.snapshot()),
    ...ofTransport.map(([name, count]): [string, number] => [`transport.${name}`, count]),
  ];
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
