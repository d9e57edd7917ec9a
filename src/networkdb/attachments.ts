import { sortedTexts } from './order.ts';
import type { PresenceWatcher } from './presence-watcher.ts';

/*
 * Which node is on which network. Our own attachments and those of peers are separate things: nobody
 * but us writes ours. Invariant: a node is a participant of a network if and only if it is active and
 * has an attachment there that is not leaving; a failed node keeps its attachments, a left one has none.
 */

/** A peer's attachment to a network. */
export interface Attachment {
  /** Lamport time of the newest join or leave. */
  time: number;
  isLeaving: boolean;
  /** Reaper time at which a leaving attachment is forgotten; 0 otherwise. */
  expiresAt: number;
}

/** Our own attachment to a network. */
export interface OwnAttachment extends Attachment {
  readonly network: string;
  /** The first exchange has ended; until then what arrives is not relayed. */
  isSynced: boolean;
  /** Some peer has answered a sync, or been answered, since we joined. */
  hasMetPeers: boolean;
}

/** Attachments of ourselves and of peers, and the participants that follow from them. */
export class Attachments {
  /** Null but in simulations. */
  watcher: PresenceWatcher | null = null;
  readonly #own = new Map<string, OwnAttachment>();
  readonly #peers = new Map<string, Map<string, Attachment>>();
  readonly #participants = new Map<string, Set<string>>();
  readonly #sorted = new Map<string, readonly string[]>();
  readonly #networkUses = new Map<string, number>();
  readonly #encoded = new Map<string, Uint8Array>();

  /** Networks that peers are attached to, ours not counted. */
  get peerNetworkCount(): number {
    return this.#networkUses.size;
  }

  /** Our attachment, leaving or not. */
  own(network: string): OwnAttachment | undefined {
    return this.#own.get(network);
  }

  /** Our attachment unless it is leaving. */
  joined(network: string): OwnAttachment | undefined {
    const own = this.#own.get(network);
    return own === undefined || own.isLeaving ? undefined : own;
  }

  /** All our attachments by network name, leaving ones included. */
  ownList(): readonly OwnAttachment[] {
    return sortedTexts(this.#own.keys()).map((network) => this.#own.get(network) as OwnAttachment);
  }

  /** Names of the networks we are on. */
  joinedNetworks(): readonly string[] {
    return sortedTexts([...this.#own.values()].filter((a) => !a.isLeaving).map((a) => a.network));
  }

  setOwn(attachment: OwnAttachment): void {
    this.#own.set(attachment.network, attachment);
    this.watcher?.announced(attachment.network, attachment);
  }

  /** Our attachment is told anew, at another time. */
  stampOwn(own: OwnAttachment, time: number, isLeaving: boolean = own.isLeaving): void {
    own.time = time;
    own.isLeaving = isLeaving;
    this.watcher?.announced(own.network, own);
  }

  dropOwn(network: string): void {
    this.#own.delete(network);
  }

  /** What we know of a peer on a network. */
  peer(node: string, network: string): Attachment | undefined {
    return this.#peers.get(node)?.get(network);
  }

  /** A peer's networks, in name order. */
  networksOf(node: string): readonly string[] {
    return sortedTexts(this.#peers.get(node)?.keys() ?? []);
  }

  networkCountOf(node: string): number {
    return this.#peers.get(node)?.size ?? 0;
  }

  /** Whether any peer is known to have to do with the network. */
  knowsNetwork(network: string): boolean {
    return this.#networkUses.has(network);
  }

  setPeer(node: string, network: string, attachment: Attachment): void {
    let networks = this.#peers.get(node);
    if (networks === undefined) {
      networks = new Map();
      this.#peers.set(node, networks);
    }
    if (!networks.has(network)) {
      this.#networkUses.set(network, (this.#networkUses.get(network) ?? 0) + 1);
    }
    networks.set(network, attachment);
    this.#encoded.delete(node);
    this.watcher?.attachment(node, network, attachment);
  }

  dropPeer(node: string, network: string): void {
    const networks = this.#peers.get(node);
    if (networks?.delete(network) !== true) return;
    this.#encoded.delete(node);
    if (networks.size === 0) this.#peers.delete(node);
    const uses = (this.#networkUses.get(network) ?? 1) - 1;
    if (uses === 0) this.#networkUses.delete(network);
    else this.#networkUses.set(network, uses);
    this.watcher?.attachment(node, network, null);
  }

  /** Peers that are attached to anything, in the order in which they appeared. */
  peers(): Iterable<string> {
    return this.#peers.keys();
  }

  /**
   * A peer's attachments in the form that `encode` gives them, made when they have changed and kept
   * until they do: most of what an exchange tells is what the last one told.
   */
  encodedPeer(
    node: string,
    encode: (attachments: ReadonlyMap<string, Attachment>) => Uint8Array,
  ): Uint8Array {
    const kept = this.#encoded.get(node);
    if (kept !== undefined) return kept;
    const bytes = encode(this.#peers.get(node) ?? new Map<string, Attachment>());
    this.#encoded.set(node, bytes);
    return bytes;
  }

  /** Peer attachments that are on their way out. */
  *leavingPeers(): Generator<{ node: string; network: string; attachment: Attachment }> {
    for (const [node, networks] of this.#peers) {
      for (const [network, attachment] of networks) {
        if (attachment.isLeaving) yield { node, network, attachment };
      }
    }
  }

  /** Active nodes on the network in name order, ourselves included. */
  participants(network: string): readonly string[] {
    let sorted = this.#sorted.get(network);
    if (sorted === undefined) {
      sorted = Object.freeze(sortedTexts(this.#participants.get(network) ?? []));
      if (sorted.length > 0) this.#sorted.set(network, sorted);
    }
    return sorted;
  }

  /** Names of the networks that have participants, in byte order. */
  populatedNetworks(): readonly string[] {
    return sortedTexts(this.#participants.keys());
  }

  participantCount(network: string): number {
    return this.#participants.get(network)?.size ?? 0;
  }

  isParticipant(network: string, node: string): boolean {
    return this.#participants.get(network)?.has(node) ?? false;
  }

  /** @returns whether it was new */
  addParticipant(network: string, node: string): boolean {
    const nodes = this.#participants.get(network) ?? new Set<string>();
    if (nodes.has(node)) return false;
    this.#participants.set(network, nodes.add(node));
    this.#sorted.delete(network);
    return true;
  }

  removeParticipant(network: string, node: string): void {
    const nodes = this.#participants.get(network);
    if (nodes?.delete(node) !== true) return;
    this.#sorted.delete(network);
    if (nodes.size === 0) this.#participants.delete(network);
  }
}
