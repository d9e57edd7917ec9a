import type { Wire, WireName } from '../../src/codec/index.ts';
import {
  CodecError,
  compoundParts,
  createWire,
  decodeGossip,
  decodeTableEvent,
  GOSSIP_TYPE,
  Keyring,
  MESSAGE_TYPE,
  splitCompound,
  wireKeyLengths,
} from '../../src/codec/index.ts';

/*
 * What a packet is about, read from its bytes as a capture on the wire would be. Every byte of a packet
 * belongs to one kind: envelopes are shared out in proportion to what they envelop.
 */

/** Purposes of bytes in packets. */
export const PACKET_KINDS = ['probe', 'members', 'networks', 'tables', 'other'] as const;

/**
 * `probe`: pings, acks and nacks. `members`: claims about members. `networks`: who is on which network.
 * `tables`: writes. `other`: messages of users.
 */
export type PacketKind = (typeof PACKET_KINDS)[number];

/** A write in a packet. */
export interface SeenWrite {
  readonly key: string;
  readonly time: number;
  /** Bytes of the event itself. */
  readonly sizeBytes: number;
}

/** What one packet holds. */
export interface SeenPacket {
  /** Bytes by kind; together the size of the packet. */
  readonly bytes: Readonly<Record<PacketKind, number>>;
  readonly writes: readonly SeenWrite[];
}

/** How packets of a ring are to be read. */
export interface PacketReaderOptions {
  readonly wire: WireName;
  readonly keys?: readonly Uint8Array[];
  readonly label?: string;
}

const MAX_INFLATED_BYTES = 1_048_576;

/** Reads the packets of one ring. */
export class PacketReader {
  readonly #wire: Wire;

  constructor(options: PacketReaderOptions) {
    this.#wire = readingWire(options);
  }

  /** What a packet holds. @throws CodecError or CryptoError for one of another ring */
  read(datagram: Uint8Array): SeenPacket {
    const sizes = emptyKinds();
    const writes: SeenWrite[] = [];
    this.#message(this.#wire.packets.open(datagram).message, sizes, writes);
    const total = PACKET_KINDS.reduce((sum, kind) => sum + sizes[kind], 0);
    const scale = total > 0 ? datagram.length / total : 0;
    for (const kind of PACKET_KINDS) sizes[kind] *= scale;
    return { bytes: sizes, writes };
  }

  #message(message: Uint8Array, sizes: Record<PacketKind, number>, writes: SeenWrite[]): void {
    switch (message[0] as number) {
      case MESSAGE_TYPE.compound:
        for (const part of splitCompound(message).parts) this.#message(part, sizes, writes);
        return;
      case MESSAGE_TYPE.compress:
        this.#message(this.#wire.inflateMessage(message, MAX_INFLATED_BYTES), sizes, writes);
        return;
      case MESSAGE_TYPE.user:
        if (!isReadable(message.subarray(1), sizes, writes)) sizes.other += message.length;
        return;
      case MESSAGE_TYPE.suspect:
      case MESSAGE_TYPE.alive:
      case MESSAGE_TYPE.dead:
        sizes.members += message.length;
        return;
      default:
        sizes.probe += message.length;
    }
  }
}

/** The codec of a ring for one who only listens. */
export function readingWire({ wire, keys = [], label = '' }: PacketReaderOptions): Wire {
  return createWire(wire, {
    keyring: new Keyring(keys, wireKeyLengths(wire), null),
    label: new TextEncoder().encode(label),
    skipInboundLabelCheck: false,
    entropy: { fill: () => undefined },
    verifyIncoming: false,
    verifyOutgoing: false,
    compression: false,
    protocolVersion: 2,
  });
}

/** No bytes of any kind. */
export function emptyKinds(): Record<PacketKind, number> {
  return { probe: 0, members: 0, networks: 0, tables: 0, other: 0 };
}

/** Users of the membership alone may send anything. */
function isReadable(
  bytes: Uint8Array,
  sizes: Record<PacketKind, number>,
  writes: SeenWrite[],
): boolean {
  try {
    readGossip(bytes, sizes, writes);
    return true;
  } catch (error) {
    if (error instanceof CodecError) return false;
    throw error;
  }
}

function readGossip(
  bytes: Uint8Array,
  sizes: Record<PacketKind, number>,
  writes: SeenWrite[],
): void {
  const { type, data } = decodeGossip(bytes);
  switch (type) {
    case GOSSIP_TYPE.compound:
      for (const part of compoundParts(data)) readGossip(part, sizes, writes);
      return;
    case GOSSIP_TYPE.tableEvent: {
      const { key, time } = decodeTableEvent(data);
      writes.push({ key, time: Number(time), sizeBytes: bytes.length });
      sizes.tables += bytes.length;
      return;
    }
    case GOSSIP_TYPE.networkEvent:
    case GOSSIP_TYPE.nodeEvent:
      sizes.networks += bytes.length;
      return;
    default:
      sizes.other += bytes.length;
  }
}
