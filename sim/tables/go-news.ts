import type { UserDelegate } from '../../src/memberlist/index.ts';
import { BroadcastQueue, Memberlist } from '../../src/memberlist/index.ts';
import type { Tell } from '../telling.ts';
import { untold } from '../telling.ts';
import type { HostsOptions } from './hosts.ts';
import { Hosts, joinAll } from './hosts.ts';

/*
 * User broadcasts by memberlist's rules alone: a message waits in a transmit-limited queue for the next tick,
 * each of three members costs one transmit, and whoever hears it for the first time does the same. Prompt
 * first sends are off because the queue is a delegate's, which no write nudges; probing, push/pull and
 * rejoining are off in the configuration. What is left is the membership's own gossip code, so that its
 * figures can be held against a model of Go's.
 */

/** What such a ring is made with. */
export interface GoRingOptions extends HostsOptions {
  readonly nodes: number;
}

const RETRANSMIT_MULT = 4;

/** A ring of members that spread messages by Go's rules. */
export class GoRing extends Hosts {
  readonly #members: GoMember[] = [];
  /** Messages that wait anywhere to be sent once more. */
  #waiting = 0;

  static async form({ nodes, ...made }: GoRingOptions, tell: Tell = untold): Promise<GoRing> {
    const ring = new GoRing(made);
    for (let i = 0; i < nodes; i += 1) await ring.#spawn();
    const members = ring.#members;
    await joinAll(ring, members, tell);
    const isWhole = (): boolean => members.every((each) => each.memberCount === nodes);
    // Gossip alone, with nothing to repair it, leaves somebody out now and then: whoever it did asks again.
    for (
      let tries = 0;
      tries < MAX_JOINS && !ring.clock.runUntil(isWhole, FORMING_MS);
      tries += 1
    ) {
      const [seed, ...others] = members;
      const lacking = others.filter((each) => each.memberCount < nodes);
      await joinAll(ring, seed === undefined ? [] : [seed, ...lacking]);
    }
    if (!isWhole()) throw new Error(`a ring of ${nodes} did not form`);
    return ring;
  }

  get size(): number {
    return this.#members.length;
  }

  /**
   * One member says something; lets time run until nobody passes it on any more.
   *
   * @returns milliseconds until each member knew it, by member; null for those that never did
   */
  tell(from: number, message: number): readonly (number | null)[] {
    const { clock } = this;
    const startedAt = clock.now();
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, message);
    this.#members[from]?.hear(payload);
    do {
      clock.runUntil(() => this.#waiting === 0, MAX_SPREAD_MS);
      clock.runFor(ARRIVAL_MS);
    } while (this.#waiting > 0);
    return this.#members.map(({ heard }) => {
      return heard.message === message ? heard.at - startedAt : null;
    });
  }

  async #spawn(): Promise<void> {
    const { host, ports } = this.next();
    const heard = { message: -1, at: 0 };
    const queue = new BroadcastQueue({
      nodeCount: () => member.memberCount,
      retransmitMult: RETRANSMIT_MULT,
    });
    const hear = (payload: Uint8Array): void => {
      const message = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
      if (heard.message === message) return;
      heard.message = message;
      heard.at = this.clock.now();
      this.#waiting += 1;
      const finished = (): void => {
        this.#waiting -= 1;
      };
      queue.queue({ message: payload.slice(), key: null, finished });
    };
    const user: UserDelegate = {
      getBroadcasts: (overheadBytes, limitBytes, freshOnly) =>
        freshOnly ? [] : queue.getBroadcasts(overheadBytes, limitBytes),
      onUserMessage: hear,
    };
    const member = await this.settle(
      Memberlist.create(
        {
          nodeName: `node${this.#members.length}`,
          bindAddress: host,
          wire: 'memberlist',
          probe: { intervalMs: false },
          pushPull: { intervalMs: false },
          rejoin: { reconnectIntervalMs: false, bootstrapIntervalMs: false },
          runtime: ports,
        },
        { user },
      ),
    );
    const join = async (targets: readonly string[]): Promise<number> => member.join(targets);
    this.#members.push({
      host,
      join,
      hear,
      heard,
      get memberCount() {
        return member.memberCount;
      },
    });
  }
}

interface GoMember {
  readonly host: string;
  readonly memberCount: number;
  readonly heard: { readonly message: number; readonly at: number };
  readonly hear: (payload: Uint8Array) => void;
  readonly join: (targets: readonly string[]) => Promise<number>;
}

/** Virtual milliseconds in which gossip tells all of a joiner, if it does. */
const FORMING_MS = 5_000;
const MAX_JOINS = 10;
/** Longer than any message goes round. */
const MAX_SPREAD_MS = 60_000;
/** Longer than a packet is under way. */
const ARRIVAL_MS = 20;
