import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';

import type { Plain, Task } from './board.ts';
import { InputError } from './command.ts';
import { mustBeWritable } from './files.ts';

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
  /** What of an input is written down; it must tell inputs apart. Default: all of it. */
  readonly keptInput?: (input: Plain) => Plain;
}

/** Outcomes of one board at one commit. */
export class KeptOutcomes {
  /** Whether outcomes are written down: of changed files nothing is kept, since nobody could say which. */
  readonly isWriting: boolean;
  readonly path: string;
  readonly #options: KeepingOptions;
  readonly #outcomes = new Map<string, Plain>();

  /**
   * Reads what is there; a last line that was cut short counts as none.
   *
   * @throws InputError when the file cannot be written, or holds something else
   */
  constructor(options: KeepingOptions) {
    const { path, commit } = options;
    this.#options = options;
    this.path = path;
    this.isWriting = !commit.endsWith('+') && commit !== 'unknown';
    mustBeWritable('keep', path);
    if (existsSync(path)) this.#read(readFileSync(path, 'utf8'));
  }

  /** What a run gave; undefined when it was not played yet. */
  find(task: Task): Plain | undefined {
    return this.#outcomes.get(JSON.stringify(this.#inputOf(task)));
  }

  /** Writes down what a run gave, at once. */
  add(task: Task, outcome: Plain): void {
    const { path, board, commit } = this.#options;
    const input = this.#inputOf(task);
    this.#outcomes.set(JSON.stringify(input), outcome);
    if (!this.isWriting) return;
    appendFileSync(path, `${JSON.stringify({ board, commit, input, outcome })}\n`);
  }

  #inputOf({ input }: Task): Plain {
    return this.#options.keptInput?.(input) ?? input;
  }

  #read(text: string): void {
    const { path, board, commit } = this.#options;
    const lines = text.split('\n');
    const last = lines.pop() ?? '';
    if (!last.startsWith(BEGINNING) && !BEGINNING.startsWith(last)) {
      throw new InputError(`--keep: ${path} ends with something else than outcomes`);
    }
    for (const [at, each] of lines.entries()) {
      const line = lineOf(each);
      if (line === null) {
        throw new InputError(
          `--keep: ${path} holds something else than outcomes in line ${at + 1}`,
        );
      }
      if (line.board !== board || line.commit !== commit) continue;
      this.#outcomes.set(JSON.stringify(line.input), line.outcome);
    }
    // It would run into the next one.
    const wholeBytes = Buffer.byteLength(text) - Buffer.byteLength(last);
    if (last !== '' && this.isWriting) truncateSync(path, wholeBytes);
  }
}

/** With which every line begins. */
const BEGINNING = '{"board":"';

function lineOf(text: string): Line | null {
  try {
    const line = JSON.parse(text) as Partial<Line> | null;
    const isLine = typeof line?.board === 'string' && typeof line.commit === 'string';
    return isLine && line.outcome !== undefined ? (line as Line) : null;
  } catch {
    return null;
  }
}
