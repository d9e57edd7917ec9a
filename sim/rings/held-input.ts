import type { Clock, StreamHandlers } from '../../src/runtime/index.ts';

/*
 * What waits at a member that does not read: packets in the order of their arrival, as many as a socket's buffer holds, and
 * what streams bring. When the member reads again streams are heard at once, each by a routine of its own; packets
 * one after the other, since one routine reads them all, and each takes its time. If the member stops again
 * before it is through, the rest goes on waiting.
 *
 * Invariant: packets are heard in the order in which they came; one that finds nobody before it, and the member reading, is
 * heard at once.
 */

/** How a member reads. */
export interface ReadingOptions {
  /** How long one packet takes to be read and worked through, while more of them wait. */
  readonly readMs: number;
  /** Bytes of packets that may wait; what comes on top is lost. */
  readonly bufferBytes: number;
}

interface Packet {
  readonly sizeBytes: number;
  readonly hear: () => void;
}

/** The input of one member, and the way to hold it. */
export class HeldInput {
  readonly #clock: Clock;
  readonly #options: ReadingOptions;
  readonly #onLost: () => void;
  #packets: Packet[] = [];
  #streams: (() => void)[] = [];
  #waitingBytes = 0;
  #heldUntil = -Infinity;
  #isReading = false;

  /** @param onLost - called for each packet that finds no room */
  constructor(clock: Clock, options: ReadingOptions, onLost: () => void) {
    this.#clock = clock;
    this.#options = options;
    this.#onLost = onLost;
  }

  /** Nothing is heard for so long. */
  hold(durationMs: number): void {
    this.#heldUntil = this.#clock.now() + durationMs;
    this.#clock.schedule(durationMs, () => {
      // A later hold may have taken the place of this one.
      if (this.#isHeld) return;
      for (const hear of this.#streams.splice(0)) hear();
      this.#read();
    });
  }

  /** A packet arrived. */
  packet(sizeBytes: number, hear: () => void): void {
    if (!this.#isHeld && this.#packets.length === 0) {
      hear();
      return;
    }
    if (this.#waitingBytes + sizeBytes > this.#options.bufferBytes) {
      this.#onLost();
      return;
    }
    this.#waitingBytes += sizeBytes;
    this.#packets.push({ sizeBytes, hear });
  }

  /** Handlers of a stream that hear everything when the member reads. */
  stream(handlers: () => StreamHandlers): StreamHandlers {
    let real: StreamHandlers | null = null;
    const heard = (): StreamHandlers => (real ??= handlers());
    const pass = (hear: () => void): void => {
      if (this.#isHeld || this.#streams.length > 0) this.#streams.push(hear);
      else hear();
    };
    pass(() => void heard());
    return {
      onOpen: () => pass(() => heard().onOpen?.()),
      onData: (bytes) => pass(() => heard().onData(bytes)),
      onEnd: () => pass(() => heard().onEnd?.()),
      onDrain: () => pass(() => heard().onDrain?.()),
      onClose: (error) => pass(() => heard().onClose(error)),
    };
  }

  get #isHeld(): boolean {
    return this.#clock.now() < this.#heldUntil;
  }

  #read(): void {
    if (this.#isReading) return;
    if (this.#options.readMs === 0) {
      for (let next = this.#take(); next !== undefined; next = this.#take()) next.hear();
      return;
    }
    this.#isReading = true;
    this.#clock.schedule(this.#options.readMs, () => {
      this.#isReading = false;
      if (this.#isHeld) return;
      this.#take()?.hear();
      if (this.#packets.length > 0) this.#read();
    });
  }

  #take(): Packet | undefined {
    const next = this.#packets.shift();
    if (next !== undefined) this.#waitingBytes -= next.sizeBytes;
    return next;
  }
}
