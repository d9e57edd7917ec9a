import type { Clock, StreamHandlers } from '../runtime/index.ts';

/**
 * Holds back what a frozen process would hear, and hands it over in order when it wakes.
 *
 * As with a real process, the kernel goes on accepting: connections stand, bytes wait, and of
 * datagrams as many wait as a socket buffer holds; more are lost. When the process wakes its due timers run
 * before what waited, which is Node's order after a blocked event loop.
 */
export class PauseGate {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #pausedUntil = -Infinity;
  #waitingPackets = 0;
  #isWaking = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nothing passes for so many milliseconds; a longer pause under way stays. */
  pause(durationMs: number): void {
    const until = this.#clock.now() + durationMs;
    if (until <= this.#pausedUntil) return;
    this.#pausedUntil = until;
    this.#clock.schedule(durationMs, () => {
      this.#isWaking = this.#clock.now() >= this.#pausedUntil;
      if (this.#isWaking) this.#clock.schedule(0, () => this.#wake());
    });
  }

  /** Runs a call now, or when the process wakes. */
  run(call: () => void): void {
    if (this.isOpen) call();
    else this.#waiting.push(call);
  }

  /** The same for a datagram. @returns false when the buffer is full and it is lost */
  runPacket(call: () => void): boolean {
    if (this.isOpen) {
      call();
      return true;
    }
    if (this.#waitingPackets >= MAX_WAITING_PACKETS) return false;
    this.#waitingPackets += 1;
    this.#waiting.push(call);
    return true;
  }

  /** Handlers that hear everything through this gate. */
  wrap(handlers: () => StreamHandlers): StreamHandlers {
    let real: StreamHandlers | null = null;
    const heard = (): StreamHandlers => (real ??= handlers());
    if (this.isOpen) heard();
    else this.run(() => void heard());
    return {
      onOpen: () => this.run(() => heard().onOpen?.()),
      onData: (bytes) => this.run(() => heard().onData(bytes)),
      onEnd: () => this.run(() => heard().onEnd?.()),
      onDrain: () => this.run(() => heard().onDrain?.()),
      onClose: (error) => this.run(() => heard().onClose(error)),
    };
  }

  /** Whether whatever comes passes at once. */
  get isOpen(): boolean {
    return this.#clock.now() >= this.#pausedUntil && !this.#isWaking && this.#waiting.length === 0;
  }

  #wake(): void {
    this.#isWaking = false;
    if (this.#clock.now() < this.#pausedUntil) return;
    this.#waitingPackets = 0;
    for (const call of this.#waiting.splice(0)) call();
  }
}

/** About what a UDP socket of default size holds of full packets. */
const MAX_WAITING_PACKETS = 256;
