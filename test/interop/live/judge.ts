import type { Generation } from './builds.ts';
import type { Peer } from './peer.ts';
import type { Ring, RingNode } from './ring.ts';

/*
 * What the members said besides being right in the end. Go logs a warning or an error whenever it cannot read, place or
 * answer something; ours counts it, and warns. A scenario names what it provokes; anything else fails the row. Members that have
 * left, closed or crashed are judged like the others, by what they had said and counted until then.
 */

/** What a scenario may make the members say. */
export interface Allowed {
  /** Lines of Go's logs. */
  readonly logs?: readonly RegExp[];
  /** Counters of ours. */
  readonly counters?: readonly RegExp[];
  /** Warnings of ours, as code and cause with a space between. */
  readonly warnings?: readonly RegExp[];
  /** The same of a stranger, which is not in the ring; by default it may say nothing, as the members. */
  readonly stranger?: Omit<Allowed, 'stranger'>;
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

/** The same of one that was killed: it may have been in the middle of a stream. */
export const ABOUT_THE_KILLED: Allowed = {
  logs: [...(ABOUT_THE_DEAD.logs ?? [])],
  counters: [...(ABOUT_THE_DEAD.counters ?? []), /^streams\.rejected\.ERR_CODEC_TRUNCATED$/],
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

/** Who gives a probe over a stream up closes the stream, whose bytes may not all have come; never more often than that is said. */
const GIVEN_UP_COUNTER = 'streams.rejected.ERR_CODEC_TRUNCATED';

/** How often members found a probe late; shown beside the row, since no bytes are at fault. */
export async function countLate(ring: Ring): Promise<number> {
  const logs = ring.peers.flatMap(linesOf);
  let count = logs.filter((line) => LATE.some((one) => one.test(line))).length;
  for (const node of ring.started.filter(isOurs)) {
    count += (await ring.countersOf(node))[LATE_COUNTER] ?? 0;
  }
  return count;
}

/** Everything the members of a ring, and strangers to it, said that the scenario did not provoke. */
export async function findTrouble(ring: Ring, allowed: Allowed): Promise<string[]> {
  const { generation } = ring.build;
  const flaws = generation === undefined ? [] : (FLAWS[generation] ?? []);
  const strangers = ring.started.filter((node) => !ring.wasMember(node));
  const found = new Set<string>();
  let givenUp = await countLate(ring);
  for (const peer of ring.peers) {
    const isStranger = strangers.some((node) => node.peer === peer);
    const { logs = [], warnings = [] } = isStranger ? (allowed.stranger ?? {}) : allowed;
    const meant = [...LATE, ...flaws, ...logs];
    const whose = isStranger ? ' of the stranger' : '';
    for (const line of linesOf(peer)) {
      if (!matches(meant, line)) found.add(`log${whose}: ${line}`);
    }
    for (const { node, ...event } of peer.events) {
      const text = [event['code'], event['cause']].filter(isText).join(' ');
      if (event.event === 'warning' && !matches(warnings, text)) found.add(`${node}: ${text}`);
    }
  }
  for (const node of ring.started.filter(isOurs)) {
    const { counters = [] } = strangers.includes(node) ? (allowed.stranger ?? {}) : allowed;
    for (const [name, value] of Object.entries(await ring.countersOf(node))) {
      if (value === 0 || !matches(TROUBLE, name) || matches(counters, name)) continue;
      if (name === GIVEN_UP_COUNTER) givenUp -= value;
      if (name !== GIVEN_UP_COUNTER || givenUp < 0)
        found.add(`${node.name} counted ${name}: ${value}`);
    }
  }
  return [...found];
}

function isOurs({ kind }: RingNode): boolean {
  return kind === 'ours';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function matches(patterns: readonly RegExp[], text: string): boolean {
  return patterns.some((one) => one.test(text));
}

function linesOf({ events }: Peer): string[] {
  return events.flatMap(({ event, text }) =>
    ['log', 'stderr', 'broken'].includes(event) ? [String(text)] : [],
  );
}
