import type { AliveMessage, PacketMessage } from '../codec/index.ts';
import { createWire, Keyring, wireKeyLengths } from '../codec/index.ts';
import type { Address, Logger, Resolver } from '../runtime/index.ts';
import {
  Counters,
  forgivingLogger,
  quietLogger,
  silentLogger,
  StateError,
} from '../runtime/index.ts';
import type { NodeResolverOptions } from '../runtime/node/index.ts';
import {
  nodeClock,
  nodeEntropy,
  nodeFiles,
  nodeRandom,
  nodeResolver,
  NodeTransport,
} from '../runtime/node/index.ts';
import { AllowedNetworks } from './allowed-networks.ts';
import { AckTable } from './acks.ts';
import { Awareness } from './awareness.ts';
import { BroadcastQueue, retransmitLimit } from './broadcast-queue.ts';
import { localVersions } from './compatibility.ts';
import type { Core, Ports } from './core.ts';
import { aliveClaim, broadcastRoomBytes, callHook, probeIntervalMs, requireBytes } from './core.ts';
import type { MemberlistDelegates } from './delegates.ts';
import { MemberEvents } from './events.ts';
import { Gossip } from './gossip.ts';
import { Inbound } from './inbound.ts';
import { KeyLog } from './key-log.ts';
import { KeyUse } from './key-use.ts';
import { KeyWear, tellWornKey } from './key-wear.ts';
import { LoopHealth, observedClock } from './loop-health.ts';
import type { MemberFacts } from './member.ts';
import { MemberRecord } from './member.ts';
import { MemberTable } from './members.ts';
import { Messages } from './messages.ts';
import { Neighbours } from './neighbours.ts';
import { Newcomers } from './newcomers.ts';
import type { DnsOptions, MemberlistConfig, RuntimeOptions } from './options.ts';
import { MAX_INCARNATION } from './precedence.ts';
import { randomNodeName } from './node-name.ts';
import { PacketSender } from './packet-sender.ts';
import { Reminders } from './reminders.ts';
import { ProbeAnswers } from './probe-answers.ts';
import { Prober } from './probe.ts';
import { PushPull } from './push-pull.ts';
import { Rejoin } from './rejoin.ts';
import { StateRules } from './state-rules.ts';
import { StreamClient } from './stream-client.ts';
import { StreamServer } from './stream-server.ts';
import { watchReachability } from './unreached.ts';

/** Every part of one member, wired. */
export interface Parts {
  readonly core: Core;
  readonly keyring: Keyring;
  readonly keyUse: KeyUse;
  readonly keyLog: KeyLog | null;
  readonly acks: AckTable;
  readonly sender: PacketSender;
  readonly messages: Messages;
  readonly rules: StateRules;
  readonly gossip: Gossip;
  readonly prober: Prober;
  readonly answers: ProbeAnswers;
  readonly pushPull: PushPull;
  readonly rejoin: Rejoin;
  readonly client: StreamClient;
  readonly server: StreamServer;
  readonly inbound: Inbound;
}

/**
 * The real ports, where none were given.
 *
 * @param dns - for the real resolver, and one that wants to know how long it may take; left out: their defaults
 */
export function resolvePorts(options: RuntimeOptions = {}, dns?: DnsOptions): Ports {
  const logger = options.logger === undefined ? silentLogger : forgivingLogger(options.logger);
  const clock = options.clock ?? nodeClock();
  return {
    clock,
    random: options.random ?? nodeRandom(),
    entropy: options.entropy ?? nodeEntropy(),
    transport: options.transport ?? new NodeTransport({ logger: quietLogger(logger, clock) }),
    resolver: limited(options.resolver, dns) ?? nodeResolver({ logger, ...resolverOptions(dns) }),
    files: options.files ?? nodeFiles(),
    logger,
    onListenerThrow: options.onListenerThrow,
  };
}

function limited(
  resolver: Resolver | undefined,
  dns: DnsOptions | undefined,
): Resolver | undefined {
  return dns === undefined ? resolver : (resolver?.within?.(dns.timeoutMs) ?? resolver);
}

function resolverOptions(dns: DnsOptions | undefined): NodeResolverOptions {
  if (dns === undefined) return {};
  return {
    timeoutMs: dns.timeoutMs,
    dnsConfigPath: dns.tcpFirst ? dns.configPath : false,
    dnsTimeoutMs: dns.tcpTimeoutMs,
  };
}

/**
 * Builds the parts of a member and draws the arrows between them:
 *
 * ```
 *   transport ─▶ inbound ─▶ probe-answers, acks, state-rules ─▶ queue ─▶ gossip ─▶ packet-sender
 *            └─▶ stream-server ─▶ push-pull ─▶ state-rules        prober ──────────▶┘
 * ```
 */
export function assemble(
  config: MemberlistConfig,
  ports: Ports,
  delegates: MemberlistDelegates,
): Parts {
  const wear = new KeyWear({
    memberCount: () => core.table.memberCount(),
    onWorn: (key, estimate) => {
      tellWornKey(core, key, estimate);
    },
  });
  const keyring = new Keyring(
    config.encryption.keys,
    wireKeyLengths(config.wire),
    config.wire === 'memberlist'
      ? (key, sealedMessages) => {
          wear.sealed(key, sealedMessages);
        }
      : null,
  );
  const { core, keyUse }: CoreParts = createCore(config, ports, delegates, keyring);
  const { keyLogFile } = config.encryption;
  const keyLog = keyLogFile === null ? null : new KeyLog(core, keyLogFile);
  const acks = new AckTable(core.ports);
  const sender = new PacketSender(core);
  const client = new StreamClient(core);
  const gossip = new Gossip(core, sender);
  const rules: StateRules = new StateRules(core, {
    verifyEndpoint: (node, done) => {
      prober.ping(node, config.probe.timeoutMs, (roundTripMs) => {
        done(roundTripMs !== null);
      });
    },
    askSuspect: (record, answered) => prober.askSuspect(record, answered),
    show: (claim, to) => {
      sender.sendTogether(to, [claim]);
    },
    nudge: () => {
      gossip.nudge();
    },
    nudgeNewcomers: () => {
      gossip.nudgeNewcomers();
    },
  });
  const prober: Prober = new Prober(core, sender, acks, {
    suspect: ({ name: node }, incarnation) => {
      rules.suspect({ type: 'suspect', incarnation, node, from: core.local.name });
    },
    streamPing: (node, timeoutMs, done) => {
      streamPing(core, client, node, timeoutMs, done);
    },
    reaped: ({ name }) => {
      ports.logger.debug({ node: name }, 'forgot a gone node');
    },
  });
  const answers = new ProbeAnswers(core, sender, acks);
  const pushPull = new PushPull(core, client, {
    merge: (nodes, pathOf) => rules.merge(nodes, pathOf),
    spread: (name) => {
      rules.spreadKnown(name);
    },
  });
  const rejoin = new Rejoin(core, {
    exchange: (to, done) => {
      pushPull.exchange(to, true, done);
    },
  });
  const server = new StreamServer(core, (request, stream) => {
    switch (request.type) {
      case 'pushPull':
        return pushPull.serve(request, stream);
      case 'ping':
        if (request.node !== '' && request.node !== core.local.name) return null;
        return { type: 'ack', seq: request.seq, payload: NO_BYTES };
      case 'user': {
        const deliver = (): void => delegates.user?.onUserMessage?.(request.payload);
        callHook(core, 'onUserMessage', deliver, undefined);
        return null;
      }
      case 'ack':
      case 'error':
        core.counters.add('streams.rejected.ERR_CODEC_UNSUPPORTED');
        stream.destroy();
        return null;
    }
  });
  const isAllowed = (host: string): boolean => {
    const holds = core.allowedNetworks.allows(host);
    if (holds) return true;
    core.counters.add('claims.refused.admission');
    core.ports.logger.debug({ host }, 'a claim came from outside the allowed networks');
    return false;
  };
  const onAnswer = (): void => {
    core.reachability.answered();
  };
  const inbound = new Inbound(core, {
    onKeyUsed: (from, fingerprint, message) => {
      // Nearly all are pings and acks, whose senders' records are about to be looked at anyway.
      if (message?.type === 'ping') {
        keyUse.heard(from, fingerprint, core.table.get(message.sourceNode));
      } else if (message?.type === 'ack') {
        keyUse.heard(from, fingerprint, prober.targetOf(message.seq));
      } else keyUse.heard(from, fingerprint);
    },
    onMessage: (message, from) => {
      route(message, from, { rules, answers, acks, isAllowed, onAnswer });
    },
  });
  return {
    core,
    keyring,
    keyUse,
    keyLog,
    acks,
    sender,
    messages: new Messages(core, sender, client),
    rules,
    gossip,
    prober,
    answers,
    pushPull,
    rejoin,
    client,
    server,
    inbound,
  };
}

interface CoreParts {
  readonly core: Core;
  readonly keyUse: KeyUse;
}

function createCore(
  config: MemberlistConfig,
  ports: Ports,
  delegates: MemberlistDelegates,
  keyring: Keyring,
): CoreParts {
  const counters = new Counters();
  const table = new MemberTable(ports.random);
  const { label, encryption } = config;
  const { verifyIncoming, verifyOutgoing } = encryption;
  const { entropy } = ports;
  const logger = quietLogger(ports.logger, ports.clock);
  const awareness = new Awareness(config.awareness.maxMult);
  const loopHealth = watchLoop(config, { awareness, counters, logger });
  const local = localRecord(config, ports);
  const neighbours = new Neighbours(table, local.name);
  const newQueue = (): BroadcastQueue =>
    new BroadcastQueue({
      nodeCount: () => table.size,
      retransmitMult: config.gossip.retransmitMult,
      maxQueued: config.limits.maxQueuedBroadcasts,
      onError: (error) => {
        counters.add('hooks.failed');
        logger.error({ error }, 'a broadcast callback threw');
      },
    });
  const core: Core = {
    ports: watchedPorts({ ...ports, logger }, config, loopHealth),
    config,
    wire: createWire(config.wire, {
      keyring,
      label,
      skipInboundLabelCheck: config.skipInboundLabelCheck,
      entropy,
      verifyIncoming,
      verifyOutgoing,
      compression: config.compression,
      protocolVersion: config.protocolVersion,
    }),
    counters,
    table,
    queue: newQueue(),
    neighbours,
    newcomers: new Newcomers(
      () => neighbours.both(),
      () => retransmitLimit(config.gossip.retransmitMult, table.size),
    ),
    userQueue: newQueue(),
    awareness,
    loopHealth,
    reminders: new Reminders(ports.clock),
    reachability: watchReachability(() => core, { config, ports }),
    events: new MemberEvents({
      observer: delegates.observer ?? {},
      counters,
      logger,
      warnings: ports.logger,
      onThrow: ports.onListenerThrow,
    }),
    delegates,
    allowedNetworks: new AllowedNetworks(config.allowedNetworks),
    local,
  };
  return { core, keyUse: new KeyUse(table) };
}

/** A stall as long as a probe's patience says that we are slow: once per probe interval at most. */
function watchLoop(
  config: MemberlistConfig,
  o: { readonly awareness: Awareness; readonly counters: Counters; readonly logger: Logger },
): LoopHealth {
  let blamedAt = -Infinity;
  return new LoopHealth((stallMs, now) => {
    o.counters.add('loop.stalls');
    o.logger.warn({ stallMs }, 'the event loop stood still');
    if (stallMs < config.probe.timeoutMs || now - blamedAt < probeIntervalMs(config)) return;
    blamedAt = now;
    o.awareness.apply(1);
  });
}

function watchedPorts(ports: Ports, config: MemberlistConfig, loopHealth: LoopHealth): Ports {
  if (!config.awareness.loopHealth) return ports;
  return { ...ports, clock: observedClock(ports.clock, loopHealth) };
}

function localRecord(config: MemberlistConfig, ports: Ports): MemberRecord {
  // The memberlist wire has no place for a start id.
  const startId = new Uint8Array(config.wire === 'memberlist' ? 0 : START_ID_BYTES);
  ports.entropy.fill(startId);
  const facts: MemberFacts = {
    name: config.nodeName ?? randomNodeName(ports.entropy),
    isLocal: true,
    addressBytes: NO_BYTES,
    address: { host: '0.0.0.0', port: 0 },
    metadata: NO_BYTES,
    versions: localVersions(config),
    startId,
    retiredStartId: NO_BYTES,
  };
  return new MemberRecord(facts, config.initialIncarnation, 'alive', ports.clock.now());
}

function route(
  message: PacketMessage,
  from: Address,
  to: {
    readonly rules: StateRules;
    readonly answers: ProbeAnswers;
    readonly acks: AckTable;
    readonly isAllowed: (host: string) => boolean;
    readonly onAnswer: () => void;
  },
): void {
  switch (message.type) {
    case 'ping':
      return to.answers.onPing(message, from);
    case 'indirectPing':
      return to.answers.onIndirectPing(message, from);
    case 'ack':
      if (to.acks.ack(message.seq, message.payload)) to.onAnswer();
      return;
    case 'nack':
      to.acks.nack(message.seq);
      return;
    case 'alive':
      if (to.isAllowed(from.host)) to.rules.alive(message satisfies AliveMessage, from);
      return;
    case 'suspect':
      return to.rules.suspect(message);
    case 'dead':
      return to.rules.dead(message);
  }
}

function streamPing(
  core: Core,
  client: StreamClient,
  node: { readonly name: string; readonly endpoint: Address },
  timeoutMs: number,
  done: (answered: boolean) => void,
): void {
  const { local, ports } = core;
  const seq = ports.random.uint32();
  client.exchange(
    node.endpoint,
    {
      type: 'ping',
      seq,
      node: node.name,
      sourceAddress: local.addressBytes,
      sourcePort: local.address.port,
      sourceNode: local.name,
    },
    { wantsReply: true, timeoutMs },
    (error, reply) => {
      done(error === null && reply?.type === 'ack' && reply.seq === seq);
    },
  );
}

/**
 * The metadata that the layer above wants to attach, copied.
 *
 * @throws StateError with `ERR_VALUE_TOO_LARGE` above 512 bytes, or when the announcement would not fit
 * into a packet
 */
export function localMetadata(core: Core): Uint8Array {
  const given: unknown = core.delegates.user?.localMetadata?.() ?? NO_BYTES;
  const metadata = requireBytes(given, 'localMetadata');
  const sizeBytes = metadata.length;
  const bare = { ...aliveClaim(core.local), metadata: NO_BYTES, incarnation: MAX_INCARNATION };
  const bareBytes = core.wire.encodePacketMessage(bare).length + METADATA_HEADER_BYTES;
  const limitBytes = Math.min(MAX_OWN_METADATA_BYTES, broadcastRoomBytes(core) - bareBytes);
  // Not by `slice`, which is a view where it is a Buffer that the layer above uses again.
  if (sizeBytes <= limitBytes) return new Uint8Array(metadata);
  const text = `metadata of ${sizeBytes} bytes is above ${limitBytes}`;
  throw new StateError('ERR_VALUE_TOO_LARGE', text, { sizeBytes, limitBytes });
}

/**
 * A start id is compared only with the present and the former one of the same name, so 32 bits are mistaken once in
 * two billion restarts; then a name that moved is taken for a quarrel until its old record is reaped.
 */
const START_ID_BYTES = 4;
const MAX_OWN_METADATA_BYTES = 512;
/** Tag and length in front of the metadata. */
const METADATA_HEADER_BYTES = 3;
const NO_BYTES = new Uint8Array(0);
