import type { Address, Timer } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { callHook } from './core.ts';
import { warnOfLimit } from './limit-warnings.ts';

interface Waiting {
  readonly payload: Uint8Array;
  readonly from: Address;
}

/**
 * Hands user messages from packets to the layer above, a bounded piece between two turns of the loop.
 *
 * What is about members is applied as it arrives: it costs microseconds. What a user's hook costs nobody knows,
 * so user messages alone wait: beyond {@link TURN_MESSAGES} in one turn the rest is handed over in later turns,
 * between which the socket is read. So probes and claims that arrive behind a flood overtake it.
 *
 * Between two pieces no more packets are read than a piece holds (in Node 32 a turn, four turns at most), so messages
 * with a packet each never wait here: nothing is dropped that a plain call would have delivered, however busy the
 * machine is. For the
 * same reason there is no limit by time, which a process that is not scheduled would exceed at every message.
 *
 * Invariant: while one waits, those that arrive wait behind it (or before it, newest first). What waits is bounded
 * in number and bytes; the oldest make room.
 *
 * @remarks memberlist hands alive claims over ahead of suspect, dead and user messages, each kind newest first, and
 * drops the newest when full; with one thread only user messages need a queue
 */
export class UserHandoff {
  readonly #core: Core;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #turn: Timer | null = null;
  #handed = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  /** A message arrived. */
  push(payload: Uint8Array, from: Address): void {
    if (this.#waiting.length === 0 && this.#hasRoom()) this.#hand({ payload, from });
    else this.#keep({ payload, from });
  }

  /** Hands over nothing more. */
  stop(): void {
    this.#turn?.cancel();
    this.#turn = null;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  #hasRoom(): boolean {
    if (this.#turn === null) this.#beginTurn();
    return this.#handed < TURN_MESSAGES;
  }

  #beginTurn(): void {
    this.#handed = 0;
    this.#turn = this.#core.ports.clock.afterPendingInput(() => {
      this.#turn = null;
      this.#drain();
    });
  }

  #drain(): void {
    if (this.#waiting.length === 0) return;
    this.#core.counters.add('messages.slices');
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      const isLifo = this.#core.config.userMessageOrder === 'lifo';
      const next = (isLifo ? this.#waiting.pop() : this.#waiting.shift()) as Waiting;
      this.#waitingBytes -= next.payload.length;
      this.#hand(next);
    }
  }

  #hand({ payload, from }: Waiting): void {
    this.#handed += 1;
    const { user } = this.#core.delegates;
    callHook(this.#core, 'onUserMessage', () => user?.onUserMessage?.(payload, from), undefined);
  }

  #keep(message: Waiting): void {
    const { maxWaitingUserMessages: limit } = this.#core.config.limits;
    this.#waiting.push(message);
    this.#waitingBytes += message.payload.length;
    while (this.#waiting.length > limit || this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#waitingBytes -= (this.#waiting.shift() as Waiting).payload.length;
      this.#core.counters.add('messages.dropped');
      const text = `${limit} user messages wait for onUserMessage; the oldest are dropped`;
      warnOfLimit(this.#core, 'limits.maxWaitingUserMessages', text, { limit });
    }
  }
}

/** User messages handed over between two turns of the loop. */
const TURN_MESSAGES = 128;
/** Bytes that may wait, whatever their number: one packet can hold a megabyte when inflated. */
const MAX_WAITING_BYTES = 16_777_216;
