import type { PacketMessage } from '../codec/index.ts';
import { MESSAGE_TYPE, splitCompound } from '../codec/index.ts';
import type { Address, GossipError } from '../runtime/index.ts';
import { formatAddress } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { callHook } from './core.ts';

/** Where each kind of message goes. */
export interface InboundHandlers {
  readonly onMessage: (message: PacketMessage, from: Address) => void;
  /** A packet was opened with the key of this fingerprint. */
  readonly onKeyUsed: (from: Address, fingerprint: string) => void;
}

/**
 * Opens packets and hands their messages on, in order.
 *
 * Nothing a peer sends throws out of here: every refusal is counted by reason, and traffic of
 * another ring, key or wire is told to the operator once per source and minute.
 */
export class Inbound {
  readonly #core: Core;
  readonly #handlers: InboundHandlers;
  readonly #toldAt = new Map<string, number>();

  constructor(core: Core, handlers: InboundHandlers) {
    this.#core = core;
    this.#handlers = handlers;
  }

  /** One datagram arrived. */
  onPacket(datagram: Uint8Array, from: Address): void {
    const { wire, counters } = this.#core;
    counters.add('packets.received');
    counters.add('packets.receivedBytes', datagram.length);
    try {
      const { message, keyFingerprint } = wire.packets.open(datagram);
      if (keyFingerprint !== null) this.#handlers.onKeyUsed(from, keyFingerprint);
      this.#dispatch(message, from, 0);
    } catch (error) {
      this.#drop(error as GossipError, from);
    }
  }

  #dispatch(message: Uint8Array, from: Address, depth: number): void {
    const { wire, counters, delegates } = this.#core;
    switch (message[0]) {
      case MESSAGE_TYPE.compound: {
        if (depth >= MAX_COMPOUND_DEPTH) return counters.add('packets.dropped.ERR_CODEC_LIMIT');
        const { parts, lostParts } = splitCompound(message);
        if (lostParts > 0) counters.add('packets.lostParts', lostParts);
        for (const part of parts) this.#dispatchPart(part, from, depth + 1);
        return;
      }
      case MESSAGE_TYPE.user: {
        const payload = message.slice(1);
        callHook(
          this.#core,
          'onUserMessage',
          () => delegates.user?.onUserMessage?.(payload),
          undefined,
        );
        return;
      }
      default:
        this.#handlers.onMessage(wire.decodePacketMessage(message), from);
    }
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
    const { counters, ports, events } = this.#core;
    const code = (error as Partial<GossipError>).code ?? 'ERR_INTERNAL';
    counters.add(`packets.dropped.${code}`);
    if (!FOREIGN_CODES.includes(code)) {
      if (code === 'ERR_INTERNAL') ports.logger.error({ error }, 'a packet handler threw');
      return;
    }
    const now = ports.clock.now();
    const told = this.#toldAt.get(from.host);
    if (told !== undefined && now - told < TELL_AGAIN_MS) return;
    if (this.#toldAt.size >= MAX_TOLD_SOURCES) this.#toldAt.clear();
    this.#toldAt.set(from.host, now);
    events.warn('WARN_FOREIGN_TRAFFIC', `packets from ${formatAddress(from)}: ${error.message}`, {
      code,
      ...from,
    });
  }
}

/** Reasons that point to a configuration that differs, not to noise. */
const FOREIGN_CODES: readonly string[] = [
  'ERR_LABEL_MISMATCH',
  'ERR_KEY_MISMATCH',
  'ERR_NOT_SEALED',
  'ERR_SEALED',
  'ERR_CODEC_OTHER_WIRE',
];
const MAX_COMPOUND_DEPTH = 8;
const TELL_AGAIN_MS = 60_000;
const MAX_TOLD_SOURCES = 1024;
