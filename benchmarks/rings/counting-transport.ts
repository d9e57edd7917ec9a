import type {
  Address,
  GossipError,
  ListenOptions,
  StreamConnection,
  StreamHandlers,
  TransportHandlers,
} from '../../src/runtime/index.ts';
import { NodeTransport } from '../../src/runtime/node/index.ts';

/** What has left so far, sealed, without the headers of UDP and TCP. */
export interface Sent {
  packets: number;
  packetBytes: number;
  streamBytes: number;
}

/** Sockets that count what is sent through them. */
export class CountingTransport extends NodeTransport {
  readonly #sent: Sent;

  /** @param sent - counted up; several may share it */
  constructor(sent: Sent) {
    super();
    this.#sent = sent;
  }

  override listen(
    options: ListenOptions,
    handlers: TransportHandlers,
    done: (error: GossipError | null, bound: Address) => void,
  ): void {
    const counting: TransportHandlers = {
      onPacket: (bytes, from) => handlers.onPacket(bytes, from),
      onStream: (connection) => handlers.onStream(this.#counted(connection)),
    };
    super.listen(options, counting, done);
  }

  override sendPacket(
    to: Address,
    bytes: Uint8Array,
    done?: (error: GossipError | null) => void,
  ): void {
    this.#sent.packets += 1;
    this.#sent.packetBytes += bytes.length;
    super.sendPacket(to, bytes, done);
  }

  override dial(to: Address, handlers: StreamHandlers): StreamConnection {
    return this.#counted(super.dial(to, handlers));
  }

  #counted(connection: StreamConnection): StreamConnection {
    const write = connection.write.bind(connection);
    connection.write = (bytes) => {
      this.#sent.streamBytes += bytes.length;
      return write(bytes);
    };
    return connection;
  }
}
