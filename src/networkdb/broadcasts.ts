import { encodeCompoundMessage } from '../codec/index.ts';
import { BroadcastQueue } from '../memberlist/index.ts';
import type { EntryAddress } from './entry.ts';
import type { TableState } from './transitions.ts';

/*
 * What waits to be gossiped. Events about nodes and networks go to the whole cluster, with the packets
 * of the membership. Events of tables go only to the members of their network: two queues for each, our
 * own writes before those that we relay, so that a busy neighbour cannot hold up our news. All queues of
 * one packet share its room.
 */

/** What a part of a compound costs beyond its bytes, at most: exact from 128 bytes to 16 KiB. */
const PART_OVERHEAD_BYTES = 6;

/** The same for parts of any size that a stream carries. */
const LARGE_PART_OVERHEAD_BYTES = 12;

/** What a compound itself costs, with room for the length of a packet's content. */
const COMPOUND_OVERHEAD_BYTES = 5;

/** What an event of a table costs a packet beyond its bytes, when it is alone in it. */
export const EVENT_OVERHEAD_BYTES: number = PART_OVERHEAD_BYTES + COMPOUND_OVERHEAD_BYTES;

/** Own writes, or those of others passed on. */
export type TableQueueName = 'own' | 'relay';

type TableQueues = Readonly<Record<TableQueueName, BroadcastQueue>>;

/** Message bytes and number of messages that were drained together. */
export interface Drained {
  readonly message: Uint8Array;
  readonly eventCount: number;
}

/** All broadcast queues of a node. */
export class Broadcasts {
  readonly #state: TableState;
  readonly #networkEvents: BroadcastQueue;
  readonly #nodeEvents: BroadcastQueue;
  readonly #tables = new Map<string, TableQueues>();

  constructor(state: TableState) {
    this.#state = state;
    const nodeCount = (): number => state.nodes.activeCount;
    this.#networkEvents = this.#newQueue(nodeCount);
    this.#nodeEvents = this.#newQueue(nodeCount);
  }

  /** Queues an event about a node and a network, in place of an older one about both. */
  queueNetworkEvent(network: string, node: string, message: Uint8Array): void {
    this.#networkEvents.queue({ message, key: tupleKey(network, node) });
  }

  /** Queues an event about a node. `finished` hears when it was sent as often as it should. */
  queueNodeEvent(message: Uint8Array, finished?: () => void): void {
    this.#nodeEvents.queue(
      finished === undefined ? { message, key: null } : { message, key: null, finished },
    );
  }

  /** Makes the queues of a network, or keeps those it has. */
  openNetwork(network: string): void {
    if (this.#tables.has(network)) return;
    const nodeCount = (): number => this.#state.attachments.participantCount(network);
    this.#tables.set(network, {
      own: this.#newQueue(nodeCount),
      relay: this.#newQueue(nodeCount),
    });
  }

  /** Drops the queues of a network. */
  closeNetwork(network: string): void {
    this.#tables.delete(network);
  }

  /** Queues an event of a table, in place of an older one of the same key in the same queue. */
  queueTableEvent(queue: TableQueueName, address: EntryAddress, message: Uint8Array): void {
    const queues = this.#tables.get(address.network);
    queues?.[queue].queue({ message, key: tupleKey(address.table, address.key) });
  }

  /** Messages queued for a network. */
  tableLength(network: string, queue: TableQueueName): number {
    return this.#tables.get(network)?.[queue].length ?? 0;
  }

  /** Bytes queued for a network. */
  tableBytes(network: string): number {
    const queues = this.#tables.get(network);
    return queues === undefined ? 0 : queues.own.queuedBytes + queues.relay.queuedBytes;
  }

  /** Bytes queued for a network that were never sent. */
  freshTableBytes(network: string): number {
    const queues = this.#tables.get(network);
    return queues === undefined ? 0 : queues.own.freshBytes + queues.relay.freshBytes;
  }

  /** Events for the packets of the membership: about networks first, then about nodes. */
  drainCluster(overheadBytes: number, limitBytes: number, freshOnly: boolean): Uint8Array[] {
    return drainInTurn([this.#networkEvents, this.#nodeEvents], {
      overheadBytes,
      limitBytes,
      freshOnly,
    });
  }

  /** One message with events of a network for a packet, or null when nothing fits. */
  drainPacket(network: string, roomBytes: number, freshOnly: boolean): Drained | null {
    return this.#drainTable(network, {
      overheadBytes: PART_OVERHEAD_BYTES,
      limitBytes: roomBytes - COMPOUND_OVERHEAD_BYTES,
      freshOnly,
    });
  }

  /** One message with events never sent before, for a stream. */
  drainStream(network: string, limitBytes: number): Drained | null {
    const overheadBytes = LARGE_PART_OVERHEAD_BYTES;
    return this.#drainTable(network, { overheadBytes, limitBytes, freshOnly: true });
  }

  /** Lengths of all queues together. */
  lengths(): { own: number; relay: number; cluster: number } {
    let own = 0;
    let relay = 0;
    for (const queues of this.#tables.values()) {
      own += queues.own.length;
      relay += queues.relay.length;
    }
    return { own, relay, cluster: this.#networkEvents.length + this.#nodeEvents.length };
  }

  /** Drops everything, for a stop. */
  clear(): void {
    this.#tables.clear();
  }

  #drainTable(network: string, budget: Budget): Drained | null {
    const queues = this.#tables.get(network);
    if (queues === undefined) return null;
    const parts = drainInTurn([queues.own, queues.relay], budget);
    const [only] = parts;
    if (only === undefined) return null;
    // A compound of one would cost its envelope and say nothing more.
    const message = parts.length === 1 ? only : encodeCompoundMessage(parts);
    return { message, eventCount: parts.length };
  }

  #newQueue(nodeCount: () => number): BroadcastQueue {
    const { retransmitMult, limits } = this.#state.options;
    return new BroadcastQueue({ nodeCount, retransmitMult, maxQueued: limits.maxQueuedEvents });
  }
}

interface Budget {
  readonly overheadBytes: number;
  readonly limitBytes: number;
  readonly freshOnly: boolean;
}

/** Takes from the queues in order of priority until the room they share is used. */
function drainInTurn(queues: readonly BroadcastQueue[], budget: Budget): Uint8Array[] {
  const { overheadBytes, freshOnly } = budget;
  const taken: Uint8Array[] = [];
  let left = budget.limitBytes;
  for (const queue of queues) {
    if (left <= overheadBytes) break;
    const messages = freshOnly
      ? queue.takeFresh(overheadBytes, left)
      : queue.getBroadcasts(overheadBytes, left);
    for (const message of messages) {
      left -= message.length + overheadBytes;
      taken.push(message);
    }
  }
  return taken;
}

/** Two texts as one, without two pairs ever meeting in the same one. */
export function tupleKey(first: string, second: string): string {
  return `${first.length}:${first}${second}`;
}
