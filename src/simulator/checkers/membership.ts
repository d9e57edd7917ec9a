import type { Checker } from './checker.ts';
import { CheckError } from './checker.ts';
import type { Fact, MemberFact, StartFact } from './facts.ts';
import { factText } from './facts.ts';

/*
 * The rules that SWIM rests on, held against every change of every record of every member:
 *
 *   alive      takes the place of any state of a lower incarnation, or of a gone node at another endpoint
 *   suspect    takes the place of alive, of the same incarnation or a lower one
 *   dead, left take the place of alive and suspect, of the same incarnation or a lower one
 *
 * Nobody holds an incarnation of a node that none of its processes has issued, nor a leave that none has
 * announced. A process that is new under its name starts with a low number while others may still hold a
 * higher one of the process before: that is why the highest counts over all of a name's lives.
 *
 * What must be after a while is asked for with `problems`: all that run hold each other as alive, and nobody else.
 */

/** Whether somebody listens at an endpoint whom the world runs, and whom nobody watches. */
export type IsGuest = (endpoint: string) => boolean;

/** Checks the member records. */
export class MembershipChecker implements Checker {
  readonly name = 'membership';
  readonly #running = new Map<string, StartFact>();
  /** By life and node. */
  readonly #views = new Map<string, Map<string, MemberFact>>();
  /** The highest incarnation that a process of the name has issued; names that nobody watches are not there. */
  readonly #issued = new Map<string, number>();
  /** Incarnations at which processes of the name have left. */
  readonly #left = new Map<string, Set<number>>();
  /** Names that processes have borne which nobody watches: what those issued is not known. */
  readonly #guests = new Set<string>();

  see(fact: Fact): void {
    if (fact.kind === 'start') {
      this.#running.set(fact.life, fact);
      if (!this.#views.has(fact.life)) this.#views.set(fact.life, new Map());
    } else if (fact.kind === 'end') {
      this.#running.delete(fact.life);
      this.#views.delete(fact.life);
    } else if (fact.kind === 'memberForgotten') {
      this.#views.get(fact.life)?.delete(fact.node);
    } else if (fact.kind === 'member') {
      const view = this.#views.get(fact.life) ?? new Map<string, MemberFact>();
      this.#views.set(fact.life, view);
      const held = view.get(fact.node);
      if (fact.isOwn) this.#checkOwn(fact, held);
      else this.#checkTold(fact, held);
      view.set(fact.node, fact);
    }
  }

  /** The name is borne by somebody whom nobody watches. */
  meet(guest: string): void {
    this.#guests.add(guest);
  }

  /** Names of members that are not watched, and of which somebody holds that they live there. */
  guests(isGuest: IsGuest): ReadonlySet<string> {
    const watched = new Set([...this.#running.values()].map(({ name }) => name));
    const names = new Set<string>();
    for (const view of this.#views.values()) {
      for (const { node, state, endpoint } of view.values()) {
        if (state === 'dead' || state === 'left' || watched.has(node)) continue;
        if (isGuest(endpoint)) names.add(node);
      }
    }
    return names;
  }

  /**
   * What keeps the running processes from agreeing about who is there, a line each; empty when they do.
   *
   * @param isGuest - tells members that run unwatched: they may be held as members, and are not judged
   */
  problems(isGuest: IsGuest = () => false): string[] {
    const problems: string[] = [];
    const running = new Map([...this.#running.values()].map((start) => [start.name, start]));
    for (const { life, name } of this.#running.values()) {
      const view = this.#views.get(life);
      for (const other of running.values()) {
        const held = view?.get(other.name);
        if (other.name !== name && (held?.state !== 'alive' || held.endpoint !== other.endpoint)) {
          const text = held === undefined ? 'does not know' : `holds ${held.state}`;
          problems.push(`${life} ${text} ${other.life}, which runs at ${other.endpoint}`);
        }
      }
      for (const { node, state, endpoint } of view?.values() ?? []) {
        if (running.has(node) || state === 'dead' || state === 'left') continue;
        if (isGuest(endpoint)) continue;
        problems.push(`${life} holds ${state} ${node}, which does not run`);
      }
    }
    return problems;
  }

  #checkOwn(fact: MemberFact, held: MemberFact | undefined): void {
    const { node, state, incarnation } = fact;
    if (state !== 'alive' && state !== 'left') {
      this.#fail(fact, 'nobody believes an accusation of itself');
    }
    const isHigher = held === undefined || incarnation > held.incarnation;
    const isSame = held !== undefined && incarnation === held.incarnation;
    if (!isHigher && !(isSame && held.state === 'alive')) {
      this.#fail(fact, 'a process never lowers or repeats its incarnation', held);
    }
    this.#issued.set(node, Math.max(incarnation, this.#issued.get(node) ?? 0));
    if (state === 'left')
      this.#left.set(node, (this.#left.get(node) ?? new Set()).add(incarnation));
  }

  #checkTold(fact: MemberFact, held: MemberFact | undefined): void {
    const { node, state, incarnation } = fact;
    const issued = this.#guests.has(node) ? undefined : this.#issued.get(node);
    if (issued !== undefined && incarnation > issued) {
      this.#fail(fact, `only ${node} raises its incarnation, and it has issued up to ${issued}`);
    }
    if (
      issued !== undefined &&
      state === 'left' &&
      this.#left.get(node)?.has(incarnation) !== true
    ) {
      this.#fail(fact, `${node} has not left with incarnation ${incarnation}`);
    }
    if (held === undefined) {
      if (state !== 'alive') this.#fail(fact, 'of an unknown node only alive claims are believed');
      return;
    }
    const isGone = held.state === 'dead' || held.state === 'left';
    if (fact.endpoint !== held.endpoint) {
      if (state !== 'alive' || !isGone) {
        this.#fail(fact, 'a name moves to another endpoint only once it is gone', held);
      }
      return;
    }
    if (isGone && state !== 'alive') this.#fail(fact, 'a gone node stays as it went', held);
    if (state === 'alive' && incarnation <= held.incarnation) {
      this.#fail(fact, 'alive needs a higher incarnation than what it takes the place of', held);
    }
    if (incarnation < held.incarnation) this.#fail(fact, 'incarnations only rise', held);
    if (state === 'suspect' && held.state === 'suspect') {
      this.#fail(fact, 'a suspect is not suspected anew', held);
    }
  }

  #fail(fact: MemberFact, expected: string, held?: MemberFact): never {
    const before = held === undefined ? '' : `, before ${held.state} ${held.incarnation}`;
    throw new CheckError({ checker: this.name, expected, found: factText(fact).trim() + before });
  }
}
