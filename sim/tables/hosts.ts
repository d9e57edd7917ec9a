import type { RuntimeOptions } from '../../src/memberlist/index.ts';
import { SeededRandom } from '../../src/runtime/index.ts';
import type { LinkSettings, MemoryRuntime } from '../../src/simulator/index.ts';
import { createMemoryRuntime, MemoryNetwork, VirtualClock } from '../../src/simulator/index.ts';
import { settle } from '../rings/settle.ts';
import type { Tell } from '../telling.ts';
import { untold } from '../telling.ts';
import type { PacketReaderOptions } from './packets.ts';
import { TrafficMeter } from './traffic.ts';

/*
 * A simulated network and the one clock that moves it, without a record of what passes: boards play
 * thousands of events, and a trace of them would cost more than the run.
 */

/** What a virtual network is made with. */
export interface HostsOptions {
  /** Any integer; all that is random follows from it. */
  readonly seed: number;
  readonly links?: Partial<LinkSettings>;
  /** Counts all traffic, of a ring that is read like this. */
  readonly metered?: PacketReaderOptions;
}

/** Virtual hosts, each with the ports of one process. */
export class Hosts {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  /** The board's own choices; apart from those of nodes and links. */
  readonly random: SeededRandom;
  /** What passed so far, when it is counted. */
  readonly meter: TrafficMeter | null;
  readonly #seed: number;
  readonly #runtimes: MemoryRuntime[] = [];

  constructor({ seed, links = {}, metered }: HostsOptions) {
    this.#seed = seed;
    this.random = new SeededRandom(seed * 3 + 1);
    const random = new SeededRandom(seed * 3 + 2);
    this.network = new MemoryNetwork({ clock: this.clock, random, ...links });
    this.meter = metered === undefined ? null : new TrafficMeter(metered);
    const { meter } = this;
    if (meter === null) return;
    this.network.onPacket = (_from, _to, bytes) => {
      meter.packet(bytes);
    };
  }

  /** The ports of one process more, on a host of its own. */
  next(): {
    readonly host: string;
    readonly runtime: MemoryRuntime;
    readonly ports: RuntimeOptions;
  } {
    const at = this.#runtimes.length + 1;
    const host = `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
    const seed = this.#seed * 1_000_003 + at;
    const runtime = createMemoryRuntime({ network: this.network, host, seed });
    this.#runtimes.push(runtime);
    const { meter } = this;
    const transport = meter === null ? runtime.transport : meter.metered(runtime.transport);
    return { host, runtime, ports: { ...runtime, transport } };
  }

  /** Lets time run until the promise ends; rejects if it does not within a virtual hour. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    return settle(this.clock, promise);
  }

  /**
   * Runs until the condition holds.
   *
   * @param stepMs - pause between two looks
   * @param look - called with each look
   * @throws Error when it does not within `maxMs`
   */
  mustReach(
    what: string,
    condition: () => boolean,
    maxMs: number,
    stepMs = 10,
    look: () => void = () => undefined,
  ): void {
    const end = this.clock.now() + maxMs;
    while (!condition()) {
      look();
      if (this.clock.now() >= end) throw new Error(`${what} did not happen within ${maxMs} ms`);
      this.clock.runFor(stepMs);
    }
  }

  /** Ends all processes at once. */
  crash(): void {
    for (const runtime of this.#runtimes) runtime.crash();
  }
}

/** Starts in a row so many at once that no joiner is turned away. */
const JOINS_AT_ONCE = 32;

/** Joins all to the first, some at a time. */
export async function joinAll(
  hosts: Hosts,
  nodes: readonly { readonly host: string; join(targets: readonly string[]): Promise<number> }[],
  tell: Tell = untold,
): Promise<void> {
  const [first, ...others] = nodes;
  if (first === undefined) return;
  for (let at = 0; at < others.length; at += JOINS_AT_ONCE) {
    tell(at / others.length, `joined: ${at} of ${nodes.length}`);
    const some = others.slice(at, at + JOINS_AT_ONCE);
    await hosts.settle(Promise.all(some.map(async (node) => node.join([first.host]))));
  }
}
