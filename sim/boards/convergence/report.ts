import type { Aim, Cell, Plot, Report, ReportTable } from '../../report.ts';
import { verdict } from '../../report.ts';
import { quantile } from '../../statistics.ts';
import { cumulative } from '../../tables/interval.ts';
import type { ConvergenceInput, ConvergenceOutcome } from './play.ts';
import { CHURN_CHANGES } from './play.ts';
import { aimFor, upstreamCell } from './upstream.ts';

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
      ...['upstream p50', 'upstream p99', 'by gossip', 'by sync', 'behind after 3 min'],
    ],
    rows: cells.map((cell): Cell[] => [
      ...[cell.change, cell.nodes, cell.runs],
      ...[0.5, 0.99, 1].map((share) => quantile(cell.allMs, share)),
      ...upstreamOf(cell),
      ...[cell.byGossip, cell.bySync, cell.behind],
    ]),
    notes: [
      'Time until the last node had it, looked at every millisecond; links of 1 ms. Upstream: its own test of',
      'v2.0.0-beta.24, run for this, whose links take no time at all: 0 there is no timer, here it is a round trip or two.',
      'By gossip, by sync: what brought the write to a node, summed over runs.',
    ],
  };
}

function upstreamOf({ change, nodes }: CellOfRuns): readonly (number | null)[] {
  const theirs = upstreamCell(change, nodes);
  return [theirs?.p50 ?? null, theirs?.p99 ?? null];
}

const QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
] as const;

function aimsOf(cell: CellOfRuns): readonly Aim[] {
  const { change, nodes, allMs, behind, runs } = cell;
  const isEnough = runs >= LEAST_RUNS;
  const theirs = upstreamCell(change, nodes);
  const aims: Aim[] = [];
  const what = `${change}, ${nodes} nodes`;
  for (const [name, share] of theirs === null ? [] : QUANTILES) {
    const peer = theirs?.[name] ?? 0;
    const ours = quantile(allMs, share);
    const limit = aimFor(peer);
    const isMet = verdict(behind === 0 && ours <= limit, isEnough);
    aims.push({ what: `${what}: ${name}, ms`, ours, peer, aim: `at most ${limit}`, isMet });
  }
  const isBusy = isChurn(change);
  if (isBusy || nodes === 100) {
    const ours = quantile(allMs, 0.99);
    const limit = isBusy ? 1000 : 300;
    const isMet = verdict(behind === 0 && ours < limit, isEnough);
    const peer = theirs?.p99 ?? null;
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

/** Fewer runs say nothing of the slowest ones. */
const LEAST_RUNS = 5;
/** A run that did not end counts as this long. */
const CEILING_MS = 180_000;
