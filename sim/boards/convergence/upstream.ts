/*
 * What upstream's own test says, run on one machine: `TestNetworkDBConvergenceLatency` and `…UnderChurn` of
 * github.com/moby/moby/v2 v2.0.0-beta.24, in virtual time, links without latency. The command stands in
 * docs/scoreboard-tables.md. A change that costs no timer takes no time there.
 */

/** Upstream's figures of one change at one size, in milliseconds. */
export interface UpstreamCell {
  readonly runs: number;
  readonly p50: number;
  readonly p99: number;
}

/** Runs, p50 and p99 by nodes. */
type BySize = Readonly<Record<number, readonly [runs: number, p50: number, p99: number]>>;

const CELLS: Readonly<Record<string, BySize>> = {
  'create-entry': {
    2: [30, 74, 198],
    3: [30, 91, 183],
    5: [30, 161, 316],
    10: [30, 327, 747],
    25: [14, 460, 623],
  },
  'update-entry': {
    2: [30, 195, 200],
    3: [30, 196, 200],
    5: [30, 174, 289],
    10: [30, 312, 543],
    25: [14, 439, 542],
  },
  'delete-entry': {
    2: [30, 194, 200],
    3: [30, 194, 200],
    5: [30, 157, 345],
    10: [30, 308, 431],
    25: [14, 432, 709],
  },
  'join-network': { 3: [30, 0, 0], 5: [30, 0, 0], 10: [30, 0, 0], 25: [14, 0, 0] },
  'write-after-join': {
    3: [30, 90, 195],
    5: [30, 156, 301],
    10: [30, 295, 466],
    25: [13, 493, 594],
  },
  'join-populated-network': { 3: [30, 0, 0], 5: [30, 0, 0], 10: [30, 0, 0], 25: [13, 0, 0] },
  'leave-network': {
    3: [30, 115, 197],
    5: [30, 300, 400],
    10: [30, 395, 600],
    25: [13, 540, 969],
  },
  'create-entry-under-churn': { 5: [20, 137, 586], 10: [20, 298, 1123], 25: [15, 630, 5899] },
};

/** What upstream's test said of a change at a size; null where it has no such cell. */
export function upstreamCell(change: string, nodes: number): UpstreamCell | null {
  const found = CELLS[change]?.[nodes];
  if (found === undefined) return null;
  const [runs, p50, p99] = found;
  return { runs, p50, p99 };
}

/** At most so many milliseconds are aimed at: a tenth of upstream's, and never less than 10. */
export function aimFor(theirsMs: number): number {
  return Math.max(10, theirsMs / 10);
}
