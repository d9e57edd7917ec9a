import type { BulkSync } from './bulk-sync.ts';
import type { TableState } from './transitions.ts';

/*
 * The first exchange of a network: one member gives all that it has, each other one what it has written
 * itself. That is two tables at most, where Go fetches one from every member.
 *
 * What holds when it is done: of each member that answered we hold all that it had written when it
 * answered. For every write of a live member is its own entry there, whoever else has heard of it; and what
 * it writes after its answer is sent to us as well, because our request told it that we are a member. The
 * one whole table adds what no member answers for: entries of those that have failed or that we cannot
 * reach. So a member that does not answer is as well known as a peer knows it, and when the one that was
 * asked for all fails, another is, until one has answered or all have failed. A peer that has not announced
 * that it can give its own entries alone is always asked for all.
 */

const SYNCS_AT_ONCE = 8;

/** Collaborators of {@link JoinSync}. */
export interface JoinSyncParts {
  readonly state: TableState;
  readonly bulkSync: BulkSync;
}

/** One first exchange. */
export class JoinSync {
  readonly #parts: JoinSyncParts;
  readonly #network: string;
  readonly #done: () => void;
  readonly #unasked: string[];
  /** Those that answered with their own entries and could give all. */
  readonly #answered: string[] = [];
  /** Requests for all that run. */
  #wholesAsked = 0;
  #hasWhole = false;
  #running = 0;
  /** Members are being asked: one that fails at once does not stand on the stack of the next. */
  #isAsking = false;
  #isOver = false;

  /**
   * @param peers - the members, in the order in which they are asked
   * @param done - called once, when every member has answered or failed to
   */
  constructor(parts: JoinSyncParts, network: string, peers: readonly string[], done: () => void) {
    this.#parts = parts;
    this.#network = network;
    this.#unasked = [...peers];
    this.#done = done;
  }

  /** Starts it, or goes on with it; with nobody to ask it is done at once. */
  run(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (!this.#isOver && this.#running < SYNCS_AT_ONCE) {
      const peer = this.#unasked.shift() ?? this.#anotherForWhole();
      if (peer === undefined) break;
      this.#ask(peer, this.#needsWhole);
    }
    this.#isAsking = false;
    if (this.#isOver || this.#running > 0) return;
    this.#isOver = true;
    this.#done();
  }

  /** Whoever was asked for all has failed, and there is nobody left who was asked for nothing. */
  #anotherForWhole(): string | undefined {
    return this.#needsWhole ? this.#answered.shift() : undefined;
  }

  /** Asks one more member. */
  add(peer: string): void {
    if (this.#isOver) return;
    this.#unasked.push(peer);
    this.run();
  }

  /** Asks nobody any more and does not call back. */
  abandon(): void {
    this.#isOver = true;
  }

  get #needsWhole(): boolean {
    return !this.#hasWhole && this.#wholesAsked === 0;
  }

  #ask(peer: string, forAll: boolean): void {
    const { bulkSync, state } = this.#parts;
    const scope = forAll ? 'all' : bulkSync.ownScope(peer);
    this.#running += 1;
    if (scope === 'all') this.#wholesAsked += 1;
    bulkSync.request(peer, [this.#network], scope, (error) => {
      this.#running -= 1;
      if (scope === 'all') {
        this.#wholesAsked -= 1;
        if (error === null) this.#hasWhole = true;
      }
      if (error === null) {
        const own = state.attachments.joined(this.#network);
        if (own !== undefined) own.hasMetPeers = true;
        if (scope === 'own') this.#answered.push(peer);
      }
      this.run();
    });
  }
}
