import type { PushPullNode } from '../codec/index.ts';
import { MAX_BLOCK_RECORDS } from '../codec/index.ts';
import type { Core } from './core.ts';
import type { MemberRecord } from './member.ts';

/*
 * What exchanges are about where nothing changes. Members of a settled ring tell each other again and again what all
 * of them hold, so as long as a table stays as it is
 *
 *   said     its records are the list that was said last
 *   merged   a list that brought nothing brings nothing again
 *
 * Both are known by `MemberTable.version`, and lists by identity: the codec gives the same list for the same bytes,
 * if they are what this process has written itself (`record-blocks.ts` there). So that members write the same bytes,
 * they tell their records in the order of the names. Whoever joins is told in the table's own order, which is a
 * random one, as are all where the ring is too large to sort.
 *
 * Invariant: with any of this taken out, exchanges would end in the same tables, later.
 */

/** What we say of all members. */
export class SaidRecords {
  readonly #core: Core;
  /** Only a list that others say too: one of our own would cost each of a thousand simulated members a list. */
  #last: KnownList | null = null;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The records as they are now, not to be changed. @param isJoin - for a first contact */
  now(isJoin: boolean): readonly PushPullNode[] {
    const { table, wire } = this.#core;
    const isKept = !isJoin && table.size <= MAX_BLOCK_RECORDS;
    if (!isKept || wire.name !== 'protobuf') return table.all().map(toNode);
    const { version } = table;
    if (this.#last?.version === version) return this.#last.nodes;
    const own = table.all().map(toNode).sort(byName);
    const nodes = wire.sharedNodes(own);
    this.#last = nodes === own ? null : { nodes, version };
    return nodes;
  }
}

/** The list that was merged last and brought nothing. */
export class MergedRecords {
  readonly #core: Core;
  #last: KnownList | null = null;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Whether merging a list would do nothing. */
  has(nodes: readonly PushPullNode[]): boolean {
    return this.#last?.nodes === nodes && this.#last.version === this.#core.table.version;
  }

  /** A list was merged and brought nothing. @param version - of the table before that */
  add(nodes: readonly PushPullNode[], version: number): void {
    // Only lists that are shared come again, and they alone cannot change.
    if (Object.isFrozen(nodes)) this.#last = { nodes, version };
  }
}

interface KnownList {
  readonly nodes: readonly PushPullNode[];
  readonly version: number;
}

function byName(a: PushPullNode, b: PushPullNode): number {
  return a.name < b.name ? -1 : 1;
}

function toNode(record: MemberRecord): PushPullNode {
  return {
    name: record.name,
    address: record.addressBytes,
    port: record.address.port,
    metadata: record.metadata,
    incarnation: record.incarnation,
    state: record.state,
    versions: record.versions,
    startId: record.startId,
  };
}
