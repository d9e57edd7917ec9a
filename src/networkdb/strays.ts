import type { NodeRecord } from './nodes.ts';
import { NODE_RETENTION_MS } from './options.ts';
import type { TableState } from './transitions.ts';

/*
 * Nodes that were taken for gone and are not. A farewell may be that of an earlier process of the name,
 * heard late; and of two names at one address the one heard of last need not be the one that lives, since
 * news of a crashed process can arrive after that of its successor. The tables act on both at once, for
 * both are right most of the time; the membership, which asks the nodes themselves, has the last word.
 *
 * Invariant: whoever stays a member is active here again, at the latest when a farewell would long have
 * reached the membership, unless another active node has its address.
 */

/** Milliseconds by the reaper after which a farewell should have reached the membership. */
export const STRAY_MS = 10_000;

/** Collaborators of {@link Strays}. */
export interface StraysParts {
  readonly state: TableState;
  /** A node takes part again: its state has to be fetched. */
  readonly returned: (record: NodeRecord) => void;
}

/** Takes nodes back that were given up wrongly. */
export class Strays {
  readonly #parts: StraysParts;

  constructor(parts: StraysParts) {
    this.#parts = parts;
  }

  /** One round of the reaper has passed. */
  tick(): void {
    const { nodes, countdown } = this.#parts.state;
    for (const record of [...nodes.inactive()]) {
      const goneMs = NODE_RETENTION_MS - countdown.leftMs(record.expiresAt);
      if (isStray(record) && goneMs >= STRAY_MS) this.#takeBack(record);
    }
  }

  /** The membership has lost a node: whoever gave way to it at its address was the one that lives. */
  nodeGone(gone: NodeRecord): void {
    for (const record of [...this.#parts.state.nodes.allAt(gone.address)]) {
      if (isStray(record)) this.#takeBack(record);
    }
  }

  #takeBack(record: NodeRecord): void {
    const { state, returned } = this.#parts;
    if (state.nodes.atAddress(record.address, record.name)?.state === 'active') return;
    state.activate(record);
    state.counters.add('tables.strays');
    returned(record);
  }
}

function isStray(record: NodeRecord): boolean {
  return record.state === 'left' && record.isMember;
}
