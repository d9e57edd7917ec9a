import type { Aim, Cell, Plot, Report, ReportTable } from '../../report.ts';
import { quantile } from '../../statistics.ts';
import { cumulative } from '../../tables/interval.ts';
import type { ConvergenceInput, ConvergenceOutcome } from './play.ts';
import { CHURN_CHANGES } from './play.ts';

/** One run and how it went. */
export interface PlayedChange {
  readonly input: ConvergenceInput;
  readonly outcome: ConvergenceOutcome;
}

/** All runs of one change at one size. */
interface CellOfRuns {
  readonly change: string;
  readonly nodes: number;
  readonly runs: number;
  /** Milliseconds until the last node had it, by run. */
  readonly allMs: readonly number[];
  /** The same for each node of each run. */
  readonly reachedMs: readonly number[];
  readonly waitedFor: number;
  readonly behind: number;
  readonly byGossip: number;
  readonly bySync: number;
}

/** What the runs say. */
export function convergenceReport(played: readonly PlayedChange[]): Report {
  const cells = cellsOf(played);
  const quiet = cells.filter(({ change }) => !isChurn(change));
  const busy = cells.filter(({ change }) => isChurn(change));
  return {
    tables: [
      tableOfCells('One change in a quiet cluster', quiet),
      tableOfCells('One write in a busy cluster', busy),
    ],
    aims: cells.flatMap(aimsOf),
    plots: plotsOf(quiet),
  };
}

function isChurn(change: string): boolean {
  return CHURN_CHANGES.some((each) => each === change);
}

function cellsOf(played: readonly PlayedChange[]): readonly CellOfRuns[] {
  const groups = new Map<string, PlayedChange[]>();
  for (const run of played) {
    const key = `${run.input.change} ${run.input.nodes}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].map((group) => {
    const [{ input }] = group as [PlayedChange, ...PlayedChange[]];
    const sum = (read: (outcome: ConvergenceOutcome) => number): number =>
      group.reduce((total, { outcome }) => total + read(outcome), 0);
    const reachedMs = group.flatMap(({ outcome }) => outcome.reachedMs);
    const behind = sum((outcome) => outcome.behind);
    return {
      change: input.change,
      nodes: input.nodes,
      runs: group.length,
      allMs: group.map(({ outcome }) =>
        outcome.behind > 0 ? CEILING_MS : Math.max(...outcome.reachedMs),
      ),
      reachedMs,
      waitedFor: reachedMs.length + behind,
      behind,
      byGossip: sum((outcome) => outcome.byGossip),
      bySync: sum((outcome) => outcome.bySync),
    };
  });
}

function tableOfCells(title: string, cells: readonly CellOfRuns[]): ReportTable {
  return {
    title,
    columns: [
      ...['change', 'nodes', 'runs', 'p50 ms', 'p99 ms', 'max ms'],
      ...["upstream's ms", 'by gossip', 'by sync', 'behind after 3 min'],
    ],
    rows: cells.map((cell): Cell[] => [
      ...[cell.change, cell.nodes, cell.runs],
      ...[0.5, 0.99, 1].map((share) => quantile(cell.allMs, share)),
      upstreamText(cell.nodes, isChurn(cell.change)),
      ...[cell.byGossip, cell.bySync, cell.behind],
    ]),
    notes: [
      'Time until the last node had it, looked at every millisecond; links of 1 ms. Upstream measures without',
      'latency of links, and gives 0.2 s for 2 to 3 nodes and 0.8 s for 25; in a busy cluster medians of 0.4 s for',
      '10 nodes and 1.4 s for 25. By gossip, by sync: what brought the write to a node, summed over runs.',
    ],
  };
}

/** What upstream reports, in milliseconds; a range where a size lies between two that it names. */
export function upstreamMs(
  nodes: number,
  isBusy: boolean,
): { readonly low: number; readonly high: number } | null {
  if (isBusy) {
    const median = { 10: 400, 25: 1400 }[nodes];
    return median === undefined ? null : { low: median, high: median };
  }
  if (nodes > 25) return null;
  if (nodes <= 3) return { low: 200, high: 200 };
  return { low: nodes === 25 ? 800 : 200, high: 800 };
}

function upstreamText(nodes: number, isBusy: boolean): string | null {
  const theirs = upstreamMs(nodes, isBusy);
  if (theirs === null) return null;
  return theirs.low === theirs.high ? `${theirs.low}` : `${theirs.low} to ${theirs.high}`;
}

function aimsOf(cell: CellOfRuns): readonly Aim[] {
  const { change, nodes, allMs, behind } = cell;
  const isBusy = isChurn(change);
  const theirs = upstreamMs(nodes, isBusy);
  const aims: Aim[] = [];
  const what = `${change}, ${nodes} nodes`;
  if (theirs !== null) {
    // One figure is given for each size: the median is held against it, and in a quiet cluster the worst run too.
    const ours = quantile(allMs, isBusy ? 0.5 : 1);
    const [low, high] = [Math.max(10, theirs.low / 10), Math.max(10, theirs.high / 10)];
    aims.push({
      what: `${what}: ${isBusy ? 'median' : 'slowest run'}, ms`,
      ours,
      peer: upstreamText(nodes, isBusy),
      aim: low === high ? `at most ${low}` : `at most ${low} to ${high}`,
      isMet: behind > 0 || ours > high ? false : ours <= low ? true : null,
    });
  }
  if (isBusy || nodes === 100) {
    const ours = quantile(allMs, 0.99);
    const limit = isBusy ? 1000 : 300;
    const isMet = behind === 0 && ours < limit;
    const peer = isBusy && nodes === 25 ? 'p90 11000' : null;
    aims.push({ what: `${what}: p99, ms`, ours, peer, aim: `below ${limit}`, isMet });
  }
  return aims;
}

function plotsOf(quiet: readonly CellOfRuns[]): readonly Plot[] {
  const largest = Math.max(...quiet.map(({ nodes }) => nodes));
  const curve = (cell: CellOfRuns, label: string): Plot['curves'][number] => ({
    label,
    points: cumulative(cell.reachedMs, cell.waitedFor),
  });
  const axes = { x: { label: 'milliseconds' }, y: { label: 'share of nodes that have it' } };
  return [
    {
      name: 'changes',
      title: `One change in a quiet cluster of ${largest}`,
      ...axes,
      curves: quiet
        .filter(({ nodes }) => nodes === largest)
        .map((cell) => curve(cell, cell.change)),
    },
    {
      name: 'sizes',
      title: 'A new entry in quiet clusters',
      ...axes,
      curves: quiet
        .filter(({ change }) => change === 'create-entry')
        .map((cell) => curve(cell, `${cell.nodes} nodes`)),
    },
  ];
}

/** A run that did not end counts as this long. */
const CEILING_MS = 180_000;
