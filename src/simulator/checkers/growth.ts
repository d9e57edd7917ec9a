import type { NetworkDBConfig, StoredEntry } from '../../networkdb/index.ts';
import type { AttachmentFact, SizeFact } from './facts.ts';

/*
 * Sizes that are known in the moment in which they grow: of the store when an entry comes, of a peer's networks when
 * one more is told. All others are looked at once in a virtual second (`watch-node.ts`).
 */

/** What the caps are on. */
type Limits = NetworkDBConfig['tables']['limits'];

/** Sizes at one node that has just changed. */
export class Growth {
  readonly #localName: string;
  readonly #limits: Limits;
  /** Networks of each peer. */
  readonly #ofPeer = new Map<string, Set<string>>();
  /** How many peers each network has. */
  readonly #peers = new Map<string, number>();

  constructor(localName: string, limits: Limits) {
    this.#localName = localName;
    this.#limits = limits;
  }

  /**
   * An entry was stored.
   *
   * @param isNew - nothing stood there
   * @param occupied - entries in memory now
   */
  stored(at: At, entry: StoredEntry, isNew: boolean, occupied: number): readonly SizeFact[] {
    const { maxEntries, maxValueBytes } = this.#limits;
    const facts = [kept(at, 'bytes of one value', entry.value.length, maxValueBytes)];
    // Own writes are never refused; what takes the place of an entry adds none.
    if (isNew && entry.owner !== this.#localName) {
      facts.push(kept(at, 'entries with a new one of another', occupied, maxEntries));
    }
    return facts;
  }

  /** An attachment of a peer has changed. */
  attached(at: At, { node, network, state }: AttachmentFact): readonly SizeFact[] {
    const { maxNetworks, maxNetworksPerNode } = this.#limits;
    const networks = this.#ofPeer.get(node) ?? new Set<string>();
    const others = this.#peers.get(network) ?? 0;
    if (state === 'forgotten') {
      if (!networks.delete(network)) return [];
      if (networks.size === 0) this.#ofPeer.delete(node);
      if (others > 1) this.#peers.set(network, others - 1);
      else this.#peers.delete(network);
      return [];
    }
    if (networks.has(network)) return [];
    this.#ofPeer.set(node, networks.add(network));
    this.#peers.set(network, others + 1);
    return [
      kept(at, 'networks of one peer', networks.size, maxNetworksPerNode),
      kept(at, 'networks of peers', this.#peers.size, maxNetworks),
    ];
  }
}

interface At {
  readonly life: string;
  readonly atMs: number;
}

function kept({ life, atMs }: At, what: string, size: number, cap: number): SizeFact {
  return { kind: 'size', life, atMs, sort: 'kept', what, size, cap };
}
