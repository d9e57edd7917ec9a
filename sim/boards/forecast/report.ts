import type { Cell, Plot, Report, ReportTable } from '../../report.ts';
import { quantile } from '../../statistics.ts';
import { cumulative } from '../../tables/interval.ts';
import { PACKET_KINDS } from '../../tables/packets.ts';
import { STREAM_KINDS } from '../../tables/traffic.ts';
import { configOf, sharedOptions } from './config.ts';
import { hintsFor } from './hints.ts';
import type { ForecastInput, ForecastOutcome } from './play.ts';

/** One cluster and what happened in it. */
export interface PlayedForecast {
  readonly input: ForecastInput;
  readonly outcome: ForecastOutcome;
}

/** All clusters of one configuration. */
interface Forecast {
  readonly input: ForecastInput;
  readonly outcomes: readonly ForecastOutcome[];
}

/** What the clusters say. */
export function forecastReport(played: readonly PlayedForecast[]): Report {
  const groups = new Map<string, PlayedForecast[]>();
  for (const each of played) {
    groups.set(each.input.name, [...(groups.get(each.input.name) ?? []), each]);
  }
  const forecasts = [...groups.values()].map((group): Forecast => {
    const [{ input }] = group as [PlayedForecast, ...PlayedForecast[]];
    return { input, outcomes: group.map(({ outcome }) => outcome) };
  });
  return {
    tables: [...tableOfFigures(forecasts), ...tableOfHints(forecasts)],
    aims: [],
    plots: plotsOf(forecasts),
  };
}

const ROWS: readonly {
  readonly what: string;
  read(forecast: Forecast): Cell;
}[] = [
  { what: 'crashes', read: (f) => crashes(f) },
  {
    what: 'a crash is known to the first node, s: median',
    read: (f) => seconds(f, 'firstMs', 0.5),
  },
  { what: 'slowest of those crashes', read: (f) => seconds(f, 'firstMs', 1) },
  { what: 'a crash is known to all nodes, s: median', read: (f) => seconds(f, 'allMs', 0.5) },
  { what: 'slowest of those crashes', read: (f) => seconds(f, 'allMs', 1) },
  { what: 'a crash is known to a node, s: p99', read: (f) => seconds(f, 'knownMs', 0.99) },
  { what: 'crashes that not all knew of in 20 min', read: (f) => sum(f, (o) => o.undetected) },
  {
    what: 'running members taken for dead, per hour',
    read: (f) => perHour(f, (o) => o.falseVictims),
  },
  {
    what: 'such events at all nodes, per hour',
    read: (f) => perHour(f, (o) => o.falseEvents),
  },
  { what: 'a write is everywhere, ms: median', read: (f) => of(f, 'writeMs', 0.5) },
  { what: 'a write is everywhere, ms: p99', read: (f) => of(f, 'writeMs', 0.99) },
  { what: 'writes that some node lacked a minute later', read: (f) => sum(f, (o) => o.lacking) },
  { what: 'packets a second and node', read: (f) => rate(f, (o) => total(o.traffic.packets)) },
  { what: 'bytes a second and node, in packets', read: (f) => packetRate(f) },
  { what: 'of these for probes', read: (f) => rate(f, (o) => o.traffic.packetBytes.probe) },
  {
    what: 'of these for news of members and networks',
    read: (f) => rate(f, ({ traffic: { packetBytes: b } }) => b.members + b.networks + b.other),
  },
  { what: 'of these for writes', read: (f) => rate(f, (o) => o.traffic.packetBytes.tables) },
  {
    what: 'bytes a second and node, in streams',
    read: (f) => rate(f, (o) => STREAM_KINDS.reduce((all, k) => all + o.traffic.streamBytes[k], 0)),
  },
  { what: 'of these push/pulls', read: (f) => rate(f, (o) => o.traffic.streamBytes.exchange) },
  { what: 'of these tables', read: (f) => rate(f, (o) => o.traffic.streamBytes.tables) },
];

function tableOfFigures(forecasts: readonly Forecast[]): readonly ReportTable[] {
  const [first] = forecasts;
  if (first === undefined) return [];
  const { nodes, lossPercent, latencyMs, jitterMs, entries, writesPerSecond } = first.input;
  const hours = sum(first, (outcome) => outcome.hours);
  return [
    {
      title: `${nodes} nodes, ${lossPercent} % lost, links of ${jitterMs > 0 ? `${latencyMs} to ${latencyMs + jitterMs}` : latencyMs} ms`,
      columns: ['', ...forecasts.map(({ input }) => input.name)],
      rows: ROWS.map(({ what, read }) => [what, ...forecasts.map(read)]),
      notes: [
        `${entries} entries, writes a second in all: ${writesPerSecond}; simulated clusters: ${first.outcomes.length}. Virtual time: no`,
        `processor is ever busy. "< n" means none in ${hours.toPrecision(2)} hours, the rate being below n with 95 %. Bytes are`,
        'payload of UDP and TCP, what is sent.',
        ...(writesPerSecond === 0
          ? ['Writes were made to be timed alone, when the traffic had been counted.']
          : []),
      ],
    },
  ];
}

function tableOfHints(forecasts: readonly Forecast[]): readonly ReportTable[] {
  const rows = forecasts.flatMap(({ input }, at) => {
    const { options, leftOut } = sharedOptions(input.config);
    // The others are made of the same file.
    const left = (at === 0 ? leftOut : []).map(
      (name) => `${name} is left out: each simulated node has its own.`,
    );
    return [...hintsFor(configOf(options), input), ...left].map((hint) => [input.name, hint]);
  });
  return rows.length === 0 ? [] : [{ title: 'Hints', columns: ['about', 'hint'], rows }];
}

function plotsOf(forecasts: readonly Forecast[]): readonly Plot[] {
  const curves = (read: (outcome: ForecastOutcome) => readonly number[], unitMs: number) =>
    forecasts.map(({ input, outcomes }) => ({
      label: input.name,
      points: cumulative(outcomes.flatMap(read).map((ms) => ms / unitMs)),
    }));
  return [
    {
      name: 'detection',
      title: 'A crash becomes known',
      x: { label: 'seconds' },
      y: { label: 'share of nodes that know' },
      curves: curves((outcome) => outcome.knownMs, 1000),
    },
    {
      name: 'writes',
      title: 'A write is everywhere',
      x: { label: 'milliseconds', isLog: true },
      y: { label: 'share of writes' },
      curves: curves((outcome) => outcome.writeMs, 1),
    },
  ];
}

type Samples = 'firstMs' | 'allMs' | 'knownMs' | 'writeMs';

function of({ outcomes }: Forecast, samples: Samples, share: number): number {
  return quantile(
    outcomes.flatMap((outcome) => outcome[samples]),
    share,
  );
}

function seconds(forecast: Forecast, samples: Samples, share: number): number {
  return of(forecast, samples, share) / 1000;
}

function sum({ outcomes }: Forecast, read: (outcome: ForecastOutcome) => number): number {
  return outcomes.reduce((all, outcome) => all + read(outcome), 0);
}

function rate(forecast: Forecast, read: (outcome: ForecastOutcome) => number): number {
  return sum(forecast, read) / sum(forecast, (outcome) => outcome.nodeSeconds);
}

function packetRate(forecast: Forecast): number {
  return rate(forecast, (outcome) => total(outcome.traffic.packetBytes));
}

function total(kinds: ForecastOutcome['traffic']['packetBytes']): number {
  return PACKET_KINDS.reduce((all, kind) => all + kinds[kind], 0);
}

/** Those that were played; none while nobody probes, fewer in the smallest clusters. */
function crashes(forecast: Forecast): number {
  return sum(forecast, ({ allMs, undetected }) => allMs.length + undetected);
}

/** None at all leaves a rate below three in the time, with 95 %. */
function perHour(forecast: Forecast, read: (outcome: ForecastOutcome) => number): Cell {
  const events = sum(forecast, read);
  const hours = sum(forecast, (outcome) => outcome.hours);
  return events > 0 ? events / hours : `< ${(3 / hours).toFixed(0)}`;
}
