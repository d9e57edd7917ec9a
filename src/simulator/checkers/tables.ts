import type { Checker } from './checker.ts';
import { CheckError } from './checker.ts';
import { Departures } from './departures.ts';
import type { AttachmentFact, EntryFact, EntryForgottenFact, Fact, OwnerFact } from './facts.ts';
import type { Place, StartFact, Version } from './facts.ts';
import { factText, placeText, versionText } from './facts.ts';

/*
 * What the tables promise, held against every change of every entry at every member:
 *
 * - a key never goes back: what takes an entry's place is newer in the order of writes, also after a
 *   tombstone was forgotten, as long as neither the owner nor the member leaves the network;
 * - nobody holds what its owner did not write, nor what comes from an owner that is not on the network;
 * - a write of an owner that is there is forgotten by nobody, neither alone nor with all others of it: who may be
 *   given up is in `departures.ts`;
 * - a write of an owner that has failed is kept for the time that it may take to return.
 *
 * The order of writes is told anew here, so that a mistake in it does not hide itself.
 *
 * What must be after a while is asked for with `problems`: all on a network see the same, each entry's owner
 * is there and holds it itself.
 */

interface Held {
  /** Whether what the owner wrote is visible. */
  state: 'present' | 'hidden';
  /** When it was hidden, by the process's own clock. */
  hiddenMs: number;
  /** Places of what came while it was hidden: whoever told of it says for how long it is kept. */
  readonly late: Set<string>;
  readonly entries: Map<string, EntryFact>;
  /** Forgotten tombstones by place, which what is older must not undo. */
  readonly graves: Map<string, Version>;
}

interface Life {
  readonly start: StartFact;
  /** By network and owner. */
  readonly owners: Map<string, Held>;
  /** Where each entry stands: the owner group that it is in. */
  readonly places: Map<string, EntryFact>;
}

/** Checks the entries. */
export class TablesChecker implements Checker {
  readonly name = 'tables';
  readonly #lives = new Map<string, Life>();
  readonly #departures = new Departures();
  /** The values of all writes of watched owners, by owner, place, time and kind: lives of a name may share one. */
  readonly #written = new Map<string, Uint8Array[]>();

  see(fact: Fact): void {
    this.#departures.see(fact);
    if (fact.kind === 'start') this.#started(fact);
    else if (fact.kind === 'end') this.#lives.delete(fact.life);
    else if (fact.kind === 'entry') this.#stored(fact);
    else if (fact.kind === 'entryForgotten') this.#forgotten(fact);
    else if (fact.kind === 'owner') this.#ownerChanged(fact);
    else if (fact.kind === 'attachment') this.#attached(fact);
  }

  /** The entry that readers of a process see at a place, if any. */
  visible(life: string, place: Place): EntryFact | undefined {
    const held = this.#lives.get(life);
    const entry = held?.places.get(placeId(place));
    if (held === undefined || entry === undefined || entry.isDeleted) return undefined;
    const group = held.owners.get(ownerId(entry.network, entry.owner));
    return group?.state === 'present' ? entry : undefined;
  }

  /** All that readers of a process see, by place. */
  seenBy(life: string, network: string): Map<string, EntryFact> {
    const seen = new Map<string, EntryFact>();
    for (const [id, entry] of this.#lives.get(life)?.places ?? []) {
      if (entry.network === network && this.visible(life, entry) === entry) seen.set(id, entry);
    }
    return seen;
  }

  /** The name is borne by somebody whom nobody watches. */
  meet(guest: string): void {
    this.#departures.meet(guest);
  }

  /**
   * What keeps those on each network from seeing the same, a line each; empty when they do.
   *
   * @param networks - of each running process the networks that it is on
   * @param guests - members that run unwatched: what is seen of theirs is not judged
   */
  problems(
    networks: ReadonlyMap<string, readonly string[]>,
    guests: ReadonlySet<string> = NOBODY,
  ): string[] {
    const names = new Set([...networks.values()].flat());
    return [...names].sort().flatMap((network) => {
      const on = [...networks].filter(([, joined]) => joined.includes(network));
      return this.#problemsOf(
        network,
        on.map(([life]) => life),
        guests,
      );
    });
  }

  #problemsOf(network: string, lives: readonly string[], guests: ReadonlySet<string>): string[] {
    const views = new Map(lives.map((life) => [life, this.seenBy(life, network)]));
    const right = new Map<string, EntryFact>();
    for (const [life, view] of views) {
      for (const [id, entry] of view) {
        if (entry.owner !== this.#lives.get(life)?.start.name) continue;
        const other = right.get(id);
        if (other === undefined || compare(entry, other) > 0) right.set(id, entry);
      }
    }
    const problems: string[] = [];
    for (const [life, view] of views) {
      for (const [id, entry] of new Map([...right, ...view])) {
        const [is, should] = [view.get(id), right.get(id)];
        if (is !== undefined && should !== undefined && isSameWrite(is, should)) continue;
        if (is !== undefined && guests.has(is.owner)) continue;
        const seen = is === undefined ? 'does not see it' : `sees it ${versionText(is)}`;
        const text =
          should === undefined ? 'no owner there holds it' : `it is ${versionText(should)}`;
        problems.push(`${placeText(entry)}: ${life} ${seen}, but ${text}`);
      }
    }
    return problems;
  }

  #started(start: StartFact): void {
    this.#lives.set(start.life, { start, owners: new Map(), places: new Map() });
  }

  #stored(fact: EntryFact): void {
    const life = this.#lives.get(fact.life);
    if (life === undefined) return;
    const id = placeId(fact);
    const entry = { ...fact, value: this.#checkOrigin(life, fact, id) };
    const held = life.places.get(id);
    // A tombstone that was forgotten may be told again by a member whose clock is slower: it says the same.
    const grave = [...life.owners.values()]
      .map(({ graves }) => graves.get(id))
      .filter((dead) => !(dead !== undefined && fact.isDeleted && compare(fact, dead) === 0));
    for (const before of [held, ...grave]) {
      if (before === undefined || compare(fact, before) > 0) continue;
      this.#fail(fact, `a key never goes back, and it was ${versionText(before)}`);
    }
    if (held !== undefined) groupOf(life, held).entries.delete(id);
    const group = groupOf(life, fact);
    if (group.entries.size === 0) group.state = fact.isHidden ? 'hidden' : 'present';
    group.entries.set(id, entry);
    life.places.set(id, entry);
    if (group.state === 'hidden') group.late.add(id);
  }

  /** @returns the value that its owner wrote: the same object for the same write */
  #checkOrigin(life: Life, fact: EntryFact, id: string): Uint8Array {
    const { owner, time, isDeleted, value } = fact;
    const write = JSON.stringify([owner, id, time, isDeleted]);
    const values = this.#written.get(write) ?? [];
    const written = values.find((one) => isSameBytes(one, value));
    if (!this.#departures.mayTake(fact.life, fact.network, owner)) {
      this.#fail(fact, 'nobody takes what comes from an owner that is not on the network');
    }
    const isWatched = this.#departures.isWatched(owner);
    if (written !== undefined || !isWatched) return written ?? value;
    if (owner !== life.start.name) this.#fail(fact, 'nobody holds what its owner did not write');
    this.#written.set(write, [...values, value]);
    return value;
  }

  #forgotten(fact: EntryForgottenFact): void {
    const life = this.#lives.get(fact.life);
    const id = placeId(fact);
    const held = life?.places.get(id);
    if (life === undefined || held === undefined || !isSameWrite(held, fact)) return;
    const group = groupOf(life, held);
    if (!fact.isDeleted && group.state === 'present') {
      this.#fail(fact, 'what a present owner wrote is not forgotten');
    }
    const { keepsMs, tickMs } = life.start;
    // The last second is left out, and what is counted in ticks may be short by two.
    const leastMs = keepsMs - LAST_SECOND_MS - 2 * tickMs;
    if (!fact.isDeleted && !group.late.has(id) && fact.ownMs - group.hiddenMs < leastMs) {
      this.#fail(fact, `what a failed owner wrote is kept for ${keepsMs} ms`);
    }
    life.places.delete(id);
    group.entries.delete(id);
    if (fact.isDeleted) group.graves.set(id, fact);
  }

  /** With who leaves a network goes what is remembered of its keys, and with us what we remember of all. */
  #attached({ life: lifeId, node, network, state, isOwn }: AttachmentFact): void {
    const life = this.#lives.get(lifeId);
    if (life === undefined || state === 'joined') return;
    if (!isOwn) return life.owners.get(ownerId(network, node))?.graves.clear();
    for (const [id, { graves }] of life.owners) {
      if ((JSON.parse(id) as string[])[0] === network) graves.clear();
    }
  }

  #ownerChanged(fact: OwnerFact): void {
    const { life: lifeId, network, owner, state, ownMs } = fact;
    const life = this.#lives.get(lifeId);
    const group = life?.owners.get(ownerId(network, owner));
    if (life === undefined || group === undefined) return;
    if (state !== 'gone') {
      group.state = state;
      group.hiddenMs = ownMs;
      group.late.clear();
      return;
    }
    if (!this.#departures.mayDrop(fact)) {
      this.#fail(fact, 'what an owner published that has not left is not given up');
    }
    life.owners.delete(ownerId(network, owner));
    for (const id of group.entries.keys()) life.places.delete(id);
  }

  #fail(fact: Fact, expected: string): never {
    throw new CheckError({ checker: this.name, expected, found: factText(fact).trim() });
  }
}

function groupOf(life: Life, { network, owner, isHidden }: EntryFact): Held {
  const id = ownerId(network, owner);
  const known = life.owners.get(id);
  if (known !== undefined) return known;
  const state = isHidden ? 'hidden' : 'present';
  const group: Held = {
    state,
    hiddenMs: 0,
    late: new Set(),
    entries: new Map(),
    graves: new Map(),
  };
  life.owners.set(id, group);
  return group;
}

/** Later time, then greater owner by UTF-8 bytes, then live over deleted, then greater value. */
function compare(a: Version, b: Version): number {
  return (
    a.time - b.time ||
    compareBytes(utf8(a.owner), utf8(b.owner)) ||
    Number(b.isDeleted) - Number(a.isDeleted) ||
    compareBytes(a.value, b.value)
  );
}

function isSameWrite(a: Version, b: Version): boolean {
  const isOne = a.time === b.time && a.owner === b.owner && a.isDeleted === b.isDeleted;
  return isOne && isSameBytes(a.value, b.value);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && compareBytes(a, b) === 0);
}

function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

function placeId({ network, table, key }: Place): string {
  return JSON.stringify([network, table, key]);
}

function ownerId(network: string, owner: string): string {
  return JSON.stringify([network, owner]);
}

const LAST_SECOND_MS = 1_000;
const encoder = new TextEncoder();
const NOBODY: ReadonlySet<string> = new Set();
