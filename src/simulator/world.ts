import type { NetworkDBOptions } from '../networkdb/index.ts';
import type { Address, Random } from '../runtime/index.ts';
import { canonicalHost, SeededRandom, StateError, TimeoutError } from '../runtime/index.ts';
import type { CutDirection } from './arguments.ts';
import {
  checkArgument,
  checkCut,
  checkDirection,
  checkDuration,
  checkFunction,
  checkGroups,
  checkList,
  checkMode,
  checkOptions,
  checkParted,
  checkText,
  checkTwoHosts,
} from './arguments.ts';
import { Checks } from './checkers/checks.ts';
import { VirtualClock } from './clock.ts';
import { callSite, notConverged } from './failure.ts';
import type { CutMode, LinkSettings } from './links.ts';
import { MemoryNames } from './names.ts';
import { MemoryNetwork } from './network.ts';
import type { ProcessParts } from './process.ts';
import { SimNode, SimProcess } from './process.ts';
import type { SpawnOptions, StartOptions } from './spawn-options.ts';
import {
  checkNodeConfig,
  checkSpawn,
  SPAWN_FIELDS,
  SPAWN_MANY_FIELDS,
  START_FIELDS,
} from './spawn-options.ts';
import { Trace } from './trace.ts';
import { addressOf, joinTargets, placeName, sourceOf, textOf } from './places.ts';
import type { Place, UntilOptions, WorldOptions } from './places.ts';
import { Waits } from './waits.ts';

/*
 * Processes on a simulated network, and the one clock that moves them all.
 *
 * The scenario is an ordinary async function. While it waits, `simulate` moves virtual time from one pending
 * call to the next; while code runs, time stands still.
 */

/**
 * The simulated world that a scenario acts in.
 *
 * Only `simulate` moves its time: in one that was made by hand whatever waits does so for ever.
 */
export class World {
  readonly seed: number;
  /** For the scenario's own choices; apart from the network's and the nodes', so that one more draw changes no other. */
  readonly random: Random;
  readonly trace: Trace;
  /** The name service that every process asks. */
  readonly names: MemoryNames = new MemoryNames(
    (text) => {
      this.#tell(text);
    },
    () => {
      this.#assertOpen();
    },
  );
  /** The network below, for faults that have no method here. */
  readonly network: MemoryNetwork;
  /** What watches every node, if the simulation has `checks`. @internal */
  readonly checks: Checks | null;
  readonly #clock: VirtualClock;
  readonly #config: NetworkDBOptions;
  readonly #processes: SimProcess[] = [];
  readonly #waits: Waits;
  /** Calls under way that the scenario should have awaited, in words. */
  readonly #calls = new Set<{ readonly text: string }>();
  #started = 0;
  /** Whom {@link World.hasOneView} found without all members last. */
  #lagging: SimNode | null = null;
  #failure: { readonly error: unknown } | null = null;
  #isOver = false;

  constructor({ seed, config, network, trace, checks = false }: WorldOptions) {
    this.seed = seed;
    this.#config = config;
    this.#clock = new VirtualClock();
    this.#waits = new Waits(this.#clock);
    this.checks = checks
      ? new Checks({
          now: () => this.#clock.now(),
          fail: (error) => {
            this.fail(error);
          },
          isGuest: (endpoint) => this.#isGuest(addressOf(endpoint)),
        })
      : null;
    this.random = new SeededRandom(seed * 3 + 1);
    this.trace = new Trace(() => this.#clock.now(), trace);
    this.network = new MemoryNetwork({
      clock: this.#clock,
      random: new SeededRandom(seed * 3 + 2),
      ...network,
    });
    this.network.onPacket = (from, to, bytes) => {
      this.trace.addPacket(from, to, bytes);
    };
    if (this.trace.hasStreams) {
      this.network.onStream = (from, to) => {
        this.trace.addStream(from, to);
      };
    }
    this.#hearNetwork();
    this.network.guard = () => {
      this.#assertOpen();
    };
  }

  /** Virtual milliseconds since the start. */
  get now(): number {
    return this.#clock.now();
  }

  /** Every process that runs, in the order of their starts. */
  get processes(): readonly SimProcess[] {
    return this.#processes.filter((each) => each.isRunning);
  }

  /** Those that hold a node of the cluster. */
  get nodes(): readonly SimNode[] {
    return this.processes.filter((each) => each instanceof SimNode);
  }

  /** The running node of a name. @throws StateError with `ERR_MEMBER_UNKNOWN` */
  node(name: string): SimNode {
    const found = this.nodes.find((node) => node.name === name);
    if (found !== undefined) return found;
    throw new StateError('ERR_MEMBER_UNKNOWN', `no node called ${name} runs`, { node: name });
  }

  /**
   * Starts a process with a `NetworkDB` in it, and joins it to the cluster.
   *
   * @returns when it has joined
   * @throws StateError with `ERR_ARGUMENT_INVALID`, also when a process of that name runs, ConfigError with
   * `ERR_CONFIG_INVALID`: nothing has happened; what `NetworkDB.create` and `join` throw: no process stays when it
   * could not be made, a lonely one when it could not join
   */
  async spawn(options: SpawnOptions = {}): Promise<SimNode> {
    this.#assertOpen();
    checkSpawn('spawn', options, SPAWN_FIELDS);
    const config = { ...this.#config, ...options.config };
    checkNodeConfig(config);
    if (options.name !== undefined) this.#checkNameIsFree(options.name);
    const parts = this.#parts(options.name, options);
    const targets = joinTargets(options.join, this.nodes);
    const node = new SimNode(parts, config);
    this.#processes.push(node);
    const call = this.#begin(`the spawn of ${node.name} was under way`);
    try {
      await node.open().catch((error: unknown) => {
        if (node.isRunning) node.crash();
        throw error;
      });
      if (targets.length > 0) await node.db.join(targets);
      return node;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Starts so many nodes one after the other, all joined. */
  async spawnMany(
    count: number,
    options: Omit<SpawnOptions, 'name' | 'host'> = {},
  ): Promise<SimNode[]> {
    this.#assertOpen();
    const isCount = Number.isInteger(count) && count >= 0 && count <= MOST_NODES;
    checkArgument(isCount, 'count', count, `an integer from 0 to ${MOST_NODES}`);
    checkSpawn('spawnMany', options, SPAWN_MANY_FIELDS);
    const nodes: SimNode[] = [];
    for (let i = 0; i < count; i += 1) nodes.push(await this.spawn(options));
    return nodes;
  }

  /**
   * Starts a node anew under its name, on its host and disk: a new process that knows nothing but its
   * disk. A former life that still runs is killed first: the given one or, if it has ended, a later one.
   *
   * @throws as {@link World.spawn}; a wrong argument kills nobody
   */
  async restart(node: SimNode, options: SpawnOptions = {}): Promise<SimNode> {
    this.#assertOpen();
    checkArgument(
      this.#isOurs(node) && node instanceof SimNode,
      'node',
      node,
      'a node of this world',
    );
    checkSpawn('restart', options, SPAWN_FIELDS);
    const { name, host, files } = node;
    const config = { ...node.config, ...options.config };
    checkNodeConfig({ ...this.#config, ...config });
    const isLater = (each: SimNode): boolean => each.name === name && each.host === host;
    const former = node.isRunning ? node : this.nodes.findLast(isLater);
    this.#checkNameIsFree(options.name ?? name, former);
    former?.crash();
    return this.spawn({ name, host, files, ...options, config });
  }

  /**
   * Starts a process that runs code of the scenario's: a service under test, for example, which makes
   * its own `NetworkDB` with `self.runtime`.
   *
   * A member that it runs belongs to the cluster, and checkers do not judge it.
   *
   * @param main - what the process does; when it throws while the process runs, the simulation fails
   * @param options - where it runs, and on which disk: that of an earlier life, for a restart
   * @throws StateError with `ERR_ARGUMENT_INVALID`, also when a process of that name runs
   */
  start(
    name: string,
    main: (self: SimProcess) => Promise<void> | void,
    options: StartOptions = {},
  ): SimProcess {
    this.#assertOpen();
    checkText('name', name);
    checkFunction('main', main);
    checkSpawn('start', options, START_FIELDS);
    this.#checkNameIsFree(name);
    this.checks?.disturbed();
    const started = new SimProcess(this.#parts(name, options));
    this.#processes.push(started);
    const run = async (): Promise<void> => main(started);
    run().catch((error: unknown) => {
      if (started.isRunning) this.fail(error);
    });
    return started;
  }

  /** Lets so many virtual milliseconds pass. @throws StateError with `ERR_ARGUMENT_INVALID` */
  async sleep(durationMs: number): Promise<void> {
    this.#assertOpen();
    checkDuration('durationMs', durationMs);
    return new Promise((resolve) => {
      this.#clock.schedule(durationMs, resolve);
    });
  }

  /**
   * Lets time pass until the condition holds. It is asked now, and whenever time is about to move on.
   *
   * @param condition - returns true or false, at once: a promise is refused
   * @throws TimeoutError with `ERR_TIMEOUT` when it does not within `withinMs`; whatever the condition throws
   * @throws StateError with `ERR_ARGUMENT_INVALID`
   */
  async until(condition: () => boolean, options: UntilOptions = {}): Promise<void> {
    this.#assertOpen();
    checkFunction('condition', condition);
    checkOptions('until', options, UNTIL_FIELDS);
    const { withinMs = 60_000, what = sourceOf(condition), mayOutlast = false } = options;
    checkDuration('withinMs', withinMs);
    checkText('what', what);
    checkArgument(typeof mayOutlast === 'boolean', 'mayOutlast', mayOutlast, 'true or false');
    return this.#waits.until(condition, { withinMs, what, mayOutlast, site: callSite() });
  }

  /**
   * Whether all running nodes have each other as members, and nobody else but members that processes of the
   * scenario's own run: all the same ones of those.
   */
  hasOneView(): boolean {
    const { nodes } = this;
    const names = [...nodes.map(({ name }) => name), ...this.#guestsOf(nodes)];
    const hasAll = ({ openDb }: SimNode): boolean => openDb?.hasMembers(names) ?? false;
    // Asked again at every move of time, and mostly no: who lacked somebody last time is asked first.
    if (this.#lagging !== null && this.#lagging.isRunning && !hasAll(this.#lagging)) return false;
    this.#lagging = nodes.find((node) => !hasAll(node)) ?? null;
    return this.#lagging === null;
  }

  /**
   * Waits until all nodes that run agree on who is there and on what the tables hold, and nothing waits to be
   * sent. Nobody agrees as long as a link between running processes is cut. Ask for it when nobody writes.
   *
   * With it a calm begins in which what is held must not grow, until the next write or change: see docs/simulator.md.
   *
   * @param options - `withinMs`: default a bound that follows from the configuration, see docs/simulator.md
   * @returns virtual milliseconds that it took
   * @throws CheckError with `ERR_CHECK_FAILED`, listing what they do not agree about
   * @throws StateError with `ERR_ARGUMENT_INVALID`, also in a simulation without `checks` and where no node runs
   */
  async converge(options: { readonly withinMs?: number } = {}): Promise<number> {
    this.#assertOpen();
    checkOptions('converge', options, ['withinMs']);
    if (options.withinMs !== undefined) checkDuration('withinMs', options.withinMs);
    const { checks } = this;
    const lack = checks === null ? 'the option checks' : 'a node that spawn() has started';
    if (checks?.isWatching !== true) {
      throw new StateError('ERR_ARGUMENT_INVALID', `converge() needs ${lack}`);
    }
    const site = callSite();
    const call = this.#begin('converge() was waiting');
    try {
      return await this.#converge(checks, options.withinMs, site);
    } finally {
      this.#calls.delete(call);
    }
  }

  async #converge(
    checks: Checks,
    withinMs: number | undefined,
    site: () => string,
  ): Promise<number> {
    const start = this.now;
    for (;;) {
      const problems = [...this.#cutLinks(), ...checks.problems()];
      if (problems.length === 0) {
        if (this.network.heldMs === 0) checks.agreed();
        return this.now - start;
      }
      const boundMs = withinMs ?? checks.boundMs;
      if (this.now - start < boundMs) {
        await this.sleep(Math.min(CONVERGE_LOOK_MS, boundMs - (this.now - start)));
        continue;
      }
      throw notConverged(boundMs, problems, site);
    }
  }

  /**
   * Cuts the link between two places, both ways or one, all traffic or one kind.
   *
   * @throws StateError with `ERR_ARGUMENT_INVALID`, also for two places on one host, which always reaches itself, and
   * for an address at which no process runs or ran
   */
  cut(a: Place, b: Place, direction: CutDirection = 'both', mode: CutMode = 'all'): void {
    const [from, to] = this.#twoHosts(a, b);
    checkCut(direction, mode);
    const way = direction === 'both' ? '<>' : '>';
    this.#change(`cut ${placeName(a)} ${way} ${placeName(b)}, ${mode}`, () => {
      this.network.cut(from, to, direction, mode);
    });
  }

  /** Undoes {@link World.cut}, in that direction and of that mode alone; harmless where nothing is cut. @throws as it does */
  mend(a: Place, b: Place, direction: CutDirection = 'both', mode: CutMode = 'all'): void {
    const [from, to] = this.#twoHosts(a, b);
    checkCut(direction, mode);
    const way = direction === 'both' ? '' : '> ';
    this.#change(`mended ${placeName(a)} ${way}${placeName(b)}, ${mode}`, () => {
      this.network.mend(from, to, direction, mode);
    });
  }

  /**
   * Holds back what is sent between two places for so long; then it arrives in its order.
   *
   * @throws as {@link World.cut}
   */
  clog(a: Place, b: Place, durationMs: number, direction: CutDirection = 'both'): void {
    const [from, to] = this.#twoHosts(a, b);
    checkDuration('durationMs', durationMs);
    checkDirection(direction);
    const way = direction === 'both' ? '' : '> ';
    this.#change(`clogged ${placeName(a)} ${way}${placeName(b)} for ${durationMs} ms`, () => {
      this.network.clog(from, to, durationMs, direction);
    });
  }

  /**
   * Splits the places: each reaches those of its own group only; those in no group are one more.
   *
   * @throws StateError with `ERR_ARGUMENT_INVALID`, also for a host in two groups, and for groups that part nobody from
   * anybody
   */
  partition(groups: readonly (readonly Place[])[], mode: CutMode = 'all'): void {
    this.#assertOpen();
    checkList('groups', groups);
    for (const [at, group] of groups.entries()) checkList(`groups[${at}]`, group);
    const hosts = groups.map((group) => group.map((place) => this.#hostOf(place)));
    checkGroups(hosts);
    checkParted(
      hosts,
      this.#processes.map(({ host }) => host),
    );
    checkMode(mode);
    const shown = groups.map((group) => group.map(placeName).join(' ')).join(' | ');
    this.#change(`split ${shown}, ${mode}`, () => {
      this.network.partition(hosts, mode);
    });
  }

  /** Ends partitions, cuts and clogs; settings of links stay, those of `network.setLink` too. */
  heal(): void {
    this.#assertOpen();
    this.network.heal();
  }

  /** Changes every link that has no settings of its own. @throws ConfigError with `ERR_CONFIG_INVALID` */
  setLinks(changes: Partial<LinkSettings>): void {
    this.#assertOpen();
    this.network.setLinks(changes);
  }

  /** A line of the scenario's in the trace. */
  note(text: string): void {
    this.#assertOpen();
    this.trace.add('note', '', textOf(text));
  }

  /** Ends the simulation with an error. @internal */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** What ended it, if anything did. @internal */
  get failure(): { readonly error: unknown } | null {
    return this.#failure;
  }

  /**
   * The scenario has ended well: nothing that it should have awaited may be under way, and no setting may be for a
   * host that nobody ever ran on.
   *
   * @throws StateError with `ERR_CLOSED` or `ERR_ARGUMENT_INVALID` @internal
   */
  checkEnd(): void {
    const [call] = [
      ...[...this.#calls].map(({ text }) => text),
      ...this.#waits.pending.map((what) => `until(…) was waiting for ${what}`),
    ];
    if (call !== undefined) {
      const text = `the scenario ended while ${call}: is an await missing? (until takes mayOutlast)`;
      throw new StateError('ERR_CLOSED', text);
    }
    const hosts = new Set(this.#processes.map(({ host }) => host));
    for (const [host, setting] of this.network.settled) {
      const text = `${setting} was for nobody: no process ever ran on ${host}`;
      if (!hosts.has(host)) throw new StateError('ERR_ARGUMENT_INVALID', text, { host });
    }
  }

  /** Nothing can happen in it any more. @internal */
  end(): void {
    this.#isOver = true;
  }

  /**
   * Runs the next call that is due.
   *
   * @param limitMs - time never passes it
   * @returns false when nothing is pending
   * @throws TimeoutError with `ERR_TIMEOUT` when nothing is left to be done until the limit; time stands there then
   * @internal
   */
  step(limitMs: number): boolean {
    const next = this.#clock.nextTime() ?? Infinity;
    if (next > this.now) {
      this.checks?.look();
      // Whoever's condition holds goes on before time does, and so does what a check has found.
      if (this.#failure !== null || this.#waits.look()) return true;
    }
    if (next > limitMs && next !== Infinity) {
      this.#clock.runFor(limitMs - this.now);
      const text = `the scenario did not end within ${limitMs} ms of virtual time`;
      throw new TimeoutError('ERR_TIMEOUT', text, { timeoutMs: limitMs });
    }
    return this.#clock.runNext();
  }

  /** Calls that are still to run. @internal */
  get pendingCount(): number {
    return this.#clock.pendingCount;
  }

  /** @throws StateError with `ERR_ARGUMENT_INVALID`: a cut that cuts nothing would make a test pass for nothing */
  #hostOf(place: Place): string {
    if (typeof place === 'string') {
      const address = canonicalHost(place);
      const isIt = ({ name, host }: SimProcess): boolean => name === place || host === address;
      const found = this.#processes.findLast(isIt);
      if (found !== undefined) return found.host;
    } else if (this.#isOurs(place)) return place.host;
    const shown = typeof place === 'string' ? place : 'what was given';
    const text = `${shown} is no process of this world, nor the address of one`;
    throw new StateError('ERR_ARGUMENT_INVALID', text, { place: shown });
  }

  /** The first link between running processes that is cut, as a problem. */
  #cutLinks(): readonly string[] {
    if (!this.network.hasCuts) return [];
    const { processes } = this;
    for (const from of processes) {
      const to = processes.find((other) => this.network.isCut(from.host, other.host));
      if (to !== undefined) return [`the link from ${from.name} to ${to.name} is cut`];
    }
    return [];
  }

  /** Members that processes of the scenario's own run, as the first node knows them. */
  #guestsOf(nodes: readonly SimNode[]): readonly string[] {
    const first = nodes.find(({ openDb }) => openDb !== null);
    if (first === undefined || this.processes.length === nodes.length) return [];
    const names = new Set(nodes.map(({ name }) => name));
    const others = first.openDb?.members().filter(({ name }) => !names.has(name)) ?? [];
    return others.filter((member) => this.#isGuest(member)).map(({ name }) => name);
  }

  /** Whether somebody listens there who is none of the nodes. */
  #isGuest({ host, port }: Address): boolean {
    if (!this.network.isBound({ host, port })) return false;
    const isIts = (node: SimNode): boolean =>
      node.host === host && (node.port === null || node.port === port);
    return !this.nodes.some(isIts);
  }

  #checkNameIsFree(name: string, besides?: SimProcess): void {
    const isTaken = this.processes.some((each) => each.name === name && each !== besides);
    checkArgument(!isTaken, 'name', name, 'a name that no process bears which runs');
  }

  #assertOpen(): void {
    if (!this.#isOver) return;
    throw new StateError(
      'ERR_CLOSED',
      'the simulation is over, and nothing happens in it any more',
    );
  }

  #begin(text: string): { readonly text: string } {
    const call = { text };
    this.#calls.add(call);
    return call;
  }

  #twoHosts(a: Place, b: Place): readonly [string, string] {
    this.#assertOpen();
    const hosts = [this.#hostOf(a), this.#hostOf(b)] as const;
    checkTwoHosts(...hosts);
    return hosts;
  }

  #isOurs(place: unknown): boolean {
    return place instanceof SimProcess && place.network === this.network;
  }

  /** Changes the network, and tells of it with the names of places in place of the network's own words. */
  #change(text: string, make: () => void): void {
    this.#tell(text);
    this.network.onChange = () => undefined;
    make();
    this.#hearNetwork();
  }

  #hearNetwork(): void {
    this.network.onChange = (text) => {
      this.#tell(text);
    };
  }

  #tell(text: string): void {
    this.checks?.disturbed();
    this.trace.add('network', '', text);
  }

  /** The next of `n1`, `n2` and so on that nobody bears who runs. */
  #freeName(from: number): string {
    const taken = new Set(this.processes.map(({ name }) => name));
    let at = from;
    while (taken.has(`n${at}`)) at += 1;
    return `n${at}`;
  }

  #parts(name: string | undefined, options: StartOptions): ProcessParts {
    this.#started += 1;
    const at = this.#started;
    const { network, names, trace, seed, checks } = this;
    const given = options.host === undefined ? null : canonicalHost(options.host);
    return {
      name: name ?? this.#freeName(at),
      host: given ?? `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`,
      seed: seed * 1_000_003 + at,
      network,
      names,
      trace,
      checks,
      guard: () => {
        this.#assertOpen();
      },
      fail: (error) => {
        this.fail(error);
      },
      ...(options.files === undefined ? {} : { files: options.files }),
    };
  }
}

const CONVERGE_LOOK_MS = 250;
const MOST_NODES = 10_000;
const UNTIL_FIELDS = ['withinMs', 'what', 'mayOutlast'];
