import type { BulkSync, TableEvent } from '../../src/codec/index.ts';
import {
  compoundParts,
  decodeBulkSync,
  decodeGossip,
  decodeNetworkEvent,
  decodeTableEvent,
  encodeBulkSync,
  encodeCompoundMessage,
  encodeNetworkEvent,
  encodeTableEvent,
  GOSSIP_TYPE,
  wrapGossip,
} from '../../src/codec/index.ts';
import type { Address } from '../../src/runtime/index.ts';
import type { FakeNode } from './fake-membership.ts';
import { decode, encode, FakeCluster } from './fake-membership.ts';

/*
 * A small model of a node of Go's NetworkDB, as Docker 24 to 29 run it: the rules by which it takes or
 * refuses what it hears, and nothing that can be left out to see them fail. It stands among nodes of
 * ours and speaks their bytes. Each rule names the section of upstream's behaviour that it follows.
 */

/** What the model holds of a key. */
export interface GoEntry {
  readonly time: number;
  readonly owner: string;
  readonly isDeleted: boolean;
  readonly value: string;
}

/** A node with the rules of Go, on one network. */
export class GoNode {
  readonly name: string;
  readonly address: Address;
  readonly entries = new Map<string, GoEntry>();
  /** Peers that are attached, with the time of their join. */
  readonly attached = new Map<string, number>();
  /** What it announces of itself: Go announces nothing. */
  metadata = new Uint8Array(0);
  /** Drops events by key while set, as a lossy path would. */
  isDeaf: ((event: TableEvent) => boolean) | null = null;
  tableClock = 0;
  readonly #cluster: MixedCluster;

  constructor(cluster: MixedCluster, name: string, address: Address) {
    this.#cluster = cluster;
    this.name = name;
    this.address = address;
  }

  /** The live values that it shows, by key. */
  view(): Record<string, string> {
    const live = [...this.entries].filter(([, entry]) => !entry.isDeleted);
    const seen: Record<string, string> = {};
    for (const [key, { value }] of live) seen[key] = value;
    return seen;
  }

  /** Section 9.2, up to Docker 29.6: of a node that fails its attachments and entries are dropped. */
  forget(node: string): void {
    this.attached.delete(node);
    for (const [key, { owner }] of this.entries) if (owner === node) this.entries.delete(key);
  }

  /** Writes as the owner, and tells those named (all that it knows, when left out). */
  write(key: string, value: string, to?: readonly string[]): void {
    this.tableClock += 1;
    const entry = { time: this.tableClock, owner: this.name, isDeleted: false, value };
    this.entries.set(key, entry);
    this.#cluster.gossipFrom(this, this.#event(key, entry), to);
  }

  /** One message, as a packet or stream brings it. */
  message(bytes: Uint8Array): void {
    const { type, data } = decodeGossip(bytes);
    if (type === GOSSIP_TYPE.compound) for (const part of compoundParts(data)) this.message(part);
    else if (type === GOSSIP_TYPE.networkEvent) this.#networkEvent(data);
    else if (type === GOSSIP_TYPE.tableEvent) this.#tableEvent(decodeTableEvent(data));
    else if (type === GOSSIP_TYPE.bulkSync) this.#bulkSync(decodeBulkSync(data));
  }

  #networkEvent(data: Uint8Array): void {
    const { node, kind, ...event } = decodeNetworkEvent(data);
    const time = Number(event.time);
    if (node === this.name || (this.attached.get(node) ?? 0) >= time) return;
    if (kind === 'join') this.attached.set(node, time);
    else this.attached.delete(node);
  }

  /** Section 8.4: an own event is dropped unread, an owner must be attached, and the first one stays. */
  #tableEvent(event: TableEvent): void {
    if (event.owner === this.name || this.isDeaf?.(event) === true) return;
    const time = Number(event.time);
    if (time >= this.tableClock) this.tableClock = time + 1;
    if (!this.attached.has(event.owner)) return;
    const held = this.entries.get(event.key);
    if (held !== undefined && held.time >= time) return;
    const isDeleted = event.kind === 'delete';
    const entry = { time, owner: event.owner, isDeleted, value: decode(event.value) };
    this.entries.set(event.key, entry);
    this.#cluster.gossipFrom(this, this.#event(event.key, entry));
  }

  #bulkSync({ time, isRequest, node, payload }: BulkSync): void {
    if (Number(time) >= this.tableClock) this.tableClock = Number(time) + 1;
    this.message(payload);
    if (isRequest) this.sync(node, false);
  }

  /** Sends all that it holds: section 11.4, keys as its index has them, split at slashes. */
  sync(to: string, isRequest = true): void {
    this.tableClock += 1;
    const join = { kind: 'join', time: 1, node: this.name, network: 'prod' } as const;
    const parts = [wrapGossip(GOSSIP_TYPE.networkEvent, encodeNetworkEvent(join))];
    for (const [key, entry] of this.entries) {
      const [, , inIndex = ''] = `prod/t/${key}`.split('/');
      parts.push(this.#event(inIndex, entry));
    }
    const body = { time: this.tableClock, isRequest, node: this.name, networks: ['prod'] };
    const message = encodeBulkSync({ ...body, payload: encodeCompoundMessage(parts) });
    this.#cluster.deliver(this, to, wrapGossip(GOSSIP_TYPE.bulkSync, message), true);
  }

  #event(key: string, { time, owner, isDeleted, value }: GoEntry): Uint8Array {
    const inner = encodeTableEvent({
      ...{ kind: isDeleted ? 'delete' : 'create', time, owner, network: 'prod', table: 't', key },
      ...{ value: encode(value), residualReapSeconds: isDeleted ? 1_800 : 0 },
    });
    return wrapGossip(GOSSIP_TYPE.tableEvent, inner);
  }
}

/** Nodes of ours and of Go on network `prod`, all of them reachable for all. */
export class MixedCluster extends FakeCluster {
  readonly goNodes = new Map<string, GoNode>();
  /** What each node of ours sent to each of Go, in bytes and in order. */
  readonly toGo: { readonly from: string; readonly to: string; readonly bytes: Uint8Array }[] = [];

  /** Starts a node of Go and makes it known to those of ours that are up, and to the other Go nodes. */
  startGo(name: string, metadata = new Uint8Array(0)): GoNode {
    const host = `10.9.0.${this.goNodes.size + 1}`;
    const go = new GoNode(this, name, { host, port: 7946 });
    go.metadata = metadata;
    for (const other of this.goNodes.values()) {
      other.attached.set(name, 1);
      go.attached.set(other.name, 1);
    }
    this.goNodes.set(name, go);
    for (const node of this.nodes.values()) this.#meet(node, go);
    return go;
  }

  #meet(node: FakeNode, go: GoNode): void {
    const { name, address, metadata } = go;
    node.known.add(name);
    node.engine.events.nodeJoined({ name, address, metadata, hasLeft: false });
    const join = encodeNetworkEvent({ kind: 'join', time: 1, node: name, network: 'prod' });
    node.engine.events.message(wrapGossip(GOSSIP_TYPE.networkEvent, join));
    go.attached.set(node.localName, 1);
  }

  /** Gossip of a Go node: to those named, or to all. */
  gossipFrom(from: GoNode, message: Uint8Array, to?: readonly string[]): void {
    const all = [...this.nodes.keys(), ...this.goNodes.keys()];
    for (const name of to ?? all) if (name !== from.name) this.deliver(from, name, message, false);
  }

  deliver(from: GoNode, to: string, message: Uint8Array, isStream: boolean): void {
    this.clock.schedule(1, () => {
      const node = this.nodes.get(to);
      if (node?.isUp === true)
        node.engine.events.message(message, isStream ? undefined : from.address);
      else this.goNodes.get(to)?.message(message);
    });
  }

  override packet(from: FakeNode, to: string, message: Uint8Array): void {
    if (!this.#toGo(from, to, message)) super.packet(from, to, message);
  }

  override stream(
    from: FakeNode,
    to: string | Address,
    message: Uint8Array,
    done: (error: Error | null) => void,
  ): void {
    if (typeof to !== 'string' || !this.#toGo(from, to, message)) {
      super.stream(from, to, message, done);
      return;
    }
    this.clock.schedule(1, () => {
      done(null);
    });
  }

  #toGo(from: FakeNode, to: string, message: Uint8Array): boolean {
    const go = this.goNodes.get(to);
    if (go === undefined) return false;
    const bytes = message.slice();
    this.toGo.push({ from: from.localName, to, bytes });
    this.clock.schedule(1, () => {
      go.message(bytes);
    });
    return true;
  }
}
