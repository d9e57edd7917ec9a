/** Bounds over all streams that peers opened. */
export interface StreamRoomLimits {
  /** Streams that stay open at once while there are silent ones to drop. */
  readonly maxStreams: number;
  /** Bytes of requests that are not closed yet, as they arrived or as they inflated. */
  readonly maxBytes: number;
}

interface Occupant {
  readBytes: number;
  heldBytes: number;
}

/**
 * Who may stay while too many come.
 *
 * Whoever has a key shows it with the first frame; until then a stream is worth little. When there is
 * hardly room for another stream, the one that has been silent longest goes: so an outsider who holds
 * streams open only ever drives out their own, and a member finds a place.
 */
export class StreamRoom<Stream> {
  readonly #limits: StreamRoomLimits;
  readonly #occupants = new Map<Stream, Occupant>();
  /** In the order in which they came. */
  readonly #unproven = new Set<Stream>();
  #heldBytes = 0;

  constructor(limits: StreamRoomLimits) {
    this.#limits = limits;
  }

  /** Bytes that all requests together hold. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A stream was accepted. @returns the stream to drop for it, or null */
  enter(stream: Stream): Stream | null {
    this.#occupants.set(stream, { readBytes: 0, heldBytes: 0 });
    this.#unproven.add(stream);
    if (this.#occupants.size <= this.#limits.maxStreams) return null;
    const [oldest = stream] = this.#unproven;
    if (oldest === stream) return null;
    this.leave(oldest);
    return oldest;
  }

  /** A frame of the stream was opened. */
  proved(stream: Stream): void {
    this.#unproven.delete(stream);
  }

  /** So many bytes more of plaintext were read. */
  read(stream: Stream, bytes: number): void {
    const occupant = this.#occupants.get(stream);
    if (occupant === undefined) return;
    occupant.readBytes += bytes;
    this.#raise(occupant, occupant.readBytes);
  }

  /** So many bytes have arrived in all. @returns whether there is room for them */
  hold(stream: Stream, arrivedBytes: number): boolean {
    const occupant = this.#occupants.get(stream);
    if (occupant !== undefined) this.#raise(occupant, arrivedBytes);
    return this.#heldBytes <= this.#limits.maxBytes;
  }

  /** The stream is closed. */
  leave(stream: Stream): void {
    this.#heldBytes -= this.#occupants.get(stream)?.heldBytes ?? 0;
    this.#occupants.delete(stream);
    this.#unproven.delete(stream);
  }

  #raise(occupant: Occupant, bytes: number): void {
    if (bytes <= occupant.heldBytes) return;
    this.#heldBytes += bytes - occupant.heldBytes;
    occupant.heldBytes = bytes;
  }
}
