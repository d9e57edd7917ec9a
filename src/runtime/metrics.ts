/**
 * Counters of one instance, by dotted name (`packets.dropped.key`).
 *
 * Pulled, not pushed: `stats()` of the public classes copies them out. Names are fixed in code,
 * never built from peer input, so the table cannot grow.
 */
export class Counters {
  /** In objects of their own, so that adding looks a name up once. */
  readonly #values = new Map<string, { count: number }>();

  /** Adds `by` (default 1) to a counter, creating it at 0. */
  add(name: string, by = 1): void {
    const value = this.#values.get(name);
    if (value === undefined) this.#values.set(name, { count: by });
    else value.count += by;
  }

  /** The counter's value; 0 when it was never touched. */
  get(name: string): number {
    return this.#values.get(name)?.count ?? 0;
  }

  /** A copy of all counters, ordered by name. */
  snapshot(): Record<string, number> {
    const entries = [...this.#values].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return Object.fromEntries(entries.map(([name, { count }]) => [name, count]));
  }
}
