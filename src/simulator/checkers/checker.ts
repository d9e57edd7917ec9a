import { GossipError } from '../../runtime/index.ts';
import type { Fact } from './facts.ts';

/** Holds some rules against a history, fact by fact. */
export interface Checker {
  readonly name: string;
  /**
   * Something became true.
   *
   * @throws CheckError when it must not
   */
  see(fact: Fact): void;
}

/** A checker found something that must not be. */
export class CheckError extends GossipError {
  /** Which checker: `membership`, `tables`, `sizes`, `leaks` or `convergence`. */
  readonly checker: string;
  /** The rule that does not hold. */
  readonly expected: string;
  /** What there is instead. */
  readonly found: string;
  /** The facts that led to it, one line each, the last one last. */
  readonly history: readonly string[];

  constructor(o: {
    readonly checker: string;
    readonly expected: string;
    readonly found: string;
    readonly history?: readonly string[];
  }) {
    const { checker, expected, found, history = [] } = o;
    const lines = history.map((line) => `\n  ${line}`).join('');
    super('ERR_CHECK_FAILED', `${checker}: ${expected}; ${found}${lines}`, { checker });
    this.checker = checker;
    this.expected = expected;
    this.found = found;
    this.history = Object.freeze([...history]);
  }
}
