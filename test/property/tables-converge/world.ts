import { createHash } from 'node:crypto';

import type { MemberlistOptions } from '../../../src/memberlist/index.ts';
import type { EntryAddress, NetworkDBOptions } from '../../../src/networkdb/index.ts';
import { SeededRandom } from '../../../src/runtime/index.ts';
import type { MemoryRuntime } from '../../../src/simulator/index.ts';
import { createMemoryRuntime, MemoryNetwork, VirtualClock } from '../../../src/simulator/index.ts';
import { Forger } from './forger.ts';
import { Model } from './model.ts';
import type { Settings } from './plan.ts';
import { Process } from './process.ts';

/** Who ran and runs no more. */
export interface Former {
  readonly name: string;
  readonly host: string;
}

/** Virtual milliseconds after which a join that failed is tried again. */
const JOIN_AGAIN_MS = 1_000;

/**
 * The processes of a run, the network between them, and virtual time.
 *
 * What users await is not awaited here: a join goes on while others write and crash. While any such
 * promise is open, time moves by the millisecond and promises run in between.
 */
export class World {
  readonly settings: Settings;
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly model = new Model();
  readonly up: Process[] = [];
  readonly former: Former[] = [];
  readonly trace: string[] = [];
  /** What went wrong on the way. */
  readonly faults: string[] = [];
  /** What was really exercised, by name. */
  readonly counts: Record<string, number> = {};
  readonly keys: Uint8Array[];
  forger: Forger | null = null;
  readonly #pausedUntil = new Map<Process, number>();
  readonly #hash = createHash('sha256');
  #started = 0;
  #hosts = 0;
  #endings = 0;
  readonly #opened = new Map<Process, number>();

  constructor(settings: Settings) {
    this.settings = settings;
    const { seed, lossRate, duplicateRate, reorderRate, jitterMs, latencyMs } = settings;
    this.network = new MemoryNetwork({
      clock: this.clock,
      random: new SeededRandom(seed),
      ...{ lossRate, duplicateRate, reorderRate, jitterMs, latencyMs, reorderMs: 30 },
    });
    this.keys = settings.isEncrypted ? [keyOf(seed)] : [];
  }

  /** Names of all networks there may be; one name begins another. */
  get networkNames(): readonly string[] {
    return Array.from({ length: this.settings.networks }, (_, i) => NETWORKS[i] as string);
  }

  get tableNames(): readonly string[] {
    return Array.from({ length: this.settings.tables }, (_, i) => `t${i}`);
  }

  /** Fingerprint of all that happened so far: each packet with its time, and each step. */
  get hash(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Every packet goes into the fingerprint, which costs time. */
  hashPackets(): void {
    this.network.onPacket = (from, to, bytes) => {
      this.#hash.update(`${this.clock.now()} ${from.host} ${to.host} `);
      this.#hash.update(bytes);
    };
  }

  note(line: string): void {
    const text = `${this.clock.now().toFixed(0).padStart(7)} ${line}`;
    this.trace.push(text);
    this.#hash.update(text);
  }

  count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  fault(text: string): void {
    if (this.faults.length < 20) this.faults.push(text);
    this.note(`FAULT ${text}`);
  }

  nextHost(): string {
    this.#hosts += 1;
    return `10.3.${this.#hosts >> 8}.${this.#hosts & 255}`;
  }

  nextName(): string {
    return `n${this.#started}`;
  }

  /** Starts a process; it is a cluster of its own until it joins. */
  async start(name: string, host: string, seeds: readonly string[]): Promise<Process> {
    const id = this.#started;
    const isWatching = id % 2 === 0 || this.settings.hasForger;
    const runtime = this.#runtime(host);
    const identity = { id, name, host, runtime, isWatching, seeds };
    const process = await this.settle(Process.start(identity, this.options()));
    this.up.push(process);
    this.note(`start ${name} as ${id} at ${host}${isWatching ? ', watching' : ''}`);
    return process;
  }

  /** Starts the peer that forges. */
  async startForger(): Promise<void> {
    const { wire, maxPacketBytes, profile, rejoin, encryption } = this.options();
    const options = { wire, maxPacketBytes, profile, rejoin, encryption } as MemberlistOptions;
    const host = this.nextHost();
    this.forger = await this.settle(Forger.start(options, host, this.#runtime(host)));
    await this.settle(this.forger.member.join([(this.up[0] as Process).host]));
  }

  /** Joins the cluster, again and again until it works or the process ends. */
  join(process: Process, then: () => void = () => undefined): void {
    const attempt = (): void => {
      if (!this.up.includes(process)) return;
      this.#await(process, process.db.join(process.seeds), {
        done: () => {
          process.memberSince = this.clock.now();
          this.note(`${process.name} has joined`);
          then();
        },
        failed: () => {
          this.count('joins that failed');
          // Whoever looks seeds up finds those that run now.
          const others = this.up.filter((other) => other !== process);
          process.seeds = others.slice(0, 3).map(({ host }) => host);
          this.clock.schedule(JOIN_AGAIN_MS, attempt);
        },
      });
    };
    attempt();
  }

  /** Joins a network; the handle is there at once or after the first exchange. */
  enter(process: Process, network: string, waitForSync: boolean, done: () => void): void {
    if (process.networks.has(network)) return;
    const joined = { since: this.clock.now(), handle: null, isSynced: false };
    process.networks.set(network, joined);
    this.note(`${process.name} enters ${network}${waitForSync ? '' : ' without waiting'}`);
    this.#await(process, process.db.joinNetwork(network, { waitForSync }), {
      done: (handle) => {
        Object.assign(joined, { handle, isSynced: waitForSync });
        process.watch(handle, this.tableNames, (address, previous) => {
          this.#judgeDelete(process, address, previous);
        });
        done();
      },
      failed: (error) => {
        this.fault(`${process.name} could not enter ${network}: ${String(error)}`);
      },
    });
  }

  exit(process: Process, network: string): void {
    const handle = process.networks.get(network)?.handle;
    if (handle === undefined || handle === null) return;
    handle.leave();
    process.networks.delete(network);
    process.exited.add(network);
    this.model.left(process, network);
    this.note(`${process.name} exits ${network}`);
  }

  crash(process: Process): void {
    process.runtime.crash();
    this.#end(process);
    this.former.push({ name: process.name, host: process.host });
    this.note(`${process.name} crashes`);
  }

  /** Says good-bye and ends; the name and address are free when that is done. */
  farewell(process: Process): void {
    this.#end(process);
    this.#endings += 1;
    this.note(`${process.name} says good-bye`);
    const close = (): void => {
      void process.db.close().then(() => {
        this.#endings -= 1;
        this.former.push({ name: process.name, host: process.host });
        this.note(`${process.name} is closed`);
      });
    };
    process.db.leave().then(close, close);
  }

  pause(process: Process, ms: number): void {
    process.runtime.pause(ms);
    this.#pausedUntil.set(process, this.clock.now() + ms);
    this.note(`${process.name} pauses for ${ms} ms`);
  }

  /** Processes whose code can run: those that a user can call. */
  get awake(): readonly Process[] {
    const now = this.clock.now();
    return this.up.filter((process) => (this.#pausedUntil.get(process) ?? 0) <= now);
  }

  /** Whether nothing that a user awaits is open. */
  get isIdle(): boolean {
    return this.#opened.size === 0 && this.#endings === 0;
  }

  /** What users wait for. */
  get waiting(): readonly string[] {
    const joining = this.up.filter(({ memberSince }) => memberSince === null);
    const open = [...this.#opened.keys()].filter(({ memberSince }) => memberSince !== null);
    return [
      ...joining.map(({ name }) => `${name} has not joined`),
      ...open.map(({ name }) => `${name} waits for a first exchange`),
      ...(this.#endings > 0 ? [`${this.#endings} good-byes are not over`] : []),
    ];
  }

  /** Lets time pass. */
  async advance(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    while (!this.isIdle && this.clock.now() + 1 <= end) {
      this.clock.runFor(1);
      await turn();
    }
    this.clock.runFor(end - this.clock.now());
    await turn();
  }

  /** Lets time run until a promise has ended, a virtual minute at most. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    const wait = { isOver: false };
    const mark = (): void => {
      wait.isOver = true;
    };
    promise.then(mark, mark);
    for (let i = 0; i < 60_000; i += 1) {
      await turn();
      if (wait.isOver) return promise;
      this.clock.runFor(1);
    }
    throw new Error('nothing settles it');
  }

  /** Lets watchers read all that was told. */
  async readWatches(): Promise<void> {
    for (const process of this.up) {
      for (const fold of process.folds) while (fold.waiting > 0) await turn();
    }
    await turn();
  }

  options(): NetworkDBOptions {
    const { wire, maxPacketBytes, syncMs, pushPullMs, reapEntryMs, retransmitMult } = this.settings;
    return {
      wire,
      maxPacketBytes,
      profile: 'local',
      gossip: { retransmitMult },
      pushPull: { intervalMs: pushPullMs },
      tables: { bulkSyncIntervalMs: syncMs, bulkSyncTimeoutMs: 10_000, reapEntryMs },
      rejoin: { bootstrapIntervalMs: pushPullMs },
      ...(this.keys.length > 0 ? { encryption: { keys: this.keys } } : {}),
    };
  }

  /** Where nothing is lost and nobody fails, what stands can vanish for nobody. */
  #judgeDelete(process: Process, address: EntryAddress, previous: string): void {
    if (this.settings.kind !== 'prompt' || process.exited.has(address.network)) return;
    if (!this.up.includes(process) || !this.model.stands(address, previous)) return;
    this.fault(`${address.key} vanished for ${process.name} though it stands`);
  }

  #runtime(host: string): MemoryRuntime {
    this.#started += 1;
    const seed = this.settings.seed * 1_000 + this.#started;
    return createMemoryRuntime({ network: this.network, host, seed });
  }

  #end(process: Process): void {
    this.up.splice(this.up.indexOf(process), 1);
    this.#opened.delete(process);
    this.model.ended(process);
  }

  #await<T>(
    process: Process,
    promise: Promise<T>,
    o: { readonly done: (value: T) => void; readonly failed: (error: unknown) => void },
  ): void {
    this.#opened.set(process, (this.#opened.get(process) ?? 0) + 1);
    const over = (then: () => void): void => {
      if (!this.up.includes(process)) return;
      const left = (this.#opened.get(process) ?? 1) - 1;
      if (left > 0) this.#opened.set(process, left);
      else this.#opened.delete(process);
      then();
    };
    promise.then(
      (value) => {
        over(() => {
          o.done(value);
        });
      },
      (error: unknown) => {
        over(() => {
          o.failed(error);
        });
      },
    );
  }
}

const NETWORKS = ['prod', 'pro', 'prod2', 'p', 'x'];

/** A ring key that follows from a number. */
export function keyOf(n: number): Uint8Array {
  return new Uint8Array(32).map((_, i) => (n * 31 + i * 7) & 255);
}

/** Lets every promise callback that is due run. */
async function turn(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}
