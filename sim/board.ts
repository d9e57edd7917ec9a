import type { CommandOptions, CommandValues } from './command.ts';
import type { Report } from './report.ts';
import type { Tell } from './telling.ts';

/*
 * A board is one table of figures: a list of runs that know nothing of each other, how to play one, and what all
 * of them say. Because runs are plain data they can be played in any order, in several processes, and again.
 */

/** Anything that survives JSON. */
export type Plain =
  null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };

/** One run of a board, as plain data. */
export interface Task {
  /** What is played, for people. */
  readonly title: string;
  /** How long it takes compared with the others; default 1. */
  readonly cost?: number;
  /** What `play` gets. */
  readonly input: Plain;
}

/** What a board is made of. */
export interface Board {
  readonly name: string;
  readonly summary: string;
  /** A line for each of its own options. */
  readonly help: string;
  readonly options: CommandOptions;
  /** The runs that the options ask for. @throws UsageError */
  plan(values: CommandValues, seed: number): readonly Task[];
  /**
   * Plays one run. The same input gives the same outcome.
   *
   * @param tell - is told how far it is, from 0 to 1
   */
  play(input: Plain, tell?: Tell): Promise<Plain>;
  /** The input as it may be written down, without what is secret in it; as it is where nothing is. */
  keptInput?(input: Plain): Plain;
  /** What the outcomes say, in the order of the tasks. */
  report(tasks: readonly Task[], outcomes: readonly Plain[]): Report;
}
