import type { MemberlistDelegates, MemberlistOptions } from '../../src/memberlist/index.ts';
import { Memberlist } from '../../src/memberlist/index.ts';
import { SeededRandom } from '../../src/runtime/index.ts';
import type {
  MemoryFiles,
  MemoryNetworkOptions,
  MemoryRuntime,
} from '../../src/simulator/index.ts';
import { createMemoryRuntime, MemoryNetwork, VirtualClock } from '../../src/simulator/index.ts';

/*
 * A ring in virtual time. Members run the real code on the in-memory transport; only `settle` and the
 * `run` methods move time, so a test says exactly when things happen.
 */

/** One simulated process with a member in it. */
export interface RingNode {
  readonly member: Memberlist;
  readonly runtime: MemoryRuntime;
  readonly host: string;
}

/** A simulated network and the processes on it. */
export class Ring {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly nodes: RingNode[] = [];
  #spawned = 0;
  readonly #seed: number;

  readonly #tellsStalls: boolean;

  /** @param o - `tellsStalls`: as of `createMemoryRuntime` */
  constructor(
    o: { seed?: number; tellsStalls?: boolean } & Partial<
      Omit<MemoryNetworkOptions, 'clock' | 'random'>
    > = {},
  ) {
    const { seed = 1, tellsStalls = false, ...network } = o;
    this.#seed = seed;
    this.#tellsStalls = tellsStalls;
    this.clock = new VirtualClock();
    this.network = new MemoryNetwork({
      clock: this.clock,
      random: new SeededRandom(seed),
      ...network,
    });
  }

  /** Starts a process `10.0.0.N` (or on a host of choice) with a member called `nN`. */
  async spawn(
    options: MemberlistOptions = {},
    o: { host?: string; delegates?: MemberlistDelegates; files?: MemoryFiles } = {},
  ): Promise<RingNode> {
    this.#spawned += 1;
    const host = o.host ?? `10.0.0.${this.#spawned}`;
    const seed = this.#seed * 1000 + this.#spawned;
    const { files } = o;
    const runtime = createMemoryRuntime({
      network: this.network,
      host,
      seed,
      tellsStalls: this.#tellsStalls,
      ...(files === undefined ? {} : { files }),
    });
    const member = await this.settle(
      Memberlist.create(
        { nodeName: `n${this.#spawned}`, bindAddress: host, runtime, ...options },
        o.delegates ?? {},
      ),
    );
    const node = { member, runtime, host };
    this.nodes.push(node);
    return node;
  }

  /** Starts so many members and joins them all through the first. */
  async spawnJoined(count: number, options: MemberlistOptions = {}): Promise<RingNode[]> {
    const nodes: RingNode[] = [];
    for (let i = 0; i < count; i += 1) nodes.push(await this.spawn(options));
    const [seed, ...others] = nodes as [RingNode, ...RingNode[]];
    for (const node of others) await this.settle(node.member.join([seed.host]));
    const isWhole = this.runUntil(() => nodes.every((n) => n.member.memberCount === count), 30_000);
    if (!isWhole) throw new Error(`a ring of ${count} did not form in 30 s`);
    return nodes;
  }

  /** Lets time run until the promise ends; rejects if it does not within a virtual hour. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    const wait = { isOver: false };
    const mark = (): void => {
      wait.isOver = true;
    };
    promise.then(mark, mark);
    const limit = this.clock.now() + 3_600_000;
    for (;;) {
      await turn();
      if (wait.isOver) return promise;
      if (this.clock.now() > limit || !this.clock.runNext()) throw new Error('nothing settles it');
    }
  }

  /** Runs for so many virtual milliseconds. */
  runFor(durationMs: number): void {
    this.clock.runFor(durationMs);
  }

  /** Runs until the condition holds; false when it does not within `maxMs`. */
  runUntil(condition: () => boolean, maxMs: number): boolean {
    return this.clock.runUntil(condition, maxMs);
  }

  /** Ends every process that still runs. */
  async close(): Promise<void> {
    for (const { member } of this.nodes) await this.settle(member.close());
  }
}

/** Lets every promise callback that is due run. */
async function turn(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}
