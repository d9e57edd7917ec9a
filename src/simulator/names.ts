import type { Clock, Resolver } from '../runtime/index.ts';
import { canonicalHost, TransportError } from '../runtime/index.ts';
import { checkArgument, checkDuration, checkList, checkText, hostGiven } from './arguments.ts';

/** What the name service of a simulated network knows, and how it fails. */
export class MemoryNames {
  readonly #hosts = new Map<string, readonly string[]>();
  #delayMs = 0;
  #isFailing = false;

  /**
   * Sets what a name stands for; an empty list makes it unknown.
   *
   * @throws StateError with `ERR_ARGUMENT_INVALID`
   */
  set(name: string, hosts: readonly string[]): void {
    checkText('name', name);
    checkList('hosts', hosts);
    const addresses = hosts.map((host, at) => hostGiven(`hosts[${at}]`, host));
    this.#hosts.set(name, addresses);
  }

  /** How long an answer takes from now on. @throws StateError with `ERR_ARGUMENT_INVALID` */
  setDelay(delayMs: number): void {
    checkDuration('delayMs', delayMs);
    this.#delayMs = delayMs;
  }

  /** Whether every lookup of a name fails from now on; addresses need no lookup. */
  setFailing(isFailing: boolean): void {
    checkArgument(typeof isFailing === 'boolean', 'isFailing', isFailing, 'true or false');
    this.#isFailing = isFailing;
  }

  /** Milliseconds until an answer. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** The addresses of a name as things stand; none when it is unknown or the service fails. */
  find(name: string): readonly string[] {
    return this.#isFailing ? [] : (this.#hosts.get(name) ?? []);
  }
}

/** One process's way to a {@link MemoryNames}. */
export class MemoryResolver implements Resolver {
  readonly #clock: Clock;
  readonly #names: MemoryNames;
  #asking = 0;

  constructor(clock: Clock, names: MemoryNames = new MemoryNames()) {
    this.#clock = clock;
    this.#names = names;
  }

  /** Sets what a name stands for; an empty list makes it unknown. */
  set(name: string, hosts: readonly string[]): void {
    this.#names.set(name, hosts);
  }

  /** Questions without an answer yet: they are with the name service, not with who asked. @internal */
  get asking(): number {
    return this.#asking;
  }

  lookup(
    host: string,
    done: (error: TransportError | null, hosts: readonly string[]) => void,
  ): void {
    const literal = canonicalHost(host);
    this.#asking += 1;
    this.#clock.schedule(literal === null ? this.#names.delayMs : 0, () => {
      this.#asking -= 1;
      const hosts = literal === null ? this.#names.find(host) : [literal];
      if (hosts.length > 0) done(null, [...new Set(hosts)]);
      else
        done(new TransportError('ERR_NAME_LOOKUP', `no address found for ${host}`, { host }), []);
    });
  }
}
