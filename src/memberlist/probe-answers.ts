import type {
  IndirectPingMessage,
  MessageSource,
  PacketMessage,
  PingMessage,
} from '../codec/index.ts';
import type { Address, Timer } from '../runtime/index.ts';
import { isReachableHost, sameAddress } from '../runtime/index.ts';
import type { AckTable } from './acks.ts';
import type { Core } from './core.ts';
import { callHook, peerPort, requireBytes } from './core.ts';
import { warnOfLimit } from './limit-warnings.ts';
import type { MemberRecord } from './member.ts';
import { endpointOf, sameBytes } from './member.ts';
import type { PacketSender } from './packet-sender.ts';

/** One probe for somebody else. */
interface Relay {
  nackTimer: Timer | null;
}

/**
 * Answers the probes of others, and probes on their behalf.
 *
 * A nack leaves after four fifths of the probe timeout, so that it arrives before the asker's
 * verdict; beside Go it leaves at the timeout and comes too late to count.
 *
 * @remarks SWIM section 4.1 (ping-req); Lifeguard section IV-A (nack)
 */
export class ProbeAnswers {
  readonly #core: Core;
  readonly #sender: PacketSender;
  readonly #acks: AckTable;
  readonly #relays = new Set<Relay>();

  constructor(core: Core, sender: PacketSender, acks: AckTable) {
    this.#core = core;
    this.#sender = sender;
    this.#acks = acks;
  }

  stop(): void {
    for (const relay of this.#relays) relay.nackTimer?.cancel();
    this.#relays.clear();
  }

  /** "Are you there?" */
  onPing(ping: PingMessage, from: Address): void {
    const { local, counters } = this.#core;
    if (ping.node !== '' && ping.node !== local.name) {
      counters.add('pings.wrongName');
      const fields = { node: ping.node, ...from };
      this.#core.ports.logger.warn(fields, 'a probe was meant for another name');
      return;
    }
    if (this.#lacksName(ping.sourceNode)) return counters.add('pings.unnamed');
    counters.add('pings.answered');
    if (ping.sourceNode !== local.name) this.#core.reachability.reached('packets');
    const { ping: delegate } = this.#core.delegates;
    const payload =
      delegate?.ackPayload === undefined
        ? NO_BYTES
        : callHook(
            this.#core,
            'ackPayload',
            () => requireBytes(delegate.ackPayload?.() ?? NO_BYTES, 'ackPayload'),
            NO_BYTES,
          );
    const ack = {
      type: 'ack',
      seq: ping.seq,
      payload: payload.length <= MAX_ACK_PAYLOAD_BYTES ? payload : NO_BYTES,
    } as const;
    // Mostly a member gives the endpoint that we know, and no other need be made of its bytes.
    const record = this.#core.table.get(ping.sourceNode);
    const isUsual = record !== undefined && gives(ping, record);
    if (isUsual && isReachableHost(record.address.host)) {
      this.#sender.sendWithNews(record.address, ack);
    } else this.#send(ping.sourceNode, answerTo(ping, from), ack);
  }

  /** "Ask X for me." */
  onIndirectPing(request: IndirectPingMessage, from: Address): void {
    const { config, counters, local, ports } = this.#core;
    if (this.#lacksName(request.sourceNode)) return counters.add('pings.unnamed');
    const target = endpointOf(request.target, peerPort(this.#core, request.port));
    if (target === null || !isReachableHost(target.host)) return counters.add('pings.badTarget');
    const { maxRelayedProbes } = config.limits;
    if (this.#relays.size >= maxRelayedProbes) {
      counters.add('pings.relayLimit');
      const text = `${maxRelayedProbes} probes are being made for others; more are refused`;
      return warnOfLimit(this.#core, 'limits.maxRelayedProbes', text, { maxRelayedProbes });
    }
    counters.add('pings.relayed');
    const asker = answerTo(request, from);
    const { timeoutMs } = config.probe;
    const relay: Relay = { nackTimer: null };
    this.#relays.add(relay);
    if (request.wantsNack) {
      relay.nackTimer = ports.clock.schedule(timeoutMs * NACK_FRACTION, () => {
        relay.nackTimer = ports.clock.afterPendingInput(() => {
          this.#send(request.sourceNode, asker, { type: 'nack', seq: request.seq });
        });
      });
    }
    const finish = (): void => {
      relay.nackTimer?.cancel();
      this.#relays.delete(relay);
    };
    const seq = this.#acks.register(timeoutMs, {
      onAck: () => {
        finish();
        const ack = { type: 'ack', seq: request.seq, payload: NO_BYTES } as const;
        this.#send(request.sourceNode, asker, ack);
      },
      onExpire: finish,
    });
    this.#send(request.node, target, {
      type: 'ping',
      seq,
      node: request.node,
      sourceAddress: local.addressBytes,
      sourcePort: local.address.port,
      sourceNode: local.name,
    });
  }

  #lacksName(name: string): boolean {
    return name === '' && this.#core.config.requireNodeNames;
  }

  /**
   * Sends to an address that a message named. News goes along only where a member of that name lives:
   * anywhere else the answer is as small as the question, so that nobody floods a third party through us.
   */
  #send(name: string, to: Address, message: PacketMessage): void {
    const record = this.#core.table.get(name);
    const isKnown = record !== undefined && sameAddress(record.address, to);
    if (isKnown) this.#sender.sendWithNews(to, message);
    else this.#sender.sendTogether(to, [message]);
  }
}

/** Whether the asker gives the endpoint that is on record for it. */
function gives(source: MessageSource, { address, addressBytes }: MemberRecord): boolean {
  const isPort = source.sourcePort !== 0 && source.sourcePort === address.port;
  return isPort && sameBytes(source.sourceAddress, addressBytes);
}

/** Where an answer goes: the advertised endpoint of the asker if it gave a usable one. */
function answerTo(source: MessageSource, from: Address): Address {
  const given = endpointOf(source.sourceAddress, source.sourcePort);
  return given !== null && isReachableHost(given.host) ? given : from;
}

/** More would crowd out what else an ack carries. */
const MAX_ACK_PAYLOAD_BYTES = 256;
const NACK_FRACTION = 0.8;
const NO_BYTES = new Uint8Array(0);
