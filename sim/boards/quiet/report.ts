import type { Aim, Cell, Plot, Report, ReportTable } from '../../report.ts';
import { entryBytes } from '../../tables/entries.ts';
import { PACKET_KINDS } from '../../tables/packets.ts';
import { STREAM_KINDS } from '../../tables/traffic.ts';
import type { QuietInput, QuietOutcome } from './play.ts';

/** One cluster and what it sent. */
export interface PlayedCluster {
  readonly input: QuietInput;
  readonly outcome: QuietOutcome;
}

/** Figures of all clusters of a wire and size: per second and node, what is sent. */
interface Rates {
  readonly wire: QuietInput['wire'];
  readonly nodes: number;
  readonly entries: number;
  readonly packets: number;
  readonly probeBytes: number;
  readonly gossipBytes: number;
  readonly streams: number;
  readonly exchangeBytes: number;
  readonly tableBytes: number;
  readonly fallbackBytes: number;
  readonly syncBytes: number;
}

/** Go exchanges the table with one random member in every so many seconds, all of it in both directions. */
const GO_SYNC_SECONDS = 30;

/** What the clusters say. */
export function quietReport(played: readonly PlayedCluster[]): Report {
  const rates = ratesOf(played);
  const ours = rates.filter(({ wire }) => wire === 'protobuf');
  return {
    tables: [
      tableOfRates('The default wire', ours, rates),
      tableOfRates(
        'The memberlist wire',
        rates.filter(({ wire }) => wire === 'memberlist'),
        rates,
      ),
    ],
    aims: aimsOf(ours, rates),
    plots: plotsOf(ours),
  };
}

function ratesOf(played: readonly PlayedCluster[]): readonly Rates[] {
  const groups = new Map<string, PlayedCluster[]>();
  for (const each of played) {
    const { wire, nodes, entries } = each.input;
    const key = [wire, nodes, entries].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].map((group) => {
    const [{ input }] = group as [PlayedCluster, ...PlayedCluster[]];
    const nodeSeconds = group.reduce((sum, each) => sum + each.input.nodes * each.input.seconds, 0);
    const rate = (read: (outcome: QuietOutcome) => number): number =>
      group.reduce((sum, { outcome }) => sum + read(outcome), 0) / nodeSeconds;
    const total = (sizes: Readonly<Record<string, number>>, kinds: readonly string[]): number =>
      kinds.reduce((sum, kind) => sum + (sizes[kind] ?? 0), 0);
    return {
      wire: input.wire,
      nodes: input.nodes,
      entries: input.entries,
      packets: rate(({ traffic }) => total(traffic.packets, PACKET_KINDS)),
      probeBytes: rate(({ traffic }) => traffic.packetBytes.probe),
      gossipBytes: rate(
        ({ traffic }) => total(traffic.packetBytes, PACKET_KINDS) - traffic.packetBytes.probe,
      ),
      streams: rate(({ traffic }) => total(traffic.streams, STREAM_KINDS)),
      exchangeBytes: rate(({ traffic }) => traffic.streamBytes.exchange),
      tableBytes: rate(({ traffic }) => traffic.streamBytes.tables),
      fallbackBytes: rate(({ traffic }) => traffic.streamBytes.probe),
      syncBytes: rate((outcome) => outcome.syncBytes),
    };
  });
}

/** Table bytes that a node of Go's rules sends, without and with compression; the latter as measured. */
function goRates(
  { nodes, entries }: Rates,
  all: readonly Rates[],
): { readonly plain: number; readonly compressed: number | null } {
  const measured = all.find(
    (each) => each.wire === 'memberlist' && each.nodes === nodes && each.entries === entries,
  );
  return {
    plain: (entries * entryBytes('node0') * 2) / GO_SYNC_SECONDS,
    compressed: measured?.tableBytes ?? null,
  };
}

function tableOfRates(title: string, rates: readonly Rates[], all: readonly Rates[]): ReportTable {
  return {
    title: `${title}: sent without changes, per second and node`,
    columns: [
      ...['nodes', 'entries', 'all bytes', 'packets', 'probe bytes', 'gossip bytes', 'streams'],
      ...[
        'push/pull bytes',
        'bulk sync bytes',
        'stream probe bytes',
        'bulk sync before compression',
      ],
      ...["Go's rule", "Go's rule, compressed", "% of Go's"],
    ],
    rows: rates.map((rate): Cell[] => {
      const { probeBytes, gossipBytes, exchangeBytes, tableBytes, fallbackBytes } = rate;
      const go = goRates(rate, all);
      return [
        ...[rate.nodes, rate.entries],
        probeBytes + gossipBytes + exchangeBytes + tableBytes + fallbackBytes,
        ...[rate.packets, probeBytes, gossipBytes, rate.streams],
        ...[exchangeBytes, tableBytes, fallbackBytes, rate.syncBytes],
        ...[go.plain, go.compressed],
        go.compressed === null ? null : (100 * tableBytes) / go.compressed,
      ];
    }),
    notes: [
      `Payload of UDP and TCP; not encrypted. An entry takes ${entryBytes('node0')} bytes in a bulk sync.`,
      "Go's rule: entries x bytes x 2 / 30 s, each node sending the table in one exchange of its own and in one of",
      'another node; compressed as memberlist does it: what our own nodes send on the memberlist wire, where they',
      "follow Go's rule.",
    ],
  };
}

function aimsOf(ours: readonly Rates[], all: readonly Rates[]): readonly Aim[] {
  return ours
    .filter(({ entries }) => entries === 10_000)
    .map((rate): Aim => {
      const { compressed } = goRates(rate, all);
      return {
        what: `${rate.nodes} nodes, 10,000 entries: table bytes per second and node`,
        ours: rate.tableBytes,
        peer: compressed,
        aim: "below 1 % of Go's",
        isMet: compressed === null ? null : rate.tableBytes < compressed / 100,
      };
    });
}

function plotsOf(ours: readonly Rates[]): readonly Plot[] {
  const sizes = [...new Set(ours.map(({ nodes }) => nodes))];
  const points = (nodes: number): (readonly [number, number])[] =>
    ours
      .filter((rate) => rate.nodes === nodes && rate.entries > 0)
      .map((rate) => [rate.entries, rate.tableBytes] as const);
  return [
    {
      name: 'tables',
      title: 'Bulk syncs without changes, default wire',
      x: { label: 'entries', isLog: true },
      y: { label: 'bytes per second and node', isLog: true },
      curves: sizes.map((nodes) => ({ label: `${nodes} nodes`, points: points(nodes) })),
    },
  ];
}
