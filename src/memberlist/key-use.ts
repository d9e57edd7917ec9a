import type { Address } from '../runtime/index.ts';
import { formatAddress, sharedAddressText } from '../runtime/index.ts';
import type { MemberTable } from './members.ts';
import { isMember } from './member.ts';

/**
 * Under which key each member was last heard, so that an operator knows when `use` and `remove` are
 * safe. Holds one entry per member that was heard; others are forgotten.
 */
export class KeyUse {
  readonly #table: MemberTable;
  readonly #lastKey = new Map<string, string>();

  constructor(table: MemberTable) {
    this.#table = table;
  }

  /** A packet from an endpoint was opened with a key. */
  heard(from: Address, fingerprint: string): void {
    if (this.#lastKey.get(formatAddress(from)) === fingerprint) return;
    this.#lastKey.set(sharedAddressText(from), fingerprint);
    if (this.#lastKey.size > 2 * this.#table.size + 16) this.#forgetStrangers();
  }

  /** Members last heard under each key, by fingerprint. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const record of this.#table.all()) {
      if (record.isLocal || !isMember(record)) continue;
      const fingerprint = this.#lastKey.get(formatAddress(record.address));
      if (fingerprint !== undefined) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
    }
    return counts;
  }

  #forgetStrangers(): void {
    const known = new Set<string>();
    for (const { address } of this.#table.all()) known.add(formatAddress(address));
    for (const endpoint of this.#lastKey.keys()) {
      if (!known.has(endpoint)) this.#lastKey.delete(endpoint);
    }
  }
}
