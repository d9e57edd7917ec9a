import type { Clock, Counters } from '../runtime/index.ts';
import { sameAddress } from '../runtime/index.ts';
import type { Attachment } from './attachments.ts';
import { Attachments } from './attachments.ts';
import { Countdown } from './countdown.ts';
import type { EntryAddress, EntryVersion, NewVersion, OwnerGroup, StoredEntry } from './entry.ts';
import { isVisible } from './entry.ts';
import { LamportClock } from './lamport.ts';
import type { NodeRecord } from './nodes.ts';
import { NodeTable } from './nodes.ts';
import type { TablesOptions } from './options.ts';
import { attachmentRetentionMs, NODE_RETENTION_MS } from './options.ts';
import type { PresenceWatcher } from './presence-watcher.ts';
import { EntryStore } from './store.ts';
import type { Origin } from './watch-hub.ts';
import { WatchHub } from './watch-hub.ts';

/*
 * The whole state of the tables, and the changes that touch more than one part of it. Each method here
 * is one atomic step: nodes, attachments, participants, entries and watchers agree before and after.
 *
 *   owner fails     entries hidden, kept for the retention of a tombstone; not a participant
 *   owner returns   entries visible again, participant where it is attached
 *   owner leaves    entries, tombstones and attachments gone
 *   owner leaves a network   the same for that network, without touching the others
 *
 * None of it touches the entries one by one: whether one is seen follows from its owner's group, so the
 * step is as atomic as it is short. What costs time per entry, telling the watchers and freeing memory,
 * is done in slices.
 *
 * Go drops the state of failed nodes up to version 29: names then stay unresolved for hours after a
 * cable was pulled for half a minute.
 */

/** What the rest of the engine wants to hear from the state. */
export interface StateHooks {
  /** A node has become a participant of a network. */
  participantAdded(network: string, node: string): void;
  /** There are entries to sweep. */
  retired(): void;
  /** Does the first slice of a job at once, and the rest with later turns of the loop. */
  inSlices(steps: Iterator<number, void>): void;
}

/** What the state is made with. */
export interface StateBase {
  readonly localName: string;
  readonly options: TablesOptions;
  readonly counters: Counters;
  readonly clock: Clock;
}

/** State of the tables. */
export class TableState {
  readonly localName: string;
  readonly options: TablesOptions;
  readonly counters: Counters;
  readonly store: EntryStore = new EntryStore();
  readonly attachments: Attachments = new Attachments();
  readonly nodes: NodeTable = new NodeTable();
  readonly countdown: Countdown = new Countdown();
  /** Orders attachments and node events. */
  readonly networkClock: LamportClock = new LamportClock();
  /** Orders writes to tables. */
  readonly tableClock: LamportClock = new LamportClock();
  readonly watches: WatchHub;
  readonly #hooks: StateHooks;

  constructor(base: StateBase, hooks: StateHooks) {
    const { localName, options, counters, clock } = base;
    this.localName = localName;
    this.options = options;
    this.counters = counters;
    this.#hooks = hooks;
    this.watches = new WatchHub({
      localName,
      clock,
      store: this.store,
      nodes: this.nodes,
      inSlices: (steps) => {
        hooks.inSlices(steps);
      },
    });
  }

  /**
   * Stores a write that has won, and tells the watchers what readers see change.
   *
   * @param known - what stands there, null for nothing, where the caller has just looked
   */
  write(
    address: EntryAddress,
    version: EntryVersion & NewVersion,
    expiresAt: number,
    origin: Origin,
    known?: StoredEntry | null,
  ): void {
    const { network, table, key } = address;
    const held = known === undefined ? this.store.get(network, table, key) : (known ?? undefined);
    const previous = isVisible(held) ? held : undefined;
    const state = this.#isGone(version.owner) ? 'hidden' : 'present';
    const group = this.store.group(network, version.owner, state);
    if (state === 'hidden' && group.hiddenUntil === 0) {
      group.hiddenUntil = this.countdown.after(this.options.reapEntryMs);
    }
    const entry = this.store.put(group, address, version, expiresAt);
    this.watches.tellWrite(previous, isVisible(entry) ? entry : undefined, origin);
  }

  /** A node that is not known takes part. */
  admit(node: Pick<NodeRecord, 'name' | 'address' | 'metadata'>): void {
    const { name, address, metadata } = node;
    // Not by spreading: V8 gives such an object a shape of its own, which is larger than the object.
    const record: NodeRecord = {
      name,
      address,
      metadata,
      state: 'active',
      isMember: true,
      time: 0,
      expiresAt: 0,
    };
    this.nodes.add(record);
    this.watches.tellNode('nodeJoin', record);
    for (const group of this.store.groupsOfOwner(name)) this.#retire(group); // as in `activate`
  }

  /** What a node says of itself has changed. */
  renew(record: NodeRecord, node: Pick<NodeRecord, 'address' | 'metadata'>): void {
    const previous = record.address;
    this.nodes.setAddress(record, node.address);
    record.metadata = node.metadata;
    if (record.state !== 'active' || sameAddress(previous, node.address)) return;
    this.watches.tellNode('nodeUpdate', record, previous);
  }

  /** A node that was failed or left takes part again. */
  activate(record: NodeRecord): void {
    const wasAway = record.state !== 'active';
    if (wasAway) this.nodes.setState(record, 'active');
    record.expiresAt = 0;
    if (wasAway) this.watches.tellNode('nodeJoin', record);
    for (const network of this.attachments.networksOf(record.name)) {
      const attachment = this.attachments.peer(record.name, network);
      if (attachment?.isLeaving === false) this.addParticipant(network, record.name);
    }
    for (const group of this.store.groupsOfOwner(record.name)) {
      if (group.state !== 'hidden') continue;
      // What others told of it while it was away (`overruled.ts`). What it has now comes from itself.
      if (this.attachments.peer(record.name, group.network) === undefined) {
        this.#retire(group);
        continue;
      }
      this.store.restore(group);
      this.watches.tellGroup(group, 'create');
    }
  }

  /** An active node has vanished. */
  fail(record: NodeRecord): void {
    this.nodes.setState(record, 'failed');
    this.#retain(record);
    this.watches.tellNode('nodeGone', record);
    for (const network of this.attachments.networksOf(record.name)) {
      this.attachments.removeParticipant(network, record.name);
    }
    const hiddenUntil = this.countdown.after(this.options.reapEntryMs);
    for (const group of this.store.groupsOfOwner(record.name)) {
      if (group.state !== 'present') continue;
      this.store.hide(group, hiddenUntil);
      this.watches.tellGroup(group, 'delete');
    }
  }

  /** An active or failed node is gone for good. */
  depart(record: NodeRecord): void {
    const wasActive = record.state === 'active';
    this.nodes.setState(record, 'left');
    this.#retain(record);
    if (wasActive) this.watches.tellNode('nodeGone', record);
    this.forgetState(record.name);
  }

  /** Drops all attachments and entries of a node. */
  forgetState(name: string): void {
    for (const network of this.attachments.networksOf(name)) {
      this.attachments.removeParticipant(network, name);
      this.attachments.dropPeer(name, network);
    }
    for (const group of this.store.groupsOfOwner(name)) this.#retire(group);
  }

  /** A peer has joined a network, or its attachment there is newer than we knew. */
  attach(node: string, network: string, time: number): void {
    this.attachments.setPeer(node, network, { time, isLeaving: false, expiresAt: 0 });
    if (this.nodes.isActive(node)) this.addParticipant(network, node);
  }

  /** A peer has left a network where it was attached. */
  detach(node: string, network: string, time: number): void {
    const attachment: Attachment = {
      time,
      isLeaving: true,
      expiresAt: this.countdown.after(attachmentRetentionMs(this.options)),
    };
    this.attachments.setPeer(node, network, attachment);
    this.attachments.removeParticipant(network, node);
    const group = this.store.findGroup(network, node);
    if (group !== undefined) this.#retire(group);
  }

  addParticipant(network: string, node: string): void {
    if (this.attachments.addParticipant(network, node)) {
      this.#hooks.participantAdded(network, node);
    }
  }

  /**
   * We leave a network: all its entries disappear at once, and our own come back, bit by bit, as
   * tombstones with fresh times, so that after a quick return they take back what peers may still hold.
   * A key that holds something by then was written after a return, and is let be.
   *
   * @returns the steps that make the tombstones, one each
   */
  leaveNetwork(network: string): Iterator<number, void> {
    this.attachments.removeParticipant(network, this.localName);
    const own = this.store.findGroup(network, this.localName);
    // Copied, since entries leave the group while it is swept.
    const entries = own?.entries.toArray() ?? [];
    for (const group of this.store.groupsOf(network)) this.#retire(group);
    return this.#entomb(entries, this.countdown.after(this.options.reapEntryMs));
  }

  /** Who comes and goes is told to it from now on, beginning with what is there. */
  watchPresence(watcher: PresenceWatcher): void {
    const { attachments, nodes } = this;
    for (const state of ['active', 'failed', 'left'] as const) {
      for (const name of nodes.names(state)) {
        watcher.node(nodes.get(name) as NodeRecord, 'changed');
      }
    }
    for (const own of attachments.ownList()) watcher.announced(own.network, own);
    for (const node of attachments.peers()) {
      for (const network of attachments.networksOf(node)) {
        watcher.attachment(node, network, attachments.peer(node, network) ?? null);
      }
    }
    attachments.watcher = watcher;
    nodes.watcher = watcher;
  }

  *#entomb(entries: readonly StoredEntry[], expiresAt: number): Generator<number, void> {
    for (const entry of entries) {
      const { network, table, key, value, owner } = entry;
      if (this.store.get(network, table, key) === undefined) {
        const group = this.store.group(network, owner, 'present');
        const time = this.tableClock.increment();
        if (entry.isDeleted) this.store.put(group, entry, entry, entry.expiresAt);
        else this.store.put(group, entry, { time, value, isDeleted: true }, expiresAt);
      }
      yield value.length;
    }
  }

  #isGone(owner: string): boolean {
    return this.nodes.isFailed(owner) || (owner !== this.localName && !this.nodes.get(owner));
  }

  #retain(record: NodeRecord): void {
    if (record.expiresAt === 0) record.expiresAt = this.countdown.after(NODE_RETENTION_MS);
  }

  #retire(group: OwnerGroup): void {
    const wasPresent = group.state === 'present';
    this.store.retire(group);
    this.#hooks.retired();
    // The entries are still in the group here: the sweep comes with a later turn.
    if (wasPresent) this.watches.tellGroup(group, 'delete');
  }
}
