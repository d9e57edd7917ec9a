import type { NetworkDBConfig } from '../../networkdb/index.ts';

/** What the bound depends on besides the configuration. */
export interface RingSize {
  /** Nodes that run. */
  readonly nodes: number;
  /** Nodes that are gone and may still be on record. */
  readonly gone: number;
}

/** A term of the bound, as reports show it. */
export type BoundTerms = Readonly<Record<string, number>>;

/**
 * The terms whose sum is {@link convergenceBoundMs}, in milliseconds, by name. docs/simulator.md derives each.
 *
 * @param config - that of the slowest node
 */
export function convergenceTerms(config: NetworkDBConfig, { nodes, gone }: RingSize): BoundTerms {
  const { probe, suspicion, awareness, pushPull, rejoin, limits, wire } = config.memberlist;
  const { bulkSyncIntervalMs, bulkSyncTimeoutMs } = config.tables;
  const probeMs = probe.intervalMs === false ? 1_000 : probe.intervalMs;
  const records = nodes + gone;
  const scale = Math.max(1, Math.log10(records));
  const exchangeMs = (pushPull.intervalMs || 0) + (bulkSyncIntervalMs || 0);
  const patience = suspicion.secondChance && wire === 'protobuf' ? MOST_PATIENCE : 1;
  const looks = suspicion.secondChance ? MOST_LOOKS : 0;
  const shortestMs = patience * suspicion.mult * scale * probeMs;
  const healthMs = (awareness.maxMult * (awareness.maxMult + 1) * probeMs) / 2;
  return {
    health: healthMs,
    detection: 2 * nodes * probeMs,
    suspicion: (suspicion.maxTimeoutMult + looks) * shortestMs + 2 * looks * probe.timeoutMs,
    takeOver: wire === 'memberlist' ? TAKE_OVER_MS : 0,
    reconnect: RECONNECT_TRIES * (rejoin.reconnectIntervalMs || 0) + gone * limits.streamTimeoutMs,
    bootstrap: 2 * (rejoin.bootstrapIntervalMs || 0),
    return: RETURN_MS,
    exchanges: EXCHANGES * exchangeMs,
    hanging: limits.streamTimeoutMs + bulkSyncTimeoutMs,
    unheard: gone > 0 ? UNHEARD_MS : 0,
    spreading: SPREADING_MS,
  };
}

/** Virtual milliseconds of calm after which all that run must agree about members and tables. */
export function convergenceBoundMs(config: NetworkDBConfig, size: RingSize): number {
  return Object.values(convergenceTerms(config, size)).reduce((sum, ms) => sum + ms, 0);
}

/** How many times as long as usual a doubt lasts about who was declared dead wrongly. */
const MOST_PATIENCE = 9;
/** Answers of a suspect that give it the shortest doubt again. */
const MOST_LOOKS = 2;
/** On the memberlist wire a name that has died may appear elsewhere after that long. */
const TAKE_OVER_MS = 30_000;
/** Tries after which a lost member has been contacted but for one case in millions. */
const RECONNECT_TRIES = 20;
/** The random wait before the tables are exchanged with one who is back. */
const RETURN_MS = 5_000;
/** Periodic exchanges with random members, after which what one held has reached all. */
const EXCHANGES = 3;
/** The wait until an owner writes anew what loses to a failed owner that it never knew. */
const UNHEARD_MS = 30_000;
/** Retransmissions of the last news. */
const SPREADING_MS = 5_000;
