import type { Attachment } from './attachments.ts';
import type { NodeRecord } from './nodes.ts';

/** What is told of an attachment. */
export type ToldAttachment = Pick<Attachment, 'time' | 'isLeaving'>;

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
  node(record: NodeRecord, what: 'changed' | 'forgotten'): void;
}
