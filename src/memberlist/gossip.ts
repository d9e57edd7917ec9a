import type { Timer } from '../runtime/index.ts';
import { Ticker } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { COMPOUND_HEADER_BYTES } from '../codec/index.ts';
import type { MemberRecord } from './member.ts';
import { NewcomerGossip } from './newcomer-gossip.ts';
import type { PacketSender } from './packet-sender.ts';
import { ByteBudget } from './byte-budget.ts';

/**
 * Spreads news to random members.
 *
 * Fresh news leaves within {@link PROMPT_MS}, gathered so that a burst shares packets; the ticker then
 * repeats it until it was sent often enough. Sending is paced: what does not fit now waits for the
 * next slot or round, it is never dropped here.
 *
 * @remarks memberlist gossip; the prompt first send is ours (in Go news waits for the next tick)
 */
export class Gossip {
  readonly #core: Core;
  readonly #sender: PacketSender;
  readonly #ticker: Ticker | null;
  readonly #budget: ByteBudget;
  readonly #newcomers: NewcomerGossip;
  #prompt: Timer | null = null;
  #isOpen = false;
  #slotStartedAt = Number.NEGATIVE_INFINITY;
  #slotPackets = 0;

  constructor(core: Core, sender: PacketSender) {
    this.#core = core;
    this.#sender = sender;
    const { intervalMs, maxBytesPerSecond } = core.config.gossip;
    this.#budget = new ByteBudget(core.ports.clock, maxBytesPerSecond);
    this.#newcomers = new NewcomerGossip(core, sender, this.#budget);
    this.#ticker =
      intervalMs === false
        ? null
        : new Ticker(core.ports, {
            intervalMs: () => intervalMs,
            onTick: () => {
              this.round();
              this.#newcomers.repeat(intervalMs);
            },
            // It is also what notices stalls, mostly.
            isIdle: () =>
              !core.loopHealth.needsTimers && !sender.mayHaveNews() && !core.newcomers.needsRounds,
          });
  }

  start(): void {
    this.#isOpen = true;
    this.#ticker?.start();
    this.#newcomers.start();
  }

  stop(): void {
    this.#isOpen = false;
    this.#ticker?.stop();
    this.#prompt?.cancel();
    this.#prompt = null;
    this.#newcomers.stop();
  }

  /** There is fresh news: send it soon. Whoever queues any says so. */
  nudge(): void {
    this.#sender.newsQueued();
    this.#ticker?.wake();
    if (!this.#isOpen || this.#prompt !== null || !this.#core.config.gossip.prompt) return;
    this.#schedulePrompt(PROMPT_MS);
  }

  /** The same for word of newcomers, which goes its own way. */
  nudgeNewcomers(): void {
    this.#ticker?.wake();
    this.#newcomers.nudge();
  }

  /** One regular round: each of a few random members gets a packet of its own. */
  round(): void {
    if (!this.#sender.mayHaveNews()) return;
    for (const target of this.#targets()) {
      if (!this.#budget.mayPass()) return;
      const parts = this.#sender.collectNews(this.#limitBytes(), false);
      if (parts.length === 0) return;
      this.#send([target], parts);
    }
  }

  /**
   * Runs extra rounds, so that what is queued has gone out often enough soon.
   *
   * @returns a function that ends them
   */
  hurry(): () => void {
    let timer: Timer | null = null;
    const next = (): void => {
      timer = this.#core.ports.clock.schedule(HURRIED_ROUND_MS, () => {
        this.round();
        if (timer !== null) next();
      });
    };
    next();
    return () => {
      timer?.cancel();
      timer = null;
    };
  }

  #schedulePrompt(delayMs: number): void {
    this.#prompt = this.#core.ports.clock.schedule(delayMs, () => {
      this.#prompt = null;
      this.#sendFresh();
    });
  }

  /** Fresh news goes to several members at once, as many packets as the slot and the pace allow. */
  #sendFresh(): void {
    const now = this.#core.ports.clock.now();
    if (now - this.#slotStartedAt >= PROMPT_SLOT_MS) {
      this.#slotStartedAt = now;
      this.#slotPackets = 0;
    }
    while (this.#slotPackets < MAX_PROMPT_PACKETS && this.#budget.mayPass()) {
      const targets = this.#targets();
      if (targets.length === 0) return;
      const parts = this.#sender.collectNews(this.#limitBytes(), true);
      if (parts.length === 0) return;
      this.#slotPackets += 1;
      this.#send(targets, parts);
    }
    this.#schedulePrompt(this.#slotStartedAt + PROMPT_SLOT_MS - now);
  }

  #send(targets: readonly MemberRecord[], parts: readonly Uint8Array[]): void {
    this.#budget.spend(
      this.#sender.sendPartsToAll(
        targets.map(({ address }) => address),
        parts,
      ),
    );
  }

  #limitBytes(): number {
    return this.#sender.roomBytes() - COMPOUND_HEADER_BYTES;
  }

  #targets(): MemberRecord[] {
    const { table, config, ports } = this.#core;
    const goneSince = ports.clock.now() - config.gossip.toTheDeadMs;
    return table.pick(config.gossip.nodes, (record) => {
      if (record.isLocal || record.state === 'left') return false;
      return record.state !== 'dead' || record.stateChangedAt > goneSince;
    });
  }
}

/** Pause between extra rounds, so that a leave does not take a second. */
const HURRIED_ROUND_MS = 20;
/** Milliseconds in which fresh news gathers before it is sent. */
const PROMPT_MS = 2;
/** Packets of fresh news that any member gets in one slot, and the slot's length in milliseconds. */
const MAX_PROMPT_PACKETS = 32;
const PROMPT_SLOT_MS = 10;
