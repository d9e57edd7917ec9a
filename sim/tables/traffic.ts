import type { Wire } from '../../src/codec/index.ts';
import { MESSAGE_TYPE } from '../../src/codec/index.ts';
import type { StreamConnection, Transport } from '../../src/runtime/index.ts';
import type { PacketKind, PacketReaderOptions } from './packets.ts';
import { emptyKinds, PACKET_KINDS, PacketReader, readingWire } from './packets.ts';

/*
 * Counts what nodes send, by what it is for. Packets are read one by one; a stream is what its first message
 * says, in both directions, and is counted where it is dialled. Payload of UDP and TCP, without their headers.
 */

/** Purposes of streams. */
export const STREAM_KINDS = ['exchange', 'tables', 'probe'] as const;

/** `exchange`: push/pull of members. `tables`: bulk syncs, and news too large for packets. */
export type StreamKind = (typeof STREAM_KINDS)[number];

/** Sums since the start or the last {@link TrafficMeter.reset}. */
export interface Traffic {
  readonly packetBytes: Readonly<Record<PacketKind, number>>;
  /** Packets by what most of their bytes are for. */
  readonly packets: Readonly<Record<PacketKind, number>>;
  readonly streamBytes: Readonly<Record<StreamKind, number>>;
  readonly streams: Readonly<Record<StreamKind, number>>;
}

/** Counts the traffic of a ring. */
export class TrafficMeter {
  readonly #reader: PacketReader;
  readonly #wire: Wire;
  #packetBytes = emptyKinds();
  #packets = emptyKinds();
  #streamBytes = emptyStreams();
  #streams = emptyStreams();

  constructor(options: PacketReaderOptions) {
    this.#reader = new PacketReader(options);
    this.#wire = readingWire(options);
  }

  /** A packet was sent. */
  packet(datagram: Uint8Array): void {
    const { bytes } = this.#reader.read(datagram);
    let main: PacketKind = 'other';
    for (const kind of PACKET_KINDS) {
      this.#packetBytes[kind] += bytes[kind];
      if (bytes[kind] > bytes[main]) main = kind;
    }
    this.#packets[main] += 1;
  }

  /** The same transport; streams that are dialled through it are counted. */
  metered(transport: Transport): Transport {
    return {
      listen: (options, handlers, done) => {
        transport.listen(options, handlers, done);
      },
      sendPacket: (to, bytes, done) => {
        transport.sendPacket(to, bytes, done);
      },
      dial: (to, handlers) => {
        const stream = new MeteredStream(this.#wire, (kind, bytes, isNew) => {
          this.#streamBytes[kind] += bytes;
          if (isNew) this.#streams[kind] += 1;
        });
        const connection = transport.dial(to, {
          ...handlers,
          onData: (bytes) => {
            stream.answered(bytes);
            handlers.onData(bytes);
          },
          onDrain: () => handlers.onDrain?.(),
          onEnd: () => handlers.onEnd?.(),
          onClose: (error) => {
            handlers.onClose(error);
          },
        });
        return stream.metered(connection);
      },
      interfaceAddresses: () => transport.interfaceAddresses(),
      close: (done) => {
        transport.close(done);
      },
    };
  }

  /** Counts from here on. */
  reset(): void {
    this.#packetBytes = emptyKinds();
    this.#packets = emptyKinds();
    this.#streamBytes = emptyStreams();
    this.#streams = emptyStreams();
  }

  /** The sums, as copies. */
  traffic(): Traffic {
    return {
      packetBytes: { ...this.#packetBytes },
      packets: { ...this.#packets },
      streamBytes: { ...this.#streamBytes },
      streams: { ...this.#streams },
    };
  }
}

type Counted = (kind: StreamKind, bytes: number, isNew: boolean) => void;

/** One dialled stream; its kind is known from the first plaintext on. */
class MeteredStream {
  readonly #opener;
  readonly #counted: Counted;
  #kind: StreamKind | null = null;
  #waitingBytes = 0;

  constructor(wire: Wire, counted: Counted) {
    this.#opener = wire.streams.accept().request;
    this.#counted = counted;
  }

  metered(connection: StreamConnection): StreamConnection {
    return {
      get remote() {
        return connection.remote;
      },
      write: (bytes) => {
        this.#written(bytes);
        return connection.write(bytes);
      },
      end: () => {
        connection.end();
      },
      destroy: () => {
        connection.destroy();
      },
    };
  }

  answered(bytes: Uint8Array): void {
    if (this.#kind !== null) this.#counted(this.#kind, bytes.length, false);
  }

  #written(bytes: Uint8Array): void {
    this.#waitingBytes += bytes.length;
    if (this.#kind !== null) this.#counted(this.#kind, bytes.length, false);
    else {
      const first = this.#opener.push(bytes)[0]?.[0];
      if (first === undefined) return;
      this.#kind = kindOf(first);
      this.#counted(this.#kind, this.#waitingBytes, true);
    }
  }
}

function kindOf(type: number): StreamKind {
  if (type === MESSAGE_TYPE.pushPull) return 'exchange';
  return type === MESSAGE_TYPE.user ? 'tables' : 'probe';
}

function emptyStreams(): Record<StreamKind, number> {
  return { exchange: 0, tables: 0, probe: 0 };
}
