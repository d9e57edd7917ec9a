import { bytesOf } from '../codec/index.ts';
import type { NetworkDBOptions } from '../networkdb/index.ts';
import { NetworkDB } from '../networkdb/index.ts';
import type { Logger } from '../runtime/index.ts';
import { StateError } from '../runtime/index.ts';
import { checkAboveZero, checkClockRate, checkDuration, checkFunction } from './arguments.ts';
import type { Checks } from './checkers/checks.ts';
import { MemoryFiles } from './files.ts';
import type { MemoryNames } from './names.ts';
import type { MemoryNetwork } from './network.ts';
import type { MemoryRuntime } from './runtime.ts';
import { createMemoryRuntime } from './runtime.ts';
import type { Trace } from './trace.ts';

/*
 * One simulated process: an address, a disk, and the ports that the code under test is given in place of
 * the real ones. The code itself is the real one.
 */

/** What a process is made of; the world fills it in. */
export interface ProcessParts {
  readonly name: string;
  readonly host: string;
  readonly seed: number;
  readonly network: MemoryNetwork;
  readonly names: MemoryNames;
  readonly trace: Trace;
  readonly files?: MemoryFiles;
  readonly checks?: Checks | null;
  /** Throws when the simulation is over. */
  readonly guard?: () => void;
  /** Ends the simulation with an error. */
  readonly fail?: (error: unknown) => void;
}

/** A simulated process. */
export class SimProcess {
  readonly name: string;
  /** Address of the host it runs on. */
  readonly host: string;
  /** Its ports: give them to the code under test as the `runtime` option. */
  readonly runtime: MemoryRuntime;
  /** What it has written to disk; outlives it when it is started again. */
  readonly files: MemoryFiles;
  /** The network that it is on. @internal */
  readonly network: MemoryNetwork;
  readonly #trace: Trace;
  readonly #fail: ((error: unknown) => void) | null;
  readonly #disturb: () => void;
  readonly #guard: (() => void) | undefined;
  #isRunning = true;
  #pausedUntil = -Infinity;
  #ownTimers = 0;

  constructor(parts: ProcessParts) {
    const { name, host, network, names, seed, trace } = parts;
    this.name = name;
    this.host = host;
    this.network = network;
    this.#trace = trace;
    this.#fail = parts.fail ?? null;
    this.#disturb = () => parts.checks?.disturbed();
    this.#guard = parts.guard;
    this.files = parts.files ?? new MemoryFiles();
    const logger: Logger = trace.logger(name);
    const { files } = this;
    this.runtime = createMemoryRuntime({
      ...{ network, host, seed, names, logger, files },
      tellsStalls: true,
      onListenerThrow: this.#failed,
    });
    this.note(`starts at ${host}`);
  }

  /** Whether it has neither crashed nor ended. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Kills it: no farewell, no more timers; peers are reset, its port is free. @throws as {@link SimProcess.pause} */
  crash(): void {
    this.#assertRunning('crash()');
    this.halt();
  }

  /** What a crash does to the process itself; at the end of the world all that happens. @internal */
  halt(): void {
    this.#isRunning = false;
    this.note('crashes');
    this.runtime.crash();
  }

  /** Timers of `sleep` and `every`: they are the scenario's, and end with the process. @internal */
  get ownTimers(): number {
    return this.#ownTimers;
  }

  /**
   * Freezes it for so many milliseconds, as a blocked event loop does: input and timers wait.
   *
   * @throws StateError with `ERR_ARGUMENT_INVALID`; with `ERR_CLOSED` when it has crashed or ended: a fault that
   * hits nobody would make a test pass for nothing
   */
  pause(durationMs: number): void {
    checkDuration('durationMs', durationMs);
    this.#assertRunning('pause()');
    this.#disturb();
    this.note(`stands still for ${durationMs} ms`);
    this.#pausedUntil = Math.max(this.#pausedUntil, this.network.clock.now() + durationMs);
    this.runtime.pause(durationMs);
  }

  /**
   * Its clock runs so many times as fast as the world's from now on; 1 is right.
   *
   * @param rate - from a millionth to a million
   * @throws as {@link SimProcess.pause}
   */
  setClockRate(rate: number): void {
    checkClockRate(rate);
    this.#assertRunning('setClockRate()');
    this.#disturb();
    this.note(`has a clock that runs at ${rate}`);
    this.runtime.setClockRate(rate);
  }

  /** Its clock jumps on by so many milliseconds. @throws as {@link SimProcess.pause} */
  jumpClock(ms: number): void {
    checkDuration('ms', ms);
    this.#assertRunning('jumpClock()');
    this.#disturb();
    this.note(`has a clock that jumps by ${ms} ms`);
    this.runtime.jumpClock(ms);
  }

  /**
   * Waits by this process's own clock; never ends when the process is killed meanwhile.
   *
   * @throws as {@link SimProcess.pause}
   */
  async sleep(durationMs: number): Promise<void> {
    checkDuration('durationMs', durationMs);
    this.#assertRunning('sleep()');
    return new Promise((resolve) => {
      this.#schedule(durationMs, resolve);
    });
  }

  /**
   * Calls again and again, every so many milliseconds; returns what ends it. It ends with the process.
   *
   * @param run - what it throws, or rejects with while the process runs, fails the simulation; the next call
   * does not wait for its promise
   * @throws as {@link SimProcess.pause}
   */
  every(intervalMs: number, run: () => unknown): () => void {
    checkAboveZero('intervalMs', intervalMs);
    checkFunction('run', run);
    this.#assertRunning('every()');
    const arm = () =>
      this.#schedule(intervalMs, () => {
        cancel = arm();
        const running = run();
        if (running instanceof Promise) running.catch(this.#failed);
      });
    let cancel = arm();
    return () => {
      cancel();
    };
  }

  /** A timer that is told apart from those of the code under test. @returns what cancels it */
  #schedule(delayMs: number, run: () => void): () => void {
    let isPending = true;
    const done = (): void => {
      if (isPending) this.#ownTimers -= 1;
      isPending = false;
    };
    this.#ownTimers += 1;
    const timer = this.runtime.clock.schedule(delayMs, () => {
      done();
      run();
    });
    return () => {
      timer.cancel();
      done();
    };
  }

  /** A line of this process in the trace. */
  note(text: string): void {
    this.#guard?.();
    this.#trace.add('process', this.name, text);
  }

  readonly #failed = (error: unknown): void => {
    if (this.#isRunning) this.#fail?.(error);
  };

  /** Whether none of its code can run, for a while. @internal */
  get standsStill(): boolean {
    return this.#isRunning && this.network.clock.now() < this.#pausedUntil;
  }

  /** Waits until it does not stand still; never done when it is killed meanwhile. @internal */
  protected async awake(): Promise<void> {
    while (this.standsStill) {
      await new Promise<void>((resolve) => {
        this.runtime.clock.schedule(0, resolve);
      });
    }
  }

  #assertRunning(call: string): void {
    if (this.#isRunning) return;
    const text = `${this.name} runs no more: ${call} would hit nobody`;
    throw new StateError('ERR_CLOSED', text, { process: this.name });
  }

  /** It has ended in order; for the world. @internal */
  ended(): void {
    this.#isRunning = false;
    this.note('ends');
    this.runtime.crash();
  }
}

/** A simulated process with a node of the cluster in it. */
export class SimNode extends SimProcess {
  readonly config: NetworkDBOptions;
  readonly #trace: Trace;
  readonly #checks: Checks | null;
  #life: string | null = null;
  #db: NetworkDB | null = null;
  #port: number | null = null;

  constructor(parts: ProcessParts, config: NetworkDBOptions) {
    super(parts);
    this.config = config;
    this.#trace = parts.trace;
    this.#checks = parts.checks ?? null;
  }

  /** The node: the very class that services use. */
  get db(): NetworkDB {
    if (this.#db === null) throw new StateError('ERR_CLOSED', `${this.name} has not started yet`);
    return this.#db;
  }

  /** Its node while it is open: neither on its way up, nor closed or closing. @internal */
  get openDb(): NetworkDB | null {
    return this.#db?.isOpen === true ? this.#db : null;
  }

  /** Port of its node, as the others know it; null until it has one. @internal */
  get port(): number | null {
    return this.#port;
  }

  /** Binds the node's sockets; for the world. @internal */
  async open(): Promise<void> {
    const base = { ...this.config, nodeName: this.name, bindAddress: this.host };
    const db = await NetworkDB.create({ ...base, runtime: this.runtime });
    this.#db = db;
    db.hearClosed(() => {
      this.#closed();
    });
    this.#port = db.localMember.port;
    const ownNow = (): number => this.runtime.clock.now();
    this.#life = this.#checks?.started(db, { ...base, runtime: {} }, ownNow) ?? null;
    const { name } = this;
    if (this.#trace.hasWrites) this.#tellWrites(db);
    const tell = (what: string) => (member: { readonly name: string }) => {
      this.#trace.add('member', name, `${what} ${member.name}`);
    };
    db.on('join', tell('sees'));
    db.on('suspect', tell('suspects'));
    db.on('fail', tell('declares dead'));
    db.on('leave', tell('hears the good-bye of'));
    db.on('update', tell('hears news of'));
    db.on('warning', ({ code, message }) => {
      this.#trace.add('member', name, `warns ${code} ${message}`);
    });
  }

  /**
   * Says good-bye, closes and ends, once it does not stand still; done at once when the process is killed meanwhile.
   */
  async stop(): Promise<void> {
    if (this.standsStill) await this.awake();
    if (!this.isRunning) return;
    await this.db.leave().catch(() => undefined);
    await this.close();
  }

  /** Closes without a good-bye and ends, once it does not stand still; `db.close()` ends it too. */
  async close(): Promise<void> {
    if (this.standsStill) await this.awake();
    if (!this.isRunning) return;
    await this.#db?.close();
    this.#closed();
  }

  /**
   * Kills it, see {@link SimProcess.crash}. What is asked of `db` from now on throws or rejects with `ERR_CLOSED`, and
   * what waits for an answer of it is rejected so.
   */
  override crash(): void {
    super.crash();
    const { name, network } = this;
    const text = `${name} crashed at ${network.clock.now()} ms, and its db with it; restart() returns the node of its next life`;
    this.#db?.abandon(() => new StateError('ERR_CLOSED', text, { process: name }));
  }

  override halt(): void {
    super.halt();
    this.#lifeEnds();
  }

  override ended(): void {
    super.ended();
    this.#lifeEnds();
  }

  #tellWrites(db: NetworkDB): void {
    const { name } = this;
    db.watchEntries((entry) => {
      const { network, table, key, owner, time, isDeleted, value } = entry;
      const isOwn = owner === name;
      const verb = isOwn ? (isDeleted ? 'deletes' : 'writes') : 'takes';
      const what = isDeleted ? (isOwn ? '' : ' deleted') : ` ${bytesOf(value).length} bytes`;
      const from = isOwn ? '' : ` by ${owner}`;
      this.#trace.add(
        'entry',
        name,
        `${verb} ${network}/${table}/${key}${what}${from} at time ${time}`,
      );
    });
  }

  /** Its node is closed: by `close()`, by `stop()`, or by code that called `db.close()`. */
  #closed(): void {
    if (!this.isRunning) return;
    const { timers = 0, ...held } = this.runtime.held();
    const left = { timers: timers - this.ownTimers, ...held, ...this.#db?.leftBehind() };
    if (this.#life !== null) this.#checks?.closed(this.#life, left);
    this.ended();
  }

  #lifeEnds(): void {
    if (this.#life !== null) this.#checks?.ended(this.#life);
  }
}
