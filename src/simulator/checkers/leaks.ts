import type { Checker } from './checker.ts';
import { CheckError } from './checker.ts';
import type { Fact } from './facts.ts';
import { factText } from './facts.ts';

/** Checks that a close leaves nothing behind: no timer, stream, port or watch. */
export class LeaksChecker implements Checker {
  readonly name = 'leaks';

  see(fact: Fact): void {
    if (fact.kind !== 'residue' || fact.count === 0) return;
    const expected = 'nothing is left after a close';
    throw new CheckError({ checker: this.name, expected, found: factText(fact).trim() });
  }
}
