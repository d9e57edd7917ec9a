import { retransmitLimit } from '../../../src/memberlist/index.ts';
import type { NetworkDBConfig } from '../../../src/networkdb/index.ts';
import { entryBytes } from '../../tables/entries.ts';

/*
 * What looks odd about a configuration in such a cluster: sentences that name the option and say what follows.
 * They come from formulas, not from the simulation, which may be too short to show what is rare.
 */

/** The cluster that a configuration is for. */
export interface Circumstances {
  readonly nodes: number;
  readonly lossPercent: number;
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly entries: number;
  readonly writesPerSecond: number;
}

/** What looks odd, in the order in which it should be looked at. */
export function hintsFor(config: NetworkDBConfig, about: Circumstances): readonly string[] {
  return [
    ...detectionHints(config, about),
    ...pathHints(config, about),
    ...spreadHints(config, about),
    ...loadHints(config, about),
  ];
}

function detectionHints({ memberlist }: NetworkDBConfig, { nodes }: Circumstances): string[] {
  const { probe, suspicion, awareness, gossip } = memberlist;
  const hints: string[] = [];
  if (probe.intervalMs === false) {
    return ['probe.intervalMs is off: whoever crashes stays a member for ever.'];
  }
  const doubtMs = suspicion.mult * Math.max(1, Math.log10(nodes)) * probe.intervalMs;
  if (doubtMs < 2 * probe.intervalMs) {
    hints.push(
      `suspicion.mult ${suspicion.mult} gives a suspect ${Math.round(doubtMs)} ms, less than two probe intervals: ` +
        'one pause of that length is taken for a death before it can be refuted.',
    );
  } else if (suspicion.mult < 3) {
    hints.push(
      `suspicion.mult ${suspicion.mult} is below 3: no confirmations are awaited, every doubt lasts ` +
        `${Math.round(doubtMs)} ms whoever has it.`,
    );
  }
  if (suspicion.maxTimeoutMult === 1) {
    hints.push(
      'suspicion.maxTimeoutMult 1: a doubt that nobody confirms is as short as one that many do.',
    );
  }
  if (awareness.maxMult === 1) {
    hints.push('awareness.maxMult 1: a member that is slow itself goes on blaming others.');
  }
  if (gossip.toTheDeadMs < doubtMs) {
    hints.push(
      `gossip.toTheDeadMs ${gossip.toTheDeadMs} is shorter than a doubt: a member wrongly declared dead is told so too briefly to refute it.`,
    );
  }
  return hints;
}

function pathHints({ memberlist }: NetworkDBConfig, about: Circumstances): string[] {
  const { probe } = memberlist;
  const { latencyMs, jitterMs, lossPercent } = about;
  if (probe.intervalMs === false) return [];
  const hints: string[] = [];
  const roundTripMs = 2 * (latencyMs + jitterMs);
  if (roundTripMs >= probe.timeoutMs) {
    hints.push(
      `probe.timeoutMs ${probe.timeoutMs} is below the slowest round trip of ${roundTripMs} ms: probes that nothing is ` +
        'wrong with ask helpers. Set it to the 99th percentile of round trips or more.',
    );
  } else if (roundTripMs > probe.timeoutMs / 2) {
    hints.push(
      `probe.timeoutMs ${probe.timeoutMs} leaves little above the slowest round trip of ${roundTripMs} ms.`,
    );
  }
  // A probe fails when the direct way and all helpers' ways lose a packet of two or four.
  const loss = lossPercent / 100;
  const direct = 1 - (1 - loss) ** 2;
  const helped = 1 - (1 - loss) ** 4;
  const failed = direct * helped ** probe.indirectChecks;
  if (probe.streamFallback === false && failed > 0.01) {
    hints.push(
      `With ${lossPercent} % lost, ${(100 * failed).toFixed(0)} % of the probes of healthy members fail: raise ` +
        `probe.indirectChecks (${probe.indirectChecks}) or leave probe.streamFallback on.`,
    );
  }
  return hints;
}

function spreadHints({ memberlist }: NetworkDBConfig, about: Circumstances): string[] {
  const { gossip, pushPull } = memberlist;
  const { nodes, lossPercent } = about;
  const hints: string[] = [];
  const rounds = copiesOf(gossip, nodes);
  const missing = missingOf(rounds, nodes, lossPercent / 100);
  if (missing > NOTABLE_MISSING) {
    const copies = rounds.reduce((sum, each) => sum + each, 0);
    hints.push(
      `gossip.retransmitMult ${gossip.retransmitMult}: what a member says of itself (new metadata, that it is no suspect) ` +
        `goes from each node that hears it to ${copies} others; with ${lossPercent} % lost ${missing.toFixed(2)} of ${nodes} nodes ` +
        'miss it on average, until a push/pull.',
    );
  }
  if (pushPull.intervalMs === false) {
    hints.push('pushPull.intervalMs is off: what gossip lost about members is not repaired.');
  }
  if (gossip.intervalMs !== false && gossip.intervalMs > 1000) {
    hints.push(
      `gossip.intervalMs ${gossip.intervalMs}: what a lost packet carried is repeated that much later.`,
    );
  }
  return hints;
}

/** Copies of a claim that a node sends, by round: each goes to somebody else in its round. The prompt one costs one send. */
function copiesOf(gossip: NetworkDBConfig['memberlist']['gossip'], nodes: number): number[] {
  const most = Math.min(gossip.nodes, nodes - 1);
  const rounds = gossip.prompt ? [most] : [];
  let sends = retransmitLimit(gossip.retransmitMult, nodes) - rounds.length;
  for (; gossip.intervalMs !== false && most > 0 && sends > 0; sends -= most) {
    rounds.push(Math.min(most, sends));
  }
  return rounds;
}

/**
 * Nodes that no copy reaches, on average. Whoever hears a claim passes it on, so those that miss it send none: a fixed point.
 *
 * @remarks Held against the simulator by a test. Word of newcomers goes round the ring of names on our own wire, and
 * doubts and deaths are told by several: they miss fewer.
 */
function missingOf(rounds: readonly number[], nodes: number, loss: number): number {
  // That one sender misses one node.
  const miss = rounds.reduce((all, copies) => all * (1 - ((1 - loss) * copies) / (nodes - 1)), 1);
  let missing = 0;
  for (let step = 0; step < FIXED_POINT_STEPS; step += 1) {
    missing = (nodes - 1) * miss ** (nodes - missing);
  }
  return missing;
}

function loadHints({ memberlist, tables }: NetworkDBConfig, about: Circumstances): string[] {
  const { nodes, entries, writesPerSecond } = about;
  const hints: string[] = [];
  const sizeBytes = entryBytes('node0');
  if (tables.bulkSyncIntervalMs !== false) {
    const rate = (2 * entries * sizeBytes * 1000) / tables.bulkSyncIntervalMs;
    if (rate > LARGE_SYNC_RATE) {
      hints.push(
        `${entries} entries of ${sizeBytes} bytes are exchanged whole every ${tables.bulkSyncIntervalMs} ms: ` +
          `${Math.round(rate / 1000)} kB/s from each node before compression. A longer tables.bulkSyncIntervalMs costs ` +
          'nothing but repair time.',
      );
    }
  } else {
    hints.push('tables.bulkSyncIntervalMs is off: what gossip lost of the tables is not repaired.');
  }
  const writeRate = 4 * writesPerSecond * sizeBytes;
  if (writeRate > tables.maxBytesPerSecond) {
    hints.push(
      `${writesPerSecond} writes a second take about ${Math.round(writeRate / 1000)} kB/s from each node, above ` +
        `gossip.maxBytesPerSecond ${tables.maxBytesPerSecond}: they queue.`,
    );
  }
  if (entries > tables.limits.maxEntries) {
    hints.push(
      `limits.maxEntries ${tables.limits.maxEntries} is below ${entries} entries: the rest is refused.`,
    );
  }
  if (nodes > memberlist.limits.maxMembers) {
    hints.push(`limits.maxMembers ${memberlist.limits.maxMembers} is below ${nodes} nodes.`);
  }
  if (memberlist.maxPacketBytes > 1472) {
    hints.push(
      `maxPacketBytes ${memberlist.maxPacketBytes} is above what an Ethernet frame holds: packets travel in pieces and ` +
        'are lost whole with any of them.',
    );
  }
  return hints;
}

/** Nodes that may miss a claim: no profile is above it up to 5,000 nodes and 5 % lost. */
const NOTABLE_MISSING = 0.5;
const FIXED_POINT_STEPS = 100;
/** Bytes per second from which whole-table exchanges are worth a word. */
const LARGE_SYNC_RATE = 100_000;
