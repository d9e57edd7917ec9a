import type { Checker } from './checker.ts';
import { CheckError } from './checker.ts';
import type { Fact, SizeFact } from './facts.ts';
import { factText } from './facts.ts';

/*
 * Nothing grows above its cap (docs/limits.md), queues run empty when nothing happens any more, and what is held
 * does not grow then.
 */

/** Checks how much there is of everything that has a cap. */
export class SizesChecker implements Checker {
  readonly name = 'sizes';
  readonly #last = new Map<string, Map<string, SizeFact>>();
  /** Of a life and of what is held, the most in this calm. */
  readonly #most = new Map<string, number>();
  #isCalm = false;
  #isStill = false;

  see(fact: Fact): void {
    if (fact.kind === 'calm') {
      this.#isCalm = fact.isCalm;
      this.#isStill = fact.isStill;
      // What there was in the storm says nothing about what may be in the calm.
      this.#last.clear();
      this.#most.clear();
    } else if (fact.kind === 'end') this.#last.delete(fact.life);
    else if (fact.kind === 'size') this.#sized(fact);
  }

  /** Queues that are not empty, a line each. */
  problems(): string[] {
    const sizes = [...this.#last.values()].flatMap((of) => [...of.values()]);
    const waiting = sizes.filter(({ sort, size }) => sort === 'queue' && size > 0);
    return waiting.map(({ life, what, size }) => `${life} still has ${size} ${what}`);
  }

  #sized(fact: SizeFact): void {
    const { life, what, size, cap, sort } = fact;
    if (size > cap) this.#fail(fact, `there are never more than ${cap} ${what}`);
    const sizes = this.#last.get(life) ?? new Map<string, SizeFact>();
    this.#last.set(life, sizes);
    const last = sizes.get(what)?.size;
    sizes.set(what, fact);
    if (!this.#isCalm || sort !== 'held') return;
    const id = JSON.stringify([life, what]);
    const before = (this.#isStill ? last : this.#most.get(id)) ?? Infinity;
    if (size > before) {
      this.#fail(fact, `nothing grows in the calm, and there were ${before} ${what}`);
    }
    this.#most.set(id, Math.max(size, this.#most.get(id) ?? 0));
  }

  #fail(fact: SizeFact, expected: string): never {
    throw new CheckError({ checker: this.name, expected, found: factText(fact).trim() });
  }
}
