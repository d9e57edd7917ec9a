import { setTimeout as sleep } from 'node:timers/promises';

import type { Machine } from '../system/namespaces.ts';
import type { Build } from './builds.ts';
import type { Fields, ListedMember, NodeOptions, PeerEvent, Reply, Request } from './lines.ts';
import type { Mode } from './modes.ts';
import { optionsIn, pushPullMs } from './modes.ts';
import { digestOf } from './our-tables.ts';
import type { Kind } from './peer.ts';
import { Peer } from './peer.ts';

/** A member of the ring under test. */
export interface RingNode {
  readonly name: string;
  readonly kind: Kind;
  readonly peer: Peer;
  /** Where others reach it: a join target. */
  readonly target: string;
  readonly port: number;
  /** Where it runs, when the members have machines of their own. */
  readonly machine: Machine | null;
  /** What the others must show as its metadata. */
  metadata: string;
}

/** What a member is started with, beyond what the mode says. */
export interface StartOptions extends Partial<NodeOptions> {
  readonly name?: string;
  /** Process to be hosted by; a new one by default. */
  readonly peer?: Peer;
}

/** What a member of ours has counted, by name. */
export type Counters = Readonly<Record<string, number>>;

/** What {@link Ring.agreeOnAny} found. */
export interface AnyAgreement {
  /** The first few entries, as `key=value`. */
  readonly first: readonly string[];
  readonly tookMs: number;
}

/** Longer than the time after which a member of ours writes an entry anew that a collision endangers. */
const STEADY_MS = 3_000;
const LOOK_EVERY_MS = 50;
const SLACK_MS = 2_000;
/** Of members that have a machine each. */
const PORT = 7946;
const BUDGET_FACTOR = 2;

/**
 * The members of one row, ours and Go's, and what all of them must agree on. The ring knows who is in it and which entries
 * are live, as a model beside the real ones: agreement is with the model, not only with each other.
 */
export class Ring {
  readonly build: Build;
  readonly mode: Mode;
  readonly #program: string;
  /** Those that no member has been started on yet; null when all are on loopback. */
  readonly #machines: Machine[] | null;
  readonly #peers = new Set<Peer>();
  readonly #nodes = new Map<string, RingNode>();
  /** Every member that was started, strangers and those that are gone included. */
  readonly #started: RingNode[] = [];
  readonly #members = new Set<RingNode>();
  /** What members of ours had counted when they were last heard of, before they went. */
  readonly #lastCounters = new Map<RingNode, Counters>();
  readonly #entries = new Map<string, Map<string, string>>();
  readonly #attached = new Map<string, Set<RingNode>>();
  readonly #count: Record<Kind, number> = { ours: 0, go: 0 };

  constructor(o: {
    readonly build: Build;
    readonly mode: Mode;
    readonly program: string;
    readonly machines: readonly Machine[] | null;
  }) {
    this.build = o.build;
    this.mode = o.mode;
    this.#program = o.program;
    this.#machines = o.machines === null ? null : [...o.machines];
  }

  /** Members that belong to the ring now. */
  get nodes(): readonly RingNode[] {
    return [...this.#nodes.values()];
  }

  /** Milliseconds within which all must agree after a change: two push/pull intervals. */
  get budgetMs(): number {
    return BUDGET_FACTOR * pushPullMs(this.build.family) + SLACK_MS;
  }

  /** Every process that ran in this row, the ended ones included. */
  get peers(): readonly Peer[] {
    return [...this.#peers];
  }

  /** Every member that was started in this row, whatever became of it. */
  get started(): readonly RingNode[] {
    return this.#started;
  }

  /** Whether it was ever taken into the ring; who was not is a stranger. */
  wasMember(node: RingNode): boolean {
    return this.#members.has(node);
  }

  /** What a member of ours has counted; when it is gone, what it had just before it went. */
  async countersOf(node: RingNode): Promise<Counters> {
    const last = this.#lastCounters.get(node);
    if (last !== undefined) return last;
    const { counters } = await this.ask(node, { do: 'stats' });
    return counters as Counters;
  }

  ofKind(kind: Kind): RingNode[] {
    return this.nodes.filter((node) => node.kind === kind);
  }

  /** A new process. */
  host(kind: Kind, machine: Machine | null = null): Peer {
    const wrap = (command: string[]): string[] => machine?.inside(command) ?? command;
    const { family } = this.build;
    const peer = kind === 'ours' ? Peer.ours(family, wrap) : Peer.go(this.#program, wrap);
    this.#peers.add(peer);
    return peer;
  }

  /** Starts a member that is not in the ring yet. */
  async start(kind: Kind, options: StartOptions = {}): Promise<RingNode> {
    const { name: given, peer: host, ...more } = options;
    this.#count[kind] += 1;
    const name = given ?? `${kind}${this.#count[kind]}`;
    const machine = this.#takeMachine();
    const peer = host ?? this.host(kind, machine);
    const metadata = this.build.family === 'networkdb' ? '' : `of ${name}`;
    const place = machine === null ? {} : { address: machine.host, port: PORT };
    const all = optionsIn(this.mode, this.build.family, { metadata, ...place, ...more });
    const { port } = await peer.ask({ node: name, do: 'create', options: all });
    const where = all.address.includes(':') ? `[${all.address}]` : all.address;
    const node: RingNode = {
      name,
      kind,
      peer,
      port: port as number,
      machine,
      target: `${where}:${port as number}`,
      metadata,
    };
    this.#started.push(node);
    return node;
  }

  /** Takes a started member into the ring: it joins through the first of the nodes that are there. */
  async admit(node: RingNode, through: RingNode | undefined = this.nodes[0]): Promise<void> {
    this.#members.add(node);
    if (through !== undefined) await this.ask(node, { do: 'join', targets: [through.target] });
    this.#nodes.set(node.name, node);
  }

  async add(kind: Kind, options: StartOptions = {}): Promise<RingNode> {
    const node = await this.start(kind, options);
    await this.admit(node);
    return node;
  }

  /** The member is gone, or going; the others must come to know. */
  drop(node: RingNode): void {
    this.#nodes.delete(node.name);
    for (const attached of this.#attached.values()) attached.delete(node);
  }

  /** A member that was dropped is there again by itself, and on that network if one is given. */
  takeBack(node: RingNode, network?: string): void {
    this.#nodes.set(node.name, node);
    if (network !== undefined) this.#attached.get(network)?.add(node);
  }

  async ask(node: RingNode, request: Omit<Request, 'id' | 'node'>): Promise<Reply> {
    const reply = await node.peer.ask({ node: node.name, ...request });
    const { counters } = reply;
    // A member that closes says last what it has counted.
    if (request.do === 'close' && counters !== undefined) {
      this.#lastCounters.set(node, counters as Counters);
    }
    return reply;
  }

  /** Ends the process of a member without a word to anybody, and keeps what the member had counted. */
  async crash(node: RingNode): Promise<void> {
    if (node.kind === 'ours') this.#lastCounters.set(node, await this.countersOf(node));
    await node.peer.kill();
  }

  /**
   * Waits for an event at a node.
   *
   * @throws Error when it does not come within the budget
   */
  async expectEvent(node: RingNode, event: string, like: Fields = {}): Promise<PeerEvent> {
    const fits = (one: PeerEvent): boolean =>
      one.node === node.name &&
      one.event === event &&
      Object.entries(like).every(([key, value]) => one[key] === value);
    const limit = Math.max(this.budgetMs, 20_000);
    const found = await node.peer.event(fits, limit);
    if (found === null) {
      throw new Error(`${node.name} reported no ${event} ${JSON.stringify(like)} in ${limit} ms`);
    }
    return found;
  }

  /** Joins a network with all nodes given. */
  async attach(network: string, nodes: readonly RingNode[] = this.nodes): Promise<void> {
    for (const node of nodes) {
      await this.ask(node, { do: 'joinNetwork', network });
      const attached = this.#attached.get(network) ?? new Set();
      this.#attached.set(network, attached.add(node));
    }
  }

  /** Leaves a network with one node. */
  async detach(network: string, node: RingNode): Promise<void> {
    await this.ask(node, { do: 'leaveNetwork', network });
    this.#attached.get(network)?.delete(node);
  }

  /** The live entries of a table that all must show; scenarios write here what they do. */
  expected(network: string, table: string): Map<string, string> {
    const name = JSON.stringify([network, table]);
    const entries = this.#entries.get(name) ?? new Map<string, string>();
    this.#entries.set(name, entries);
    return entries;
  }

  /**
   * Waits until every member shows the same members, and on each network the same peers and entries.
   *
   * @returns milliseconds that it took
   * @throws Error that says who still differed, and how, when the budget was over
   */
  async agree(limitMs: number = this.budgetMs): Promise<number> {
    const from = performance.now();
    for (;;) {
      const differences = await this.#differences();
      const tookMs = performance.now() - from;
      if (differences.length === 0) return tookMs;
      if (tookMs > limitMs) {
        throw new Error(`no agreement in ${limitMs} ms: ${differences.slice(0, 4).join('; ')}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /**
   * Waits until all on a network show the same entries of a table, whichever they are, for a while.
   *
   * @returns the entries, and milliseconds until all had them
   */
  async agreeOnAny(network: string, table: string): Promise<AnyAgreement> {
    const from = performance.now();
    let steady: unknown = null;
    let sinceMs = 0;
    for (;;) {
      const request = { do: 'entries', network, table, count: 5 };
      const replies = await Promise.all(this.nodes.map((node) => this.ask(node, request)));
      const tookMs = performance.now() - from;
      const [digest, ...others] = new Set(replies.map((reply) => reply['digest']));
      const first = (replies[0]?.['first'] ?? []) as readonly string[];
      if (others.length > 0) steady = null;
      else if (steady !== digest) [steady, sinceMs] = [digest, tookMs];
      else if (tookMs - sinceMs > STEADY_MS) return { first, tookMs: sinceMs };
      if (tookMs > this.budgetMs) {
        const all = replies.map((reply, at) => [this.nodes[at]?.name, reply['first']]);
        throw new Error(`no agreement in ${this.budgetMs} ms: ${JSON.stringify(all)}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Ends every process. */
  async end(): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.kill()));
  }

  #takeMachine(): Machine | null {
    if (this.#machines === null) return null;
    const machine = this.#machines.shift();
    if (machine === undefined) throw new Error('no machine is left');
    return machine;
  }

  async #differences(): Promise<string[]> {
    const found = await Promise.all(this.nodes.map((node) => this.#differencesAt(node)));
    return found.flat();
  }

  async #differencesAt(node: RingNode): Promise<string[]> {
    const { members } = (await this.ask(node, { do: 'members' })) as unknown as {
      readonly members: readonly ListedMember[];
    };
    const seen = members.map(({ name, metadata }) => `${name}=${metadata}`);
    const meant = this.nodes.map(({ name, metadata }) => `${name}=${metadata}`);
    const differences = compare(`${node.name} on members`, seen, meant);
    for (const [network, attached] of this.#attached) {
      if (!attached.has(node)) continue;
      const { peers } = (await this.ask(node, { do: 'peers', network })) as unknown as {
        readonly peers: readonly string[];
      };
      const names = [...attached].map(({ name }) => name);
      differences.push(...compare(`${node.name} on peers of ${network}`, peers, names));
    }
    for (const [name, entries] of this.#entries) {
      const [network = '', table = ''] = JSON.parse(name) as string[];
      if (this.#attached.get(network)?.has(node) !== true) continue;
      const lines = [...entries].map(([key, value]) => `${key}=${value}`);
      const reply = await this.ask(node, { do: 'entries', network, table, count: 5 });
      if (reply['digest'] === digestOf(lines).digest) continue;
      const first = JSON.stringify(reply['first']).slice(0, 200);
      const has = `${String(reply['count'])} entries of ${lines.length} meant, ${first}`;
      differences.push(`${node.name} on ${network}/${table}: ${has}`);
    }
    return differences;
  }
}

function compare(what: string, seen: readonly string[], meant: readonly string[]): string[] {
  const missing = meant.filter((one) => !seen.includes(one));
  const extra = seen.filter((one) => !meant.includes(one));
  if (missing.length + extra.length === 0) return [];
  const few = (list: readonly string[]): string => list.slice(0, 5).join(', ');
  return [`${what}: lacks ${few(missing) || 'none'}, has besides ${few(extra) || 'none'}`];
}
