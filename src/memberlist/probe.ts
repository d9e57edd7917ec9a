import type { MessageSource, PingMessage, SuspectMessage } from '../codec/index.ts';
import type { Address } from '../runtime/index.ts';
import { sameAddress, Ticker } from '../runtime/index.ts';
import type { AckTable } from './acks.ts';
import type { Core } from './core.ts';
import { callHook } from './core.ts';
import { isGone, sameBytes, toMember } from './member.ts';
import type { MemberRecord } from './member.ts';
import type { PacketSender } from './packet-sender.ts';

/** What the prober needs from other parts. */
export interface ProberHooks {
  /** The probe failed: doubt the member. */
  readonly suspect: (record: MemberRecord, incarnation: number) => void;
  /** Pings over a stream; `done` hears whether the right node answered before the deadline. */
  readonly streamPing: (
    node: { readonly name: string; readonly endpoint: Address },
    timeoutMs: number,
    done: (answered: boolean) => void,
  ) => void;
  /** A gone node was forgotten. */
  readonly reaped: (record: MemberRecord) => void;
}

/** One probe under way. */
interface Probe {
  readonly record: MemberRecord;
  /** Incarnation when the probe began: the one that is accused if it fails. */
  readonly incarnation: number;
  /** The process that was asked, and where: if another one has the name at the end, nothing is known of it. */
  readonly startId: Uint8Array;
  readonly address: Address;
  readonly seq: number;
  readonly startedAt: number;
  readonly endsAt: number;
  /** Time lost in stalls before the probe began; more at its end makes it void. */
  readonly lostAtStart: number;
  /** What a success does to the health score. */
  successDelta: number;
  expectedNacks: number;
  nacks: number;
  /** What is known of the ping over a stream. */
  stream: 'none' | 'pending' | 'answered' | 'silent';
  hasExpired: boolean;
  isIndirect: boolean;
}

/**
 * Finds out who does not answer, one member per interval.
 *
 * ```
 *   us          X        helpers
 *   ping ──────▶│                       at 0
 *      ◀── ack ─┤                       done
 *   ping-req ───┼──────────▶│           at timeoutMs, to a few; and a ping over a stream
 *      ◀── ack ─┼─ or nack ─┤
 *   suspect X                           at the end of the stretched interval
 * ```
 *
 * @remarks SWIM section 4.1 and 4.3; Lifeguard section IV-A: the interval is stretched by local health,
 * and missing nacks count against ourselves. A suspect is told that it is suspected together with
 * the ping, so that it refutes at once (the Buddy System, Lifeguard section IV-C). Each of these can be
 * switched off: `awareness.maxMult`, `probe.nacks`, `suspicion.buddySystem`. A probe during which our own loop
 * stood still proves nothing and is void, and so is one at whose end another process has the name.
 */
export class Prober {
  readonly #core: Core;
  readonly #sender: PacketSender;
  readonly #acks: AckTable;
  readonly #hooks: ProberHooks;
  readonly #ticker: Ticker;
  #current: Probe | null = null;
  #hasMissedTick = false;
  /** Of suspects that are asked themselves right now. */
  readonly #questions = new Set<number>();

  constructor(core: Core, sender: PacketSender, acks: AckTable, hooks: ProberHooks) {
    this.#core = core;
    this.#sender = sender;
    this.#acks = acks;
    this.#hooks = hooks;
    const { intervalMs } = core.config.probe;
    this.#ticker = new Ticker(core.ports, {
      intervalMs: () => (intervalMs === false ? core.config.gossip.toTheDeadMs : intervalMs),
      onTick: () => {
        if (intervalMs === false) core.table.reap(this.#reapBefore(), hooks.reaped);
        else this.#tick(intervalMs);
      },
    });
  }

  start(): void {
    this.#ticker.start();
  }

  stop(): void {
    this.#ticker.stop();
    this.#current = null;
    this.#questions.clear();
  }

  /** Who is being probed under this number. */
  targetOf(seq: number): MemberRecord | undefined {
    return this.#current?.seq === seq ? this.#current.record : undefined;
  }

  /**
   * One direct ping, outside the probe order and without consequences.
   *
   * @param done - hears the round trip in milliseconds, or null when nothing came in time
   * @returns a function that gives up; `done` then hears nothing
   */
  ping(
    node: { readonly name: string; readonly endpoint: Address },
    timeoutMs: number,
    done: (roundTripMs: number | null) => void,
  ): () => void {
    const sentAt = this.#core.ports.clock.now();
    const seq = this.#acks.register(timeoutMs, {
      onAck: () => {
        done(this.#core.ports.clock.now() - sentAt);
      },
      onExpire: () => {
        done(null);
      },
    });
    this.#sender.sendTogether(node.endpoint, [this.#pingMessage(seq, node.name)]);
    return () => {
      this.#acks.forget(seq);
    };
  }

  /**
   * Asks a suspect itself, a second time after the probe timeout. The doubt goes first, so that the refutation rides on
   * the answer. When too many are asked already nothing is.
   *
   * @param answered - called if an answer comes within two timeouts
   * @returns a function that gives up; `answered` is not called then
   */
  askSuspect(record: MemberRecord, answered: () => void): () => void {
    const { config, counters } = this.#core;
    if (this.#questions.size >= MAX_QUESTIONS) {
      counters.add('suspicions.askLimit');
      return () => undefined;
    }
    counters.add('suspicions.asked');
    const { timeoutMs } = config.probe;
    const ask = (): void => {
      const ping = this.#pingMessage(seq, record.name);
      this.#sender.sendTogether(record.address, [this.#doubt(record), ping]);
    };
    const seq = this.#acks.register(2 * timeoutMs, {
      onAck: () => {
        this.#questions.delete(seq);
        counters.add('suspicions.answered');
        answered();
      },
      onExpire: () => {
        this.#questions.delete(seq);
      },
      late: { afterMs: timeoutMs, run: ask },
    });
    this.#questions.add(seq);
    ask();
    return () => {
      if (this.#questions.delete(seq)) this.#acks.forget(seq);
    };
  }

  #tick(intervalMs: number): void {
    if (this.#current !== null) {
      this.#hasMissedTick = true;
      return;
    }
    const reapBefore = (): number => this.#reapBefore();
    const record = this.#core.table.nextProbeTarget(reapBefore, this.#hooks.reaped);
    if (record !== null) this.#begin(record, intervalMs);
  }

  #reapBefore(): number {
    return this.#core.ports.clock.now() - this.#core.config.gossip.toTheDeadMs;
  }

  #begin(record: MemberRecord, intervalMs: number): void {
    const { awareness, config, counters, loopHealth, ports } = this.#core;
    const lengthMs = awareness.scale(intervalMs);
    if (lengthMs > intervalMs) counters.add('probes.stretched');
    counters.add('probes.started');
    const seq = this.#acks.register(lengthMs, {
      onAck: (payload) => {
        if (!probe.isIndirect) this.#tellRoundTrip(probe, payload);
        this.#succeed(probe);
      },
      onNack: () => {
        probe.nacks += 1;
      },
      onExpire: () => {
        this.#expire(probe);
      },
      late: {
        afterMs: config.probe.timeoutMs,
        run: () => {
          this.#askHelpers(probe);
        },
      },
    });
    const probe: Probe = {
      record,
      incarnation: record.incarnation,
      startId: record.startId,
      address: record.address,
      seq,
      startedAt: ports.clock.now(),
      endsAt: ports.clock.now() + lengthMs,
      lostAtStart: loopHealth.lostMs,
      successDelta: -1,
      expectedNacks: 0,
      nacks: 0,
      stream: 'none',
      hasExpired: false,
      isIndirect: false,
    };
    this.#current = probe;
    this.#sendDirect(probe);
  }

  #sendDirect(probe: Probe): void {
    const { record } = probe;
    const ping = this.#pingMessage(probe.seq, record.name);
    const onSent = (error: unknown): void => {
      if (error === null || this.#current !== probe) return;
      probe.successDelta = 0;
      this.#askHelpers(probe);
    };
    if (record.state === 'suspect' && this.#core.config.suspicion.buddySystem) {
      this.#sender.sendTogether(record.address, [ping, this.#doubt(record)], onSent);
    } else {
      this.#sender.sendWithNews(record.address, ping, onSent);
    }
  }

  #askHelpers(probe: Probe): void {
    if (this.#current !== probe || probe.isIndirect) return;
    probe.isIndirect = true;
    const { table, config, counters, ports } = this.#core;
    const { record } = probe;
    counters.add('probes.indirect');
    ports.logger.debug({ node: record.name }, 'no direct answer to a probe');
    const helpers = table.pick(config.probe.indirectChecks, (candidate) => {
      return candidate.state === 'alive' && !candidate.isLocal && candidate !== record;
    });
    for (const helper of helpers) {
      const wantsNack = config.probe.nacks && (helper.versions[1] ?? 0) >= NACK_VERSION;
      if (wantsNack) probe.expectedNacks += 1;
      this.#sender.sendWithNews(helper.address, {
        ...this.#source(),
        type: 'indirectPing',
        seq: probe.seq,
        node: record.name,
        target: record.addressBytes,
        port: record.address.port,
        wantsNack,
      });
    }
    const canStream = (record.versions[1] ?? 0) >= STREAM_PING_VERSION;
    if (canStream && this.#wantsStream(record.name)) this.#tryStream(probe);
  }

  #wantsStream(name: string): boolean {
    const { streamFallback } = this.#core.config.probe;
    if (typeof streamFallback === 'boolean') return streamFallback;
    return callHook(this.#core, 'streamFallback', () => streamFallback(name), true);
  }

  #tryStream(probe: Probe): void {
    const { config, ports } = this.#core;
    const { intervalMs, timeoutMs: directMs } = config.probe;
    const leftMs = Math.max(1, probe.endsAt - ports.clock.now());
    const isShort = intervalMs !== false && directMs > MAX_TIMEOUT_SHARE * intervalMs;
    const node = { name: probe.record.name, endpoint: probe.record.address };
    probe.stream = 'pending';
    this.#hooks.streamPing(node, isShort ? Math.max(leftMs, directMs) : leftMs, (answered) => {
      probe.stream = answered ? 'answered' : 'silent';
      if (probe.hasExpired) this.#conclude(probe);
    });
  }

  #tellRoundTrip(probe: Probe, payload: Uint8Array): void {
    const { ping } = this.#core.delegates;
    if (ping?.onPingComplete === undefined || this.#current !== probe) return;
    const roundTripMs = this.#core.ports.clock.now() - probe.startedAt;
    const member = toMember(probe.record);
    callHook(
      this.#core,
      'onPingComplete',
      () => ping.onPingComplete?.(member, roundTripMs, payload),
      undefined,
    );
  }

  #succeed(probe: Probe): void {
    if (this.#current !== probe) return;
    this.#core.awareness.apply(probe.successDelta);
    this.#end();
  }

  /** Nothing came over packets; the ping over a stream, if any, has its say first. */
  #expire(probe: Probe): void {
    probe.hasExpired = true;
    if (probe.stream !== 'pending') this.#conclude(probe);
  }

  #conclude(probe: Probe): void {
    if (this.#current !== probe) return;
    const { awareness, counters, loopHealth } = this.#core;
    const { record } = probe;
    const isSameProcess =
      sameBytes(record.startId, probe.startId) && sameAddress(record.address, probe.address);
    if (loopHealth.lostMs > probe.lostAtStart || !isSameProcess) {
      counters.add('probes.void');
      return this.#end();
    }
    if (probe.stream === 'answered') {
      awareness.apply(probe.successDelta);
      counters.add('probes.answeredByStream');
      this.#warnBlocked(record);
      return this.#end();
    }
    const missingNacks = Math.max(0, probe.expectedNacks - probe.nacks);
    awareness.apply(probe.expectedNacks > 0 ? missingNacks : 1);
    counters.add('probes.failed');
    if (!isGone(record)) this.#hooks.suspect(record, probe.incarnation);
    this.#end();
  }

  #warnBlocked({ name: node, address }: MemberRecord): void {
    const { events, reminders } = this.#core;
    if (!reminders.isDue('blocked', node)) return;
    const text = `${node} answers over streams but not over UDP`;
    events.warn('WARN_UDP_BLOCKED', text, { node, ...address });
  }

  #end(): void {
    this.#current = null;
    if (!this.#hasMissedTick) return;
    this.#hasMissedTick = false;
    const { intervalMs } = this.#core.config.probe;
    if (intervalMs !== false) this.#tick(intervalMs);
  }

  #doubt({ incarnation, name: node }: MemberRecord): SuspectMessage {
    return { type: 'suspect', incarnation, node, from: this.#core.local.name };
  }

  #pingMessage(seq: number, node: string): PingMessage {
    return { type: 'ping', seq, node, ...this.#source() };
  }

  #source(): MessageSource {
    const { local } = this.#core;
    return {
      sourceAddress: local.addressBytes,
      sourcePort: local.address.port,
      sourceNode: local.name,
    };
  }
}

/** Protocol versions from which a node answers with nacks, and to pings over streams. */
const NACK_VERSION = 4;
const STREAM_PING_VERSION = 3;
/** Direct timeouts above this share of the interval leave a stream too little time, so it gets more. */
const MAX_TIMEOUT_SHARE = 0.8;
/** Suspects that are asked at a time: when half of a large ring is gone its doubts end together. */
const MAX_QUESTIONS = 32;
