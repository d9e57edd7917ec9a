import type { Address } from '../runtime/index.ts';

/** What is told of an attachment. */
export interface ToldAttachment {
  /** Lamport time of the newest join or leave. */
  readonly time: number;
  readonly isLeaving: boolean;
}

/** What is told of a node. */
export interface ToldNode {
  readonly name: string;
  readonly address: Address;
  readonly state: 'active' | 'failed' | 'left';
  /** Lamport time of the newest node event about it. */
  readonly time: number;
}

/**
 * Hears who comes to and goes from networks and the cluster, as a node says it of itself and as it holds it of others,
 * right after it took effect and before anything follows from it. Only simulations have one; it must not throw, and
 * must not change what it is shown.
 */
export interface PresenceWatcher {
  /** We tell the others that we are on a network, or are not. */
  announced(network: string, attachment: ToldAttachment): void;
  /** We say good-bye to the cluster. */
  farewell(time: number): void;
  /** An attachment of a peer stands like this now, or is forgotten. */
  attachment(node: string, network: string, attachment: ToldAttachment | null): void;
  /** A record of a node stands like this now, or is forgotten. */
  node(record: ToldNode, what: 'changed' | 'forgotten'): void;
}
