/*
 * What a scenario against real processes looks like, whatever the peer. A scenario throws when what it
 * shows does not hold; everything it starts it hands to `defer`, so that nothing stays behind.
 */

/** What takes steps back, to be done when it is all over, however it ended: last given, first done. */
export interface Defer {
  defer(undo: () => void | Promise<void>): void;
}

/** What a scenario is given. */
export interface ScenarioContext extends Defer {
  /** One of the scenario's modes; empty when it has none. */
  readonly mode: string;
  /** A folder of this run alone, removed afterwards. */
  readonly folder: string;
  /** Says what was seen; shown under the row. */
  log(text: string): void;
}

/** One thing shown against real processes. */
export interface Scenario {
  /** What runs on the other side. */
  readonly peer: string;
  readonly name: string;
  /** Variants, each a row of its own. */
  readonly modes?: readonly string[];
  /** What the machine must have; names of `NEEDS` in `needs.ts`. */
  readonly needs: readonly string[];
  run(context: ScenarioContext): Promise<void>;
}
