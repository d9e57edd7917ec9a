import type { NodeState } from '../codec/index.ts';
import type { Core } from './core.ts';

/** What `stats()` of a member returns. */
export interface MemberlistStats {
  readonly members: number;
  /** Records held, the gone ones included. */
  readonly knownNodes: number;
  /** Records held, by their state; the four together are {@link MemberlistStats.knownNodes}. */
  readonly states: Readonly<Record<NodeState, number>>;
  /** 0 is healthy. */
  readonly healthScore: number;
  /** Claims about nodes that wait to be gossiped. */
  readonly queuedBroadcasts: number;
  /** Broadcasts of `broadcast()` that wait to be gossiped. */
  readonly queuedUserBroadcasts: number;
  /** Milliseconds that the event loop stood still since the start, in stalls of 100 ms or more. */
  readonly stalledMs: number;
  /** The longest of those stalls in milliseconds; 0 when there was none. */
  readonly longestStallMs: number;
  /** Every counter by its dotted name. */
  readonly counters: Readonly<Record<string, number>>;
}

/** Sizes and counters at this moment. */
export function collectStats(core: Core): MemberlistStats {
  const { awareness, loopHealth, newcomers, queue, table, userQueue } = core;
  return {
    members: table.memberCount(),
    knownNodes: table.size,
    states: table.countStates(),
    healthScore: awareness.score,
    queuedBroadcasts: queue.length + newcomers.length,
    queuedUserBroadcasts: userQueue.length,
    stalledMs: loopHealth.lostMs,
    longestStallMs: loopHealth.stalls.longestMs,
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
