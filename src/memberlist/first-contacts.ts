import type { PushPullNode } from '../codec/index.ts';
import type { Core } from './core.ts';
import { goesRound } from './neighbours.ts';
import type { PathOf } from './state-rules.ts';

/** The first exchange with one member, of a node that knows nobody. */
export interface FirstContact {
  /** How to pass on what the member's reply says. */
  pathsOf(nodes: readonly PushPullNode[]): PathOf;
  /** The exchange is over; harmless when repeated. */
  end(): void;
}

/**
 * What a joiner passes on of what it is told: nothing, if those who told it know it already.
 *
 * A node that knows nobody and joins through one member learns what that member's neighbours know as well; to gossip
 * it would tell everybody of everybody. Who joins through several at once may be a bridge between rings
 * that know nothing of each other: then each is told what its own member did not say.
 *
 * Invariant: what one of the members did not say, and another did, is gossiped.
 */
export class FirstContacts {
  readonly #core: Core;
  readonly #spread: (name: string) => void;
  #open = 0;
  /** What all who replied so far have said; null before the first reply. */
  #known: Set<string> | null = null;

  /** @param spread - gossips what we hold of a member, if we hold it */
  constructor(core: Core, spread: (name: string) => void) {
    this.#core = core;
    this.#spread = spread;
  }

  /** An exchange begins: null when we know somebody already, and what we hold is sent along. */
  begin(): FirstContact | null {
    const { config, table } = this.#core;
    if (!goesRound(config)) return null;
    if (table.size > 1) return null;
    this.#open += 1;
    let isOpen = true;
    return {
      pathsOf: (nodes) => this.#pathsOf(nodes),
      end: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#open -= 1;
        if (this.#open === 0) this.#known = null;
      },
    };
  }

  #pathsOf(nodes: readonly PushPullNode[]): PathOf {
    const said = new Set<string>();
    for (const { name } of nodes) said.add(name);
    const known = this.#known;
    if (known === null) {
      this.#known = said;
      return (name) => (said.has(name) ? 'known' : 'exchange');
    }
    for (const name of known) {
      if (said.has(name)) continue;
      known.delete(name);
      this.#spread(name);
    }
    return (name) => (known.has(name) ? 'known' : 'exchange');
  }
}
