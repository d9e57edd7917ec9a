import type { PacketMessage } from '../codec/index.ts';
import {
  COMPOUND_HEADER_BYTES,
  COMPOUND_PART_BYTES,
  encodeCompound,
  MESSAGE_TYPE,
} from '../codec/index.ts';
import type { Address, GossipError } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { callHook } from './core.ts';

/** Hears whether a packet could be handed to the network; null is no receipt. */
export type SendCallback = (error: GossipError | null) => void;

/**
 * Packs messages into packets that never exceed `maxPacketBytes`, every overhead counted.
 *
 * ```
 *   [label] [seal | checksum] [compound count, lengths] message [news …]
 * ```
 *
 * Probe traffic takes news along in the room it leaves.
 *
 * @remarks SWIM section 4.1, infection-style dissemination; memberlist sendMsg
 */
export class PacketSender {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Bytes that the messages of one packet may have, before compound lengths. */
  roomBytes(): number {
    return this.#core.config.maxPacketBytes - this.#core.wire.packets.overheadBytes();
  }

  /** Sends one message, with as much news as fits beside it. */
  sendWithNews(to: Address, message: PacketMessage, done?: SendCallback): void {
    const encoded = this.#core.wire.encodePacketMessage(message);
    const room = this.roomBytes() - COMPOUND_HEADER_BYTES - COMPOUND_PART_BYTES - encoded.length;
    this.sendParts(to, [encoded, ...this.collectNews(room, false)], done);
  }

  /** Sends messages together, nothing added. */
  sendTogether(to: Address, messages: readonly PacketMessage[], done?: SendCallback): void {
    const parts = messages.map((message) => this.#core.wire.encodePacketMessage(message));
    this.sendParts(to, parts, done);
  }

  /** Sends encoded messages as one packet: bare when there is one, else as a compound. */
  sendParts(to: Address, parts: readonly Uint8Array[], done?: SendCallback): void {
    const [first] = parts;
    if (first === undefined) return;
    const message = parts.length === 1 ? first : encodeCompound(parts);
    const datagram = this.#core.wire.packets.seal(message);
    this.#core.counters.add('packets.sent');
    this.#core.counters.add('packets.sentBytes', datagram.length);
    this.#core.ports.transport.sendPacket(to, datagram, (error) => {
      if (error !== null) this.#core.counters.add('packets.sendFailed');
      done?.(error);
    });
  }

  /**
   * Takes news for one packet: claims about members first, then what the layer above has.
   *
   * Each item taken counts as sent once.
   *
   * @param limitBytes - room for messages and their compound lengths
   * @param freshOnly - only what was never sent before
   */
  collectNews(limitBytes: number, freshOnly: boolean): Uint8Array[] {
    if (limitBytes <= COMPOUND_PART_BYTES) return [];
    const { queue, delegates } = this.#core;
    const claims = freshOnly
      ? queue.takeFresh(COMPOUND_PART_BYTES, limitBytes)
      : queue.getBroadcasts(COMPOUND_PART_BYTES, limitBytes);
    const used = claims.reduce((sum, part) => sum + part.length + COMPOUND_PART_BYTES, 0);
    const room = limitBytes - used;
    const user = delegates.user;
    if (user?.getBroadcasts === undefined || room <= USER_PART_BYTES) return claims;
    const offered = callHook(
      this.#core,
      'getBroadcasts',
      () => user.getBroadcasts?.(USER_PART_BYTES, room, freshOnly) ?? [],
      [],
    );
    return [...claims, ...this.#fitting(offered, room).map(asUserMessage)];
  }

  /** What of the offered messages really fits: the layer above is not trusted to count. */
  #fitting(offered: readonly Uint8Array[], room: number): Uint8Array[] {
    let left = room;
    const fitting = offered.filter((message) => {
      const needed = message.length + USER_PART_BYTES;
      if (needed > left) return false;
      left -= needed;
      return true;
    });
    if (fitting.length < offered.length) {
      this.#core.counters.add('hooks.oversizedBroadcasts', offered.length - fitting.length);
    }
    return fitting;
  }
}

/** A message of the layer above with its type byte in front. */
export function asUserMessage(payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(payload.length + 1);
  message[0] = MESSAGE_TYPE.user;
  message.set(payload, 1);
  return message;
}

/** Cost of a user message in a compound: its length bytes and its type byte. */
const USER_PART_BYTES = COMPOUND_PART_BYTES + 1;
