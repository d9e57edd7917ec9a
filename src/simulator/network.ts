import type { Address, Clock, Random } from '../runtime/index.ts';
import type { CutDirection } from './arguments.ts';
import {
  checkAboveZero,
  checkCut,
  checkDirection,
  checkDuration,
  checkGroups,
  checkList,
  checkMode,
  checkObject,
  checkSomeGroup,
  checkTwoHosts,
  hostGiven,
} from './arguments.ts';
import type { DialFilter, PacketFilter, PacketObserver } from './fabric.ts';
import { Fabric } from './fabric.ts';
import type { CutMode, LinkSettings } from './links.ts';
import { PortTable } from './port-table.ts';
import type { MemoryTransportOptions } from './transport.ts';
import { MemoryTransport } from './transport.ts';

/** Collaborators and the settings of every link; see {@link LinkSettings} for the defaults. */
export interface MemoryNetworkOptions extends Partial<LinkSettings> {
  /** Usually a `VirtualClock`; any clock works. */
  readonly clock: Clock;
  /** Decides over loss, jitter and the like: the same seed gives the same run. */
  readonly random: Random;
}

/**
 * Hosts, the links between them, and their faults.
 *
 * Only bytes pass, as copies. Faults act on hosts: one host may have several transports. Hosts are addresses; whatever
 * is none, and any other argument that a call cannot take, is refused with `ERR_ARGUMENT_INVALID`, settings of
 * links with `ERR_CONFIG_INVALID`.
 */
export class MemoryNetwork {
  readonly clock: Clock;
  readonly #fabric: Fabric;
  readonly #ports = new PortTable<MemoryTransport>();
  #tell: (text: string) => void = () => undefined;
  #guard: () => void = () => undefined;
  readonly #settled = new Map<string, string>();

  constructor({ clock, random, ...settings }: MemoryNetworkOptions) {
    this.clock = clock;
    this.#fabric = new Fabric(clock, random);
    this.#fabric.links.change(settings);
  }

  /** A transport for one process on the host; it holds no port until it listens. */
  transport(options: MemoryTransportOptions): MemoryTransport {
    return new MemoryTransport(this.#fabric, this.#ports, options);
  }

  /** Changes every link that has no settings of its own. */
  setLinks(changes: Partial<LinkSettings>): void {
    this.#guard();
    checkObject('changes', changes);
    this.#fabric.links.change(changes);
    this.#tell(`links ${JSON.stringify(changes)}`);
  }

  /** Changes the link in the direction from one host to the other. */
  setLink(from: string, to: string, changes: Partial<LinkSettings>): void {
    this.#guard();
    checkObject('changes', changes);
    const [a, b] = [hostGiven('from', from), hostGiven('to', to)];
    this.#fabric.links.changeOne(a, b, changes);
    for (const host of [a, b]) this.#settled.set(host, 'setLink');
    this.#tell(`link ${a} > ${b} ${JSON.stringify(changes)}`);
  }

  /** Share of packets that vanish on every link that has no settings of its own. */
  setLoss(lossRate: number): void {
    this.setLinks({ lossRate });
  }

  /**
   * What a host can send, packets and streams together; packets queue up to 1 MiB for it.
   *
   * @param bytesPerSecond - above 0, or null for no limit
   */
  setBandwidth(host: string, bytesPerSecond: number | null): void {
    this.#guard();
    if (bytesPerSecond !== null) checkAboveZero('bytesPerSecond', bytesPerSecond);
    const at = hostGiven('host', host);
    this.#fabric.setBandwidth(at, bytesPerSecond);
    this.#settled.set(at, 'setBandwidth');
    const limit = bytesPerSecond === null ? 'without limit' : `${bytesPerSecond} bytes a second`;
    this.#tell(`bandwidth of ${at} ${limit}`);
  }

  /** Cuts the link between two hosts, both ways or from `a` to `b` alone; all traffic or one kind. */
  cut(a: string, b: string, direction: CutDirection = 'both', mode: CutMode = 'all'): void {
    this.#guard();
    const [from, to] = twoHosts(a, b);
    checkCut(direction, mode);
    this.#tell(`cut ${from} ${direction === 'both' ? '<>' : '>'} ${to}, ${mode}`);
    this.#fabric.links.cut(from, to, mode);
    if (direction === 'both') this.#fabric.links.cut(to, from, mode);
  }

  /** Undoes {@link MemoryNetwork.cut}. */
  mend(a: string, b: string, direction: CutDirection = 'both', mode: CutMode = 'all'): void {
    this.#guard();
    const [from, to] = twoHosts(a, b);
    checkCut(direction, mode);
    this.#tell(`mended ${from} ${direction === 'both' ? '' : '> '}${to}, ${mode}`);
    this.#fabric.links.mend(from, to, mode);
    if (direction === 'both') this.#fabric.links.mend(to, from, mode);
  }

  /**
   * Holds back whatever is sent between two hosts, both ways or from `a` to `b` alone, for so many
   * milliseconds; then it arrives in its order, as after a route that stalled.
   */
  clog(a: string, b: string, durationMs: number, direction: CutDirection = 'both'): void {
    this.#guard();
    const [from, to] = twoHosts(a, b);
    checkDuration('durationMs', durationMs);
    checkDirection(direction);
    const way = direction === 'both' ? '' : '> ';
    this.#tell(`clogged ${from} ${way}${to} for ${durationMs} ms`);
    const until = this.clock.now() + durationMs;
    this.#fabric.links.clog(from, to, until);
    if (direction === 'both') this.#fabric.links.clog(to, from, until);
  }

  /**
   * Splits the hosts: each reaches those of its own group only. Replaces an earlier partition of that
   * traffic.
   *
   * @param groups - hosts that no group names form one further group
   */
  partition(groups: readonly (readonly string[])[], mode: CutMode = 'all'): void {
    this.#guard();
    checkList('groups', groups);
    const hosts = groups.map((group, at) => {
      checkList(`groups[${at}]`, group);
      return group.map((host) => hostGiven(`groups[${at}]`, host));
    });
    checkGroups(hosts);
    checkSomeGroup(hosts);
    checkMode(mode);
    this.#tell(`split ${hosts.map((group) => group.join(' ')).join(' | ')}, ${mode}`);
    this.#fabric.links.partition(hosts, mode);
  }

  /** Ends partitions, cuts and clogs; settings of links stay. */
  heal(): void {
    this.#guard();
    this.#tell('healed');
    this.#fabric.links.heal();
  }

  /** Milliseconds until all has arrived that clogs held back, healed or not. @internal */
  get heldMs(): number {
    return Math.max(0, this.#fabric.heldUntil - this.#fabric.clock.now());
  }

  /** Hosts that have settings of their own, each with the call that gave them last. @internal */
  get settled(): ReadonlyMap<string, string> {
    return this.#settled;
  }

  /** Asked before every fault and setting; throws when there may be none any more. @internal */
  set guard(guard: () => void) {
    this.#guard = guard;
  }

  /** Whether any link is cut, by itself or by a partition. @internal */
  get hasCuts(): boolean {
    return this.#fabric.links.hasCuts;
  }

  /** Whether packets, streams or both do not pass from one host to the other. @internal */
  isCut(from: string, to: string): boolean {
    const { links } = this.#fabric;
    return links.isCut(from, to, 'packets') || links.isCut(from, to, 'streams');
  }

  /** Hears of every fault and every setting, in words. @internal */
  set onChange(tell: (text: string) => void) {
    this.#tell = tell;
  }

  /** Kills the process behind a transport: it falls silent, its streams break, its port is free. */
  crash(transport: MemoryTransport): void {
    transport.crash();
  }

  /** Whether a transport listens there. */
  isBound({ host, port }: Address): boolean {
    return this.#ports.find(host, port) !== undefined;
  }

  /** Sees every datagram when it is sent, lost ones too; null for nobody. */
  set onPacket(observer: PacketObserver | null) {
    this.#fabric.observe = observer;
  }

  /** Sees both ends of every stream as its acceptor takes it; null for nobody. @internal */
  set onStream(observer: ((from: Address, to: Address) => void) | null) {
    this.#fabric.observeStream = observer;
  }

  /** Loses the datagrams for which it returns true, on top of the links' loss; null for none. */
  set dropPacket(filter: PacketFilter | null) {
    this.#fabric.drop = filter;
  }

  /** Loses the dials for which it returns true, as a firewall does that says nothing; null for none. */
  set dropDial(filter: DialFilter | null) {
    this.#fabric.dropDial = filter;
  }

  /**
   * What passed so far, a copy: packets `sent`, `bytes`, `delivered`, `duplicated`, those that came later by reason:
   * `reordered` (copies count), `jittered`, `clogged`, and those that did not arrive: `lost`, `cut`, `tooLarge`,
   * `dropped`, `overflowed`, `unheard`; streams `opened` (both ends count), `refused`, `bytes`, and `clogged`, pieces
   * that a clog held back.
   */
  counters(): Record<string, number> {
    return this.#fabric.counters.snapshot();
  }
}

function twoHosts(a: string, b: string): readonly [string, string] {
  const hosts = [hostGiven('a', a), hostGiven('b', b)] as const;
  checkTwoHosts(...hosts);
  return hosts;
}
