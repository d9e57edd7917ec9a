import type { Address } from '../runtime/index.ts';
import { sameAddress } from '../runtime/index.ts';
import type { MemberRecord } from './member.ts';
import type { MemberTable } from './members.ts';
import { isMember } from './member.ts';

/**
 * Under which key each member was last heard, so that an operator knows when `use` and `remove` are
 * safe. Holds one entry per member that was heard; others are forgotten.
 *
 * A ring has one key nearly all the time. As long as there was no other, whoever is heard by a message that says who
 * sent it is only marked in the record that is looked at anyway; with the second key the marks become entries.
 */
export class KeyUse {
  readonly #table: MemberTable;
  /** Fingerprints by port, then host: most rings use one port, and no text is made of an address for each packet. */
  readonly #lastKey = new Map<number, Map<string, string>>();
  #size = 0;
  /** The key under which all were heard so far; null once there were two. */
  #only: string | null | undefined = undefined;
  /** The map of the port that was heard from last. */
  #recent: { readonly port: number; readonly byHost: Map<string, string> } | null = null;

  constructor(table: MemberTable) {
    this.#table = table;
  }

  /**
   * A packet from an endpoint was opened with a key.
   *
   * @param record - of whoever says to have sent it
   */
  heard(from: Address, fingerprint: string, record?: MemberRecord): void {
    if (fingerprint !== this.#only) this.#heardKey(fingerprint);
    else if (record !== undefined && sameAddress(record.address, from)) {
      if (!record.isHeard) record.isHeard = true;
      return;
    }
    const recent = this.#recent;
    const byHost = recent?.port === from.port ? recent.byHost : this.#lastKey.get(from.port);
    if (byHost?.get(from.host) === fingerprint) return;
    this.#note(from, fingerprint);
    if (this.#size > 2 * this.#table.size + 16) this.#forgetStrangers();
  }

  /** Members last heard under each key, by fingerprint. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const record of this.#table.all()) {
      if (record.isLocal || !isMember(record)) continue;
      const { host, port } = record.address;
      const fingerprint = this.#marked(record) ?? this.#lastKey.get(port)?.get(host);
      if (fingerprint !== undefined) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
    }
    return counts;
  }

  /** The key of a record that is marked; undefined for the others, and when the marks say nothing any more. */
  #marked({ isHeard }: MemberRecord): string | undefined {
    return isHeard ? (this.#only ?? undefined) : undefined;
  }

  /** Another key than ever before, or one more of several. */
  #heardKey(fingerprint: string): void {
    if (this.#only === null) return;
    for (const record of this.#table.all()) {
      const marked = this.#marked(record);
      if (marked !== undefined) this.#note(record.address, marked);
    }
    this.#only = this.#only === undefined ? fingerprint : null;
  }

  #forgetStrangers(): void {
    const heard = new Map(this.#lastKey);
    this.#lastKey.clear();
    this.#recent = null;
    this.#size = 0;
    for (const { address } of this.#table.all()) {
      const fingerprint = heard.get(address.port)?.get(address.host);
      if (fingerprint !== undefined) this.#note(address, fingerprint);
    }
  }

  #note({ host, port }: Address, fingerprint: string): void {
    const byHost = this.#lastKey.get(port) ?? new Map<string, string>();
    if (!byHost.has(host)) this.#size += 1;
    this.#lastKey.set(port, byHost.set(host, fingerprint));
    this.#recent = { port, byHost };
  }
}
