import { COMPOUND_HEADER_BYTES, COMPOUND_PART_BYTES } from '../codec/index.ts';
import type { Timer } from '../runtime/index.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { Core } from './core.ts';
import { isMember } from './member.ts';
import type { MemberRecord } from './member.ts';
import type { PacketRoom } from './newcomers.ts';
import type { PacketSender } from './packet-sender.ts';

/**
 * Sends word of newcomers to both neighbours and to random members; see `newcomers.ts` for what and how often.
 *
 * The first to come is passed on within {@link GATHER_MS}; who comes right after it waits for
 * {@link BURST_GATHER_MS}, so that a thousand who start together do not cost everybody a packet each.
 */
export class NewcomerGossip {
  readonly #core: Core;
  readonly #sender: PacketSender;
  readonly #budget: ByteBudget;
  #timer: Timer | null = null;
  #isOpen = false;
  #sentAt = Number.NEGATIVE_INFINITY;

  /** @param budget - of all gossip of this member */
  constructor(core: Core, sender: PacketSender, budget: ByteBudget) {
    this.#core = core;
    this.#sender = sender;
    this.#budget = budget;
  }

  start(): void {
    this.#isOpen = true;
    this.nudge();
  }

  stop(): void {
    this.#isOpen = false;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** There is word of a newcomer, or somebody to tell it to: send it soon. */
  nudge(): void {
    const { neighbours, newcomers, ports } = this.#core;
    if (!this.#isOpen || this.#timer !== null || !newcomers.hasFresh) return;
    if (neighbours.both().length === 0) return;
    const { clock } = ports;
    const sinceMs = clock.now() - this.#sentAt;
    this.#timer = clock.schedule(Math.max(GATHER_MS, BURST_GATHER_MS - sinceMs), () => {
      this.#timer = null;
      this.#sendFresh();
    });
  }

  /** Says again what has not come back, with the gossip ticker. */
  repeat(intervalMs: number): void {
    const { newcomers, ports } = this.#core;
    const now = ports.clock.now();
    newcomers.forgetSilent(now - SILENT_INTERVALS * intervalMs);
    if (newcomers.length === 0) return;
    this.nudge();
    const room = this.#room();
    for (let packet = 0; packet < MAX_REPEATED_PACKETS && this.#budget.mayPass(); packet += 1) {
      const repeat = newcomers.takeRepeat(room, now, intervalMs / 2);
      if (repeat === null) return;
      this.#send([...repeat.to, ...this.#others(repeat.isUnheard ? 1 : 0)], repeat.messages);
    }
  }

  #sendFresh(): void {
    const { config, neighbours, newcomers, ports } = this.#core;
    const room = this.#room();
    for (let packet = 0; packet < MAX_FRESH_PACKETS && this.#budget.mayPass(); packet += 1) {
      const beside = neighbours.both();
      if (beside.length === 0) return;
      const messages = newcomers.takeFresh(room, ports.clock.now());
      if (messages.length === 0) break;
      this.#sentAt = ports.clock.now();
      const others = this.#others(config.gossip.nodes - beside.length);
      this.#send([...beside, ...others], messages);
    }
    this.nudge();
  }

  #send(to: readonly MemberRecord[], messages: readonly Uint8Array[]): void {
    const addresses = to.map(({ address }) => address);
    this.#budget.spend(this.#sender.sendPartsToAll(addresses, messages));
  }

  /** Random members; not the neighbours, to whom the same word once more says that they were not heard. */
  #others(count: number): MemberRecord[] {
    if (count <= 0) return [];
    const { neighbours, table } = this.#core;
    const beside = neighbours.both();
    return table.pick(count, (record) => {
      return !record.isLocal && isMember(record) && !beside.includes(record);
    });
  }

  #room(): PacketRoom {
    const limitBytes = this.#sender.roomBytes() - COMPOUND_HEADER_BYTES;
    return { overheadBytes: COMPOUND_PART_BYTES, limitBytes };
  }
}

/** How long the first word waits for others. */
const GATHER_MS = 2;
/** Least time between two sendings. */
const BURST_GATHER_MS = 50;
/** Gossip intervals after which what went round when we joined is known to all. */
const SILENT_INTERVALS = 8;
/** Packets at once, of what was never sent and of what is said again. */
const MAX_FRESH_PACKETS = 32;
const MAX_REPEATED_PACKETS = 8;
