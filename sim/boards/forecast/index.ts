import { basename } from 'node:path';

import type { Board, Plain, Task } from '../../board.ts';
import type { CommandValues } from '../../command.ts';
import { numberOf } from '../../command.ts';
import type { Tell } from '../../telling.ts';
import type { PlainOptions } from './config.ts';
import { readOptions, withoutSecrets, withProfile } from './config.ts';
import type { ForecastInput, ForecastOutcome } from './play.ts';
import { playForecast } from './play.ts';
import { forecastReport } from './report.ts';

/* What a configuration of one's own gives, in a cluster of one's own size and on links of one's own quality. */

/** Each member asks every other one for its entries when it joins the network: work grows by the square. */
const LARGE_NODES = 150;
const SHARES = { min: 0, max: 1_000_000, isWhole: false };

/** Tuning help. */
export const forecast: Board = {
  name: 'forecast',
  summary: 'what a configuration gives: detection, false alarms, convergence, traffic',
  help: `  --config FILE          options of NetworkDB.create as JSON, keys as hex or base64 (default: {})
  --nodes N              members (default 100)
  --loss P               percent of packets lost, 0 to 90: 5 is one of twenty, 0.05 one of two thousand (default 0)
  --latency MS           time that every packet takes (default 1)
  --jitter MS            up to so much more (default 0)
  --entries N            entries in a table, of 100 bytes each (default 100)
  --writes-per-second R  writes of all members together (default 1); with 0 a dozen are timed at the end
  --minutes M            of ordinary life in each cluster (default 1); more show rarer false alarms
  --seeds N              clusters, in each of which three members crash, one of 3, two of 4 (default 3; above
                         ${LARGE_NODES} members 1, which takes minutes)
  --compare              the profiles lan, wan and local beside it, with all of the file but profile, probe, suspicion,
                         awareness, gossip and pushPull
`,
  options: {
    config: { type: 'string' },
    nodes: { type: 'string' },
    loss: { type: 'string' },
    latency: { type: 'string' },
    jitter: { type: 'string' },
    entries: { type: 'string' },
    'writes-per-second': { type: 'string' },
    minutes: { type: 'string' },
    seeds: { type: 'string' },
    compare: { type: 'boolean' },
  },
  plan(values: CommandValues, seed: number): readonly Task[] {
    const circumstances = {
      nodes: numberOf(values, 'nodes', 100, { min: 3, max: 5000 }),
      lossPercent: numberOf(values, 'loss', 0, { ...SHARES, max: 90 }),
      latencyMs: numberOf(values, 'latency', 1, SHARES),
      jitterMs: numberOf(values, 'jitter', 0, SHARES),
      entries: numberOf(values, 'entries', 100, { min: 0, max: 1_000_000 }),
      writesPerSecond: numberOf(values, 'writes-per-second', 1, { ...SHARES, max: 10_000 }),
      minutes: numberOf(values, 'minutes', 1, { ...SHARES, min: 0.1 }),
    };
    const usual = circumstances.nodes > LARGE_NODES ? 1 : 3;
    const runs = numberOf(values, 'seeds', usual, { min: 1, max: 1000 });
    return configs(values).flatMap(({ name, config }) =>
      Array.from({ length: runs }, (_, at): Task => {
        const input: Plain = { name, config, seed: seed + at, ...circumstances };
        return { title: `${name}, cluster ${at + 1}`, input };
      }),
    );
  },
  async play(input: Plain, tell?: Tell): Promise<Plain> {
    return (await playForecast(input as unknown as ForecastInput, tell)) as unknown as Plain;
  },
  keptInput(input) {
    const forecast = input as unknown as ForecastInput;
    return { ...forecast, config: withoutSecrets(forecast.config) };
  },
  report(tasks, outcomes) {
    return forecastReport(
      tasks.map((task, at) => ({
        input: task.input as unknown as ForecastInput,
        outcome: outcomes[at] as unknown as ForecastOutcome,
      })),
    );
  },
};

function configs({ config: path, compare }: CommandValues): readonly {
  readonly name: string;
  readonly config: PlainOptions;
}[] {
  const config = typeof path === 'string' ? readOptions(path) : {};
  const name = typeof path === 'string' ? basename(path) : 'defaults';
  if (compare !== true) return [{ name, config }];
  const profiles = (['lan', 'wan', 'local'] as const).map((profile) => {
    return { name: profile, config: withProfile(config, profile) };
  });
  return [{ name, config }, ...profiles];
}
