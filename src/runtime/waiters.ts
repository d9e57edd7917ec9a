import type { Clock, Timer } from './clock.ts';
import type { GossipError } from './errors.ts';
import { StateError, TimeoutError } from './errors.ts';

/** How long a caller is ready to wait. */
export interface WaitOptions {
  /** Ends the wait; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the promise rejects with `ERR_TIMEOUT`. Default: as the method says. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Refuses a wait that cannot be kept, before anything has begun.
 *
 * @throws StateError with `ERR_ARGUMENT_INVALID`
 */
export function checkWait(wait: unknown): void {
  const isObject = typeof wait === 'object' && wait !== null;
  const { signal, timeoutMs } = (isObject ? wait : {}) as { signal?: unknown; timeoutMs?: unknown };
  const isTimeout =
    timeoutMs === undefined ||
    (typeof timeoutMs === 'number' && timeoutMs >= 0 && timeoutMs <= MAX_TIMEOUT_MS);
  const isSignal = signal === undefined || isAbortSignal(signal);
  if (isObject && isTimeout && isSignal) return;
  const wrong = !isObject ? 'options' : isTimeout ? 'signal' : 'timeoutMs';
  const rule = isTimeout ? 'an AbortSignal' : 'milliseconds from 0 to 30 days';
  const text = isObject ? `${wrong} must be ${rule}` : 'options must be an object';
  throw new StateError('ERR_ARGUMENT_INVALID', text, { argument: wrong, value: timeoutMs });
}

/**
 * Refuses options with a field that nobody reads: a misspelt name would otherwise mean its default.
 *
 * @param what - whose options they are, for the message
 * @throws StateError with `ERR_ARGUMENT_INVALID`
 */
export function checkFields(what: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((field) => !known.includes(field));
  if (unknown === undefined) return;
  const text = `${what}: there is no option '${unknown}'; it takes ${known.join(', ')}`;
  throw new StateError('ERR_ARGUMENT_INVALID', text, { argument: unknown });
}

function isAbortSignal(signal: unknown): boolean {
  if (typeof signal !== 'object' || signal === null) return false;
  return 'aborted' in signal && 'addEventListener' in signal && 'removeEventListener' in signal;
}

const MAX_TIMEOUT_MS = 30 * 86_400_000;

/** One promise that somebody waits on. */
export interface Waiter<T> {
  readonly promise: Promise<T>;
  /** Whether it is still open. */
  readonly isOpen: boolean;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * The promises an instance has handed out.
 *
 * Each ends by its own result, by the caller's signal, by its time limit or by {@link Waiters.failAll};
 * whichever comes first, no listener and no timer is left behind.
 */
export class Waiters {
  readonly #clock: Clock;
  readonly #open = new Set<Waiter<never>>();
  #isAbandoned = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Makes a promise.
   *
   * @param what - for the time-out's message: what did not happen
   * @param onEnd - called once when it ends for whatever reason
   */
  create<T>(what: string, options: WaitOptions = {}, onEnd?: () => void): Waiter<T> {
    checkWait(options);
    const { signal, timeoutMs } = options;
    let timer: Timer | null = null;
    let settle: { resolve: (value: T) => void; reject: (error: unknown) => void } | null = null;
    const promise = new Promise<T>((resolve, reject) => {
      settle = { resolve, reject };
    });
    const end = (how: 'resolve' | 'reject', value: unknown): void => {
      if (settle === null) return;
      const held = settle;
      settle = null;
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort);
      this.#open.delete(waiter as Waiter<never>);
      if (!this.#isAbandoned) onEnd?.();
      held[how](value as T);
    };
    const onAbort = (): void => {
      end('reject', signal?.reason);
    };
    const waiter: Waiter<T> = {
      promise,
      get isOpen() {
        return settle !== null;
      },
      resolve: (value) => {
        end('resolve', value);
      },
      reject: (error) => {
        end('reject', error);
      },
    };
    this.#open.add(waiter as Waiter<never>);
    if (timeoutMs !== undefined) {
      timer = this.#clock.schedule(timeoutMs, () => {
        const text = `${what} did not happen within ${timeoutMs} ms`;
        end('reject', new TimeoutError('ERR_TIMEOUT', text, { timeoutMs }));
      });
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    return waiter;
  }

  /** Rejects every open promise. */
  failAll(error: GossipError): void {
    for (const waiter of [...this.#open]) waiter.reject(error);
  }

  /** Rejects every open promise, and ends nothing else: the process they belong to is dead, and nobody acts in it. */
  abandonAll(error: GossipError): void {
    this.#isAbandoned = true;
    this.failAll(error);
  }
}
