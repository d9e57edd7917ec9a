import { isDeepStrictEqual } from 'node:util';

/*
 * A benchmark plays one hot path in a process of its own and says what it took, by figure. Before it takes the time it
 * checks what comes out; what it measures is handed to it as `subject`, so that a test can hand it a broken one.
 */

/** What was measured, by name. What never happened is left out. */
export type Figures = Readonly<Record<string, number>>;

/** How much to measure. */
export interface Extent {
  /** Entries, members or bytes, as the benchmark says. */
  readonly size: number;
  /** Milliseconds for each figure of a small thing that is repeated. */
  readonly budgetMs: number;
}

/** Functions under measurement, by name. */
export type Subject = Readonly<Record<string, (...args: never[]) => unknown>>;

/** One benchmark. */
export interface Bench<S extends Subject = Subject> {
  /** What rows and the Go program call it. */
  readonly name: string;
  readonly subject: S;
  /** @throws Error when the result is wrong; nothing is measured then */
  play(subject: S, extent: Extent): Figures | Promise<Figures>;
}

/** Any benchmark, as a list of them holds it. */
export type AnyBench = Omit<Bench, 'play'> & {
  play(subject: Subject, extent: Extent): Figures | Promise<Figures>;
};

/** A benchmark whose subject is known only to itself. */
export function benchOf<S extends Subject>(bench: Bench<S>): AnyBench {
  // Whoever plays it passes its own subject, or one with the same functions.
  return { ...bench, play: (subject, extent) => bench.play(subject as unknown as S, extent) };
}

/** @throws Error unless what must hold does */
export function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`wrong result: ${what}`);
}

/** @throws Error unless both hold the same, fields in whatever order */
export function checkSame(actual: unknown, expected: unknown, what: string): void {
  check(isDeepStrictEqual(plainOf(actual), plainOf(expected)), what);
}

/** Bytes as numbers and objects without classes, so that only what they hold is compared. */
function plainOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plainOf(each)]));
}
