import type { Address, Clock, Random } from '../runtime/index.ts';
import { Counters, randomFraction } from '../runtime/index.ts';
import { VirtualClock } from './clock.ts';
import { QueuedEvent } from './event-queue.ts';
import { Links } from './links.ts';

/*
 * What lies between the hosts: moves copies of bytes, late, twice or never.
 *
 * Every decision draws from the one seeded generator at the moment of sending, in a fixed order, and
 * only when its rate is above 0. A cut is looked at twice, at sending and at arrival, so that what was
 * under way when a link was cut is lost too.
 */

/** Sees every datagram as it is sent; the bytes are only to be read. */
export type PacketObserver = (from: Address, to: Address, bytes: Uint8Array) => void;

/** Decides over every datagram as it is sent: true loses it. */
export type PacketFilter = (from: Address, to: Address, bytes: Uint8Array) => boolean;

/** Decides over every dial as it arrives: true loses it, so that the dialler hears nothing. */
export type DialFilter = (fromHost: string, to: Address) => boolean;

/** Bytes of packets that wait at a host whose bandwidth is used up; what comes on top is lost. */
const UPLINK_QUEUE_BYTES = 1024 * 1024;

/** Copies of packets are cut from arrays of this size; larger packets get one of their own. */
const SLAB_BYTES = 65_536;
const MAX_PIECE_BYTES = 4_096;

/** Ports that dialled streams come from, below those that listeners pick. */
const FIRST_STREAM_PORT = 32_768;
const STREAM_PORT_COUNT = 16_384;

/** Takes a packet that has arrived, a copy. */
export type PacketDelivery = (from: Address, to: Address, bytes: Uint8Array) => void;

/** A packet between two hosts, which is the event of its arrival itself: a ring has thousands in each second. */
class PacketUnderWay extends QueuedEvent {
  readonly #fabric: Fabric;
  readonly #from: Address;
  readonly #to: Address;
  readonly #bytes: Uint8Array;
  readonly #deliver: PacketDelivery;

  constructor(
    ...[fabric, from, to, bytes, deliver]: readonly [
      fabric: Fabric,
      from: Address,
      to: Address,
      bytes: Uint8Array,
      deliver: PacketDelivery,
    ]
  ) {
    super();
    this.#fabric = fabric;
    this.#from = from;
    this.#to = to;
    this.#bytes = bytes;
    this.#deliver = deliver;
  }

  override fire(): void {
    const { links, counters } = this.#fabric;
    if (links.isCut(this.#from.host, this.#to.host, 'packets')) counters.add('packets.cut');
    else this.#deliver(this.#from, this.#to, this.#bytes);
  }
}

/** The state shared by all transports of a network. */
export class Fabric {
  readonly clock: Clock;
  readonly links: Links = new Links();
  readonly counters: Counters = new Counters();
  readonly #random: Random;
  readonly #uplinks = new Map<string, Uplink>();
  #slab = new Uint8Array(SLAB_BYTES);
  #slabUsed = 0;
  #streamCount = 0;
  #heldUntil = -Infinity;
  observe: PacketObserver | null = null;
  /** Sees both ends of every stream as it opens. */
  observeStream: ((from: Address, to: Address) => void) | null = null;
  drop: PacketFilter | null = null;
  dropDial: DialFilter | null = null;

  constructor(clock: Clock, random: Random) {
    this.clock = clock;
    this.#random = random;
  }

  /** Limits what a host sends, packets and streams together; null lifts the limit. */
  setBandwidth(host: string, bytesPerSecond: number | null): void {
    if (bytesPerSecond === null) this.#uplinks.delete(host);
    else this.#uplinks.set(host, new Uplink(this.clock, bytesPerSecond));
  }

  /**
   * Sends a datagram. The bytes are copied here, and again for a duplicate.
   *
   * @param deliver - runs once, twice or never
   */
  carryPacket(from: Address, to: Address, bytes: Uint8Array, deliver: PacketDelivery): void {
    const { counters } = this;
    counters.add('packets.sent');
    counters.add('packets.bytes', bytes.length);
    this.observe?.(from, to, bytes);
    if (this.drop?.(from, to, bytes) === true) {
      counters.add('packets.dropped');
      return;
    }
    const uplink = this.#uplinks.get(from.host);
    if (uplink !== undefined && uplink.backlogBytes() > UPLINK_QUEUE_BYTES) {
      counters.add('packets.overflowed');
      return;
    }
    const queuedMs = uplink?.reserve(bytes.length) ?? 0;
    if (this.links.isCut(from.host, to.host, 'packets')) {
      counters.add('packets.cut');
      return;
    }
    const link = this.links.settings(from.host, to.host);
    if (bytes.length > link.maxPacketBytes) {
      counters.add('packets.tooLarge');
      return;
    }
    if (this.#chance(link.lossRate)) {
      counters.add('packets.lost');
      return;
    }
    const cloggedMs = this.links.clogDelay(from.host, to.host, this.clock.now());
    if (cloggedMs > 0) counters.add('packets.clogged');
    if (link.jitterMs > 0) counters.add('packets.jittered');
    const copies = this.#chance(link.duplicateRate) ? 2 : 1;
    if (copies === 2) counters.add('packets.duplicated');
    for (let copy = 0; copy < copies; copy += 1) {
      const heldMs = this.#chance(link.reorderRate) ? link.reorderMs : 0;
      if (heldMs > 0) counters.add('packets.reordered');
      const travelMs = link.latencyMs + this.#jitter(link.jitterMs) + heldMs;
      const delayMs = queuedMs + cloggedMs + travelMs;
      if (cloggedMs > 0) this.#holds(delayMs);
      const packet = new PacketUnderWay(this, from, to, this.#copy(bytes), deliver);
      const { clock } = this;
      if (clock instanceof VirtualClock) clock.enqueue(delayMs, 0, packet);
      else clock.schedule(delayMs, () => packet.fire());
    }
  }

  /** Clock time at which all has arrived that clogs held back so far. */
  get heldUntil(): number {
    return this.#heldUntil;
  }

  /** Milliseconds until stream bytes sent now arrive, waiting for the host's bandwidth included. */
  streamDelay(from: string, to: string, sizeBytes: number): number {
    const queuedMs = this.#uplinks.get(from)?.reserve(sizeBytes) ?? 0;
    const cloggedMs = this.links.clogDelay(from, to, this.clock.now());
    const link = this.links.settings(from, to);
    const delayMs = queuedMs + cloggedMs + link.latencyMs + this.#jitter(link.jitterMs);
    if (cloggedMs > 0) {
      this.counters.add('streams.clogged');
      this.#holds(delayMs);
    }
    return delayMs;
  }

  #holds(delayMs: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.clock.now() + delayMs);
  }

  /** The port a dialler shows to its acceptor; any, as no one listens there. */
  nextStreamPort(): number {
    this.#streamCount += 1;
    return FIRST_STREAM_PORT + (this.#streamCount % STREAM_PORT_COUNT);
  }

  /** A copy cut out of a larger array, as a real socket's are: one of its own costs more than what is copied. */
  #copy(bytes: Uint8Array): Uint8Array {
    if (bytes.length > MAX_PIECE_BYTES) return bytes.slice();
    if (this.#slabUsed + bytes.length > SLAB_BYTES) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#slabUsed = 0;
    }
    const copy = this.#slab.subarray(this.#slabUsed, this.#slabUsed + bytes.length);
    this.#slabUsed += bytes.length;
    copy.set(bytes);
    return copy;
  }

  #chance(rate: number): boolean {
    return rate > 0 && randomFraction(this.#random) < rate;
  }

  #jitter(jitterMs: number): number {
    return jitterMs > 0 ? randomFraction(this.#random) * jitterMs : 0;
  }
}

/** Sends of one host in a row, each after the one before has left at the given rate. */
class Uplink {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  #freeAt = 0;

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  backlogBytes(): number {
    return Math.max(0, this.#freeAt - this.#clock.now()) * this.#bytesPerMs;
  }

  /** Queues the bytes; milliseconds until the last of them has left. */
  reserve(sizeBytes: number): number {
    const now = this.#clock.now();
    this.#freeAt = Math.max(this.#freeAt, now) + sizeBytes / this.#bytesPerMs;
    return this.#freeAt - now;
  }
}
