import type { NetworkDB, NetworkDBConfig, NetworkDBOptions } from '../../networkdb/index.ts';
import type { Checker } from './checker.ts';
import { CheckError } from './checker.ts';
import { convergenceBoundMs } from './convergence-bound.ts';
import type { Fact, MemberFact } from './facts.ts';
import { factText, isRelated } from './facts.ts';
import { LeaksChecker } from './leaks.ts';
import { MembershipChecker } from './membership.ts';
import { SizesChecker } from './sizes.ts';
import { TablesChecker } from './tables.ts';
import { configOf, endpointText, sizesOf, watchNode } from './watch-node.ts';

/*
 * All checkers over all nodes of a world. What a node does is told at once, from inside of it; what a checker
 * says of it is kept, since nothing may throw there, and ends the simulation with the next step.
 *
 * Members that processes of the scenario's own run are guests: the nodes may hold them, and nobody can see inside
 * of them. They are not judged, nor is what others hold of them.
 */

/** One watched node. */
interface Watched {
  readonly db: NetworkDB;
  readonly config: NetworkDBConfig;
  readonly endpoint: string;
}

/** What the checks need from the world. */
export interface ChecksParts {
  readonly now: () => number;
  readonly fail: (error: unknown) => void;
  /** Whether a running process that is no watched node listens at an endpoint. */
  readonly isGuest: (endpoint: string) => boolean;
}

/** The checks of one simulation. */
export class Checks {
  readonly membership: MembershipChecker = new MembershipChecker();
  readonly tables: TablesChecker = new TablesChecker();
  readonly sizes: SizesChecker = new SizesChecker();
  readonly #checkers: readonly Checker[];
  readonly #parts: ChecksParts;
  readonly #watched = new Map<string, Watched>();
  readonly #recent: Fact[] = [];
  readonly #counts = new Map<string, number>();
  #nextLookMs = 0;
  #isFailed = false;
  /** The scenario has said so, and says when it is over. */
  #isDeclaredCalm = false;
  /** Since all agreed. */
  #isCalmUntilDisturbed = false;
  /** Names of nodes that ran once and do not run now. */
  readonly #gone = new Set<string>();
  readonly #guests = new Set<string>();
  /** Of each life and network whether it is on it. */
  readonly #ownNetworks = new Map<string, string>();
  /** Where the watched nodes run. */
  #endpoints: ReadonlySet<string> = new Set();

  constructor(parts: ChecksParts) {
    this.#parts = parts;
    this.#checkers = [this.membership, this.tables, this.sizes, new LeaksChecker()];
  }

  /** Whether a node runs that is judged. */
  get isWatching(): boolean {
    return this.#watched.size > 0;
  }

  /** How many facts of each kind were held against the rules. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort());
  }

  /**
   * A node runs.
   *
   * @param ownNow - the node's own clock
   * @returns the id of its life
   */
  started(db: NetworkDB, options: NetworkDBOptions, ownNow: () => number): string {
    const { name } = db.localMember;
    const endpoint = endpointText(db.localMember);
    const before = this.#counts.get(`lives of ${name}`) ?? 0;
    this.#counts.set(`lives of ${name}`, before + 1);
    const life = before === 0 ? name : `${name}'${before + 1}`;
    const config = configOf(options);
    this.#watched.set(life, { db, config, endpoint });
    this.#gone.delete(name);
    this.#noteEndpoints();
    const tell = (fact: Fact): void => {
      if (this.#watched.has(life)) this.tell(fact);
    };
    watchNode(db, life, { now: this.#parts.now, ownNow, config, tell });
    return life;
  }

  /** The life of a node that runs; empty when it does not. */
  lifeOf(db: NetworkDB): string {
    for (const [life, watched] of this.#watched) if (watched.db === db) return life;
    return '';
  }

  /** It runs no more. */
  ended(life: string): void {
    const watched = this.#watched.get(life);
    if (watched === undefined) return;
    this.#watched.delete(life);
    this.#noteEndpoints();
    this.#gone.add(watched.db.name);
    this.tell({ kind: 'end', atMs: this.#parts.now(), life });
  }

  /** What it has left behind after a close, by name. */
  closed(life: string, residue: Readonly<Record<string, number>>): void {
    for (const [what, count] of Object.entries(residue)) {
      this.tell({ kind: 'residue', atMs: this.#parts.now(), life, what, count });
    }
  }

  /** From now on nothing is written and nothing fails, or no longer so: whoever says it knows, and says when it ends. */
  calm(isCalm: boolean): void {
    this.#isDeclaredCalm = isCalm;
    this.#isCalmUntilDisturbed = false;
    this.tell({ kind: 'calm', atMs: this.#parts.now(), isCalm, isStill: true });
  }

  /**
   * All have agreed: from now on nothing grows, until somebody writes, joins or leaves a network, comes or goes, or the
   * scenario changes anything. Members that nobody watches may do so unseen: beside them there is no such calm.
   */
  agreed(): void {
    if (this.#isDeclaredCalm || this.#isCalmUntilDisturbed || this.#guests.size > 0) return;
    this.tell({ kind: 'calm', atMs: this.#parts.now(), isCalm: true, isStill: false });
    this.#isCalmUntilDisturbed = true;
    this.lookNow();
  }

  /** The calm since all agreed, if there is one, is over. */
  disturbed(): void {
    if (!this.#isCalmUntilDisturbed) return;
    this.#isCalmUntilDisturbed = false;
    this.tell({ kind: 'calm', atMs: this.#parts.now(), isCalm: false, isStill: false });
  }

  /** Looks at the sizes, once in a virtual second. */
  look(): void {
    const now = this.#parts.now();
    if (now < this.#nextLookMs) return;
    this.#nextLookMs = now + LOOK_MS;
    this.lookNow();
  }

  /** Looks at the sizes. */
  lookNow(): void {
    const atMs = this.#parts.now();
    for (const [life, { db, config }] of this.#watched) {
      if (!db.isOpen) continue;
      for (const fact of sizesOf(db, { life, atMs }, config)) this.tell(fact);
    }
  }

  /** Tells all checkers. */
  tell(fact: Fact): void {
    this.#counts.set(fact.kind, (this.#counts.get(fact.kind) ?? 0) + 1);
    if (fact.kind === 'member') this.#meet(fact);
    const isDisturbing = this.#disturbs(fact);
    if (this.#isCalmUntilDisturbed && isDisturbing) this.disturbed();
    if (fact.kind !== 'size') this.#remember(fact);
    for (const checker of this.#checkers) {
      try {
        checker.see(fact);
      } catch (error) {
        this.#failed(error, fact);
      }
    }
  }

  /** What keeps all from agreeing and from being at rest, a line each. */
  problems(): string[] {
    const disagreements = this.disagreements();
    if (disagreements.length > 0) return disagreements;
    this.lookNow();
    return this.sizes.problems();
  }

  /** What keeps all from agreeing, a line each, whatever still waits to be sent. */
  disagreements(): string[] {
    const networks = new Map(
      [...this.#watched].map(([life, { db }]) => [life, db.isOpen ? db.networks() : []]),
    );
    const { isGuest } = this.#parts;
    const guests = this.membership.guests(isGuest);
    return [...this.membership.problems(isGuest), ...this.tables.problems(networks, guests)];
  }

  /** Virtual milliseconds of calm after which there must be no problems. */
  get boundMs(): number {
    const size = { nodes: this.#watched.size + this.#guests.size, gone: this.#gone.size };
    const bounds = [...this.#watched.values()].map(({ config }) =>
      convergenceBoundMs(config, size),
    );
    return Math.max(0, ...bounds);
  }

  #noteEndpoints(): void {
    const ends = [...this.#watched.values()].map(({ endpoint }) => endpoint);
    this.#endpoints = new Set(ends);
  }

  /** A guest, once met, is never judged: what it wrote and how often it refuted is not known. */
  #meet({ node, endpoint, isOwn }: MemberFact): void {
    if (isOwn || this.#endpoints.has(endpoint) || this.#guests.has(node)) return;
    if (!this.#parts.isGuest(endpoint)) return;
    this.#guests.add(node);
    this.disturbed();
    this.membership.meet(node);
    this.tables.meet(node);
  }

  /** Whether it is something that its user did to a node. */
  #disturbs(fact: Fact): boolean {
    if (fact.kind === 'start' || fact.kind === 'end') return true;
    // A refutation is no change: it comes by itself where packets are lost.
    if (fact.kind === 'member') return fact.isOwn && fact.state === 'left';
    if (fact.kind === 'attachment') {
      if (!fact.isOwn) return false;
      // The same is told again, at another time, with every exchange that may be a join.
      const id = JSON.stringify([fact.life, fact.network]);
      const before = this.#ownNetworks.get(id);
      this.#ownNetworks.set(id, fact.state);
      return before !== fact.state;
    }
    return fact.kind === 'entry' && fact.owner === this.#watched.get(fact.life)?.db.name;
  }

  #remember(fact: Fact): void {
    this.#recent.push(fact);
    if (this.#recent.length > 2 * RECENT_FACTS) this.#recent.splice(0, RECENT_FACTS);
  }

  #failed(error: unknown, fact: Fact): void {
    if (this.#isFailed) return;
    this.#isFailed = true;
    if (!(error instanceof CheckError)) return this.#parts.fail(error);
    const { checker, expected, found } = error;
    const related = this.#recent.filter((earlier) => isRelated(earlier, fact));
    const history = related.slice(-HISTORY_LINES).map(factText);
    this.#parts.fail(new CheckError({ checker, expected, found, history }));
  }
}

const LOOK_MS = 1_000;
const RECENT_FACTS = 5_000;
const HISTORY_LINES = 20;
