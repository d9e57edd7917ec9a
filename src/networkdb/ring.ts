import type { Address } from '../runtime/index.ts';
import { sameAddress } from '../runtime/index.ts';
import type { Attachments } from './attachments.ts';
import type { NodeTable } from './nodes.ts';

/*
 * The members of a network stand in a ring, in the order of their names: everybody who knows the same
 * members sees the same ring. News is sent to both neighbours besides random members, and a neighbour
 * from whom the same event came has it, so whoever has heard it from both may stop. Random choice alone
 * needs some 14 copies for each member before one in a million is left out; with the ring no member can
 * be left out unless both its neighbours fail to reach it.
 */

/** Who stands beside us. */
export interface Neighbours {
  /** Null when there is nobody else. */
  readonly next: string | null;
  /** Null when there are fewer than three members: it would be the next one. */
  readonly previous: string | null;
}

/** One of two neighbours. */
export type Side = keyof Neighbours;

/** Both sides, in the order in which they are served. */
export const SIDES: readonly Side[] = ['next', 'previous'];

const NOBODY: Neighbours = { next: null, previous: null };

/** Finds neighbours, and remembers them until members change. */
export class Ring {
  readonly #attachments: Attachments;
  readonly #nodes: NodeTable;
  readonly #localName: string;
  readonly #known = new Map<
    string,
    { readonly members: readonly string[]; readonly neighbours: Neighbours }
  >();

  constructor(attachments: Attachments, nodes: NodeTable, localName: string) {
    this.#attachments = attachments;
    this.#nodes = nodes;
    this.#localName = localName;
  }

  /** Our neighbours on a network. */
  neighbours(network: string): Neighbours {
    const members = this.#attachments.participants(network);
    const known = this.#known.get(network);
    if (known?.members === members) return known.neighbours;
    const neighbours = this.#find(members);
    if (members.length > 0) this.#known.set(network, { members, neighbours });
    else this.#known.delete(network);
    return neighbours;
  }

  /** The neighbour that sends from an address, or null when it is neither. */
  sideOf(network: string, from: Address): Side | null {
    const neighbours = this.neighbours(network);
    for (const side of SIDES) {
      const name = neighbours[side];
      const record = name === null ? undefined : this.#nodes.get(name);
      if (record !== undefined && sameAddress(record.address, from)) return side;
    }
    return null;
  }

  /** The other members, the next one first, all the way round. */
  order(network: string): readonly string[] {
    const members = this.#attachments.participants(network);
    const at = members.indexOf(this.#localName);
    return at < 0 ? members : [...members.slice(at + 1), ...members.slice(0, at)];
  }

  #find(members: readonly string[]): Neighbours {
    const at = members.indexOf(this.#localName);
    if (at < 0 || members.length < 2) return NOBODY;
    const next = members[(at + 1) % members.length] as string;
    const previous = members[(at + members.length - 1) % members.length] as string;
    return { next, previous: previous === next ? null : previous };
  }
}
