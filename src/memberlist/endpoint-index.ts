import type { Address } from '../runtime/index.ts';
import { formatAddress, sameAddress, sharedAddressText } from '../runtime/index.ts';
import type { MemberRecord } from './member.ts';
import { isMember } from './member.ts';
import type { MemberTable } from './members.ts';

/**
 * Finds the member behind an endpoint.
 *
 * It remembers where it found one and checks each time that it is still there, so that whoever changes
 * the table need not know of it. It holds at most one entry per member and a few more.
 */
export class EndpointIndex {
  readonly #table: MemberTable;
  readonly #found = new Map<string, MemberRecord>();

  constructor(table: MemberTable) {
    this.#table = table;
  }

  /** The member that announced this endpoint; undefined when there is none. */
  find(endpoint: Address): MemberRecord | undefined {
    const key = formatAddress(endpoint);
    const known = this.#found.get(key);
    if (known !== undefined && this.#isAt(known, endpoint)) return known;
    this.#found.delete(key);
    const record = this.#table.all().find((candidate) => this.#isAt(candidate, endpoint));
    if (record === undefined) return undefined;
    if (this.#found.size > this.#table.size + SPARE_ENTRIES) this.#found.clear();
    this.#found.set(sharedAddressText(endpoint), record);
    return record;
  }

  #isAt(record: MemberRecord, endpoint: Address): boolean {
    const isHere = sameAddress(record.address, endpoint) && isMember(record);
    return isHere && this.#table.get(record.name) === record;
  }
}

const SPARE_ENTRIES = 16;
