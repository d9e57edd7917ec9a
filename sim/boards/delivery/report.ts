import type { WireName } from '../../../src/codec/index.ts';
import type { Aim, Cell, Plot, Report, ReportTable } from '../../report.ts';
import { cellText, verdict } from '../../report.ts';
import { quantile, shareOf } from '../../statistics.ts';
import { histogramMean, histogramQuantile, merged } from '../../tables/histogram.ts';
import { cumulative, quantileInterval } from '../../tables/interval.ts';
import { PACKET_KINDS } from '../../tables/packets.ts';
import { goTableSends, modelOf } from './model.ts';
import type { DeliveryInput, DeliveryOutcome, Way } from './play.ts';

/** One ring and what became of its events. */
export interface PlayedRing {
  readonly input: DeliveryInput;
  readonly outcome: DeliveryOutcome;
}

/** All rings of one carrier, size and loss. */
interface CellOfRings {
  readonly way: Way;
  readonly wire: WireName;
  readonly nodes: number;
  readonly lossPercent: number;
  readonly events: number;
  readonly missed: number;
  readonly allMs: readonly number[];
  readonly copies: readonly number[];
  /** Bytes of table packets for one event and node; of all others per second and node. */
  readonly tableBytes: number;
  readonly otherBytesPerSecond: number;
}

/** What the rings say. */
export function deliveryReport(rings: readonly PlayedRing[]): Report {
  const cells = cellsOf(rings);
  const of = (way: Way, wire: WireName): readonly CellOfRings[] =>
    cells.filter((cell) => cell.way === way && cell.wire === wire);
  const ours = of('tables', 'protobuf');
  return {
    tables: [
      modelTable(of('go', 'memberlist')),
      tableOfWrites('Table events on the default wire, everything on', ours),
      tableOfWrites('Table events on the memberlist wire', of('tables', 'memberlist')),
    ].filter(({ rows }) => rows.length > 0),
    aims: aimsOf(ours),
    plots: plotsOf(of('go', 'memberlist'), ours),
  };
}

function cellsOf(rings: readonly PlayedRing[]): readonly CellOfRings[] {
  const groups = new Map<string, PlayedRing[]>();
  for (const ring of rings) {
    const { way, wire, nodes, lossPercent } = ring.input;
    const key = [way, wire, nodes, lossPercent].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), ring]);
  }
  return [...groups.values()].map((group) => {
    const [{ input }] = group as [PlayedRing, ...PlayedRing[]];
    const sum = (read: (outcome: DeliveryOutcome) => number): number =>
      group.reduce((total, { outcome }) => total + read(outcome), 0);
    const events = sum((outcome) => outcome.events);
    const others = PACKET_KINDS.filter((kind) => kind !== 'tables');
    return {
      ...input,
      events,
      missed: sum((outcome) => outcome.missed),
      allMs: group.flatMap(({ outcome }) => outcome.allMs),
      copies: merged(group.map(({ outcome }) => outcome.copies)),
      tableBytes: sum((outcome) => outcome.bytes.tables) / events / input.nodes,
      otherBytesPerSecond:
        sum(({ bytes }) => others.reduce((total, kind) => total + bytes[kind], 0)) /
        sum(({ seconds }) => seconds) /
        input.nodes,
    };
  });
}

function modelTable(cells: readonly CellOfRings[]): ReportTable {
  return {
    title: "Go's rules in our simulator, beside the model of them",
    columns: [
      ...['nodes', 'loss %', 'events', 'missed %', '95 % interval', 'model %', 'agrees'],
      ...['all p50 ms', 'interval', 'model', 'p99 ms', 'interval', 'model', 'copies per node'],
    ],
    rows: cells.map((cell) => {
      const { nodes, lossPercent, events, missed, allMs, copies } = cell;
      const { share, low, high } = shareOf(missed, events);
      const model = modelOf(nodes);
      const theirs = model?.missed[lossPercent];
      const times = lossPercent === 0 ? model?.allMs : undefined;
      const p50 = quantileInterval(allMs, 0.5);
      const p99 = quantileInterval(allMs, 0.99);
      const between = (a: number, b: number): string => `${a.toFixed(0)} to ${b.toFixed(0)}`;
      return [
        ...[nodes, lossPercent, events, 100 * share],
        `${(100 * low).toFixed(2)} to ${(100 * high).toFixed(2)}`,
        theirs === undefined ? null : `${theirs.isBelow ? '< ' : ''}${percent(theirs.share)}`,
        theirs === undefined ? null : agrees(theirs, { low, high }) ? 'yes' : 'no',
        ...[Math.round(p50.value), between(p50.low, p50.high), times?.p50 ?? null],
        ...[Math.round(p99.value), between(p99.low, p99.high), times?.p99 ?? null],
        histogramMean(copies),
      ];
    }),
    notes: [
      'Missed: events of which a live node never learnt. The model gives times without loss only.',
    ],
  };
}

/** A share as percent, without the dust of binary fractions. */
function percent(share: number): string {
  return cellText(Number((100 * share).toPrecision(6)));
}

/** The model's figures are rounded to two digits. */
function agrees(
  model: { readonly share: number; readonly isBelow?: true },
  { low, high }: { readonly low: number; readonly high: number },
): boolean {
  return low <= model.share * 1.05 && (model.isBelow === true || high >= model.share * 0.95);
}

function tableOfWrites(title: string, cells: readonly CellOfRings[]): ReportTable {
  return {
    title,
    columns: [
      ...['nodes', 'loss %', 'events', 'lacking after 5 s', "Go's model: missed %"],
      ...['all p50 ms', 'p99 ms', 'max ms', "Go's p50 / p99 ms"],
      ...['copies per node: median', 'mean', 'p99', "Go's sends"],
      ...['table bytes per event and node', 'other bytes per s and node'],
    ],
    rows: cells.map((cell): Cell[] => {
      const { nodes, lossPercent, events, missed, allMs, copies } = cell;
      const model = modelOf(nodes);
      const theirs = model?.missed[lossPercent];
      return [
        ...[nodes, lossPercent, events, missed],
        theirs === undefined ? null : 100 * theirs.share,
        ...[quantile(allMs, 0.5), quantile(allMs, 0.99), quantile(allMs, 1)],
        model !== undefined && lossPercent === 0 ? `${model.allMs.p50} / ${model.allMs.p99}` : null,
        ...[histogramQuantile(copies, 0.5), histogramMean(copies), histogramQuantile(copies, 0.99)],
        goTableSends(nodes),
        ...[cell.tableBytes, cell.otherBytesPerSecond],
      ];
    }),
    notes: [
      'Links of 1 ms; a value of 100 bytes. The times are looked at every millisecond.',
      'Other bytes: probes, news of members and networks. There is no digest traffic.',
    ],
  };
}

function aimsOf(cells: readonly CellOfRings[]): readonly Aim[] {
  const residue = cells.map(({ nodes, lossPercent, events, missed }): Aim => {
    const theirs = modelOf(nodes)?.missed[lossPercent];
    return {
      what: `${nodes} nodes, ${lossPercent} % lost: events that a live node lacks after 5 s`,
      ours: missed,
      peer: theirs === undefined ? null : `${percent(theirs.share)} % for ever`,
      aim: '0 of 1000',
      isMet: verdict(missed === 0, events >= 1000),
    };
  });
  const calm = (nodes: number): CellOfRings | undefined =>
    cells.find((cell) => cell.nodes === nodes && cell.lossPercent === 0);
  const timed = [
    { nodes: 25, limitMs: 150 },
    { nodes: 1000, limitMs: 1300 },
  ].map(({ nodes, limitMs }): Aim => {
    const cell = calm(nodes);
    const p99 = cell === undefined ? null : quantile(cell.allMs, 0.99);
    return {
      what: `${nodes} nodes, nothing lost: p99 until all have it, ms`,
      ours: p99,
      peer: modelOf(nodes)?.allMs.p99 ?? null,
      aim: `below ${limitMs}`,
      isMet: p99 === null || Number.isNaN(p99) ? null : verdict(p99 < limitMs, isEnough(cell)),
    };
  });
  const large = calm(1000);
  const median = large === undefined ? null : histogramQuantile(large.copies, 0.5);
  const sends: Aim = {
    what: '1000 nodes: copies of an event that a node sends, median',
    ours: median,
    peer: goTableSends(1000),
    aim: 'at most 4',
    isMet: median === null ? null : verdict(median <= 4, isEnough(large)),
  };
  return [...residue, ...timed, sends];
}

/** Whether figures of single events may be judged. */
function isEnough(cell: CellOfRings | undefined): boolean {
  return cell !== undefined && cell.events >= LEAST_EVENTS;
}

/** Fewer events say nothing of the slowest ones. */
const LEAST_EVENTS = 50;

function plotsOf(go: readonly CellOfRings[], ours: readonly CellOfRings[]): readonly Plot[] {
  const curve = (cell: CellOfRings, who: string, isDashed: boolean): Plot['curves'][number] => ({
    label: `${who}, ${cell.nodes} nodes`,
    points: cumulative(cell.allMs, cell.events),
    isDashed,
  });
  const calm = (cell: CellOfRings): boolean => cell.lossPercent === 0;
  return [
    {
      name: 'speed',
      title: 'One event until all nodes have it, nothing lost',
      x: { label: 'milliseconds', isLog: true },
      y: { label: 'share of events' },
      curves: [
        ...ours.filter(calm).map((cell) => curve(cell, 'ours', false)),
        ...go.filter(calm).map((cell) => curve(cell, "Go's rules", true)),
      ],
    },
  ];
}
