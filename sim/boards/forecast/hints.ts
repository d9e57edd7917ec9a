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
  const sends = retransmitLimit(gossip.retransmitMult, nodes);
  // Each of the others is hit by none of the copies that arrive: Poisson with that mean.
  const missing = nodes * Math.exp(-sends * (1 - lossPercent / 100));
  if (missing > NOTABLE_MISSING) {
    hints.push(
      `gossip.retransmitMult ${gossip.retransmitMult} sends a claim about a member ${sends} times from each node; with ` +
        `${lossPercent} % lost ${missing.toFixed(2)} of ${nodes} nodes miss it on average, and wait for a push/pull.`,
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

/** Nodes that may miss a claim: the defaults stay below it up to 100,000 nodes while nothing is lost. */
const NOTABLE_MISSING = 0.25;
/** Bytes per second from which whole-table exchanges are worth a word. */
const LARGE_SYNC_RATE = 100_000;
