import type {
  Address,
  GossipError,
  StreamConnection,
  StreamHandlers,
  StreamLimits,
  Timer,
} from '../runtime/index.ts';
import { dialFailed, streamClosed, streamTooLong } from '../runtime/index.ts';
import type { Fabric } from './fabric.ts';

/*
 * One end of a stream in memory. Each end sends segments to the other in order:
 *
 *   dialler                                    acceptor
 *     knock ------------------------------------> onStream
 *     onOpen <------------------------- open
 *     data, end ------------------------> onData, onEnd
 *     onData, onEnd <-------------- data, end
 *
 * Invariant: segments arrive in the order in which they were sent, each once; a cut link holds them
 * back, as retransmission would, until it heals or an end gives up. An end closes in order when its
 * `end` has arrived and it has seen the other's; any other way resets the peer one latency later, and
 * what was under way is lost.
 */

/** `write` says "hold" from here on. */
const HIGH_WATER_BYTES = 64 * 1024;
/** A read of a socket gives at most this much. */
const MAX_SEGMENT_BYTES = 64 * 1024;
/** How often a segment is tried again on a cut link. */
const RETRY_MS = 200;

/** What a stream needs of the transport it belongs to. */
export interface StreamOwner {
  readonly host: string;
  readonly limits: StreamLimits;
  /** The stream has closed and its handler knows. */
  forget(stream: MemoryStream): void;
}

/** Whoever listens where a stream was dialled. */
export interface StreamAcceptor {
  acceptStream(dialler: MemoryStream): void;
}

type Segment =
  | { readonly kind: 'open' }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' };

type Phase = 'connecting' | 'open' | 'closed';

/** A dialled or accepted stream. */
export class MemoryStream implements StreamConnection {
  readonly remote: Address;
  readonly #fabric: Fabric;
  readonly #owner: StreamOwner;
  #handlers: StreamHandlers;
  #peer: MemoryStream | null = null;
  #phase: Phase = 'connecting';
  #isSilent = false;
  #isDropped = false;

  #beforeOpen: Segment[] = [];
  #underWay: { readonly arrivesAt: number; readonly segment: Segment }[] = [];
  #lastArrivalAt = 0;
  #waitingBytes = 0;
  #receivedBytes = 0;
  #owesDrain = false;
  #hasEnded = false;
  #hasEndArrived = false;
  #hasPeerEnded = false;

  #arrivalTimer: Timer | null = null;
  #limitTimer: Timer | null = null;
  #lastActivityAt = 0;

  private constructor(
    fabric: Fabric,
    owner: StreamOwner,
    remote: Address,
    handlers: StreamHandlers,
  ) {
    this.#fabric = fabric;
    this.#owner = owner;
    this.remote = Object.freeze({ host: remote.host, port: remote.port });
    this.#handlers = handlers;
  }

  /** Starts to connect to whoever `find` shows when the knock arrives. */
  static dial(
    fabric: Fabric,
    owner: StreamOwner,
    to: Address,
    handlers: StreamHandlers,
    find: () => StreamAcceptor | undefined,
  ): MemoryStream {
    const stream = new MemoryStream(fabric, owner, to, handlers);
    const { dialTimeoutMs } = owner.limits;
    stream.#limitTimer = fabric.clock.schedule(dialTimeoutMs, () => {
      stream.#fail(dialFailed(stream.remote, `no answer within ${dialTimeoutMs} ms`));
    });
    fabric.clock.schedule(stream.#delayTo(0), () => stream.#knock(find));
    return stream;
  }

  /** A stream that fails at once, since the transport cannot dial there. */
  static failed(
    fabric: Fabric,
    owner: StreamOwner,
    to: Address,
    handlers: StreamHandlers,
    why: string,
  ): MemoryStream {
    const stream = new MemoryStream(fabric, owner, to, handlers);
    stream.#fail(dialFailed(stream.remote, why));
    return stream;
  }

  /** The acceptor's end of a dialled stream; the handler follows with {@link MemoryStream.hear}. */
  static accept(fabric: Fabric, owner: StreamOwner, dialler: MemoryStream): MemoryStream {
    const remote = { host: dialler.#owner.host, port: fabric.nextStreamPort() };
    const stream = new MemoryStream(fabric, owner, remote, DEAF);
    stream.#peer = dialler;
    dialler.#peer = stream;
    stream.#send({ kind: 'open' });
    stream.#opened();
    fabric.observeStream?.(remote, dialler.remote);
    return stream;
  }

  /** Gives an accepted stream its handler. */
  hear(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  /** Tells a dialler that it was accepted and dropped, as a full listener does. */
  turnAway(): void {
    this.#fabric.clock.schedule(this.#delayFrom(), () => {
      if (this.#phase !== 'connecting' || this.#isCutFromPeer()) return;
      this.#receive({ kind: 'open' });
      this.#fail(streamClosed(this.remote, 'reset'));
    });
  }

  write(bytes: Uint8Array): boolean {
    if (this.#phase === 'closed' || this.#hasEnded) return false;
    this.#waitingBytes += bytes.length;
    this.#lastActivityAt = this.#fabric.clock.now();
    for (let at = 0; at < bytes.length; at += MAX_SEGMENT_BYTES) {
      this.#queue({ kind: 'data', bytes: bytes.slice(at, at + MAX_SEGMENT_BYTES) });
    }
    if (this.#waitingBytes < HIGH_WATER_BYTES) return true;
    this.#owesDrain = true;
    return false;
  }

  end(): void {
    if (this.#phase === 'closed' || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#queue({ kind: 'end' });
  }

  destroy(): void {
    this.#isDropped = true;
    this.#fail(streamClosed(this.remote, 'destroyed'));
  }

  /** Whether its owner has destroyed it. */
  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** The end of a host that stopped: its handler hears nothing, its peer is reset. */
  abandon(): void {
    this.#isSilent = true;
    this.#fail(streamClosed(this.remote, 'destroyed'));
  }

  #knock(find: () => StreamAcceptor | undefined): void {
    if (this.#phase !== 'connecting') return;
    if (this.#isCutToPeer()) {
      this.#fabric.clock.schedule(RETRY_MS, () => this.#knock(find));
      return;
    }
    if (this.#fabric.dropDial?.(this.#owner.host, this.remote) === true) return;
    const acceptor = find();
    if (acceptor !== undefined) {
      acceptor.acceptStream(this);
      return;
    }
    this.#fabric.clock.schedule(this.#delayFrom(), () => {
      if (!this.#isCutFromPeer()) this.#fail(dialFailed(this.remote, 'nobody listens there'));
    });
  }

  #queue(segment: Segment): void {
    if (this.#phase === 'connecting') this.#beforeOpen.push(segment);
    else this.#send(segment);
  }

  #send(segment: Segment): void {
    const sizeBytes = segment.kind === 'data' ? segment.bytes.length : 0;
    const arrivesAt = this.#fabric.clock.now() + this.#delayTo(sizeBytes);
    this.#lastArrivalAt = Math.max(this.#lastArrivalAt, arrivesAt);
    this.#underWay.push({ arrivesAt: this.#lastArrivalAt, segment });
    if (this.#underWay.length === 1) this.#awaitArrival();
  }

  #awaitArrival(): void {
    const first = this.#underWay[0];
    if (first === undefined) return;
    const delayMs = Math.max(0, first.arrivesAt - this.#fabric.clock.now());
    this.#arrivalTimer = this.#fabric.clock.schedule(delayMs, () => this.#arrive());
  }

  #arrive(): void {
    if (this.#isCutToPeer()) {
      this.#arrivalTimer = this.#fabric.clock.schedule(RETRY_MS, () => this.#arrive());
      return;
    }
    const segment = this.#underWay.shift()?.segment;
    const peer = this.#peer;
    if (segment === undefined || peer === null) return;
    this.#awaitArrival();
    peer.#receive(segment);
    this.#acknowledge(segment);
  }

  /** The peer has the segment; its handler may have dropped the stream on either side. */
  #acknowledge(segment: Segment): void {
    if (this.#isOver()) return;
    this.#lastActivityAt = this.#fabric.clock.now();
    if (segment.kind === 'end') {
      this.#hasEndArrived = true;
      this.#closeIfEnded();
    }
    if (segment.kind !== 'data') return;
    this.#waitingBytes -= segment.bytes.length;
    if (!this.#owesDrain || this.#waitingBytes > 0) return;
    this.#owesDrain = false;
    this.#handlers.onDrain?.();
  }

  #receive(segment: Segment): void {
    if (this.#isOver()) return;
    this.#lastActivityAt = this.#fabric.clock.now();
    switch (segment.kind) {
      case 'open': {
        this.#opened();
        const queued = this.#beforeOpen;
        this.#beforeOpen = [];
        for (const each of queued) this.#send(each);
        this.#handlers.onOpen?.();
        return;
      }
      case 'data':
        this.#receiveData(segment.bytes);
        return;
      case 'end':
        this.#hasPeerEnded = true;
        this.#handlers.onEnd?.();
        this.#closeIfEnded();
    }
  }

  #receiveData(bytes: Uint8Array): void {
    const limitBytes = this.#owner.limits.maxStreamBytes;
    this.#receivedBytes += bytes.length;
    if (this.#receivedBytes > limitBytes) {
      this.#fail(streamTooLong(this.remote, { sizeBytes: this.#receivedBytes, limitBytes }));
      return;
    }
    this.#fabric.counters.add('streams.bytes', bytes.length);
    this.#handlers.onData(bytes);
  }

  #opened(): void {
    this.#phase = 'open';
    this.#fabric.counters.add('streams.opened');
    this.#lastActivityAt = this.#fabric.clock.now();
    this.#limitTimer?.cancel();
    this.#watchIdle();
  }

  /** One timer, moved on only when it fires: traffic costs no timers. */
  #watchIdle(): void {
    const dueAt = this.#lastActivityAt + this.#owner.limits.streamIdleMs;
    const leftMs = dueAt - this.#fabric.clock.now();
    if (leftMs <= 0) this.#fail(streamClosed(this.remote, 'idle'));
    else this.#limitTimer = this.#fabric.clock.schedule(leftMs, () => this.#watchIdle());
  }

  #closeIfEnded(): void {
    if (this.#phase === 'open' && this.#hasEndArrived && this.#hasPeerEnded) this.#close(null);
  }

  #fail(error: GossipError): void {
    if (this.#phase === 'closed') return;
    this.#resetPeer();
    this.#close(error);
  }

  #resetPeer(): void {
    const peer = this.#peer;
    if (peer === null || peer.#isOver()) return;
    this.#fabric.clock.schedule(this.#delayTo(0), () => {
      if (!this.#isCutToPeer()) peer.#wasReset();
    });
  }

  #wasReset(): void {
    this.#close(streamClosed(this.remote, 'reset'));
  }

  #close(error: GossipError | null): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#arrivalTimer?.cancel();
    this.#limitTimer?.cancel();
    this.#underWay = [];
    this.#beforeOpen = [];
    this.#fabric.clock.schedule(0, () => {
      if (!this.#isSilent) this.#handlers.onClose(error);
      this.#owner.forget(this);
    });
  }

  /** Asked anew after each handler call, which may have closed the stream. */
  #isOver(): boolean {
    return this.#phase === 'closed';
  }

  #delayTo(sizeBytes: number): number {
    return this.#fabric.streamDelay(this.#owner.host, this.remote.host, sizeBytes);
  }

  #delayFrom(): number {
    return this.#fabric.streamDelay(this.remote.host, this.#owner.host, 0);
  }

  #isCutToPeer(): boolean {
    return this.#fabric.links.isCut(this.#owner.host, this.remote.host, 'streams');
  }

  #isCutFromPeer(): boolean {
    return this.#fabric.links.isCut(this.remote.host, this.#owner.host, 'streams');
  }
}

/** Stands in until an accepted stream has its own handler, and where nobody listens any more. */
export const DEAF: StreamHandlers = { onData: () => undefined, onClose: () => undefined };
