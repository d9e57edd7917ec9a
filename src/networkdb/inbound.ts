import {
  CompoundReader,
  decodeBulkSync,
  decodeGossip,
  decodeNetworkEvent,
  decodeNodeEvent,
  GOSSIP_TYPE,
  MAX_GOSSIP_NESTING,
  TableEventReader,
} from '../codec/index.ts';
import type { Address } from '../runtime/index.ts';
import { CodecError } from '../runtime/index.ts';
import type { BulkSync } from './bulk-sync.ts';
import { ByteRange } from './byte-range.ts';
import type { EarlyEvent } from './early-events.ts';
import type { EventPath } from './event-path.ts';
import type { HandlerParts } from './handlers.ts';
import { drop, handleNetworkEvent, handleNodeEvent, handleTableEvent } from './handlers.ts';
import { mergePushPull } from './push-pull.ts';
import type { Slices } from './slices.ts';

/*
 * From bytes to handlers. What came in a packet is handled at once; what a stream may carry can be
 * large, and is read event by event in slices. A message that cannot be read ends where it breaks, and
 * what was read of it before stands: every event is complete in itself.
 */

/** What has up to this size is handled at once: all that fits in a packet. */
const AT_ONCE_BYTES = 2_048;

/** What an event costs a slice beside its bytes. */
const PART_BYTES = 32;

/** How a message came, and where from when that is known. */
interface Source {
  readonly path: EventPath;
  readonly from: Address | undefined;
}

/** Collaborators of {@link Inbound}. */
export interface InboundParts {
  readonly handlers: HandlerParts;
  readonly slices: Slices;
  readonly bulkSync: BulkSync;
  /** What came by stream has been applied whole: news, or one message of a bulk sync. */
  readonly streamApplied: () => void;
}

/** Dispatches received messages. */
export class Inbound {
  readonly #parts: InboundParts;
  readonly #afterMerges: (() => void)[] = [];
  /** Where the event stands that is handled; used by one handler at a time, which ends before another begins. */
  readonly #at = new ByteRange(new Uint8Array(0));
  /** That event, likewise. */
  readonly #event = new TableEventReader();
  #waitingBytes = 0;
  #merges = 0;
  #streams = 0;

  constructor(parts: InboundParts) {
    this.#parts = parts;
  }

  /** Bytes that were received and wait for their slices. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether something has arrived by stream that is not all applied yet. */
  get isApplyingStream(): boolean {
    return this.#streams > 0;
  }

  /**
   * One message from the membership.
   *
   * @param from - where its packet came from; undefined for a stream
   */
  message(bytes: Uint8Array, from?: Address): void {
    if (bytes.length === 0) return;
    if (bytes.length <= AT_ONCE_BYTES) {
      this.#work(bytes, { path: 'gossip', from }, () => undefined);
      return;
    }
    this.#workStream(bytes, { path: 'stream', from: undefined }, () => undefined);
  }

  /** What a peer told of attachments in a full exchange of the membership. */
  pushPull(bytes: Uint8Array): void {
    this.#merges += 1;
    const isTaken = this.#run(bytes, mergePushPull(this.#parts.handlers, bytes), () => {
      this.#mergeEnded();
    });
    if (!isTaken) this.#mergeEnded();
  }

  /** Calls back when all attachments that were told so far are known: at once if they are. */
  whenMerged(run: () => void): void {
    if (this.#merges === 0) run();
    else this.#afterMerges.push(run);
  }

  /** Handles kept events again, in the order they came. */
  replay(events: readonly EarlyEvent[]): void {
    const { handlers } = this.#parts;
    for (const { kind, inner } of events) {
      if (kind === 'network') {
        handleNetworkEvent(handlers, decodeNetworkEvent(inner), inner, 'gossip');
      } else this.#tableEvent(inner, { path: 'gossip', from: undefined });
    }
  }

  #mergeEnded(): void {
    this.#merges -= 1;
    if (this.#merges > 0) return;
    for (const run of this.#afterMerges.splice(0)) run();
  }

  /**
   * Handles a message, at once or in slices.
   *
   * @param done - runs when all of it was handled
   * @returns false when there was no room for it to wait
   */
  #work(bytes: Uint8Array, source: Source, done: () => void): boolean {
    return this.#run(bytes, this.#open(bytes, source, 0), done);
  }

  /** Handles what came by stream; what it brings goes on by stream when all of it was handled. */
  #workStream(bytes: Uint8Array, source: Source, done: () => void): void {
    this.#streams += 1;
    const ended = (): void => {
      this.#streams -= 1;
      this.#parts.streamApplied();
    };
    const isAccepted = this.#work(bytes, source, () => {
      done();
      ended();
    });
    if (!isAccepted) ended();
  }

  /**
   * Takes the steps that handle some bytes: at once for few bytes, else in slices.
   *
   * @returns false when the bytes were dropped, since too many wait already; `done` is not called then
   */
  #run(bytes: Uint8Array, steps: Iterable<number>, done: () => void): boolean {
    const { handlers, slices } = this.#parts;
    const guarded = this.#guarded(steps);
    if (bytes.length <= AT_ONCE_BYTES) {
      while (guarded.next().done !== true);
      done();
      return true;
    }
    if (this.#waitingBytes + bytes.length > handlers.state.options.limits.maxWaitingBytes) {
      drop(handlers.state, 'waiting');
      return false;
    }
    this.#waitingBytes += bytes.length;
    slices.run(guarded, () => {
      this.#waitingBytes -= bytes.length;
      done();
    });
    return true;
  }

  /** The same steps, ended by bytes that cannot be read. */
  *#guarded(steps: Iterable<number>): Generator<number, void> {
    try {
      yield* steps;
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      drop(this.#parts.handlers.state, 'malformed');
    }
  }

  *#open(bytes: Uint8Array, source: Source, depth: number): Generator<number, void> {
    const { type, data } = decodeGossip(bytes);
    if (type !== GOSSIP_TYPE.compound) {
      this.#dispatch(type, data, source);
      // The payload of a bulk sync has slices of its own.
      yield PART_BYTES + (type === GOSSIP_TYPE.bulkSync ? 0 : bytes.length);
      return;
    }
    if (depth === MAX_GOSSIP_NESTING) {
      drop(this.#parts.handlers.state, 'depth');
      return;
    }
    yield* this.#openParts(data, source, depth);
  }

  /**
   * One part of a compound with each step. What a step tells is told in the same object again: nobody looks at it after the
   * next step, and one for each event would be a tenth of all garbage.
   */
  #openParts(data: Uint8Array, source: Source, depth: number): IterableIterator<number, void> {
    const parts = new CompoundReader(data);
    const told = { done: false as const, value: 0 };
    let inner: Iterator<number, void> | null = null;
    const next = (): IteratorResult<number, void> => {
      for (;;) {
        const step = inner?.next();
        if (step?.done === false) return step;
        inner = null;
        if (!parts.next()) return { done: true, value: undefined };
        told.value = PART_BYTES + parts.end - parts.start;
        if (parts.enters(GOSSIP_TYPE.tableEvent)) {
          this.#usualPart(parts, source);
          return told;
        }
        inner = this.#openPart(parts.view(), source, depth + 1);
      }
    };
    return {
      next,
      [Symbol.iterator]() {
        return this;
      },
    };
  }

  /** What compounds are made of, without a view and a generator for each. */
  #usualPart({ bytes, start, end }: CompoundReader, { path, from }: Source): void {
    const { handlers } = this.#parts;
    const at = this.#at;
    at.move(bytes, start, end);
    try {
      handleTableEvent(handlers, this.#event.read(bytes, start, end), at, path, from);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      drop(handlers.state, 'malformed');
    }
  }

  #tableEvent(inner: Uint8Array, { path, from }: Source): void {
    const event = new TableEventReader().read(inner, 0, inner.length);
    handleTableEvent(this.#parts.handlers, event, new ByteRange(inner), path, from);
  }

  /** A part that cannot be read does not spoil its neighbours. */
  *#openPart(part: Uint8Array, source: Source, depth: number): Generator<number, void> {
    try {
      yield* this.#open(part, source, depth);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      drop(this.#parts.handlers.state, 'malformed');
      yield part.length + PART_BYTES;
    }
  }

  #dispatch(type: number, data: Uint8Array, source: Source): void {
    const { handlers } = this.#parts;
    switch (type) {
      case GOSSIP_TYPE.nodeEvent:
        return handleNodeEvent(handlers, decodeNodeEvent(data), data);
      case GOSSIP_TYPE.networkEvent:
        return handleNetworkEvent(handlers, decodeNetworkEvent(data), data, source.path);
      case GOSSIP_TYPE.tableEvent:
        return this.#tableEvent(data, source);
      case GOSSIP_TYPE.bulkSync:
        return this.#bulkSync(data, source.path);
    }
    drop(handlers.state, 'type');
  }

  #bulkSync(data: Uint8Array, path: EventPath): void {
    const { handlers, bulkSync } = this.#parts;
    const { state } = handlers;
    if (path === 'bulk-sync') return drop(state, 'depth');
    const message = decodeBulkSync(data);
    const verdict = state.tableClock.judge(message.time);
    if (verdict !== 'ok') {
      drop(state, 'time');
      if (verdict === 'jump') {
        const { node, time } = message;
        handlers.warn('lamport-jump', { node, time, clock: state.tableClock.time });
      }
      return;
    }
    const time = Number(message.time);
    if (time > 0) state.tableClock.witness(time);
    this.#workStream(message.payload, { path: 'bulk-sync', from: undefined }, () => {
      bulkSync.applied(message, time);
    });
  }
}
