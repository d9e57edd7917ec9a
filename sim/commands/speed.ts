import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { WireName } from '../../src/codec/index.ts';
import type { World } from '../../src/simulator/index.ts';
import { simulate } from '../../src/simulator/index.ts';
import type { Command } from '../command.ts';
import { numberOf, UsageError } from '../command.ts';
import { layerShares } from '../layers.ts';
import { Progress } from '../progress.ts';
import type { Tell } from '../telling.ts';
import { stage, untold } from '../telling.ts';

/*
 * How fast a simulated ring runs, and what it holds in memory: the speed of the real protocol code, since
 * every byte is sealed, sent, opened and read as in production.
 *
 *   start-up    all nodes join one after the other, until all have all as members; then, until gossip of the
 *               joins has died down and each has had its first exchange of everything, which comes within half a
 *               minute of its start however large the ring is
 *   quiet       nothing happens but probes, and exchanges of everything at the interval of a ring of that size
 *
 * Real time is told as CPU of this process too, which a busy machine changes less.
 */

/** What one measurement says. Times in seconds. */
export interface SpeedReport {
  readonly nodes: number;
  readonly wire: WireName;
  readonly seed: number;
  readonly startUp: Pace;
  readonly untilQuiet: Pace;
  readonly quiet: Pace;
  readonly memory: {
    /** Heap and external memory after a collection, less what was there before: when the ring is quiet. */
    readonly quietBytes: number;
    /** The same when it has been quiet for `seconds`. */
    readonly endBytes: number;
    /** The most that the process had resident. */
    readonly peakResidentBytes: number;
  };
  /** By virtual second of the quiet ring. */
  readonly packets: number;
  readonly pushPulls: number;
  /** Of the quiet ring, by folder of the source; empty unless asked for. */
  readonly layers: readonly (readonly [layer: string, share: number])[];
}

/** How virtual time went against real time. */
export interface Pace {
  readonly virtualSeconds: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Virtual seconds in one of CPU time. */
  readonly ratio: number;
}

/** What to measure. */
export interface SpeedOptions {
  readonly nodes: number;
  readonly wire: WireName;
  readonly seed: number;
  /** Virtual seconds of the quiet ring. */
  readonly seconds: number;
  readonly isLayered: boolean;
}

/** Starts a ring, lets it come to rest, and watches it do nothing. @param tell - hears of each phase */
export async function measureSpeed(
  options: SpeedOptions,
  tell: Tell = untold,
): Promise<SpeedReport> {
  const { nodes, wire, seed, seconds, isLayered } = options;
  const key = new Uint8Array(32).fill(3);
  const config = { wire, encryption: { keys: [key] } };
  const bytesBefore = heldBytes();
  const [joined, met, rested] = PHASES;
  tell(0, `${nodes} nodes start`);
  const { value } = await simulate({ seed, config, trace: { maxLines: 1_000 } }, async (world) => {
    const start = paceOf(world);
    await world.spawnMany(nodes);
    tell(joined, 'members meet');
    await world.until(() => world.hasOneView(), { withinMs: 600_000, what: 'one view' });
    const startUp = start();
    await comeToRest(world, stage(tell, met, rested));
    const untilQuiet = start();
    const quietBytes = heldBytes() - bytesBefore;
    const before = { packets: world.trace.packetCount, streams: streamsOf(world) };
    const layers = isLayered ? layerShares() : null;
    const pace = paceOf(world);
    tell(rested, `${seconds} s of quiet`);
    await world.sleep(seconds * 1000);
    const quiet = pace();
    const traffic = {
      packets: (world.trace.packetCount - before.packets) / seconds,
      pushPulls: (streamsOf(world) - before.streams) / seconds,
    };
    const shares = (await layers?.()) ?? [];
    const peakResidentBytes = process.resourceUsage().maxRSS * 1024;
    const memory = { quietBytes, endBytes: heldBytes() - bytesBefore, peakResidentBytes };
    return {
      ...{ nodes, wire, seed, startUp, untilQuiet, quiet, memory },
      ...traffic,
      layers: shares,
    };
  });
  return value;
}

/** Until the first exchanges are over, and a second passes with little more than the probes. */
async function comeToRest(world: World, tell: Tell): Promise<void> {
  tell(0, 'first exchanges');
  await world.sleep(FIRST_EXCHANGES_MS);
  for (let second = 0; second < MAX_REST_SECONDS; second += 1) {
    tell(0.5 + second / (2 * MAX_REST_SECONDS), 'word of newcomers dies down');
    const before = world.trace.packetCount;
    await world.sleep(1000);
    if (world.trace.packetCount - before < 2.2 * world.nodes.length) return;
  }
}

function streamsOf(world: World): number {
  // Both ends count.
  return (world.network.counters()['streams.opened'] ?? 0) / 2;
}

function paceOf(world: World): () => Pace {
  const virtualMs = world.now;
  const wallMs = performance.now();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    const virtualSeconds = (world.now - virtualMs) / 1000;
    const cpuSeconds = (user + system) / 1e6;
    const wallSeconds = (performance.now() - wallMs) / 1000;
    return { virtualSeconds, cpuSeconds, wallSeconds, ratio: virtualSeconds / cpuSeconds };
  };
}

/** Heap and external memory in use after a full collection. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** About so much of the real time is over when all have joined, have met, and are quiet. */
const PHASES = [0.3, 0.35, 0.6] as const;
const MAX_REST_SECONDS = 300;
/** The default of `pushPull.intervalMs`: a member's first tick is drawn while it is alone. */
const FIRST_EXCHANGES_MS = 30_000;

/** `npm run sim -- speed` */
export const speed: Command = {
  name: 'speed',
  summary: 'how fast a simulated ring starts and runs against real time, and its memory',
  help: `  --nodes N       nodes of the ring, 2 to 10000 (default 300)
  --wire NAME     protobuf or memberlist (default protobuf)
  --seconds S     virtual seconds of the quiet ring (default 150: with 300 nodes each exchanges everything once;
                  with 500 too, with 1000 it takes 180)
  --seed S        0 to 2147483648 (default 1)
  --layers        where the time of the quiet ring goes, by folder
  --json          as JSON
`,
  options: {
    nodes: { type: 'string' },
    wire: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    layers: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  async run(values) {
    const options: SpeedOptions = {
      nodes: numberOf(values, 'nodes', 300, { min: 2, max: 10_000 }),
      wire: wireOf(values['wire']),
      seed: numberOf(values, 'seed', 1, { min: 0, max: 2 ** 31 }),
      seconds: numberOf(values, 'seconds', 150, { min: 1, max: 86_400 }),
      isLayered: values['layers'] === true,
    };
    const progress = new Progress(process.stderr, 1);
    const report = await measureSpeed(options, (share, what) => {
      progress.tell(typeof share === 'number' ? share : share(), what);
    });
    progress.clear();
    const text = values['json'] === true ? JSON.stringify(report) : speedText(report);
    process.stdout.write(`${text}\n`);
    return 0;
  },
};

/** The wire of an option. @throws UsageError */
export function wireOf(value: unknown): WireName {
  if (value === undefined || value === 'protobuf') return 'protobuf';
  if (value === 'memberlist') return value;
  throw new UsageError(`--wire must be protobuf or memberlist, not ${JSON.stringify(value)}`);
}

function speedText(report: SpeedReport): string {
  const { nodes, wire, startUp, untilQuiet, quiet, memory, packets, pushPulls, layers } = report;
  const line = (what: string, { virtualSeconds, cpuSeconds, wallSeconds, ratio }: Pace): string =>
    `${what.padEnd(12)}${virtualSeconds.toFixed(1).padStart(9)} s virtual${cpuSeconds.toFixed(1).padStart(9)} s CPU` +
    `${wallSeconds.toFixed(1).padStart(9)} s real${ratio.toFixed(2).padStart(9)} times real time on a core`;
  const held = (bytes: number): string =>
    `${(bytes / nodes / nodes).toFixed(0)} bytes per node and member, ${mebibytes(bytes)} in all`;
  return [
    `${nodes} nodes, ${wire} wire, encrypted, LAN timers`,
    line('one view', startUp),
    line('until quiet', untilQuiet),
    line('quiet', quiet),
    `held        ${held(memory.quietBytes)}, when quiet`,
    `            ${held(memory.endBytes)}, ${quiet.virtualSeconds.toFixed(0)} s later`,
    `resident    ${mebibytes(memory.peakResidentBytes)} at most`,
    `traffic     ${packets.toFixed(0)} packets and ${pushPulls.toFixed(2)} push/pulls in a virtual second`,
    ...layers.map(([layer, share]) => `${(100 * share).toFixed(1).padStart(6)} %  ${layer}`),
  ].join('\n');
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
