import { randomBelow, SeededRandom } from '../../../src/runtime/index.ts';
import { InputError } from '../../command.ts';
import type { TableNode } from '../../tables/cluster.ts';
import { TableCluster, tableOf } from '../../tables/cluster.ts';
import { entryOf, fill } from '../../tables/entries.ts';
import type { Tell } from '../../telling.ts';
import { passTelling, stage, untold } from '../../telling.ts';
import type { Traffic } from '../../tables/traffic.ts';
import type { PlainOptions } from './config.ts';
import { configOf, optionsOf, sharedOptions } from './config.ts';
import type { Circumstances } from './hints.ts';

/*
 * One cluster with somebody's configuration: some minutes of ordinary life with writes, then some nodes crash,
 * one after the other.
 */

/** One cluster. */
export interface ForecastInput extends Circumstances {
  /** Which of the compared configurations it is. */
  readonly name: string;
  readonly config: PlainOptions;
  readonly minutes: number;
  readonly seed: number;
}

/** What happened in it. */
export interface ForecastOutcome {
  /** Milliseconds from each crash until the first and the last of the others knew. */
  readonly firstMs: readonly number[];
  readonly allMs: readonly number[];
  /** The same for every node that knew. */
  readonly knownMs: readonly number[];
  /** Crashes that somebody did not know of in the end. */
  readonly undetected: number;
  /** Times that a node took a running one for dead, and running ones that were taken so. */
  readonly falseEvents: number;
  readonly falseVictims: number;
  /** Virtual hours in which that could happen. */
  readonly hours: number;
  /** Milliseconds until all nodes had a write. */
  readonly writeMs: readonly number[];
  /** Writes that somebody lacked when ordinary life was over and a minute had passed. */
  readonly lacking: number;
  /** Of ordinary life. */
  readonly traffic: Traffic;
  readonly nodeSeconds: number;
}

const CRASHES = 3;

/**
 * Plays one cluster.
 *
 * @throws InputError when members with these options do not come together on these links
 */
export async function playForecast(
  input: ForecastInput,
  tell: Tell = untold,
): Promise<ForecastOutcome> {
  const { nodes, minutes, writesPerSecond } = input;
  const random = new SeededRandom(input.seed);
  // Work at the start grows by the square of the members, that of their life as they do.
  const [formedAt, livedAt] = sharesOfWork(nodes, minutes);
  const cluster = await formed(input, random, stage(tell, 0, formedAt));
  const telling = stage(tell, formedAt, livedAt);
  cluster.network.setLoss(input.lossPercent / 100);
  cluster.clock.runFor(REST_MS);
  const deaths = new Deaths(cluster);
  const startedAt = cluster.clock.now();
  cluster.meter?.reset();
  let life: Life | null = null;
  if (writesPerSecond > 0)
    life = live(cluster, { minutes, pauseMs: 1000 / writesPerSecond, tell: telling }, random);
  else passTelling(cluster.clock, minutes * 60_000, telling, 'ordinary life');
  const traffic = cluster.meter?.traffic();
  if (traffic === undefined) throw new Error('the cluster has no meter');
  const nodeSeconds = (nodes * (cluster.clock.now() - startedAt)) / 1000;
  // Without writes of its own the forecast makes a few, to time them, when the traffic is counted.
  life ??= live(cluster, { minutes: 1, pauseMs: IDLE_PAUSE_MS, tell: untold }, random);
  const lacking = life.finish();
  const found = crashSome(cluster, deaths, input, stage(tell, livedAt, 1));
  const hours = (cluster.clock.now() - startedAt) / 3_600_000;
  cluster.crash();
  const { falseEvents, victims } = deaths;
  return {
    ...found,
    falseEvents,
    falseVictims: victims.size,
    hours,
    writeMs: life.writeMs,
    lacking,
    traffic,
    nodeSeconds,
  };
}

/** Shares of all work that are done when the cluster has formed, and when its minutes are over. */
function sharesOfWork(nodes: number, minutes: number): readonly [formed: number, lived: number] {
  const forming = nodes / FORMING_NODES;
  const all = forming + minutes + CRASH_MINUTES;
  return [forming / all, (forming + minutes) / all];
}

/** A cluster on one network, with its entries at every member. */
async function formed(
  input: ForecastInput,
  random: SeededRandom,
  tell: Tell,
): Promise<TableCluster> {
  const { nodes, seed, latencyMs, jitterMs, entries, name } = input;
  const { options } = sharedOptions(input.config);
  const config = optionsOf(options);
  const { wire } = configOf(options).memberlist;
  const keys = config.encryption?.keys ?? [];
  try {
    const made = {
      ...{ nodes, seed, config, links: { latencyMs, jitterMs } },
      metered: { wire, keys, label: config.label ?? '' },
    };
    const cluster = await TableCluster.form(made, stage(tell, 0, 0.3));
    await cluster.joinNetwork(cluster.nodes, stage(tell, 0.3, 1));
    fill(cluster, entries, random);
    return cluster;
  } catch (error) {
    const why = (error as Error).message.replaceAll(/\s*\n\s*/g, ' ');
    throw new InputError(
      `${nodes} members with ${name} and ${entries} entries do not come together on links of ${latencyMs} to ` +
        `${latencyMs + jitterMs} ms: ${why}`,
    );
  }
}

interface OpenWrite {
  readonly key: string;
  readonly at: number;
  behind: readonly TableNode[];
}

/** Times of writes. */
interface Life {
  readonly writeMs: readonly number[];
  /** Waits a minute for the last ones. @returns how many are not everywhere by then */
  finish(): number;
}

/** Minutes of writes, looked at every millisecond. */
function live(
  cluster: TableCluster,
  o: { readonly minutes: number; readonly pauseMs: number; readonly tell: Tell },
  random: SeededRandom,
): Life {
  const { minutes, pauseMs, tell } = o;
  const writeMs: number[] = [];
  let open: OpenWrite[] = [];
  const look = (): void => {
    for (const write of open) {
      write.behind = write.behind.filter((node) => !tableOf(node).has(write.key));
      if (write.behind.length === 0) writeMs.push(cluster.clock.now() - write.at);
    }
    open = open.filter(({ behind }) => behind.length > 0);
  };
  const end = cluster.clock.now() + minutes * 60_000;
  let nextAt = cluster.clock.now();
  while (cluster.clock.now() < end) {
    if (open.length === 0)
      cluster.clock.runFor(Math.max(0, Math.min(nextAt, end) - cluster.clock.now()));
    while (nextAt < end && cluster.clock.now() >= nextAt) {
      const { key, value } = entryOf(random);
      const writer = cluster.nodes[randomBelow(random, cluster.nodes.length)] as TableNode;
      tableOf(writer).create(key, value);
      open.push({ key, at: cluster.clock.now(), behind: cluster.nodes });
      nextAt += pauseMs;
    }
    cluster.clock.runFor(Math.min(1, end - cluster.clock.now()));
    look();
    tell(() => 1 - (end - cluster.clock.now()) / (minutes * 60_000), 'ordinary life');
  }
  return {
    writeMs,
    finish() {
      for (let ms = 0; ms < LATE_MS && open.length > 0; ms += 10) {
        cluster.clock.runFor(10);
        look();
      }
      return open.length;
    },
  };
}

/** Hears who is taken for dead by whom. */
class Deaths {
  readonly victims = new Set<string>();
  falseEvents = 0;
  readonly #crashed = new Set<string>();
  readonly #knownBy = new Map<string, number[]>();
  readonly #cluster: TableCluster;

  constructor(cluster: TableCluster) {
    this.#cluster = cluster;
    for (const { db } of cluster.nodes) {
      db.on('fail', ({ name }) => {
        this.#heard(name);
      });
    }
  }

  /** A node crashes now. */
  crash({ name, runtime }: TableNode): void {
    this.#crashed.add(name);
    this.#knownBy.set(name, []);
    runtime.crash();
  }

  /** When each node that knows of a crash heard of it. */
  of({ name }: TableNode): readonly number[] {
    return this.#knownBy.get(name) ?? [];
  }

  #heard(name: string): void {
    if (this.#crashed.has(name)) this.#knownBy.get(name)?.push(this.#cluster.clock.now());
    else {
      this.falseEvents += 1;
      this.victims.add(name);
    }
  }
}

/** Crashes some nodes, each when all know of the one before. */
function crashSome(
  cluster: TableCluster,
  deaths: Deaths,
  input: ForecastInput,
  tell: Tell,
): Pick<ForecastOutcome, 'firstMs' | 'allMs' | 'knownMs' | 'undetected'> {
  const { memberlist } = configOf(sharedOptions(input.config).options);
  const found = {
    firstMs: [] as number[],
    allMs: [] as number[],
    knownMs: [] as number[],
    undetected: 0,
  };
  if (memberlist.probe.intervalMs === false) {
    tell(1, 'no crash: nobody probes');
    return found;
  }
  const running = [...cluster.nodes];
  for (let i = 0; i < CRASHES && running.length > 2; i += 1) {
    tell(i / CRASHES, `crash ${i + 1} of ${CRASHES}`);
    const [victim] = running.splice(randomBelow(cluster.random, running.length), 1) as [TableNode];
    cluster.clock.runFor(randomBelow(cluster.random, Math.ceil(memberlist.probe.intervalMs)));
    const at = cluster.clock.now();
    deaths.crash(victim);
    const isKnown = (): boolean => deaths.of(victim).length >= running.length;
    while (!isKnown() && cluster.clock.now() - at < DETECTION_LIMIT_MS) cluster.clock.runFor(20);
    const known = deaths.of(victim).map((time) => time - at);
    found.knownMs.push(...known);
    if (known.length > 0) found.firstMs.push(Math.min(...known));
    if (isKnown()) found.allMs.push(Math.max(...known));
    else found.undetected += 1;
  }
  tell(1, 'all crashes');
  return found;
}

/** So many members take as much work at their start as in a minute of their life. */
const FORMING_NODES = 100;
/** Three crashes take about as much as so many minutes of ordinary life. */
const CRASH_MINUTES = 0.3;
/** Pause between two writes that are made only to time them. */
const IDLE_PAUSE_MS = 5_000;
const REST_MS = 10_000;
/** What is not everywhere by then after the last write is lacking. */
const LATE_MS = 60_000;
const DETECTION_LIMIT_MS = 1_200_000;
