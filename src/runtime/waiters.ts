import type { Clock, Timer } from './clock.ts';
import type { GossipError } from './errors.ts';
import { TimeoutError } from './errors.ts';

/** How long a caller is ready to wait. */
export interface WaitOptions {
  /** Ends the wait; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the promise rejects with `ERR_TIMEOUT`. Default: as the method says. */
  readonly timeoutMs?: number | undefined;
}

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
      onEnd?.();
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
}
