import type { Clock, Entropy, Logger, Random, Resolver } from '../runtime/index.ts';
import { canonicalHost, SeededRandom, silentLogger, TransportError } from '../runtime/index.ts';
import { ClockView, VirtualClock } from './clock.ts';
import { seededEntropy } from './entropy.ts';
import type { MemoryNetwork } from './network.ts';
import type { MemoryTransport } from './transport.ts';

/** A resolver that knows what it was told. */
export class MemoryResolver implements Resolver {
  readonly #clock: Clock;
  readonly #hosts = new Map<string, readonly string[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets what a name stands for; an empty list makes it unknown. */
  set(name: string, hosts: readonly string[]): void {
    this.#hosts.set(name, hosts);
  }

  lookup(
    host: string,
    done: (error: TransportError | null, hosts: readonly string[]) => void,
  ): void {
    this.#clock.schedule(0, () => {
      const literal = canonicalHost(host);
      const hosts = literal === null ? (this.#hosts.get(host) ?? []) : [literal];
      if (hosts.length > 0) done(null, [...new Set(hosts)]);
      else
        done(new TransportError('ERR_NAME_LOOKUP', `no address found for ${host}`, { host }), []);
    });
  }
}

/** All that one simulated process is given in place of the real ports. */
export interface MemoryRuntime {
  readonly clock: Clock;
  readonly random: Random;
  readonly entropy: Entropy;
  readonly transport: MemoryTransport;
  readonly resolver: MemoryResolver;
  readonly logger: Logger;
  /** Kills the process: its timers stop, its transport falls silent, its address is free. */
  crash(): void;
  /** Freezes the process for so many milliseconds, as a blocked event loop does. */
  pause(durationMs: number): void;
}

/** What a simulated process is made of. */
export interface MemoryRuntimeOptions {
  readonly network: MemoryNetwork;
  /** IP literal of the host it runs on. */
  readonly host: string;
  /** Any integer; choices and entropy of the process follow from it. */
  readonly seed: number;
  readonly logger?: Logger;
}

/** The ports of one process on a simulated network. */
export function createMemoryRuntime(options: MemoryRuntimeOptions): MemoryRuntime {
  const { network, host, seed, logger = silentLogger } = options;
  const clock = network.clock instanceof VirtualClock ? network.clock.view() : network.clock;
  const random = new SeededRandom(seed);
  // Entropy has a generator of its own, so that one more nonce changes no choice.
  const entropy = seededEntropy(new SeededRandom(new SeededRandom(~seed).uint32()));
  const transport = network.transport({ host });
  const resolver = new MemoryResolver(clock);
  const crash = (): void => {
    if (clock instanceof ClockView) clock.stop();
    network.crash(transport);
  };
  const pause = (durationMs: number): void => {
    if (clock instanceof ClockView) clock.pause(durationMs);
    transport.pause(durationMs);
  };
  return { clock, random, entropy, transport, resolver, logger, crash, pause };
}
