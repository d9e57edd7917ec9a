import type { WireName } from '../../../src/codec/index.ts';
import { randomBelow, randomFraction } from '../../../src/runtime/index.ts';
import type { TableNode } from '../../tables/cluster.ts';
import { TableCluster, tableOf } from '../../tables/cluster.ts';
import { GoRing } from '../../tables/go-news.ts';
import type { Histogram } from '../../tables/histogram.ts';
import { count } from '../../tables/histogram.ts';
import type { PacketKind } from '../../tables/packets.ts';
import { emptyKinds, PACKET_KINDS, PacketReader } from '../../tables/packets.ts';
import type { Tell } from '../../telling.ts';
import { stage, untold } from '../../telling.ts';

/*
 * Events one after the other in one ring, each when the one before has gone quiet.
 */

/** How events travel: by Go's rules alone, or as writes to a table with everything on. */
export type Way = 'go' | 'tables';

/** One ring with its events. */
export interface DeliveryInput {
  readonly way: Way;
  readonly wire: WireName;
  readonly nodes: number;
  /** Share of packets that are lost, in percent. */
  readonly lossPercent: number;
  readonly events: number;
  readonly seed: number;
}

/** What became of them. */
export interface DeliveryOutcome {
  readonly events: number;
  /** Events that some live node lacked: for ever by Go's rules, after five seconds in a table. */
  readonly missed: number;
  /** Milliseconds until all had it, of the others. */
  readonly allMs: readonly number[];
  /** Copies of one event that one node sent, counted over events and nodes. */
  readonly copies: Histogram;
  /** Bytes in packets by kind, all nodes together; empty by Go's rules. */
  readonly bytes: Readonly<Record<PacketKind, number>>;
  /** Virtual seconds in which they were sent. */
  readonly seconds: number;
}

/** Plays the events of one ring. */
export async function playDelivery(
  input: DeliveryInput,
  tell: Tell = untold,
): Promise<DeliveryOutcome> {
  return input.way === 'go' ? playGo(input, tell) : playTables(input, tell);
}

async function playGo(input: DeliveryInput, tell: Tell): Promise<DeliveryOutcome> {
  const { nodes, lossPercent, events, seed } = input;
  const formedAt = nodes / (nodes + events);
  const ring = await GoRing.form({ nodes, seed }, stage(tell, 0, formedAt));
  const telling = stage(tell, formedAt, 1);
  ring.clock.runFor(SETTLE_MS);
  ring.network.setLoss(lossPercent / 100);
  const copies = new CopyCount(nodes);
  let message = 0;
  // Nothing else is under way in such a ring.
  ring.network.onPacket = ({ host }) => {
    copies.add(String(message), host);
  };
  const allMs: number[] = [];
  for (; message < events; message += 1) {
    telling(message / events, `event ${message + 1} of ${events}`);
    // Ticks have fixed phases in one ring: events must not.
    ring.clock.runFor(randomFraction(ring.random) * TICK_MS);
    copies.open(String(message));
    const heardMs = ring.tell(randomBelow(ring.random, nodes), message);
    if (heardMs.every((ms) => ms !== null)) allMs.push(Math.max(...heardMs));
  }
  telling(1, 'all events');
  ring.crash();
  const missed = events - allMs.length;
  return { events, missed, allMs, copies: copies.close(), bytes: emptyKinds(), seconds: 0 };
}

async function playTables(input: DeliveryInput, tell: Tell): Promise<DeliveryOutcome> {
  const { wire, nodes, lossPercent, events, seed } = input;
  // Of a large ring nearly all work is its start.
  const formedAt = nodes / (nodes + events / 4);
  const made = { nodes, seed, config: { wire } };
  const cluster = await TableCluster.form(made, stage(tell, 0, 0.3 * formedAt));
  await cluster.joinNetwork(cluster.nodes, stage(tell, 0.3 * formedAt, formedAt));
  const telling = stage(tell, formedAt, 1);
  cluster.clock.runFor(SETTLE_MS);
  cluster.network.setLoss(lossPercent / 100);
  const copies = new CopyCount(nodes);
  const bytes = emptyKinds();
  const reader = new PacketReader({ wire });
  cluster.network.onPacket = ({ host }, _to, datagram) => {
    const packet = reader.read(datagram);
    for (const kind of PACKET_KINDS) bytes[kind] += packet.bytes[kind];
    for (const { key, time } of packet.writes) copies.add(`${key}@${time}`, host);
  };
  const startedAt = cluster.clock.now();
  const allMs: number[] = [];
  for (let event = 0; event < events; event += 1) {
    telling(event / events, `event ${event + 1} of ${events}`);
    cluster.clock.runFor(PAUSE_MS + randomFraction(cluster.random) * TICK_MS);
    const origin = cluster.nodes[randomBelow(cluster.random, nodes)] as TableNode;
    const ms = spread(cluster, origin, `k${event % KEYS}`, event, copies);
    if (ms !== null) allMs.push(ms);
  }
  cluster.clock.runFor(SETTLE_MS);
  const seconds = (cluster.clock.now() - startedAt) / 1000;
  telling(1, 'all events');
  cluster.crash();
  return { events, missed: events - allMs.length, allMs, copies: copies.close(), bytes, seconds };
}

/** Milliseconds until all have a write; null when some do not after five seconds. */
function spread(
  cluster: TableCluster,
  origin: TableNode,
  key: string,
  event: number,
  copies: CopyCount,
): number | null {
  const startedAt = cluster.clock.now();
  const value = new Uint8Array(VALUE_BYTES);
  new DataView(value.buffer).setUint32(0, event);
  tableOf(origin).set(key, value);
  const time = tableOf(origin).get(key, { detail: true })?.time ?? Infinity;
  copies.open(`${key}@${time}`);
  let behind = cluster.nodes;
  while (cluster.clock.now() - startedAt < LIMIT_MS) {
    cluster.clock.runFor(1);
    behind = behind.filter((node) => {
      const held = tableOf(node).get(key, { detail: true });
      return held === undefined || held.time < time;
    });
    if (behind.length === 0) return cluster.clock.now() - startedAt;
  }
  return null;
}

/** Copies of each event by the node that sent them. */
export class CopyCount {
  readonly #nodes: number;
  readonly #events = new Map<string, Map<string, number>>();

  constructor(nodes: number) {
    this.#nodes = nodes;
  }

  /** An event begins; what is sent of others is not counted. */
  open(event: string): void {
    this.#events.set(event, new Map());
  }

  /** A node sent one copy to one member. */
  add(event: string, from: string): void {
    const senders = this.#events.get(event);
    if (senders !== undefined) senders.set(from, (senders.get(from) ?? 0) + 1);
  }

  /** How often each number of copies was sent, over events and nodes; nodes that sent none count. */
  close(): Histogram {
    const histogram: number[] = [];
    for (const senders of this.#events.values()) {
      for (const copies of senders.values()) count(histogram, copies);
      for (let i = senders.size; i < this.#nodes; i += 1) count(histogram, 0);
    }
    return histogram;
  }
}

const TICK_MS = 200;
/** All that the start has queued has been sent by then. */
const SETTLE_MS = 8_000;
/** Pause after an event that all have; copies of it may still be sent, and are counted. */
const PAUSE_MS = 250;
/** Whoever lacks an event by then is counted. */
const LIMIT_MS = 5_000;
/** Few keys, so that tables stay small and every event but the first ones is an update. */
const KEYS = 16;
const VALUE_BYTES = 100;
