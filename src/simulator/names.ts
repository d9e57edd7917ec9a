import type { Clock, Resolver } from '../runtime/index.ts';
import { canonicalHost, Counters, TransportError } from '../runtime/index.ts';
import { checkArgument, checkDuration, checkList, checkText, hostGiven } from './arguments.ts';

/** What the name service of a simulated network knows, and how it fails. */
export class MemoryNames {
  readonly #hosts = new Map<string, readonly string[]>();
  readonly #tell: (text: string) => void;
  readonly #counters = new Counters();
  readonly #guard: () => void;
  #delayMs = 0;
  #isFailing = false;

  /**
   * @param tell - hears of every change, a sentence each
   * @param guard - throws when nothing may be changed any more
   */
  constructor(tell: (text: string) => void = () => undefined, guard: () => void = () => undefined) {
    this.#tell = tell;
    this.#guard = guard;
  }

  /**
   * Sets what a name stands for; an empty list makes it unknown.
   *
   * @throws StateError with `ERR_ARGUMENT_INVALID`
   */
  set(name: string, hosts: readonly string[]): void {
    this.#guard();
    checkText('name', name);
    checkList('hosts', hosts);
    const addresses = hosts.map((host, at) => hostGiven(`hosts[${at}]`, host));
    const before = this.#hosts.get(name) ?? [];
    this.#hosts.set(name, addresses);
    if (addresses.join() === before.join()) return;
    this.#tell(`names: ${name} is ${addresses.length === 0 ? 'unknown' : addresses.join(' ')}`);
  }

  /**
   * How long an answer takes from now on; a node whose `dns.timeoutMs` is shorter gives up before.
   *
   * @throws StateError with `ERR_ARGUMENT_INVALID`
   */
  setDelay(delayMs: number): void {
    this.#guard();
    checkDuration('delayMs', delayMs);
    if (delayMs !== this.#delayMs) this.#tell(`names: answers take ${delayMs} ms`);
    this.#delayMs = delayMs;
  }

  /** Whether every lookup of a name fails from now on; addresses need no lookup. */
  setFailing(isFailing: boolean): void {
    this.#guard();
    checkArgument(typeof isFailing === 'boolean', 'isFailing', isFailing, 'true or false');
    if (isFailing !== this.#isFailing) this.#tell(`names: ${isFailing ? 'failing' : 'at work'}`);
    this.#isFailing = isFailing;
  }

  /** Milliseconds until an answer. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** Whether every lookup fails. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** The addresses of a name as things stand; none when it is unknown or the service fails. */
  find(name: string): readonly string[] {
    return this.#isFailing ? [] : (this.#hosts.get(name) ?? []);
  }

  /** The same for a process that asks, and is counted; `isLate` when it has given up. @internal */
  answer(name: string, isLate: boolean): readonly string[] {
    this.#counters.add('lookups.asked');
    if (isLate) this.#counters.add('lookups.late');
    else if (this.#isFailing) this.#counters.add('lookups.failed');
    return isLate ? [] : this.find(name);
  }

  /** Lookups of names so far, a copy: `asked`, and of these `failed` by `setFailing` and `late`. @internal */
  counters(): Record<string, number> {
    return this.#counters.snapshot();
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
    this.#lookup(host, Infinity, done);
  }

  /** As the real one: a lookup that takes longer fails with `ERR_NAME_LOOKUP`, and its late answer is ignored. */
  within(timeoutMs: number): Resolver {
    return {
      lookup: (host, done) => {
        this.#lookup(host, timeoutMs, done);
      },
    };
  }

  #lookup(
    host: string,
    timeoutMs: number,
    done: (error: TransportError | null, hosts: readonly string[]) => void,
  ): void {
    const literal = canonicalHost(host);
    const delayMs = literal === null ? this.#names.delayMs : 0;
    const isLate = delayMs > timeoutMs;
    this.#asking += 1;
    this.#clock.schedule(isLate ? timeoutMs : delayMs, () => {
      this.#asking -= 1;
      const found = literal === null ? this.#names.answer(host, isLate) : [literal];
      const hosts = [...new Set(found)];
      if (hosts.length > 0) return done(null, hosts);
      const cause = isLate ? new Error(`no answer within ${timeoutMs} ms`) : undefined;
      const hint =
        isLate || this.#names.isFailing ? '' : ': names.set() tells what a name stands for';
      const text = `no address found for ${host}${hint}`;
      done(new TransportError('ERR_NAME_LOOKUP', text, { host, cause }), []);
    });
  }
}
