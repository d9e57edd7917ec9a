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
import type { Slices } from './slices.ts';
import type { TableState } from './transitions.ts';

/*
 * Who is on which network, as it rides in the full exchange of the membership. What is learnt here is
 * not passed on: everybody exchanges with somebody.
 */

const NO_BYTES = new Uint8Array(0);

/** Bytes that taking over an attachment counts for in a slice. */
const ATTACHMENT_BYTES = 128;

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

/** Collaborators of {@link PushPullMerge}. */
export interface PushPullMergeParts {
  readonly handlers: HandlerParts;
  readonly slices: Slices;
}

/** Takes over what peers know, event by event, the first of each exchange at once. */
export class PushPullMerge {
  readonly #parts: PushPullMergeParts;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(parts: PushPullMergeParts) {
    this.#parts = parts;
  }

  /** Runs something when all that was received is taken over: at once, when nothing is under way. */
  whenIdle(run: () => void): void {
    if (this.#running === 0) run();
    else this.#waiting.push(run);
  }

  /** One peer's view, as `localPushPull` made it. */
  merge(bytes: Uint8Array): void {
    const { handlers, slices } = this.#parts;
    const { state } = handlers;
    if (bytes.length === 0) return drop(state, 'malformed');
    try {
      const { type, data } = decodeGossip(bytes);
      if (type !== GOSSIP_TYPE.pushPull) return drop(state, 'type');
      const message = decodeNetworkPushPull(data);
      const { node, time } = message;
      // A join is never passed on, so it needs no bytes of its own.
      handleNodeEvent(handlers, { kind: 'join', time, node }, NO_BYTES);
      this.#running += 1;
      slices.start(attachmentSteps(handlers, message.networks), () => {
        state.networkClock.settle();
        this.#running -= 1;
        if (this.#running === 0) for (const run of this.#waiting.splice(0)) run();
      });
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      drop(state, 'malformed');
    }
  }
}

function* attachmentSteps(
  handlers: HandlerParts,
  entries: readonly AttachmentEntry[],
): Generator<number, void> {
  for (const { isLeaving, time, node, network } of entries) {
    const kind = isLeaving ? 'leave' : 'join';
    handleNetworkEvent(handlers, { kind, time, node, network }, NO_BYTES, 'push-pull');
    yield ATTACHMENT_BYTES;
  }
}
