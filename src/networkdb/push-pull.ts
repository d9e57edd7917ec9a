import type { AttachmentEntry } from '../codec/index.ts';
import {
  decodeGossip,
  encodeAttachments,
  GOSSIP_TYPE,
  joinNetworkPushPull,
  MAX_ATTACHMENTS,
  MAX_USER_STATE_BYTES,
  networkPushPullEntries,
  wrapGossip,
} from '../codec/index.ts';
import type { Attachment } from './attachments.ts';
import type { HandlerParts } from './handlers.ts';
import { drop, handleNetworkEvent, handleNodeEvent } from './handlers.ts';
import type { TableState } from './transitions.ts';

/*
 * Who is on which network, as it rides in the full exchange of the membership. What is learnt here is
 * not passed on: everybody exchanges with somebody.
 *
 * A large cluster has hundreds of thousands of attachments. What we tell is put together from bytes
 * that are kept per peer; what we are told is read and taken over entry by entry, in slices, and what
 * changed is encoded anew in the same slices, so that the next exchange finds it ready.
 */

/** Room for our own name, the clock and the envelope, beside the attachments. */
const FRAME_BYTES = 1_024;

/** What an attachment costs a slice. */
const ENTRY_BYTES = 64;

/** What a peer's attachments are when they have none. */
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
    for (const attachment of own) attachments.stampOwn(attachment, time);
  }
  const runs = [
    encodeAttachments(own.map((attachment) => entryOf(localName, attachment.network, attachment))),
  ];
  let count = own.length;
  let sizeBytes = FRAME_BYTES + (runs[0] ?? NO_BYTES).length;
  for (const node of attachments.peers()) {
    const run = encodedPeer(state, node);
    count += attachments.networkCountOf(node);
    sizeBytes += run.length;
    if (count > MAX_ATTACHMENTS || sizeBytes > MAX_USER_STATE_BYTES) {
      state.counters.add('tables.pushPull.truncated');
      break;
    }
    runs.push(run);
  }
  const inner = joinNetworkPushPull({ time: networkClock.time, node: localName }, runs);
  return wrapGossip(GOSSIP_TYPE.pushPull, inner);
}

/**
 * Takes over what a peer knows, event by event; each is complete in itself.
 *
 * @returns a generator that yields the bytes of each step
 * @throws CodecError on reaching bytes that cannot be read; what came before them stands
 */
export function* mergePushPull(parts: HandlerParts, bytes: Uint8Array): Generator<number, void> {
  const { state } = parts;
  const { type, data } = decodeGossip(bytes);
  if (type !== GOSSIP_TYPE.pushPull) {
    drop(state, 'type');
    return;
  }
  const changed = new Set<string>();
  const walk = networkPushPullEntries(data);
  for (let step = walk.next(); ; step = walk.next()) {
    if (step.done === true) {
      const { time, node } = step.value;
      // A join is never passed on, so it needs no bytes of its own.
      handleNodeEvent(parts, { kind: 'join', time, node }, NO_BYTES);
      break;
    }
    const { isLeaving, time, node, network } = step.value;
    const kind = isLeaving ? 'leave' : 'join';
    handleNetworkEvent(parts, { kind, time, node, network }, NO_BYTES, 'push-pull');
    changed.add(node);
    yield ENTRY_BYTES;
  }
  state.networkClock.settle();
  for (const node of changed) {
    if (state.attachments.networkCountOf(node) > 0) yield encodedPeer(state, node).length;
  }
}

function encodedPeer({ attachments }: TableState, node: string): Uint8Array {
  return attachments.encodedPeer(node, (networks) =>
    encodeAttachments(
      [...networks].map(([network, attachment]) => entryOf(node, network, attachment)),
    ),
  );
}

function entryOf(node: string, network: string, { time, isLeaving }: Attachment): AttachmentEntry {
  return { network, time, node, isLeaving };
}
