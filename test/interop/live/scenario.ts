import type { Company } from '../suite/row.ts';
import type { Build, Family } from './builds.ts';
import type { Allowed } from './judge.ts';
import type { Mode } from './modes.ts';
import type { Kind } from './peer.ts';
import type { Ring, RingNode } from './ring.ts';

/** One thing that happens in a ring of ours and Go's; afterwards all must agree. */
export interface Scenario {
  readonly name: string;
  readonly family: Family;
  /** Modes that it makes sense in; all of the family by default. */
  readonly fits?: (mode: Mode, build: Build) => boolean;
  readonly allowed?: Allowed;
  /** Whose node can be the acting one; both kinds by default. */
  readonly acting?: readonly Kind[];
  /** Whose node acts in the quick run, where the other way takes minutes; in turn by default. */
  readonly quick?: Kind;
  /** What may be played beside it; anything by default. */
  readonly company?: Company;
  /** Machines of its own, one for each member that is started; all on loopback by default. */
  readonly machines?: number;
  /**
   * @param acting - who does what the scenario is about: a node of ours or one of Go's
   * @returns what the report shows beside the row, or nothing
   */
  readonly run: (ring: Ring, acting: Kind) => Promise<string | undefined>;
}

export function otherKind(kind: Kind): Kind {
  return kind === 'ours' ? 'go' : 'ours';
}

/** Adds members, of both kinds in turn beginning with the acting one, and waits until all agree. */
export async function grow(ring: Ring, acting: Kind, size: number): Promise<RingNode[]> {
  for (let at = 0; at < size; at += 1) {
    await ring.add(at % 2 === 0 ? acting : otherKind(acting));
  }
  await ring.agree();
  return [...ring.nodes];
}

/** As the report shows a duration. */
export function shown(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** The nodes as a tuple of at least two; the first is the acting one. */
export function actorAndRest(nodes: readonly RingNode[]): [RingNode, RingNode, ...RingNode[]] {
  const [actor, second, ...rest] = nodes;
  if (actor === undefined || second === undefined) throw new Error('a ring of less than two');
  return [actor, second, ...rest];
}
