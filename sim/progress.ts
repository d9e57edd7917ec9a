/** How far a long run is, on one line of a terminal or a line now and then elsewhere. */
export class Progress {
  readonly #out: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;
  readonly #total: number;
  readonly #startedAt: number;
  readonly #now: () => number;
  /** Work that is done of what is under way, by what that is. */
  readonly #partly = new Map<unknown, number>();
  #shownAt = -Infinity;
  #done = 0;

  /**
   * @param total - work in all, in any unit that is about even in time
   * @param now - real milliseconds
   */
  constructor(
    out: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>,
    total: number,
    now: () => number = () => performance.now(),
  ) {
    this.#out = out;
    this.#total = total;
    this.#now = now;
    this.#startedAt = now();
  }

  /** Something begins, with this share of all work done: says so at once. */
  tell(share: number, what: string): void {
    this.#show(share, what);
  }

  /** So much of something that is under way is done by now. */
  reach(part: unknown, work: number, what: string): void {
    this.#partly.set(part, work);
    this.#mayShow(what);
  }

  /** So much more is done; all of the part, if it is one. */
  add(work: number, what: string, part: unknown = null): void {
    this.#partly.delete(part);
    this.#done += work;
    this.#mayShow(what);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K');
  }

  #mayShow(what: string): void {
    if (this.#now() - this.#shownAt < (this.#out.isTTY ? 200 : 10_000)) return;
    const done = [...this.#partly.values()].reduce((sum, work) => sum + work, this.#done);
    this.#show(this.#total > 0 ? Math.min(1, done / this.#total) : 1, what);
  }

  #show(share: number, what: string): void {
    this.#shownAt = this.#now();
    const passedMs = this.#shownAt - this.#startedAt;
    // The first hundredth says nothing of the others.
    const isSayable = share >= LEAST_SHARE && passedMs >= LEAST_MS && share < 1;
    const left = isSayable ? `, ${duration((passedMs * (1 - share)) / share)} left` : '';
    const text = `${Math.floor(share * 100)
      .toString()
      .padStart(3)} %${left}  ${what}`;
    this.#out.write(this.#out.isTTY ? `\r\x1b[K${text.slice(0, 100)}` : `${text}\n`);
  }
}

/** Milliseconds as people say them. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** From when on it is said how much time is left. */
const LEAST_SHARE = 0.02;
const LEAST_MS = 3_000;
