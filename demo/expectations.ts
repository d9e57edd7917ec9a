import { setTimeout as delay } from 'node:timers/promises';

/*
 * Everything the demo claims is an expectation with a name and a deadline. The first that does not hold
 * ends the demo with what was seen instead.
 */

/** An expectation that held. */
export interface Met {
  readonly name: string;
  /** Milliseconds from its start to when it held. */
  readonly ms: number;
}

/** An expectation did not hold. */
export class ExpectationFailed extends Error {
  readonly expectation: string;
  /** What was seen instead. */
  readonly seen: string;
  readonly waitedMs: number;

  constructor(expectation: string, seen: string, waitedMs: number) {
    super(`expectation failed: ${expectation} (after ${Math.round(waitedMs)} ms): ${seen}`);
    this.name = 'ExpectationFailed';
    this.expectation = expectation;
    this.seen = seen;
    this.waitedMs = waitedMs;
  }
}

/** Says null when all is as it must be, otherwise what is seen. */
export type Check = () => string | null;

/** Collaborators of {@link Expectations}. */
export interface ExpectationParts {
  /** Brings what checks look at up to date. */
  readonly refresh: () => Promise<void>;
  /** Says which members have not answered the last refresh. */
  readonly silent: () => string;
  /** Rejects when the demo cannot go on, with the reason. */
  readonly broken: Promise<never>;
  readonly onMet: (met: Met) => void;
  readonly onOpen: (name: string) => void;
  /** Takes the place of every deadline; for tests of failing. */
  readonly deadlineMs: number | undefined;
  /** When the whole demo must be over, on the clock of `performance.now`. */
  readonly endsAt: number;
}

/** Milliseconds between two looks. */
const LOOK_EVERY_MS = 50;

/** Waits for expectations and keeps those that were met. */
export class Expectations {
  readonly met: Met[] = [];
  readonly #parts: ExpectationParts;

  constructor(parts: ExpectationParts) {
    this.#parts = parts;
  }

  /**
   * Waits until a check holds.
   *
   * @param since - when the wait began to count, on the clock of `performance.now`
   * @returns milliseconds since then
   * @throws ExpectationFailed after the deadline
   */
  async until(o: {
    readonly name: string;
    readonly deadlineMs: number;
    readonly check: Check;
    readonly since?: number;
  }): Promise<number> {
    const since = o.since ?? performance.now();
    const limitMs = this.#limit(o.deadlineMs, since);
    this.#parts.onOpen(o.name);
    for (;;) {
      const isFresh = await this.#refresh(limitMs - (performance.now() - since));
      const ms = performance.now() - since;
      const seen = isFresh ? o.check() : this.#parts.silent();
      if (seen === null && ms <= limitMs) return this.#keep(o.name, ms);
      if (ms > limitMs) throw new ExpectationFailed(o.name, seen ?? 'it held too late', ms);
      await delay(LOOK_EVERY_MS);
    }
  }

  /**
   * Waits until a promise is fulfilled.
   *
   * @returns its value
   * @throws ExpectationFailed after the deadline, or when it is rejected
   */
  async within<Value>(name: string, deadlineMs: number, work: Promise<Value>): Promise<Value> {
    const since = performance.now();
    const limitMs = this.#limit(deadlineMs, since);
    this.#parts.onOpen(name);
    const late = new AbortController();
    const failed = (seen: string): ExpectationFailed =>
      new ExpectationFailed(name, seen, performance.now() - since);
    try {
      const value = await Promise.race([
        work.catch((error: unknown) => {
          throw failed(error instanceof Error ? error.message : String(error));
        }),
        this.#parts.broken,
        delay(limitMs, null, { signal: late.signal }).then(() => {
          throw failed('it is not done');
        }),
      ]);
      this.#keep(name, performance.now() - since);
      return value;
    } finally {
      late.abort();
    }
  }

  /** Holds now, or fails. */
  verify(name: string, check: Check): void {
    const seen = check();
    if (seen !== null) throw new ExpectationFailed(name, seen, 0);
    this.#keep(name, 0);
  }

  /**
   * @returns false when it takes longer than the time that is left: a member that hangs is as late as a
   * check that does not hold
   */
  async #refresh(leftMs: number): Promise<boolean> {
    const over = new AbortController();
    try {
      return await Promise.race([
        this.#parts.refresh().then(() => true),
        this.#parts.broken,
        delay(Math.max(leftMs, LOOK_EVERY_MS), false, { signal: over.signal }),
      ]);
    } finally {
      over.abort();
    }
  }

  #limit(deadlineMs: number, since: number): number {
    return Math.min(this.#parts.deadlineMs ?? deadlineMs, this.#parts.endsAt - since);
  }

  #keep(name: string, ms: number): number {
    const met: Met = { name, ms };
    this.met.push(met);
    this.#parts.onMet(met);
    return ms;
  }
}
