/** How far a long run is, on one line of a terminal or a line now and then elsewhere. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #total: number;
  readonly #startedAt = performance.now();
  #shownAt = -Infinity;
  #done = 0;

  /** @param total - work in all, in any unit that is about even in time */
  constructor(out: NodeJS.WriteStream, total: number) {
    this.#out = out;
    this.#total = total;
  }

  /** So much more is done. */
  add(work: number, what: string): void {
    this.#done += work;
    const now = performance.now();
    const pauseMs = this.#out.isTTY ? 200 : 10_000;
    if (now - this.#shownAt < pauseMs) return;
    this.#shownAt = now;
    const share = this.#total > 0 ? this.#done / this.#total : 1;
    const passedMs = now - this.#startedAt;
    const left = share > 0 ? `, ${duration((passedMs * (1 - share)) / share)} left` : '';
    const text = `${(share * 100).toFixed(0).padStart(3)} %${left}  ${what}`;
    this.#out.write(this.#out.isTTY ? `\r\x1b[K${text.slice(0, 100)}` : `${text}\n`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K');
  }
}

/** Milliseconds as people say them. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
