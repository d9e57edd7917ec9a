import { randomFraction } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { probeIntervalMs } from './core.ts';
import type { MemberRecord } from './member.ts';

/**
 * What protects a member that lives but is badly heard from being removed, and removed again.
 *
 * - Who is accused with an incarnation that it has refuted already says its refutation again, to the accuser and by gossip: the
 *   accuser never heard it. In Go such an accusation is old news and is met with silence.
 * - Who accuses and finds nobody to agree says its accusation again: if it is the accuser that is not heard, the
 *   accused must learn of it before it is declared dead.
 * - Who may soon be declared dead is asked itself, by each who doubts it, and told of the doubt: in a large ring of many
 *   doubts a refutation passes somebody by now and then. Who has refuted it already says so to the asker as well. An answer
 *   gives it the shortest doubt again, twice at most.
 * - Who was declared dead and refuted it gets three times the time at the next doubt, then six and nine times, for
 *   {@link FORGET_MS}. This holds for the same process only, known by its start id; so on the memberlist
 *   wire, where a restart looks alike, everybody gets the usual time.
 *
 * Invariant: nothing here declares anybody dead or alive; claims are repeated and time is given. The
 * counts die with the records they belong to.
 *
 * @remarks Ours. Rapid's paper shows memberlist removing and taking back for ever a member that hears nothing
 * every other twenty seconds, or loses four packets of five (ATC 2018, figures 9 and 10)
 */
export class SecondChance {
  readonly #core: Core;
  readonly #falseDeaths = new WeakMap<MemberRecord, { count: number; at: number }>();
  #spokeAt = -Infinity;
  #shownSince = -Infinity;
  #shown = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Our own claim was spread. */
  spoke(): void {
    this.#spokeAt = this.#core.ports.clock.now();
  }

  /** Whether our own claim may be spread again: the last time was a probe interval ago. */
  get mayRepeat(): boolean {
    const { config, ports } = this.#core;
    if (!config.suspicion.secondChance) return false;
    return ports.clock.now() - this.#spokeAt >= probeIntervalMs(config);
  }

  /** Milliseconds between two tellings of an accusation of ours that nobody confirms; null for none. */
  reminderMs(doubt: { readonly minMs: number; readonly maxMs: number }): number | null {
    const isLong = doubt.maxMs > doubt.minMs;
    return this.#core.config.suspicion.secondChance && isLong ? doubt.minMs : null;
  }

  /**
   * Whether an accuser may be shown the claim that refutes it: so many in a probe interval. In a large ring a member that
   * wakes hears accusations of hundreds, and to most of them gossip says it.
   */
  mayShow(): boolean {
    const { config, ports } = this.#core;
    if (!config.suspicion.secondChance) return false;
    const now = ports.clock.now();
    if (now - this.#shownSince >= probeIntervalMs(config)) {
      this.#shownSince = now;
      this.#shown = 0;
    }
    this.#shown += 1;
    return this.#shown <= MAX_SHOWN;
  }

  /**
   * How long before a doubt may end its suspect is asked itself: two probe timeouts and a random part of a third, so that not
   * all ask at once. Null for not at all.
   */
  lastLookMs(): number | null {
    const { config, ports } = this.#core;
    const { suspicion, probe } = config;
    if (!suspicion.secondChance || probe.intervalMs === false) return null;
    return (2 + randomFraction(ports.random)) * probe.timeoutMs;
  }

  /** A dead record came alive by its own word. @param startId - of the process that spoke */
  refutedDeath(record: MemberRecord, startId: Uint8Array): void {
    if (startId.length === 0) return;
    const count = Math.min(this.#count(record) + 1, MAX_COUNT);
    this.#falseDeaths.set(record, { count, at: this.#core.ports.clock.now() });
  }

  /** Another process has the name: what happened to the former one says nothing of it. */
  forget(record: MemberRecord): void {
    this.#falseDeaths.delete(record);
  }

  /** How many times the usual length a doubt about this member lasts: 1, 3, 6 or 9. */
  patience(record: MemberRecord): number {
    if (!this.#core.config.suspicion.secondChance) return 1;
    return Math.max(1, this.#count(record) * MORE_PATIENCE);
  }

  #count(record: MemberRecord): number {
    const known = this.#falseDeaths.get(record);
    if (known === undefined) return 0;
    return this.#core.ports.clock.now() - known.at < FORGET_MS ? known.count : 0;
  }
}

/** Wrong deaths count for half an hour. */
const FORGET_MS = 1_800_000;
/**
 * Three times, so that one wrong death is mostly enough: the shortest doubt of the default timers is then 12 s in a small ring,
 * 20 s in one of 50, 27 s in one of 200. Deaths should be few, because a node that hears the refutation of one first
 * does not count it, and will declare the next one for all.
 */
const MORE_PATIENCE = 3;
/** A member that crashes after a bad time must be missed within minutes. */
const MAX_COUNT = 3;
/** Accusers that are shown our refutation in a probe interval. */
const MAX_SHOWN = 16;
