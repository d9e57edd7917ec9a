import type { Address } from '../runtime/index.ts';
import { formatAddress, sharedAddressText } from '../runtime/index.ts';
import { announces, isOurMetadata, takesAttachments } from './capabilities.ts';
import { sortedTexts } from './order.ts';
import type { PresenceWatcher } from './presence-watcher.ts';

/*
 * The nodes of the cluster as the tables see them. A node is in exactly one of three states:
 *
 *   (unknown) --joined--> active --gone--> failed --joined--> active
 *                           |                |
 *                           +--left on purpose, or replaced at its address--> left --joined--> active
 *
 * Failed and left nodes are remembered for a day. What the transitions do to entries and attachments is
 * in `transitions.ts`; here are only the records.
 */

/** Whether the node takes part, has vanished, or has said good-bye. */
export type NodeState = 'active' | 'failed' | 'left';

/** What is remembered of a node. */
export interface NodeRecord {
  readonly name: string;
  /** Changed by {@link NodeTable.setAddress} only. */
  address: Address;
  metadata: Uint8Array;
  state: NodeState;
  /** Whether the membership holds the node as alive, whatever the tables were told of it. */
  isMember: boolean;
  /** Lamport time of the newest node event about it. */
  time: number;
  /** Reaper time at which the record is dropped; 0 while active. */
  expiresAt: number;
}

/** The node records, found by name and by address. */
export class NodeTable {
  /** Null but in simulations. */
  watcher: PresenceWatcher | null = null;
  readonly #records = new Map<string, NodeRecord>();
  /** Nearly always there is one: a set for each was a fifth of what a large cluster holds in memory. */
  readonly #byAddress = new Map<string, NodeRecord | Set<NodeRecord>>();
  readonly #counts: Record<NodeState, number> = { active: 0, failed: 0, left: 0 };

  get size(): number {
    return this.#records.size;
  }

  /** Active nodes, ourselves included. */
  get activeCount(): number {
    return this.#counts.active;
  }

  get failedCount(): number {
    return this.#counts.failed;
  }

  get(name: string): NodeRecord | undefined {
    return this.#records.get(name);
  }

  isActive(name: string): boolean {
    return this.#records.get(name)?.state === 'active';
  }

  isFailed(name: string): boolean {
    return this.#records.get(name)?.state === 'failed';
  }

  /** Whether the node is known, and by its metadata not one of ours: it goes by the rules of Go. */
  isForeign(name: string): boolean {
    const record = this.#records.get(name);
    return record !== undefined && !isOurMetadata(record.metadata);
  }

  /** Whether the node has announced a feature, a bit of `FEATURE`. */
  announces(name: string, feature: number): boolean {
    const record = this.#records.get(name);
    return record !== undefined && announces(record.metadata, feature);
  }

  /** Whether a bulk sync to the node may carry attachments. */
  takesAttachments(name: string): boolean {
    const record = this.#records.get(name);
    return record !== undefined && takesAttachments(record.metadata);
  }

  add(record: NodeRecord): void {
    this.remove(record.name);
    this.#records.set(record.name, record);
    this.#enter(record);
    this.#counts[record.state] += 1;
    this.watcher?.node(record, 'changed');
  }

  setState(record: NodeRecord, state: NodeState): void {
    this.#counts[record.state] -= 1;
    record.state = state;
    this.#counts[state] += 1;
    this.watcher?.node(record, 'changed');
  }

  setAddress(record: NodeRecord, address: Address): void {
    this.#strike(record);
    record.address = address;
    this.#enter(record);
  }

  remove(name: string): void {
    const record = this.#records.get(name);
    if (record === undefined) return;
    this.#counts[record.state] -= 1;
    this.#records.delete(name);
    this.#strike(record);
    this.watcher?.node(record, 'forgotten');
  }

  /** Names in one state, in name order. */
  names(state: NodeState): readonly string[] {
    const names: string[] = [];
    for (const record of this.#records.values())
      if (record.state === state) names.push(record.name);
    return sortedTexts(names);
  }

  /** Another node at the address: an active one first, then a failed, then a left one. */
  atAddress(address: Address, exceptName: string): NodeRecord | undefined {
    let found: NodeRecord | undefined;
    for (const record of this.allAt(address)) {
      if (record.name === exceptName) continue;
      if (found === undefined || RANK[record.state] < RANK[found.state]) found = record;
    }
    return found;
  }

  /** All nodes that are, or were, at an address. */
  allAt(address: Address): Iterable<NodeRecord> {
    const there = this.#byAddress.get(formatAddress(address));
    if (there === undefined) return [];
    return there instanceof Set ? there : [there];
  }

  /** Records that are on their way out. */
  *inactive(): Generator<NodeRecord> {
    if (this.#counts.active === this.#records.size) return; // nearly always, and asked every second
    for (const record of this.#records.values()) if (record.state !== 'active') yield record;
  }

  #enter(record: NodeRecord): void {
    const key = sharedAddressText(record.address);
    const there = this.#byAddress.get(key);
    if (there === undefined) this.#byAddress.set(key, record);
    else if (there instanceof Set) there.add(record);
    else this.#byAddress.set(key, new Set([there, record]));
  }

  #strike(record: NodeRecord): void {
    const key = formatAddress(record.address);
    const there = this.#byAddress.get(key);
    if (there instanceof Set) there.delete(record);
    if (there === record || (there instanceof Set && there.size === 0)) this.#byAddress.delete(key);
  }
}

const RANK: Readonly<Record<NodeState, number>> = { active: 0, failed: 1, left: 2 };
