import type { MemberRecord } from './member.ts';
import { isMember } from './member.ts';
import type { MemberTable } from './members.ts';
import type { MemberlistConfig } from './options.ts';

/**
 * Who stands beside us when all members stand in a ring, in the order of their names: everybody who knows the
 * same members sees the same ring.
 *
 * Found by a walk through the table, then kept: a newcomer is compared with who stands there, and the walk comes
 * again only when one of both is gone.
 */
export class Neighbours {
  readonly #table: MemberTable;
  readonly #localName: string;
  #next: MemberRecord | null = null;
  #previous: MemberRecord | null = null;
  /** Both, as they are handed out; null when they are to be put together anew. */
  #both: readonly MemberRecord[] | null = null;

  constructor(table: MemberTable, localName: string) {
    this.#table = table;
    this.#localName = localName;
  }

  /** A record became a member's: to be called for each, but for our own. */
  came(record: MemberRecord): void {
    const { name } = record;
    this.#both = null;
    if (this.#next === null || isBetween(this.#localName, name, this.#next.name))
      this.#next = record;
    if (this.#previous === null || isBetween(this.#previous.name, name, this.#localName))
      this.#previous = record;
  }

  /** Both neighbours, the next one first; one when it is both, none when there is nobody else. */
  both(): readonly MemberRecord[] {
    if (!isThere(this.#next) || !isThere(this.#previous)) this.#find();
    this.#both ??= this.#pair();
    return this.#both;
  }

  #pair(): readonly MemberRecord[] {
    if (this.#next === null || this.#previous === null) return [];
    return this.#next === this.#previous ? [this.#next] : [this.#next, this.#previous];
  }

  #find(): void {
    this.#next = null;
    this.#previous = null;
    this.#both = null;
    for (const record of this.#table.all()) {
      if (!record.isLocal && isMember(record)) this.came(record);
    }
  }
}

/** Only the gone are taken from the table, so a member is in it. */
function isThere(record: MemberRecord | null): boolean {
  return record !== null && isMember(record);
}

/** Whether a name comes after one and before another, going round. */
function isBetween(after: string, name: string, before: string): boolean {
  return after < before ? after < name && name < before : after < name || name < before;
}

/**
 * Whether word of newcomers goes round the ring: beside Go everything is left to chance, and so it is without rounds, and where
 * all news waits for them.
 */
export function goesRound({ wire, gossip }: MemberlistConfig): boolean {
  return wire !== 'memberlist' && gossip.intervalMs !== false && gossip.prompt;
}
