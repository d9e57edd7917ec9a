import type { PacketMessage, PacketOptions } from '../codec/index.ts';
import {
  COMPOUND_HEADER_BYTES,
  COMPOUND_PART_BYTES,
  encodeCompound,
  MAX_COMPOUND_PARTS,
  MESSAGE_TYPE,
} from '../codec/index.ts';
import type { Address, GossipError } from '../runtime/index.ts';
import { StateError } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { callHook, NEWEST_PEER, requireBytes } from './core.ts';
import { EndpointIndex } from './endpoint-index.ts';
import { warnOfOversize } from './limit-warnings.ts';

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
  readonly #endpoints: EndpointIndex;
  /** From 1 on the layer above fills the next packet first. */
  #userCredit = 0;
  readonly #userShare: number;
  /** Nothing waited when somebody looked, and nothing was queued since. */
  #isQuiet = false;

  constructor(core: Core) {
    this.#core = core;
    this.#userShare = core.config.gossip.userBroadcastShare;
    this.#endpoints = new EndpointIndex(core.table);
  }

  /**
   * Bytes that the messages of one packet may have, before compound lengths.
   *
   * @param to - the destination; left out: any
   */
  roomBytes(to?: Address): number {
    return this.#core.config.maxPacketBytes - this.overheadBytes(to);
  }

  /** Bytes that are added to one message at most; depends on what the destination understands. */
  overheadBytes(to?: Address): number {
    return this.#core.wire.packets.overheadBytes(
      to === undefined ? NEWEST_PEER : this.#optionsFor(to),
    );
  }

  /** Sends one message, with as much news as fits beside it. */
  sendWithNews(to: Address, message: PacketMessage, done?: SendCallback): void {
    const encoded = this.#core.wire.encodePacketMessage(message);
    if (!this.mayHaveNews()) {
      this.#giveCredit(0);
      this.#sendGroup(to, [encoded], done);
      return;
    }
    const room = this.roomBytes(to) - COMPOUND_HEADER_BYTES - COMPOUND_PART_BYTES - encoded.length;
    this.sendParts(to, [encoded, ...this.collectNews(room, false)], done);
  }

  /** Sends messages together, nothing added. */
  sendTogether(to: Address, messages: readonly PacketMessage[], done?: SendCallback): void {
    const parts = messages.map((message) => this.#core.wire.encodePacketMessage(message));
    this.sendParts(to, parts, done);
  }

  /**
   * Sends encoded messages: together where they fit into one packet, else in as few as hold them.
   *
   * @param done - hears about the packet that holds the first message
   * @returns bytes handed to the network
   */
  sendParts(to: Address, parts: readonly Uint8Array[], done?: SendCallback): number {
    let sentBytes = 0;
    let onSent = done;
    for (const group of this.#groups(parts, this.roomBytes(to) - COMPOUND_HEADER_BYTES)) {
      sentBytes += this.#sendGroup(to, group, onSent);
      onSent = undefined;
    }
    return sentBytes;
  }

  /**
   * Sends the same encoded messages to several. Where one packet holds them for all it is sealed once.
   *
   * @returns bytes handed to the network
   */
  sendPartsToAll(to: readonly Address[], parts: readonly Uint8Array[]): number {
    const [only = NO_BYTES] = parts;
    const isOnePacket = parts.length <= MAX_COMPOUND_PARTS;
    const message = parts.length === 1 || !isOnePacket ? only : encodeCompound(parts);
    if (isOnePacket && message.length <= this.roomBytes()) return this.sendAlone(to, message);
    return to.reduce((sentBytes, each) => sentBytes + this.sendParts(each, parts), 0);
  }

  /**
   * Sends one encoded message in a packet of its own, whatever its size. Sealing costs more than sending,
   * so the packet is sealed once for all who get the same bytes.
   *
   * @param done - hears about each of the packets
   * @returns bytes handed to the network
   */
  sendAlone(to: readonly Address[], message: Uint8Array, done?: SendCallback): number {
    const { wire } = this.#core;
    const sealed = to.length === 1 ? null : new Map<number | undefined, Uint8Array>();
    let sentBytes = 0;
    for (const address of to) {
      const options = this.#optionsFor(address);
      const known = sealed?.get(options.peerMaxVersion);
      const datagram = known ?? wire.packets.seal(message, options);
      if (known === undefined) sealed?.set(options.peerMaxVersion, datagram);
      sentBytes += datagram.length;
      this.#sendDatagram(address, datagram, done);
    }
    return sentBytes;
  }

  #sendDatagram(to: Address, datagram: Uint8Array, done?: SendCallback): void {
    const { counters, ports } = this.#core;
    counters.add('packets.sent');
    counters.add('packets.sentBytes', datagram.length);
    ports.transport.sendPacket(to, datagram, (error) => {
      if (error !== null) {
        counters.add('packets.sendFailed');
        ports.logger.warn({ ...to, error }, 'a packet was not sent');
      }
      done?.(error);
    });
  }

  /** What the envelope needs to know; only the memberlist wire depends on who is addressed. */
  #optionsFor(to: Address): PacketOptions {
    if (this.#core.config.wire !== 'memberlist') return NO_OPTIONS;
    const peerMaxVersion = this.#endpoints.find(to)?.versions[1];
    return peerMaxVersion === undefined ? NO_OPTIONS : { peerMaxVersion };
  }

  #sendGroup(to: Address, group: readonly Uint8Array[], done?: SendCallback): number {
    const [only = NO_BYTES] = group;
    const message = group.length === 1 ? only : encodeCompound(group);
    const roomBytes = this.roomBytes(to);
    if (message.length <= roomBytes) {
      const datagram = this.#core.wire.packets.seal(message, this.#optionsFor(to));
      this.#sendDatagram(to, datagram, done);
      return datagram.length;
    }
    const sizeBytes = message.length;
    const text = `a message of ${sizeBytes} bytes does not fit into a packet`;
    this.#core.counters.add('packets.oversized');
    this.#core.ports.clock.afterPendingInput(() => {
      done?.(new StateError('ERR_PACKET_TOO_LARGE', text, { sizeBytes, limitBytes: roomBytes }));
    });
    return 0;
  }

  /** Cuts messages, in order, into groups that fit into one packet each. */
  #groups(parts: readonly Uint8Array[], roomBytes: number): Uint8Array[][] {
    const groups: Uint8Array[][] = [];
    let group: Uint8Array[] = [];
    let usedBytes = 0;
    for (const part of parts) {
      const neededBytes = part.length + COMPOUND_PART_BYTES;
      const isFull = group.length === MAX_COMPOUND_PARTS || usedBytes + neededBytes > roomBytes;
      if (group.length > 0 && isFull) {
        groups.push(group);
        group = [];
        usedBytes = 0;
      }
      group.push(part);
      usedBytes += neededBytes;
    }
    if (group.length > 0) groups.push(group);
    return groups;
  }

  /** Whether there may be news: false in a quiet ring, whose gossip then costs next to nothing. */
  mayHaveNews(): boolean {
    if (this.#isQuiet) return false;
    const { queue, userQueue, delegates } = this.#core;
    if (queue.length > 0 || userQueue.length > 0) return true;
    const { user } = delegates;
    const mayOffer = (): boolean => user?.hasBroadcasts?.() !== false;
    this.#isQuiet =
      user?.getBroadcasts === undefined || !callHook(this.#core, 'hasBroadcasts', mayOffer, true);
    return !this.#isQuiet;
  }

  /** News was queued, here or by the layer above. Whoever queues any says so. */
  newsQueued(): void {
    this.#isQuiet = false;
  }

  /**
   * Takes news for one packet: claims about members first, then what the layer above has. In a share of the
   * packets (`gossip.userBroadcastShare`) it is the other way round, so that neither starves the other;
   * whole packets change hands, so that large messages get their turn too.
   *
   * Each item taken counts as sent once.
   *
   * @param limitBytes - room for messages and their compound lengths
   * @param freshOnly - only what was never sent before
   */
  collectNews(limitBytes: number, freshOnly: boolean): Uint8Array[] {
    if (limitBytes <= COMPOUND_PART_BYTES) return [];
    const { queue } = this.#core;
    const isUsersTurn = this.#userCredit >= 1;
    const first = isUsersTurn ? this.#collectUserNews(limitBytes, freshOnly) : [];
    const room = limitBytes - costOf(first, COMPOUND_PART_BYTES);
    const claims = freshOnly
      ? queue.takeFresh(COMPOUND_PART_BYTES, room)
      : queue.getBroadcasts(COMPOUND_PART_BYTES, room);
    this.#giveCredit(first.length > 0 ? 1 : 0);
    if (isUsersTurn) return [...claims, ...first];
    const left = room - costOf(claims, COMPOUND_PART_BYTES);
    return [...claims, ...this.#collectUserNews(left, freshOnly)];
  }

  /** One more packet was filled; `spent` of the credit of the layer above was used for it. */
  #giveCredit(spent: number): void {
    const share = this.#userShare;
    this.#userCredit = Math.min(1 + share, this.#userCredit + share - spent);
  }

  /** What users queued themselves, then what the layer above offers; with its type byte in front. */
  #collectUserNews(roomBytes: number, freshOnly: boolean): Uint8Array[] {
    if (roomBytes <= USER_PART_BYTES) return [];
    const { userQueue, delegates } = this.#core;
    const queued = freshOnly
      ? userQueue.takeFresh(USER_PART_BYTES, roomBytes)
      : userQueue.getBroadcasts(USER_PART_BYTES, roomBytes);
    const left = roomBytes - costOf(queued, USER_PART_BYTES);
    const user = delegates.user;
    if (user?.getBroadcasts === undefined || left <= USER_PART_BYTES)
      return queued.map(asUserMessage);
    const offered = callHook(
      this.#core,
      'getBroadcasts',
      () => listOfBytes(user.getBroadcasts?.(USER_PART_BYTES, left, freshOnly) ?? []),
      [],
    );
    return [...queued, ...this.#fitting(offered, left)].map(asUserMessage);
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
      const sizeBytes = offered.reduce((sum, message) => sum + message.length + USER_PART_BYTES, 0);
      const text = 'the delegate offered broadcasts beyond the room it was told; they were dropped';
      warnOfOversize(this.#core, 'getBroadcasts', text, { sizeBytes, limitBytes: room });
    }
    return fitting;
  }
}

/** @throws StateError with `ERR_ARGUMENT_INVALID` when it is no list, or not of bytes */
function listOfBytes(offered: readonly Uint8Array[]): readonly Uint8Array[] {
  if (!Array.isArray(offered)) {
    throw new StateError('ERR_ARGUMENT_INVALID', 'getBroadcasts must give a list of Uint8Array');
  }
  return offered.map((message) => requireBytes(message, 'what getBroadcasts gives'));
}

/** A message of the layer above with its type byte in front. */
export function asUserMessage(payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(payload.length + 1);
  message[0] = MESSAGE_TYPE.user;
  message.set(payload, 1);
  return message;
}

/** What messages cost in a compound. */
function costOf(messages: readonly Uint8Array[], overheadBytes: number): number {
  return messages.reduce((sum, { length }) => sum + length + overheadBytes, 0);
}

/** Cost of a user message in a compound: its length bytes and its type byte. */
const USER_PART_BYTES = COMPOUND_PART_BYTES + 1;
const NO_BYTES = new Uint8Array(0);
const NO_OPTIONS: PacketOptions = {};
