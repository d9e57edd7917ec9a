import type { Clock, Entropy, FileStore, Logger, Random } from '../runtime/index.ts';
import { SeededRandom, silentLogger } from '../runtime/index.ts';
import { ClockView } from './clock-view.ts';
import { VirtualClock } from './clock.ts';
import { seededEntropy } from './entropy.ts';
import { MemoryFiles } from './files.ts';
import type { MemoryNetwork } from './network.ts';
import { MemoryNames, MemoryResolver } from './names.ts';
import type { MemoryTransport } from './transport.ts';

/** All that one simulated process is given in place of the real ports. */
export interface MemoryRuntime {
  readonly clock: Clock;
  readonly random: Random;
  readonly entropy: Entropy;
  readonly transport: MemoryTransport;
  readonly resolver: MemoryResolver;
  readonly files: FileStore;
  readonly logger: Logger;
  /** Kills the process: its timers stop, its transport falls silent, its address is free. */
  crash(): void;
  /** Freezes the process for so many milliseconds, as a blocked event loop does. */
  pause(durationMs: number): void;
  /** Its clock runs so many times as fast as the world's from now on; 1 is right. */
  setClockRate(rate: number): void;
  /** Its clock jumps on by so many milliseconds. */
  jumpClock(ms: number): void;
  /** What it holds of the world, by name: timers, streams, ports. @internal */
  held(): Readonly<Record<string, number>>;
}

/** What a simulated process is made of. */
export interface MemoryRuntimeOptions {
  readonly network: MemoryNetwork;
  /** IP literal of the host it runs on. */
  readonly host: string;
  /** Any integer; choices and entropy of the process follow from it. */
  readonly seed: number;
  readonly logger?: Logger;
  /** Its disk; default an empty one. */
  readonly files?: MemoryFiles;
  /** The name service it asks; default an empty one of its own. */
  readonly names?: MemoryNames;
  /**
   * Whether its clock tells of pauses and jumps, so that nothing need tick to notice them: a quiet ring costs less.
   * Default false, as it is with real clocks.
   */
  readonly tellsStalls?: boolean;
  /** Hears what a listener of events throws; default nobody, and it is only logged. @internal */
  readonly onListenerThrow?: (error: unknown) => void;
}

/** The ports of one process on a simulated network. Its own fields are ports and nothing else: what an option takes. */
export function createMemoryRuntime(options: MemoryRuntimeOptions): MemoryRuntime {
  return new ProcessRuntime(options);
}

class ProcessRuntime implements MemoryRuntime {
  readonly clock: Clock;
  readonly random: Random;
  readonly entropy: Entropy;
  readonly transport: MemoryTransport;
  readonly resolver: MemoryResolver;
  readonly files: FileStore;
  readonly logger: Logger;
  readonly onListenerThrow: ((error: unknown) => void) | undefined;
  /** Where the clock is one that obeys. */
  readonly #view: ClockView | null;

  constructor(options: MemoryRuntimeOptions) {
    const { network, host, seed, logger = silentLogger, tellsStalls = false } = options;
    const { clock } = network;
    this.clock = clock instanceof VirtualClock ? clock.view({ tellsStalls }) : clock;
    this.#view = this.clock instanceof ClockView ? this.clock : null;
    this.random = new SeededRandom(seed);
    // Entropy has a generator of its own, so that one more nonce changes no choice.
    this.entropy = seededEntropy(new SeededRandom(new SeededRandom(~seed).uint32()));
    this.transport = network.transport({ host });
    this.resolver = new MemoryResolver(this.clock, options.names ?? new MemoryNames());
    this.files = (options.files ?? new MemoryFiles()).store(this.clock);
    this.logger = logger;
    this.onListenerThrow = options.onListenerThrow;
  }

  crash(): void {
    this.#view?.stop();
    this.transport.crash();
  }

  pause(durationMs: number): void {
    this.#view?.pause(durationMs);
    this.transport.pause(durationMs);
  }

  setClockRate(rate: number): void {
    this.#view?.setRate(rate);
  }

  jumpClock(ms: number): void {
    this.#view?.jump(ms);
  }

  held(): Readonly<Record<string, number>> {
    const pending = this.#view?.pendingCount ?? 0;
    return { timers: pending - this.resolver.asking, ...this.transport.held() };
  }
}
