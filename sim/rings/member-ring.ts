import type { MemberlistOptions, RuntimeOptions } from '../../src/memberlist/index.ts';
import { Memberlist } from '../../src/memberlist/index.ts';
import { SeededRandom } from '../../src/runtime/index.ts';
import type { LinkSettings, MemoryRuntime } from '../../src/simulator/index.ts';
import { createMemoryRuntime, MemoryNetwork, VirtualClock } from '../../src/simulator/index.ts';
import type { Tell } from '../telling.ts';
import { untold } from '../telling.ts';
import { settle } from './settle.ts';

/*
 * A ring of bare memberlists in virtual time, and a record of all that its members were told of each other.
 * Members are known by their place in the ring; the record holds numbers, so that long runs stay small.
 */

/**
 * Longest wait for a ring to be whole. By Go's rules word of one of 200 newcomers can miss a member, which then
 * waits for an exchange of its own or two; at this size there are two minutes between them.
 */
const WHOLE_WITHIN_MS = 600_000;

/** What a member was told about another. */
export type RingEventKind = 'join' | 'suspect' | 'fail' | 'leave';

/** One thing that one member was told. */
export interface RingEvent {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly kind: RingEventKind;
  /** Place of the member that was told. */
  readonly observer: number;
  /** Place of the member that it is about. */
  readonly subject: number;
}

/** One process with a member in it. */
export interface RingNode {
  readonly member: Memberlist;
  readonly runtime: MemoryRuntime;
  readonly host: string;
}

/** How a ring is made. */
export interface MemberRingOptions {
  /** Decides everything that is random. */
  readonly seed: number;
  /** Options of every member. */
  readonly config?: MemberlistOptions;
  readonly links?: Partial<LinkSettings>;
  /** The ports that a member is given, where they are not those of its process as they are. */
  readonly portsOf?: (runtime: MemoryRuntime, place: number) => RuntimeOptions;
}

/** A simulated network and the members on it. */
export class MemberRing {
  readonly clock: VirtualClock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly nodes: RingNode[] = [];
  /** Everything that any member was told, in order of time. */
  readonly events: RingEvent[] = [];
  readonly #options: MemberRingOptions;
  readonly #placeOf = new Map<string, number>();
  #lives = 0;

  constructor(options: MemberRingOptions) {
    this.#options = options;
    this.network = new MemoryNetwork({
      clock: this.clock,
      random: new SeededRandom(options.seed * 3 + 2),
      ...options.links,
    });
  }

  /**
   * Starts a member in the next place, or anew in the place of one that is gone.
   *
   * @param o - `host` and `config` override the usual ones of the place
   */
  async start(
    o: {
      readonly place?: number;
      readonly host?: string;
      readonly config?: MemberlistOptions;
    } = {},
  ): Promise<RingNode> {
    const place = o.place ?? this.nodes.length;
    const host = o.host ?? hostOfPlace(place);
    const nodeName = nameOfPlace(place);
    this.#lives += 1;
    this.#placeOf.set(nodeName, place);
    const seed = this.#options.seed * 1_000_003 + this.#lives;
    const runtime = createMemoryRuntime({ network: this.network, host, seed });
    const ports = this.#options.portsOf?.(runtime, place) ?? runtime;
    const base = { nodeName, bindAddress: host, runtime: ports };
    const member = await this.settle(
      Memberlist.create({ ...base, ...this.#options.config, ...o.config }),
    );
    const node = { member, runtime, host };
    this.nodes[place] = node;
    this.#record(member, place);
    return node;
  }

  /** Starts so many members, joins them through the first, and lets the ring come to rest. */
  async startJoined(count: number, tell: Tell = untold): Promise<void> {
    while (this.nodes.length < count) await this.start();
    const [first, ...others] = this.nodes as [RingNode, ...RingNode[]];
    for (const [at, { member }] of others.entries()) {
      tell(at / count, `joined: ${at} of ${count}`);
      await this.settle(member.join([first.host]));
    }
    const isWhole = (): boolean => this.nodes.every(({ member }) => member.memberCount === count);
    if (!this.clock.runUntil(isWhole, WHOLE_WITHIN_MS))
      throw new Error(`no ring of ${count} in ${WHOLE_WITHIN_MS / 1_000} s`);
  }

  /** Lets time run until the promise ends. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    return settle(this.clock, promise);
  }

  #record(member: Memberlist, observer: number): void {
    for (const kind of ['join', 'suspect', 'fail', 'leave'] as const) {
      member.on(kind, ({ name }) => {
        const subject = this.#placeOf.get(name);
        if (subject === undefined || subject === observer) return;
        this.events.push({ at: this.clock.now(), kind, observer, subject });
      });
    }
  }
}

/** Name of the member in a place. */
export function nameOfPlace(place: number): string {
  return `n${place}`;
}

/** Address of the host in a place. */
export function hostOfPlace(place: number): string {
  const at = place + 1;
  return `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
}
