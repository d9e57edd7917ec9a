import type { Address, GossipError } from '../runtime/index.ts';
import { canonicalHost, isReachableHost, StateError } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { broadcastRoomBytes, requireBytes } from './core.ts';
import type { PacketSender } from './packet-sender.ts';
import { asUserMessage } from './packet-sender.ts';
import type { StreamClient } from './stream-client.ts';

/** A place to send to that need not be a member's. */
export interface MessageEndpoint {
  /** IP address; names are not looked up. */
  readonly host: string;
  readonly port: number;
  /** The node that is meant there. Needed with `requireNodeNames`; a ping is answered by that node alone. */
  readonly name?: string;
}

/** Whom a message is for: a member by its name, or an endpoint. */
export type MessageTarget = string | MessageEndpoint;

/** What a broadcast may have besides its bytes. */
export interface BroadcastOptions {
  /** What the message is about: it replaces a waiting broadcast of the same key. Left out: replaces none. */
  readonly key?: string;
  /**
   * Called once when the broadcast has left the queue for good: sent often enough, replaced, or dropped
   * because the queue was full, was pruned or the node closed.
   */
  readonly finished?: () => void;
}

/** A target with its name, empty where none is known. */
export interface ResolvedTarget {
  readonly name: string;
  readonly endpoint: Address;
}

/**
 * Messages of the layer above: to one node in a packet or over a stream, to all of them by gossip.
 *
 * Everything is checked before anything is sent: the target, then the size.
 */
export class Messages {
  readonly #core: Core;
  readonly #sender: PacketSender;
  readonly #client: StreamClient;

  constructor(core: Core, sender: PacketSender, client: StreamClient) {
    this.#core = core;
    this.#sender = sender;
    this.#client = client;
  }

  /** Bytes that one message in a packet may have without exceeding `maxPacketBytes`. */
  roomBytes(): number {
    return this.#sender.roomBytes() - USER_TYPE_BYTES;
  }

  /**
   * The endpoint of a target.
   *
   * @throws StateError with `ERR_MEMBER_UNKNOWN`, `ERR_ARGUMENT_INVALID` or `ERR_NODE_NAME_REQUIRED`
   */
  resolve(to: MessageTarget): ResolvedTarget {
    if (typeof to === 'string') {
      const record = this.#core.table.get(to);
      if (record !== undefined) return { name: to, endpoint: record.address };
      throw new StateError('ERR_MEMBER_UNKNOWN', `no member is called ${to}`, { node: to });
    }
    const given = (to as MessageEndpoint | null) ?? ({} as Partial<MessageEndpoint>);
    const host = typeof given.host === 'string' ? canonicalHost(given.host) : null;
    const { port, name = '' } = given;
    const isPort = Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535;
    if (host === null || !isReachableHost(host) || !isPort || typeof name !== 'string') {
      const text = 'a target is the name of a member, or an IP address with a port';
      throw new StateError('ERR_ARGUMENT_INVALID', text, { target: to });
    }
    if (name === '' && this.#core.config.requireNodeNames) {
      const text = 'a message to an address needs the name of the node there';
      throw new StateError('ERR_NODE_NAME_REQUIRED', text, { target: to });
    }
    return { name, endpoint: { host, port: Number(port) } };
  }

  /** One packet to each endpoint, sealed once for all of them. */
  sendPackets(to: readonly Address[], message: Uint8Array): void {
    requireBytes(message, 'a message');
    for (const address of to) this.#assertFitsPacket(message, address);
    this.#sender.sendAlone(to, asUserMessage(message));
  }

  /** One packet to each of the names that are known. */
  sendPacketsToNames(names: readonly string[], message: Uint8Array): void {
    const { table } = this.#core;
    this.sendPackets(
      names.flatMap((name) => table.get(name)?.address ?? []),
      message,
    );
  }

  /**
   * One message over a stream of its own.
   *
   * @returns a function that gives up
   */
  sendStream(
    to: Address,
    message: Uint8Array,
    done: (error: GossipError | null) => void,
  ): () => void {
    this.assertStreamSize(message);
    const options = { wantsReply: false, timeoutMs: this.#core.config.limits.streamTimeoutMs };
    return this.#client.exchange(to, { type: 'user', payload: message }, options, done);
  }

  /** Queues a message to be gossiped; a copy, so that the caller may go on with its bytes. */
  queueBroadcast(message: Uint8Array, { key, finished }: BroadcastOptions): void {
    const isKey = key === undefined || typeof key === 'string';
    const isNotice = finished === undefined || typeof finished === 'function';
    if (!(message instanceof Uint8Array) || !isKey || !isNotice) {
      const text = 'a broadcast takes bytes, a key that is text, and a function to call at its end';
      throw new StateError('ERR_ARGUMENT_INVALID', text, { key });
    }
    const sizeBytes = message.length;
    const limitBytes = broadcastRoomBytes(this.#core) - USER_TYPE_BYTES;
    if (sizeBytes > limitBytes) {
      const text = `a broadcast of ${sizeBytes} bytes is above the ${limitBytes} that a packet holds`;
      throw new StateError('ERR_PACKET_TOO_LARGE', text, { sizeBytes, limitBytes });
    }
    this.#core.userQueue.queue({
      message: new Uint8Array(message),
      key: key ?? null,
      ...(finished === undefined ? {} : { finished }),
    });
  }

  /** @throws StateError with `ERR_MESSAGE_TOO_LARGE` */
  assertStreamSize(message: Uint8Array): void {
    const { length: sizeBytes } = requireBytes(message, 'a message');
    const limitBytes = this.#core.config.limits.maxStreamMessageBytes;
    if (sizeBytes <= limitBytes) return;
    const text = `a message of ${sizeBytes} bytes is above the cap of ${limitBytes}`;
    throw new StateError('ERR_MESSAGE_TOO_LARGE', text, { sizeBytes, limitBytes });
  }

  #assertFitsPacket(message: Uint8Array, to: Address): void {
    const overheadBytes = USER_TYPE_BYTES + this.#sender.overheadBytes(to);
    const sizeBytes = message.length + overheadBytes;
    const limitBytes = this.#core.config.maxDirectPacketBytes;
    if (sizeBytes <= limitBytes) return;
    const text = `a packet of ${sizeBytes} bytes is above the cap of ${limitBytes}`;
    throw new StateError('ERR_PACKET_TOO_LARGE', text, { sizeBytes, limitBytes });
  }
}

const USER_TYPE_BYTES = 1;
