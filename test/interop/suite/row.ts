import type { Build } from '../live/builds.ts';
import type { UndoList } from '../system/undo.ts';

/*
 * What all rows of `npm run test:interop` have in common, whatever is on the other side.
 */

/** Kinds of row; the short run takes one of each in turn. */
export const FAMILIES = ['memberlist', 'networkdb', 'faults', 'serf', 'swarm'] as const;

export type RowFamily = (typeof FAMILIES)[number];

/**
 * What a row bears beside it: `waits` anything, since it mostly waits itself; `works` no other that works, since it
 * keeps a core busy or changes the machine; `alone` nothing at all.
 */
export type Company = 'waits' | 'works' | 'alone';

/** What came of a row. */
export interface Outcome {
  /** What went wrong; null when nothing did. */
  readonly failure: string | null;
  /** What was measured, beside the result. */
  readonly note: string;
  /** What was seen, shown below a row that failed. */
  readonly seen: readonly string[];
}

/** One line of the report. */
export interface SuiteRow {
  /** Who, what and how; `--only` looks for its words in here. */
  readonly title: string;
  readonly family: RowFamily;
  /** The Go program that it needs. */
  readonly build: Build | null;
  /** What else the machine must have; names of `NEEDS`. */
  readonly needs: readonly string[];
  readonly company: Company;
  /**
   * @param program - path of the Go program; empty when it needs none
   * @param undo - takes what must be put back, also when the run is broken off
   */
  readonly play: (program: string, undo: UndoList) => Promise<Outcome>;
}
