import type { Keyring } from './keyring.ts';
import type { ErrorMessage } from './messages.ts';
import type { EntropySource } from './secretbox.ts';

/*
 * What the layers above know of packets and streams: messages go in, bytes come out, and back. Which
 * cipher and which layout is the wire's affair.
 */

/** What both envelopes need. */
export interface EnvelopeOptions {
  /** Read at every packet and stream, so that a rotation takes effect at once. */
  readonly keyring: Keyring;
  /** The cluster's label, 0 to 255 bytes. */
  readonly label: Uint8Array;
  /** The label is taken off before what arrives reaches us; one that still stands there is refused. */
  readonly skipInboundLabelCheck?: boolean;
  readonly entropy: EntropySource;
  /** While there are keys, refuse what is not sealed. */
  readonly verifyIncoming: boolean;
  /** While there are keys, seal what is sent. */
  readonly verifyOutgoing: boolean;
}

/** What streams need besides, and every part of the memberlist wire. */
export interface StreamEnvelopeOptions extends EnvelopeOptions {
  /**
   * Compress: on the default wire the frames of streams that become smaller by it, on the memberlist wire
   * packets that do and every stream. What others compress is always read.
   */
  readonly compression: boolean;
  /** The protocol version we speak on the memberlist wire, 1 to 5; 1 pads what is sealed. Default 2. */
  readonly protocolVersion?: number;
}

/** What is known of a packet's destination. */
export interface PacketOptions {
  /** Its announced protocol maximum; left out when it is not known. The memberlist wire depends on it. */
  readonly peerMaxVersion?: number;
}

/** A message taken out of a datagram. */
export interface OpenedPacket {
  /** May be a view of the datagram. */
  readonly message: Uint8Array;
  /** The key that opened it; null when it was not sealed. */
  readonly keyFingerprint: string | null;
}

/** Makes datagrams of messages and back. */
export interface PacketEnvelope {
  /** The bytes that `seal` adds to a message at most as things stand. */
  overheadBytes(options?: PacketOptions): number;
  seal(message: Uint8Array, options?: PacketOptions): Uint8Array;
  /** @throws CodecError, CryptoError for what is not for us or cannot be read */
  open(datagram: Uint8Array): OpenedPacket;
}

/** Turns what one side says into the bytes of a stream. */
export interface StreamSealer {
  /** Takes the next plaintext, and returns what is ready to be sent; often nothing yet. */
  push(plaintext: Uint8Array): Uint8Array[];
  /** Returns the rest. Without it the other side never believes the stream to be whole. */
  finish(): Uint8Array[];
  /** In place of `finish`: the rest bit by bit, so that turns of the loop can be taken in between. */
  finishInSteps(): Generator<Uint8Array[], void, void>;
}

/** Turns the bytes of a stream into what the other side said. */
export interface StreamOpener {
  /**
   * Takes the next bytes, and returns the plaintext they complete, in order: frames until they are more
   * than a frame and as much as the bytes. A few bytes may hold megabytes; what is left then waits for the
   * next call, see `hasMore`.
   *
   * @throws CodecError, CryptoError; the stream is of no use afterwards
   */
  push(bytes: Uint8Array): Uint8Array[];
  /**
   * Gives back what `push` has returned, or the last part of it, once it was read: the next plaintext may be put there. Nobody
   * has to; left out where nothing is used again.
   */
  release?(plaintext: Uint8Array): void;
  /** Whether `push` of no bytes would give more; left out where it never does. */
  readonly hasMore?: boolean;
  /** Whether the last frame has been read; bytes behind it are ignored. */
  readonly isComplete: boolean;
  /** Whether the layers say where they end. Where they do not, the end of the message is theirs too. */
  readonly hasEnd: boolean;
  /** The key that opened the stream; null when it is not sealed, or not open yet. */
  readonly keyFingerprint: string | null;
}

/** Both directions of a stream for the side that dialled. */
export interface InitiatedStream {
  readonly request: StreamSealer;
  readonly reply: StreamOpener;
}

/** Both directions of a stream for the side that was dialled. */
export interface AcceptedStream {
  readonly request: StreamOpener;
  /** To be used once the request has been opened; on the default wire it is sealed as that was. */
  readonly reply: StreamSealer;
  /** The whole answer to a request that could not be opened; on the default wire not sealed, so a hint at most. */
  refuse(error: ErrorMessage): Uint8Array[];
}

/** Frames and seals streams. */
export interface StreamEnvelope {
  initiate(): InitiatedStream;
  accept(): AcceptedStream;
}
