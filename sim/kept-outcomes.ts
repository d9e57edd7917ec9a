import { appendFileSync, existsSync, readFileSync } from 'node:fs';

import type { Plain, Task } from './board.ts';

/*
 * Outcomes of runs in a file, a line each, so that hours of runs can be broken off and gone on with. A run gives the
 * same outcome each time, but only of the same code: lines of another commit, or of files that differ from theirs, are passed over.
 */

interface Line {
  readonly board: string;
  readonly commit: string;
  readonly input: Plain;
  readonly outcome: Plain;
}

/** Where outcomes are kept. */
export interface KeepingOptions {
  readonly path: string;
  readonly board: string;
  /** As `commitHere` tells it. */
  readonly commit: string;
}

/** Outcomes of one board at one commit. */
export class KeptOutcomes {
  readonly #options: KeepingOptions;
  readonly #outcomes = new Map<string, Plain>();

  /** Reads what is there; a last line that was cut short counts as none. */
  constructor(options: KeepingOptions) {
    this.#options = options;
    if (!existsSync(options.path)) return;
    for (const text of readFileSync(options.path, 'utf8').split('\n')) {
      const line = lineOf(text);
      if (line?.board !== options.board || line.commit !== options.commit) continue;
      this.#outcomes.set(JSON.stringify(line.input), line.outcome);
    }
  }

  /** What a run gave; undefined when it was not played yet. */
  find({ input }: Task): Plain | undefined {
    return this.#outcomes.get(JSON.stringify(input));
  }

  /** Writes down what a run gave, at once. Of changed files nothing is kept: nobody could say which. */
  add({ input }: Task, outcome: Plain): void {
    const { path, board, commit } = this.#options;
    this.#outcomes.set(JSON.stringify(input), outcome);
    if (commit.endsWith('+') || commit === 'unknown') return;
    appendFileSync(path, `${JSON.stringify({ board, commit, input, outcome })}\n`);
  }
}

function lineOf(text: string): Line | null {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return null;
  }
}
