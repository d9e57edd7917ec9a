import {
  canonicalHost,
  isReachableHost,
  isWellFormed,
  utf8,
  utf8Length,
  Validator,
} from '../runtime/index.ts';
import { WIRE_NAMES, wireKeyLengths, wireStreamLimits } from '../codec/index.ts';
import { isAddressBlock } from './allowed-networks.ts';
import { PROTOCOL_VERSION } from './compatibility.ts';
import { HIGH_INCARNATION } from './precedence.ts';
import type {
  DelegateVersion,
  DnsOptions,
  MemberlistConfig,
  MemberlistLimits,
  MemberlistOptions,
  Profile,
  RuntimeOptions,
  WireName,
} from './options.ts';

type Timings = Pick<
  MemberlistConfig,
  'probe' | 'suspicion' | 'awareness' | 'gossip' | 'pushPull' | 'rejoin' | 'dns' | 'limits'
>;

/** memberlist's published LAN numbers. */
const LAN: Timings = {
  probe: {
    intervalMs: 1000,
    timeoutMs: 500,
    indirectChecks: 3,
    streamFallback: true,
    nacks: true,
  },
  suspicion: { mult: 4, maxTimeoutMult: 6, buddySystem: true, secondChance: true },
  awareness: { maxMult: 8, loopHealth: true },
  gossip: {
    intervalMs: 200,
    prompt: true,
    nodes: 3,
    toTheDeadMs: 30_000,
    retransmitMult: 4,
    maxBytesPerSecond: 4_000_000,
    userBroadcastShare: 0.25,
  },
  pushPull: { intervalMs: 30_000 },
  rejoin: { reconnectIntervalMs: 1000, bootstrapIntervalMs: 60_000, peersFile: null },
  dns: { tcpFirst: true, configPath: '/etc/resolv.conf', tcpTimeoutMs: 2000, timeoutMs: 5000 },
  limits: {
    maxMembers: 65_536,
    maxMetadataBytes: 65_536,
    maxQueuedBroadcasts: 131_072,
    maxInboundStreams: 512,
    maxConcurrentPushPulls: 127,
    maxStreamMessageBytes: 64 * 1024 * 1024,
    streamTimeoutMs: 10_000,
    maxRelayedProbes: 1024,
    maxWaitingUserMessages: 1024,
  },
};

/** What each profile changes against `lan`. */
const PROFILE_CHANGES: Record<
  Profile,
  { readonly [Group in keyof Timings]?: Partial<Timings[Group]> }
> = {
  lan: {},
  wan: {
    probe: { intervalMs: 5000, timeoutMs: 3000 },
    suspicion: { mult: 6 },
    gossip: { intervalMs: 500, nodes: 4, toTheDeadMs: 60_000 },
    pushPull: { intervalMs: 60_000 },
    limits: { streamTimeoutMs: 30_000 },
  },
  local: {
    probe: { intervalMs: 1000, timeoutMs: 200, indirectChecks: 1 },
    suspicion: { mult: 3 },
    gossip: { intervalMs: 100, toTheDeadMs: 15_000, retransmitMult: 2 },
    pushPull: { intervalMs: 15_000 },
    limits: { streamTimeoutMs: 1000 },
  },
};

/** Every group and field that options may hold; a layer above may add names of its own. */
export const MEMBERLIST_OPTION_KEYS = [
  'nodeName',
  'bindAddress',
  'bindPort',
  'advertiseAddress',
  'advertisePort',
  'wire',
  'protocolVersion',
  'delegateVersion',
  'compression',
  'label',
  'skipInboundLabelCheck',
  'requireNodeNames',
  'initialIncarnation',
  'allowedNetworks',
  'maxPacketBytes',
  'maxDirectPacketBytes',
  'userMessageOrder',
  'profile',
  'encryption',
  'probe',
  'suspicion',
  'awareness',
  'gossip',
  'pushPull',
  'rejoin',
  'dns',
  'limits',
  'runtime',
] as const;

/**
 * Fills in defaults, checks everything and freezes the result.
 *
 * @throws ConfigError with `ERR_CONFIG_INVALID`, listing every problem at once
 */
export function resolveMemberlistConfig(options: MemberlistOptions): MemberlistConfig {
  const validator = new Validator();
  if (!validator.knownKeys('', options, MEMBERLIST_OPTION_KEYS)) {
    if (typeof options !== 'object' || (options as unknown) === null) validator.throwIfAny();
  }
  const config = readMemberlistOptions(options, validator);
  validator.throwIfAny();
  return config;
}

/**
 * The same for a layer above, which adds its own checks before anything is thrown.
 *
 * @param validator - receives every problem; the result is only good when it stays empty
 */
export function readMemberlistOptions(
  options: MemberlistOptions,
  validator: Validator,
): MemberlistConfig {
  const config = fillDefaults(options, validator);
  checkIdentity(options, config, validator);
  checkAllowedNetworks(options.allowedNetworks, validator);
  checkVersions(options, config, validator);
  checkEncryption(options, wireOf(options), validator);
  checkPacketSize(config, validator);
  checkRuntime(options.runtime, validator);
  checkTimings(config, validator);
  checkDns(config.dns, validator);
  checkLimits(config.limits, wireOf(options), validator);
  return config;
}

/** Ports have contracts of their own; here only that each is known and an object, and that a logger has its levels. */
function checkRuntime(runtime: RuntimeOptions | undefined, validator: Validator): void {
  const isFine = runtime === undefined || isGroup(runtime);
  if (!validator.check(isFine, 'runtime', runtime, 'an object') || runtime === undefined) return;
  validator.knownKeys('runtime', runtime, [...PORTS, 'onListenerThrow']);
  for (const name of PORTS) {
    const port: unknown = runtime[name];
    validator.check(port === undefined || isGroup(port), `runtime.${name}`, port, 'an object');
  }
  const { onListenerThrow: hear } = runtime as Record<string, unknown>;
  const isCall = hear === undefined || typeof hear === 'function';
  validator.check(isCall, 'runtime.onListenerThrow', hear, 'a function');
  const logger: unknown = runtime.logger;
  if (!isGroup(logger)) return;
  const levels = logger as Record<string, unknown>;
  const hasAll = LOG_LEVELS.every((level) => typeof levels[level] === 'function');
  validator.check(hasAll, 'runtime.logger', logger, `an object with ${LOG_LEVELS.join(', ')}`);
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'];
const PORTS = ['clock', 'random', 'entropy', 'transport', 'resolver', 'files', 'logger'] as const;

function fillDefaults(options: MemberlistOptions, validator: Validator): MemberlistConfig {
  const profile = options.profile ?? 'lan';
  const known = validator.oneOf('profile', profile, ['lan', 'wan', 'local']);
  const changes = PROFILE_CHANGES[known ? profile : 'lan'];
  const wire = options.wire ?? 'protobuf';
  const group = <Name extends keyof Timings>(name: Name): Timings[Name] => {
    validator.knownKeys(name, options[name], Object.keys(LAN[name]));
    const merged: unknown = { ...LAN[name], ...changes[name], ...defined(options[name]) };
    return Object.freeze(merged) as Timings[Name];
  };
  const encryption = options.encryption;
  const maxPacketBytes = options.maxPacketBytes ?? 1400;
  const label = typeof options.label === 'string' ? utf8(options.label) : NO_BYTES;
  return Object.freeze({
    nodeName: options.nodeName ?? null,
    bindAddress: canonicalHost(options.bindAddress ?? '0.0.0.0') ?? '0.0.0.0',
    bindPort: options.bindPort ?? 7946,
    advertiseAddress:
      options.advertiseAddress === undefined ? null : canonicalHost(options.advertiseAddress),
    advertisePort: options.advertisePort ?? null,
    wire,
    protocolVersion: options.protocolVersion ?? PROTOCOL_VERSION.current,
    delegateVersion: Object.freeze({ ...NO_DELEGATE_VERSION, ...defined(options.delegateVersion) }),
    compression: options.compression ?? true,
    label,
    skipInboundLabelCheck: options.skipInboundLabelCheck ?? false,
    requireNodeNames: options.requireNodeNames ?? false,
    initialIncarnation: options.initialIncarnation ?? 0,
    allowedNetworks: Array.isArray(options.allowedNetworks)
      ? options.allowedNetworks.map(String)
      : null,
    maxPacketBytes,
    maxDirectPacketBytes: options.maxDirectPacketBytes ?? maxPacketBytes,
    userMessageOrder: options.userMessageOrder ?? 'fifo',
    encryption: Object.freeze({
      keys: Object.freeze(copiedKeys(encryption?.keys)),
      verifyIncoming: encryption?.verifyIncoming ?? true,
      verifyOutgoing: encryption?.verifyOutgoing ?? true,
      keyLogFile: encryption?.keyLogFile ?? null,
    }),
    probe: group('probe'),
    suspicion: group('suspicion'),
    awareness: group('awareness'),
    gossip: group('gossip'),
    pushPull: group('pushPull'),
    rejoin: group('rejoin'),
    dns: group('dns'),
    limits: withStreamLimit(group('limits'), options),
  });
}

function checkIdentity(
  options: MemberlistOptions,
  config: MemberlistConfig,
  validator: Validator,
): void {
  if (options.nodeName !== undefined) {
    validator.check(isNodeName(options.nodeName), 'nodeName', options.nodeName, NODE_NAME_RULE);
  }
  const literal = 'an IP address';
  const bind = options.bindAddress;
  validator.check(bind === undefined || isHost(bind), 'bindAddress', bind, literal);
  const advertise = options.advertiseAddress;
  validator.check(
    advertise === undefined ||
      (isHost(advertise) && isReachableHost(canonicalHost(advertise) ?? '')),
    'advertiseAddress',
    advertise,
    `${literal} that others can send to`,
  );
  validator.integer('bindPort', config.bindPort, 0, 65_535);
  if (config.advertisePort !== null)
    validator.integer('advertisePort', config.advertisePort, 1, 65_535);
  validator.oneOf('wire', config.wire, WIRE_NAMES);
  const label = options.label;
  validator.check(
    label === undefined ||
      (typeof label === 'string' && isWellFormed(label) && config.label.length <= 255),
    'label',
    label,
    'text of at most 255 bytes',
  );
  validator.boolean('skipInboundLabelCheck', config.skipInboundLabelCheck);
  validator.boolean('requireNodeNames', config.requireNodeNames);
  validator.oneOf('userMessageOrder', config.userMessageOrder, ['fifo', 'lifo']);
  const { initialIncarnation } = config;
  validator.integer('initialIncarnation', initialIncarnation, 0, HIGH_INCARNATION - 1);
}

/**
 * A packet must hold the largest single message of failure detection (an indirect ping names two
 * members), or members with long names could not be probed.
 */
function checkPacketSize(config: MemberlistConfig, validator: Validator): void {
  const { maxPacketBytes, maxDirectPacketBytes, label, nodeName, wire } = config;
  const isSize = validator.integer('maxPacketBytes', maxPacketBytes, 512, 65_507);
  if (maxDirectPacketBytes !== maxPacketBytes) {
    validator.integer('maxDirectPacketBytes', maxDirectPacketBytes, 512, 65_507);
  }
  if (!isSize) return;
  const nameBytes = isNodeName(nodeName) ? utf8Length(nodeName) : 0;
  const overheadBytes = MESSAGE_OVERHEAD_BYTES[wireOf({ wire })];
  const needed = label.length + 2 * nameBytes + overheadBytes;
  const rule = `${needed} or more with this label and node name`;
  validator.check(maxPacketBytes >= needed, 'maxPacketBytes', maxPacketBytes, rule);
  const holds = maxDirectPacketBytes >= maxPacketBytes;
  const path = 'maxDirectPacketBytes';
  validator.check(holds, path, maxDirectPacketBytes, 'maxPacketBytes or more');
}

function checkAllowedNetworks(allowed: unknown, validator: Validator): void {
  const holds =
    allowed === undefined ||
    (Array.isArray(allowed) && allowed.length > 0 && allowed.every(isAddressBlock));
  const rule = 'a list of address blocks such as 10.0.0.0/8, not empty';
  validator.check(holds, 'allowedNetworks', allowed, rule);
}

function checkVersions(
  options: MemberlistOptions,
  { protocolVersion, delegateVersion: { min, max, current }, compression }: MemberlistConfig,
  validator: Validator,
): void {
  validator.integer('protocolVersion', protocolVersion, PROTOCOL_VERSION.min, PROTOCOL_VERSION.max);
  validator.knownKeys('delegateVersion', options.delegateVersion, Object.keys(NO_DELEGATE_VERSION));
  const isMin = validator.integer('delegateVersion.min', min, 0, 255);
  const isMax = validator.integer('delegateVersion.max', max, 0, 255);
  if (isMin && isMax) validator.integer('delegateVersion.current', current, min, max);
  validator.boolean('compression', compression);
}

function checkEncryption(options: MemberlistOptions, wire: WireName, validator: Validator): void {
  const encryption = options.encryption;
  const fields = ['keys', 'verifyIncoming', 'verifyOutgoing', 'keyLogFile'];
  validator.knownKeys('encryption', encryption, fields);
  if (!isGroup(encryption)) return;
  const keys: unknown = encryption.keys;
  if (
    validator.check(
      Array.isArray(keys) && keys.length > 0,
      'encryption.keys',
      keys,
      'a list of one key or more',
    )
  ) {
    (keys as unknown[]).forEach((key, index) => {
      const lengths = wireKeyLengths(wire);
      const holds = key instanceof Uint8Array && lengths.includes(key.length);
      const rule = `a Uint8Array of ${lengths.join(', ')} bytes`;
      validator.check(holds, `encryption.keys[${index}]`, key, rule);
    });
  }
  const { keyLogFile = null } = encryption;
  const isPath = keyLogFile === null || (typeof keyLogFile === 'string' && keyLogFile !== '');
  validator.check(isPath, 'encryption.keyLogFile', keyLogFile, 'a path or null');
  validator.boolean('encryption.verifyIncoming', encryption.verifyIncoming ?? true);
  const { verifyIncoming = true, verifyOutgoing = true } = encryption;
  if (!validator.boolean('encryption.verifyOutgoing', verifyOutgoing)) return;
  const holds = verifyOutgoing || !verifyIncoming;
  const rule = 'true, unless encryption.verifyIncoming is false: it could not read its own replies';
  validator.check(holds, 'encryption.verifyOutgoing', verifyOutgoing, rule);
}

function checkTimings(config: MemberlistConfig, validator: Validator): void {
  const { probe, suspicion, awareness, gossip, pushPull, rejoin } = config;
  validator.durationOrOff('probe.intervalMs', probe.intervalMs);
  const timeout = validator.duration('probe.timeoutMs', probe.timeoutMs);
  if (timeout && typeof probe.intervalMs === 'number') {
    const holds = probe.timeoutMs < probe.intervalMs;
    const rule = `below probe.intervalMs, which is ${probe.intervalMs}`;
    validator.check(holds, 'probe.timeoutMs', probe.timeoutMs, rule);
  }
  validator.integer('probe.indirectChecks', probe.indirectChecks, 0, 64);
  const { streamFallback } = probe;
  const isSwitch = typeof streamFallback === 'boolean' || typeof streamFallback === 'function';
  const switchRule = 'true, false, or a function that says so for a name';
  validator.check(isSwitch, 'probe.streamFallback', streamFallback, switchRule);
  validator.boolean('probe.nacks', probe.nacks);
  validator.integer('suspicion.mult', suspicion.mult, 1, 100);
  validator.integer('suspicion.maxTimeoutMult', suspicion.maxTimeoutMult, 1, 100);
  validator.boolean('suspicion.buddySystem', suspicion.buddySystem);
  validator.boolean('suspicion.secondChance', suspicion.secondChance);
  validator.integer('awareness.maxMult', awareness.maxMult, 1, 100);
  validator.boolean('awareness.loopHealth', awareness.loopHealth);
  validator.durationOrOff('gossip.intervalMs', gossip.intervalMs);
  validator.boolean('gossip.prompt', gossip.prompt);
  validator.integer('gossip.nodes', gossip.nodes, 1, 64);
  validator.duration('gossip.toTheDeadMs', gossip.toTheDeadMs);
  validator.integer('gossip.retransmitMult', gossip.retransmitMult, 1, 100);
  validator.integer('gossip.maxBytesPerSecond', gossip.maxBytesPerSecond, 10_000);
  const { userBroadcastShare: share } = gossip;
  const isShare = typeof share === 'number' && share >= 0 && share <= 0.9;
  validator.check(isShare, 'gossip.userBroadcastShare', share, 'a number from 0 to 0.9');
  validator.durationOrOff('pushPull.intervalMs', pushPull.intervalMs);
  validator.durationOrOff('rejoin.reconnectIntervalMs', rejoin.reconnectIntervalMs);
  validator.durationOrOff('rejoin.bootstrapIntervalMs', rejoin.bootstrapIntervalMs);
  const { peersFile } = rejoin;
  const isPath = peersFile === null || (typeof peersFile === 'string' && peersFile !== '');
  validator.check(isPath, 'rejoin.peersFile', peersFile, 'a path, or null for none');
}

function checkDns(dns: DnsOptions, validator: Validator): void {
  const { tcpFirst, configPath, tcpTimeoutMs, timeoutMs } = dns;
  const isTcpFirst = validator.boolean('dns.tcpFirst', tcpFirst) && tcpFirst;
  const isPath = typeof configPath === 'string' && configPath !== '';
  validator.check(isPath, 'dns.configPath', configPath, 'a path');
  const isTcpTimeout = validator.duration('dns.tcpTimeoutMs', tcpTimeoutMs);
  if (!validator.duration('dns.timeoutMs', timeoutMs) || !isTcpTimeout || !isTcpFirst) return;
  const rule = `below dns.timeoutMs, which is ${timeoutMs}`;
  validator.check(tcpTimeoutMs < timeoutMs, 'dns.tcpTimeoutMs', tcpTimeoutMs, rule);
}

function checkLimits(limits: MemberlistLimits, wire: WireName, validator: Validator): void {
  validator.integer('limits.maxMembers', limits.maxMembers, 2);
  validator.integer('limits.maxMetadataBytes', limits.maxMetadataBytes, 512, 65_536);
  validator.integer('limits.maxQueuedBroadcasts', limits.maxQueuedBroadcasts, 64);
  validator.integer('limits.maxInboundStreams', limits.maxInboundStreams, 1, 65_536);
  validator.integer('limits.maxConcurrentPushPulls', limits.maxConcurrentPushPulls, 1, 65_536);
  validator.integer(
    'limits.maxStreamMessageBytes',
    limits.maxStreamMessageBytes,
    65_536,
    wireStreamLimits(wire).maxUserMessageBytes,
  );
  validator.duration('limits.streamTimeoutMs', limits.streamTimeoutMs);
  validator.integer('limits.maxRelayedProbes', limits.maxRelayedProbes, 1, 65_536);
  const { maxWaitingUserMessages } = limits;
  validator.integer('limits.maxWaitingUserMessages', maxWaitingUserMessages, 64, 1_048_576);
}

const NO_BYTES = new Uint8Array(0);
/** What stands around two names in an indirect ping: its own fields, the seal and the label's header. */
const MESSAGE_OVERHEAD_BYTES: Readonly<Record<WireName, number>> = {
  protobuf: 112,
  memberlist: 176,
};
const NO_DELEGATE_VERSION: DelegateVersion = { min: 0, max: 0, current: 0 };
const NODE_NAME_RULE = 'text of 1 to 255 bytes without NUL';

/** Whether a text can name a node. */
export function isNodeName(name: unknown): name is string {
  if (typeof name !== 'string' || name === '' || !isWellFormed(name) || name.includes('\0'))
    return false;
  return utf8Length(name) <= 255;
}

/** The wire to check the rest against; another name is refused by its own check. */
function wireOf({ wire }: MemberlistOptions): WireName {
  return WIRE_NAMES.find((name) => name === wire) ?? 'protobuf';
}

/** Streams carry less beside Go, unless the caller asks for less still. */
function withStreamLimit(limits: MemberlistLimits, options: MemberlistOptions): MemberlistLimits {
  if (options.limits?.maxStreamMessageBytes !== undefined) return limits;
  const { maxUserMessageBytes } = wireStreamLimits(wireOf(options));
  return Object.freeze({ ...limits, maxStreamMessageBytes: maxUserMessageBytes });
}

function isHost(value: unknown): value is string {
  return typeof value === 'string' && canonicalHost(value) !== null;
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Copies of what can be keys; the rest is refused by its own check. */
function copiedKeys(keys: unknown): Uint8Array[] {
  if (!Array.isArray(keys)) return [];
  return (keys as unknown[])
    .filter((key) => key instanceof Uint8Array)
    .map((key) => new Uint8Array(key));
}

/** Without the fields that were given as undefined, which must not hide a default. */
function defined<T extends object>(value: T | undefined): Partial<T> {
  if (!isGroup(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Partial<T>;
}
