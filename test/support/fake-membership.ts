import type {
  ClusterNode,
  EngineHooks,
  Membership,
  TablesOptions,
} from '../../src/networkdb/index.ts';
import { encodeCapabilities } from '../../src/networkdb/index.ts';
import { DEFAULT_TABLES_OPTIONS, TableEngine } from '../../src/networkdb/index.ts';
import { LOCAL_FEATURES } from '../../src/networkdb/capabilities.ts';
import type { Address } from '../../src/runtime/index.ts';
import {
  randomFraction,
  sample,
  SeededRandom,
  StateError,
  Ticker,
} from '../../src/runtime/index.ts';
import { VirtualClock } from '../../src/simulator/index.ts';

/*
 * A membership small enough to be obviously right: nodes in one process, on virtual time, exchanging
 * real encoded bytes with delay and loss. It knows at once who can reach whom; a node that others cannot
 * reach any more is reported after `detectMs`. Cluster broadcasts, and push/pull go through the same
 * calls that the real membership makes, and lost nodes are tried again as it does.
 */

export interface FakeClusterOptions {
  readonly seed?: number;
  readonly delayMs?: number;
  /** Share of packets that are lost, 0 to 1. Streams are not. */
  readonly loss?: number;
  readonly detectMs?: number;
  readonly tables?: Partial<TablesOptions>;
}

const PACKET_ROOM_BYTES = 1_398;
const CLUSTER_GOSSIP_MS = 200;
const PUSH_PULL_MS = 30_000;
const RECONNECT_MS = 1_000;

export class FakeNode implements Membership {
  readonly localName: string;
  readonly address: Address;
  readonly engine: TableEngine;
  readonly conflicts: unknown[] = [];
  readonly warnings: unknown[] = [];
  readonly sent = { packets: 0, streams: 0, largestPacket: 0 };
  /** Names that this node believes alive. */
  readonly known = new Set<string>();
  readonly #cluster: FakeCluster;
  readonly #tickers: Ticker[];
  /** What it announces of itself; empty is what Go nodes announce. */
  metadata: Uint8Array = encodeCapabilities(LOCAL_FEATURES, new Uint8Array(0));
  isUp = true;
  #isNudged = false;

  constructor(cluster: FakeCluster, name: string, address: Address) {
    this.#cluster = cluster;
    this.localName = name;
    this.address = address;
    const hooks: EngineHooks = {
      writeConflict: (conflict) => this.conflicts.push(conflict),
      warning: (warning) => this.warnings.push(warning),
    };
    const { clock, random } = cluster;
    this.engine = new TableEngine({ clock, random }, this, cluster.tables, hooks);
    this.engine.events.nodeJoined(this.asClusterNode());
    this.known.add(name);
    this.#tickers = [
      new Ticker(cluster, {
        intervalMs: () => CLUSTER_GOSSIP_MS,
        onTick: () => {
          this.#gossip(false);
        },
      }),
      new Ticker(cluster, {
        intervalMs: () => PUSH_PULL_MS,
        onTick: () => {
          const [peer] = sample(cluster.random, this.#others(), 1);
          if (peer !== undefined) cluster.pushPull(this, peer, false);
        },
      }),
      new Ticker(cluster, {
        intervalMs: () => RECONNECT_MS,
        onTick: () => {
          this.#reconnect();
        },
      }),
    ];
    for (const ticker of this.#tickers) ticker.start();
    this.engine.start();
  }

  asClusterNode(hasLeft = false): ClusterNode {
    const { localName: name, address, metadata } = this;
    return { name, address, metadata, hasLeft };
  }

  memberCount(): number {
    return this.known.size;
  }

  packetRoomBytes(): number {
    return PACKET_ROOM_BYTES;
  }

  sendPackets(nodes: readonly string[], message: Uint8Array): void {
    for (const node of nodes) {
      this.sent.packets += 1;
      this.sent.largestPacket = Math.max(this.sent.largestPacket, message.length);
      this.#cluster.packet(this, node, message);
    }
  }

  sendStream(
    node: string | Address,
    message: Uint8Array,
    done: (error: Error | null) => void,
  ): void {
    this.sent.streams += 1;
    this.#cluster.stream(this, node, message, done);
  }

  nudge(): void {
    if (this.#isNudged) return;
    this.#isNudged = true;
    this.#cluster.clock.schedule(5, () => {
      this.#isNudged = false;
      this.#gossip(true);
    });
  }

  /** Each second one of the lost is tried, with probability lost/known, as the membership does. */
  #reconnect(): void {
    const lost = this.engine.nodes('failed');
    if (lost.length === 0) return;
    if (randomFraction(this.#cluster.random) * this.known.size >= lost.length) return;
    const [name = ''] = sample(this.#cluster.random, lost, 1);
    this.#cluster.clock.schedule(1, () => {
      const peer = this.#cluster.nodes.get(name);
      if (peer === undefined || !this.#cluster.canReach(this, peer)) return;
      this.#cluster.introduce(this, peer);
      this.#cluster.pushPull(this, peer, true);
    });
  }

  /** The process dies without a word. */
  kill(): void {
    this.isUp = false;
    for (const ticker of this.#tickers) ticker.stop();
    this.engine.stop();
  }

  #gossip(freshOnly: boolean): void {
    if (!this.isUp) return;
    const others = this.#others();
    if (others.length === 0) return;
    const messages = this.engine.events.getBroadcasts(3, PACKET_ROOM_BYTES, freshOnly);
    for (const peer of sample(this.#cluster.random, others, 3)) {
      for (const message of messages) this.#cluster.packet(this, peer.localName, message);
    }
  }

  #others(): FakeNode[] {
    return [...this.known]
      .filter((name) => name !== this.localName)
      .sort()
      .flatMap((name) => this.#cluster.nodes.get(name) ?? []);
  }
}

export class FakeCluster {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly tables: TablesOptions;
  readonly nodes = new Map<string, FakeNode>();
  readonly #options: FakeClusterOptions;
  #side: ReadonlySet<string> = new Set();
  #nextHost = 1;

  constructor(options: FakeClusterOptions = {}) {
    this.#options = options;
    this.random = new SeededRandom(options.seed ?? 1);
    this.tables = { ...DEFAULT_TABLES_OPTIONS, ...options.tables };
  }

  /** Starts a node; it is alone until {@link FakeCluster.join}. */
  start(name: string, address?: Address): FakeNode {
    const host = `10.0.0.${this.#nextHost}`;
    this.#nextHost += 1;
    const node = new FakeNode(this, name, address ?? { host, port: 7946 });
    this.nodes.set(name, node);
    return node;
  }

  /** Lets a node join all that are up: everybody hears of it, and it exchanges with one of them. */
  join(node: FakeNode): void {
    const others = [...this.nodes.values()].filter((peer) => peer !== node && peer.isUp);
    for (const peer of others) this.introduce(node, peer);
    const [seed] = others;
    if (seed !== undefined) this.pushPull(node, seed, true);
  }

  /** Starts nodes that know each other. */
  startAll(names: readonly string[]): FakeNode[] {
    return names.map((name) => {
      const node = this.start(name);
      this.join(node);
      return node;
    });
  }

  /** Starts nodes on a network, settled. */
  startOn(network: string, names: readonly string[]): FakeNode[] {
    const nodes = this.startAll(names);
    for (const node of nodes) node.engine.joinNetwork(network);
    this.clock.runFor(2_000);
    return nodes;
  }

  introduce(a: FakeNode, b: FakeNode): void {
    for (const [self, other] of [
      [a, b],
      [b, a],
    ] as const) {
      self.known.add(other.localName);
      self.engine.events.nodeJoined(other.asClusterNode());
    }
  }

  pushPull(from: FakeNode, to: FakeNode, join: boolean): void {
    if (!this.canReach(from, to)) return;
    const request = from.engine.events.localState(join).slice();
    const answer = to.engine.events.localState(join).slice();
    to.engine.events.mergeRemoteState(request, join);
    from.engine.events.mergeRemoteState(answer, join);
  }

  /** A node dies; the others notice after a while. */
  crash(node: FakeNode): void {
    node.kill();
    this.clock.schedule(this.#options.detectMs ?? 2_000, () => {
      for (const peer of this.nodes.values()) {
        if (this.nodes.get(node.localName) === node) this.#lose(peer, node);
      }
    });
  }

  /** A node says good-bye, as the facade does, and is reported as having left. */
  leave(node: FakeNode): void {
    node.engine.announceLeave(() => {
      node.kill();
      for (const peer of this.nodes.values()) {
        if (peer.known.delete(node.localName)) {
          peer.engine.events.nodeGone(node.asClusterNode(true));
        }
      }
    });
  }

  /** Cuts the named nodes off from the rest; both sides notice after a while. */
  partition(names: readonly string[]): void {
    this.#side = new Set(names);
    this.clock.schedule(this.#options.detectMs ?? 2_000, () => {
      for (const a of this.nodes.values()) {
        for (const b of this.nodes.values()) if (a !== b && !this.canReach(a, b)) this.#lose(a, b);
      }
    });
  }

  /** Lets all reach all again; who finds whom is up to their attempts. */
  heal(): void {
    this.#side = new Set();
  }

  canReach(a: FakeNode, b: FakeNode): boolean {
    return a.isUp && b.isUp && this.#side.has(a.localName) === this.#side.has(b.localName);
  }

  at(address: Address): FakeNode | undefined {
    return [...this.nodes.values()].find((node) => node.address.host === address.host);
  }

  packet(from: FakeNode, to: string, message: Uint8Array): void {
    const loss = this.#options.loss ?? 0;
    if (loss > 0 && randomFraction(this.random) < loss) return;
    const copy = message.slice();
    this.clock.schedule(this.#options.delayMs ?? 1, () => {
      const peer = this.nodes.get(to);
      if (peer !== undefined && this.canReach(from, peer))
        peer.engine.events.message(copy, from.address);
    });
  }

  stream(
    from: FakeNode,
    to: string | Address,
    message: Uint8Array,
    done: (error: Error | null) => void,
  ): void {
    const copy = message.slice();
    this.clock.schedule(this.#options.delayMs ?? 1, () => {
      const peer = typeof to === 'string' ? this.nodes.get(to) : this.at(to);
      if (peer === undefined || !this.canReach(from, peer)) {
        if (from.isUp) done(new StateError('ERR_DIAL_FAILED', 'nobody answers'));
        return;
      }
      peer.engine.events.message(copy);
      done(null);
    });
  }

  #lose(self: FakeNode, lost: FakeNode): void {
    if (self.isUp && self.known.delete(lost.localName)) {
      self.engine.events.nodeGone(lost.asClusterNode());
    }
  }
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What a node sees of a table, as text: key to value. */
export function view(node: FakeNode, network = 'prod', table = 't'): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const entry of node.engine.entries(network, table)) seen[entry.key] = decode(entry.value);
  return seen;
}
