import type { PacketMessage } from '../codec/index.ts';
import {
  MAX_COMPOUND_NESTING,
  MAX_INFLATED_PACKET_BYTES,
  MAX_PARTS_PER_PACKET,
  MESSAGE_TYPE,
  splitCompound,
} from '../codec/index.ts';
import type { Address, GossipError } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { tellRefused } from './foreign-traffic.ts';
import { UserHandoff } from './user-handoff.ts';

/** Where each kind of message goes. */
export interface InboundHandlers {
  readonly onMessage: (message: PacketMessage, from: Address) => void;
  /** A packet was opened with the key of this fingerprint. @param message - what it holds, if that is one message */
  readonly onKeyUsed: (from: Address, fingerprint: string, message: PacketMessage | null) => void;
}

/**
 * Opens packets and hands their messages on, in order; user messages may wait for their turn.
 *
 * Nothing a peer sends throws out of here: every refusal is counted by reason, and traffic of
 * another ring, key or wire is told to the operator once per source and minute.
 */
export class Inbound {
  readonly #core: Core;
  readonly #handlers: InboundHandlers;
  readonly #handoff: UserHandoff;
  #isOpen = true;
  #partsLeft = 0;
  #inflatedBytesLeft = 0;
  /** The key of the packet in hand, until somebody was told. */
  #untoldKey: string | null = null;

  constructor(core: Core, handlers: InboundHandlers) {
    this.#core = core;
    this.#handlers = handlers;
    this.#handoff = new UserHandoff(core);
  }

  /** Hears nothing any more. */
  stop(): void {
    this.#isOpen = false;
    this.#handoff.stop();
  }

  /** One datagram arrived. */
  onPacket(datagram: Uint8Array, from: Address): void {
    if (!this.#isOpen) return;
    const { wire, counters } = this.#core;
    counters.add('packets.received');
    counters.add('packets.receivedBytes', datagram.length);
    try {
      const { message, keyFingerprint } = wire.packets.open(datagram);
      this.#untoldKey = keyFingerprint;
      this.#partsLeft = MAX_PARTS_PER_PACKET;
      this.#inflatedBytesLeft = MAX_INFLATED_PACKET_BYTES;
      this.#dispatch(message, from, 0);
      this.#tellKey(from, null);
    } catch (error) {
      this.#tellKey(from, null);
      this.#drop(error as GossipError, from);
    }
  }

  #tellKey(from: Address, message: PacketMessage | null): void {
    const key = this.#untoldKey;
    this.#untoldKey = null;
    if (key !== null) this.#handlers.onKeyUsed(from, key, message);
  }

  #dispatch(message: Uint8Array, from: Address, depth: number): void {
    const { wire } = this.#core;
    if (message[0] === MESSAGE_TYPE.compound) this.#dispatchParts(message, from, depth);
    else if (message[0] === MESSAGE_TYPE.compress) this.#dispatchInflated(message, from, depth);
    else if (message[0] === MESSAGE_TYPE.user) this.#handoff.push(message.slice(1), from);
    else {
      const decoded = wire.decodePacketMessage(message);
      this.#tellKey(from, decoded);
      this.#handlers.onMessage(decoded, from);
    }
  }

  #dispatchParts(compound: Uint8Array, from: Address, depth: number): void {
    const { counters, ports } = this.#core;
    if (depth >= MAX_COMPOUND_NESTING) return counters.add('packets.dropped.ERR_CODEC_LIMIT');
    const { parts, lostParts } = splitCompound(compound);
    if (lostParts > 0) {
      counters.add('packets.lostParts', lostParts);
      ports.logger.warn({ ...from, lostParts }, 'a packet was cut');
    }
    for (const part of parts) {
      if (this.#partsLeft === 0) return counters.add('packets.dropped.ERR_CODEC_LIMIT');
      this.#partsLeft -= 1;
      this.#dispatchPart(part, from, depth + 1);
    }
  }

  /** What a packet holds compressed shares one budget, however it is nested. */
  #dispatchInflated(compressed: Uint8Array, from: Address, depth: number): void {
    const { counters, wire } = this.#core;
    if (depth >= MAX_COMPOUND_NESTING) return counters.add('packets.dropped.ERR_CODEC_LIMIT');
    const message = wire.inflateMessage(compressed, this.#inflatedBytesLeft);
    this.#inflatedBytesLeft -= message.length;
    this.#dispatch(message, from, depth + 1);
  }

  /** One damaged part does not take the others with it. */
  #dispatchPart(part: Uint8Array, from: Address, depth: number): void {
    try {
      this.#dispatch(part, from, depth);
    } catch (error) {
      this.#drop(error as GossipError, from);
    }
  }

  #drop(error: GossipError, from: Address): void {
    const { counters, ports } = this.#core;
    const code = (error as Partial<GossipError>).code ?? 'ERR_INTERNAL';
    counters.add(`packets.dropped.${code}`);
    if (code === 'ERR_INTERNAL') ports.logger.error({ error }, 'a packet handler threw');
    else tellRefused(this.#core, 'packets', from, error);
  }
}
