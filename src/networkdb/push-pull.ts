import type { AttachmentEntry } from '../codec/index.ts';
import {
  decodeGossip,
  decodeNetworkPushPull,
  encodeNetworkPushPull,
  GOSSIP_TYPE,
  MAX_ATTACHMENTS,
  wrapGossip,
} from '../codec/index.ts';
import { CodecError } from '../runtime/index.ts';
import type { HandlerParts } from './handlers.ts';
import { drop, handleNetworkEvent, handleNodeEvent } from './handlers.ts';
import type { TableState } from './transitions.ts';

/*
 * Who is on which network, as it rides in the full exchange of the membership. What is learnt here is
 * not passed on: everybody exchanges with somebody.
 */

const NO_BYTES = new Uint8Array(0);

/**
 * Our view of all attachments, for a peer.
 *
 * @param join - whether somebody joins the cluster; our own attachments are then stamped anew, so that a
 * peer who still remembers us as gone believes them
 */
export function localPushPull(state: TableState, join: boolean): Uint8Array {
  const { attachments, localName, networkClock } = state;
  const own = attachments.ownList();
  if (join) {
    const time = networkClock.increment();
    for (const attachment of own) attachment.time = time;
  }
  const networks: AttachmentEntry[] = own.map(({ network, time, isLeaving }) => ({
    network,
    time,
    node: localName,
    isLeaving,
  }));
  for (const { node, network, attachment } of attachments.peerList()) {
    if (networks.length === MAX_ATTACHMENTS) {
      state.counters.add('tables.pushPull.truncated');
      break;
    }
    networks.push({ network, time: attachment.time, node, isLeaving: attachment.isLeaving });
  }
  const message = { time: networkClock.time, node: localName, networks };
  return wrapGossip(GOSSIP_TYPE.pushPull, encodeNetworkPushPull(message));
}

/** Takes over what a peer knows, event by event. */
export function mergePushPull(parts: HandlerParts, bytes: Uint8Array): void {
  const { state } = parts;
  if (bytes.length === 0) return drop(state, 'malformed');
  try {
    const { type, data } = decodeGossip(bytes);
    if (type !== GOSSIP_TYPE.pushPull) return drop(state, 'type');
    const { node, time, networks } = decodeNetworkPushPull(data);
    // A join is never passed on, so it needs no bytes of its own.
    handleNodeEvent(parts, { kind: 'join', time, node }, NO_BYTES);
    for (const entry of networks) {
      const kind = entry.isLeaving ? 'leave' : 'join';
      const event = { kind, time: entry.time, node: entry.node, network: entry.network } as const;
      handleNetworkEvent(parts, event, NO_BYTES, 'push-pull');
    }
    state.networkClock.settle();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    drop(state, 'malformed');
  }
}
