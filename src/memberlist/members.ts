import type { NodeState } from '../codec/index.ts';
import type { Random } from '../runtime/index.ts';
import { randomBelow, sample, shuffle } from '../runtime/index.ts';
import type { MemberRecord } from './member.ts';
import { isGone, isMember } from './member.ts';

/**
 * Hears of every change of a record, right after it took effect and before anything else is done about it. Only
 * simulations have one; it must not throw and must not keep the record, which changes on.
 */
export type RecordWatcher = (record: Readonly<MemberRecord>, what: 'changed' | 'forgotten') => void;

/**
 * The table of nodes, and the order in which they are probed.
 *
 * Invariant: the map by name and the probe order hold the same records. New nodes enter the order at
 * a random place, so that the expected time until they are probed does not depend on their age.
 *
 * @remarks SWIM section 4.3, round-robin probe target selection
 */
export class MemberTable {
  /** Null but in simulations. */
  watcher: RecordWatcher | null = null;
  readonly #random: Random;
  readonly #byName = new Map<string, MemberRecord>();
  #order: MemberRecord[] = [];
  #nextProbe = 0;
  #version = 0;
  #hasDead = false;
  /** The version that this was looked at. */
  #deadAsOf = -1;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Records held, the gone ones included until they are reaped. Feeds every logarithm. */
  get size(): number {
    return this.#order.length;
  }

  /**
   * Another number after each change of what the table says: records come or go, or say something else. Whoever
   * changes a record calls {@link changed} or {@link retold}; a test compares what is told with the records.
   */
  get version(): number {
    return this.#version;
  }

  /** A record has changed: for whoever changed it. */
  changed(record: MemberRecord): void {
    this.#version += 1;
    this.watcher?.(record, 'changed');
  }

  /** A record says the same in other bytes, which is no change for those who watch. */
  retold(): void {
    this.#version += 1;
  }

  get(name: string): MemberRecord | undefined {
    return this.#byName.get(name);
  }

  /** Every record, in no promised order. Do not change the table while iterating. */
  all(): readonly MemberRecord[] {
    return this.#order;
  }

  /** Nodes that are alive or suspect. */
  memberCount(): number {
    let count = 0;
    for (const record of this.#order) if (isMember(record)) count += 1;
    return count;
  }

  /** Records by state. */
  countStates(): Record<NodeState, number> {
    const counts = { alive: 0, suspect: 0, dead: 0, left: 0 };
    for (const { state } of this.#order) counts[state] += 1;
    return counts;
  }

  /** Whether a record says that its node is dead; mostly none does, and then nobody need be drawn to find one. */
  hasDead(): boolean {
    if (this.#deadAsOf !== this.#version) {
      this.#deadAsOf = this.#version;
      this.#hasDead = this.#order.some(({ state }) => state === 'dead');
    }
    return this.#hasDead;
  }

  /** Adds a record under a name that is not there yet. */
  insert(record: MemberRecord): void {
    this.#version += 1;
    this.#byName.set(record.name, record);
    const at = this.#order.length === 0 ? 0 : randomBelow(this.#random, this.#order.length);
    this.#order.push(record);
    const last = this.#order.length - 1;
    const displaced = this.#order[at] as MemberRecord;
    this.#order[at] = record;
    this.#order[last] = displaced;
  }

  /**
   * The next node to probe, or null when there is none.
   *
   * At the end of each round the gone are reaped and the order is shuffled. Where a round ends in the
   * middle of a call the next one is begun, so no call is lost while there is someone to probe.
   *
   * @param reapBefore - gone nodes whose state changed at or before this clock time are forgotten
   * @param onReap - hears each forgotten record
   */
  nextProbeTarget(
    reapBefore: () => number,
    onReap: (record: MemberRecord) => void,
  ): MemberRecord | null {
    for (let rounds = 0; rounds < 2; rounds += 1) {
      for (;;) {
        const record = this.#order[this.#nextProbe];
        if (record === undefined) break;
        this.#nextProbe += 1;
        if (!record.isLocal && isMember(record)) return record;
      }
      this.reap(reapBefore(), onReap);
      shuffle(this.#random, this.#order);
      this.#nextProbe = 0;
    }
    return null;
  }

  /** Forgets gone nodes whose state changed at or before a clock time. */
  reap(before: number, onReap: (record: MemberRecord) => void): void {
    const kept: MemberRecord[] = [];
    const reaped: MemberRecord[] = [];
    for (const record of this.#order) {
      const isOld = isGone(record) && !record.isLocal && record.stateChangedAt <= before;
      (isOld ? reaped : kept).push(record);
    }
    if (reaped.length === 0) return;
    this.#order = kept;
    this.#version += 1;
    this.#nextProbe = Math.min(this.#nextProbe, kept.length);
    for (const record of reaped) {
      this.#byName.delete(record.name);
      this.watcher?.(record, 'forgotten');
    }
    for (const record of reaped) onReap(record);
  }

  /** Up to `count` different random nodes that satisfy `wanted`, uniformly. */
  pick(count: number, wanted: (record: MemberRecord) => boolean): MemberRecord[] {
    const size = this.#order.length;
    if (size < 16 || size < 3 * count)
      return sample(this.#random, this.#order.filter(wanted), count);
    const picked: MemberRecord[] = [];
    for (let draw = 0; draw < 3 * size && picked.length < count; draw += 1) {
      const record = this.#order[randomBelow(this.#random, size)] as MemberRecord;
      if (wanted(record) && !picked.includes(record)) picked.push(record);
    }
    return picked;
  }
}
