import type { Generation } from './builds.ts';
import type { PeerEvent } from './lines.ts';
import type { Ring } from './ring.ts';

/*
 * What the members said besides being right in the end. Go logs a warning or an error whenever it cannot read, place or
 * answer something; ours counts it. A scenario names what it provokes; anything else fails the row.
 */

/** What a scenario may make the members say. */
export interface Allowed {
  /** Lines of Go's logs. */
  readonly logs?: readonly RegExp[];
  /** Counters of ours. */
  readonly counters?: readonly RegExp[];
}

/** What members say of one that hangs, dies or comes back. */
export const ABOUT_THE_DEAD: Allowed = {
  logs: [
    /Refuting (a suspect|a dead|an alive) message/,
    /Push\/Pull with .* failed/,
    /Failed fallback (TCP )?ping/,
    /Failed to send (gossip|UDP|indirect|ping|error|compound)/,
    /Was able to connect to .* (over TCP but UDP|but other) probes failed/,
    /Got ping for unexpected node/,
    /memberlist: Failed to (receive|send|push)/,
    /Bulk sync to node .* (failed|timed out)|is unknown to memberlist/i,
  ],
  counters: [
    /^pushPulls\.failed$/,
    /^streams\.replyFailed$/,
    /^tables\.sync\.(answerFailed|failed|timedOut)$/,
  ],
};

/**
 * What builds of Go do to themselves. Up to Docker 29.5, two bulk syncs with one peer at a time, one begun by each side, make Go
 * wait 30 s for an answer that it has had: its own answer has taken the place where it looks for the other's.
 */
const FLAWS: Readonly<Partial<Record<Generation, readonly RegExp[]>>> = {
  G23: [/Bulk sync to node .* timed out/],
};

/** Counters that stay at zero while a ring is well. */
const TROUBLE: readonly RegExp[] = [
  /^packets\.(dropped|lostParts|oversized|sendFailed)/,
  /^streams\.(rejected|replyFailed)/,
  /^claims\.(refused|highIncarnation|notGossiped)/,
  /^pushPulls\.(failed|droppedRecords|incompatible|mergeRefused|refused)/,
  /^pings\.(badTarget|wrongName)/,
  /^hooks\./,
  /^warnings\./,
  // Late news of a member that left a network or the ring is dropped by everybody.
  /^tables\.dropped\.(?!stale$|ownerLeaving$|ownerUnknown$|nodeUnknown$|notAttached$)/,
  /^tables\.(early\.dropped|oversize\.(dropped|failed)|unreadable|sync\.(answerFailed|failed|timedOut|unanswered))/,
];

/** What Go says when this machine is too busy for a probe to be answered in time. */
const LATE: readonly RegExp[] = [
  /Failed fallback (TCP )?ping: .*(timeout|deadline)/,
  /Was able to connect to .* (over TCP but UDP|but other) probes failed/,
  /Refuting a suspect message/,
  // The answer to a probe over a stream came when the prober had given it up.
  /Failed to send ack: write tcp .*(connection reset|broken pipe)/,
];

/** The same counted by ours: a probe over a stream that was given up, too. */
const LATE_COUNTER = 'streams.failed';

/** How often members found a probe late; shown beside the row, since no bytes are at fault. */
export async function countLate(ring: Ring): Promise<number> {
  const logs = ring.peers.flatMap(({ events }) => events.flatMap(lineOf));
  let count = logs.filter((line) => LATE.some((one) => one.test(line))).length;
  for (const node of ring.ofKind('ours')) {
    const { counters } = await ring.ask(node, { do: 'stats' });
    count += (counters as Record<string, number>)[LATE_COUNTER] ?? 0;
  }
  return count;
}

/** Everything the members of a ring said that the scenario did not provoke. */
export async function findTrouble(ring: Ring, allowed: Allowed): Promise<string[]> {
  const logs = ring.peers.flatMap(({ events }) => events.flatMap(lineOf));
  const { generation } = ring.build;
  const flaws = generation === undefined ? [] : (FLAWS[generation] ?? []);
  const isMeant = (line: string): boolean =>
    [...LATE, ...flaws, ...(allowed.logs ?? [])].some((one) => one.test(line));
  const found = new Set(logs.filter((line) => !isMeant(line)).map((line) => `log: ${line}`));
  for (const node of ring.ofKind('ours')) {
    const { counters } = await ring.ask(node, { do: 'stats' });
    for (const [name, value] of Object.entries(counters as Record<string, number>)) {
      const isTrouble = value > 0 && TROUBLE.some((one) => one.test(name));
      const isAllowed = (allowed.counters ?? []).some((one) => one.test(name));
      if (isTrouble && !isAllowed) found.add(`${node.name} counted ${name}: ${value}`);
    }
  }
  return [...found];
}

function lineOf({ event, text }: PeerEvent): string[] {
  return ['log', 'stderr', 'broken'].includes(event) ? [String(text)] : [];
}
