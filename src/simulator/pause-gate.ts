import type { Clock, StreamHandlers } from '../runtime/index.ts';

/**
 * Holds back what a frozen process would hear, and hands it over in order when it wakes.
 *
 * As with a real process, the kernel goes on accepting: connections stand, bytes wait, and of
 * datagrams as many wait as a socket buffer holds; more are lost. When the process wakes its due timers run
 * before what waited, which is Node's order after a blocked event loop. A process that is killed meanwhile never
 * wakes: its kernel drops what waits.
 */
export class PauseGate {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #pausedUntil = -Infinity;
  #waitingPackets = 0;
  #isWaking = false;
  #hasEnded = false;

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

  /** Nothing passes ever again, nor what waits. */
  end(): void {
    this.#hasEnded = true;
    this.#waiting.length = 0;
  }

  /** Runs a call now, or when the process wakes. */
  run(call: () => void): void {
    if (this.#hasEnded) return;
    if (this.isOpen) call();
    else this.#waiting.push(call);
  }

  /** The same for a datagram. @returns false when it is lost: the buffer is full, or nobody will read it */
  runPacket(call: () => void): boolean {
    if (this.#hasEnded) return false;
    if (this.isOpen) {
      call();
      return true;
    }
    if (this.#waitingPackets >= MAX_WAITING_PACKETS) return false;
    this.#waitingPackets += 1;
    this.#waiting.push(call);
    return true;
  }

  /**
   * Handlers of a stream that hear everything through this gate.
   *
   * @param handlers - asked for them once, when they may hear
   * @param isDropped - whether its owner has dropped the stream, and wants of all that waits the end alone
   */
  wrap(handlers: () => StreamHandlers, isDropped: () => boolean): StreamHandlers {
    let real: StreamHandlers | null = null;
    const heard = (): StreamHandlers => (real ??= handlers());
    if (this.isOpen) heard();
    else this.run(() => void heard());
    const pass = (call: (to: StreamHandlers) => void): void => {
      this.run(() => {
        if (!isDropped()) call(heard());
      });
    };
    return {
      onOpen: () => pass((to) => to.onOpen?.()),
      onData: (bytes) => pass((to) => to.onData(bytes)),
      onEnd: () => pass((to) => to.onEnd?.()),
      onDrain: () => pass((to) => to.onDrain?.()),
      onClose: (error) => this.run(() => heard().onClose(error)),
    };
  }

  /** Whether whatever comes passes at once. */
  get isOpen(): boolean {
    if (this.#hasEnded) return false;
    return this.#clock.now() >= this.#pausedUntil && !this.#isWaking && this.#waiting.length === 0;
  }

  #wake(): void {
    this.#isWaking = false;
    if (this.#clock.now() < this.#pausedUntil) return;
    this.#waitingPackets = 0;
    for (const call of this.#waiting.splice(0)) {
      // Asked anew after each: what one hears may end the process.
      if (!this.#hasEnded) call();
    }
  }
}

/** About what a UDP socket of default size holds of full packets. */
const MAX_WAITING_PACKETS = 256;
