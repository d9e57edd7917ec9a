import type { AliveMessage, PacketOptions, Wire } from '../codec/index.ts';
import { COMPOUND_HEADER_BYTES, COMPOUND_PART_BYTES } from '../codec/index.ts';
import type {
  Clock,
  Counters,
  Entropy,
  FileStore,
  Logger,
  Random,
  Resolver,
  Transport,
} from '../runtime/index.ts';
import { StateError } from '../runtime/index.ts';
import type { AllowedNetworks } from './allowed-networks.ts';
import type { Awareness } from './awareness.ts';
import type { BroadcastQueue } from './broadcast-queue.ts';
import { PROTOCOL_VERSION } from './compatibility.ts';
import type { MemberlistDelegates } from './delegates.ts';
import type { MemberEvents } from './events.ts';
import type { LoopHealth } from './loop-health.ts';
import type { MemberRecord } from './member.ts';
import type { MemberTable } from './members.ts';
import type { Neighbours } from './neighbours.ts';
import type { Newcomers } from './newcomers.ts';
import type { MemberlistConfig } from './options.ts';
import type { Reachability } from './reachability.ts';
import type { Reminders } from './reminders.ts';

/** The ports of one instance, all present. */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly entropy: Entropy;
  readonly transport: Transport;
  readonly resolver: Resolver;
  readonly files: FileStore;
  readonly logger: Logger;
  /** Hears what a listener throws, if anybody does. */
  readonly onListenerThrow?: ((error: unknown) => void) | undefined;
}

/**
 * What the parts of one member share. Built once by `memberlist.ts`; the parts hold it, and none of
 * them holds another part: what a part needs from another is a function handed to its constructor.
 */
export interface Core {
  readonly ports: Ports;
  readonly config: MemberlistConfig;
  readonly wire: Wire;
  readonly counters: Counters;
  readonly table: MemberTable;
  /** Claims about nodes that wait to be gossiped. */
  readonly queue: BroadcastQueue;
  /** Members beside us in the ring of names. */
  readonly neighbours: Neighbours;
  /** Claims about newcomers that wait to be passed round. */
  readonly newcomers: Newcomers;
  /** Broadcasts of the user that wait to be gossiped. */
  readonly userQueue: BroadcastQueue;
  readonly awareness: Awareness;
  /** Time lost because the event loop stood still. */
  readonly loopHealth: LoopHealth;
  readonly events: MemberEvents;
  /** Whether others reach this node at its advertised address. */
  readonly reachability: Reachability;
  /** What was told to the operator in the last minute. */
  readonly reminders: Reminders;
  readonly delegates: MemberlistDelegates;
  readonly allowedNetworks: AllowedNetworks;
  /** The local record; also in the table once the node has announced itself. */
  readonly local: MemberRecord;
}

/** The destination whose packets carry the most: what fits into those fits into all. */
export const NEWEST_PEER: PacketOptions = { peerMaxVersion: PROTOCOL_VERSION.max };

/** Milliseconds that one probe may take at most before local health stretches it. */
export function probeIntervalMs(config: MemberlistConfig): number {
  return config.probe.intervalMs === false ? DEFAULT_PROBE_INTERVAL_MS : config.probe.intervalMs;
}

/**
 * The port of a peer, from a port that somebody told about it. Go's nodes tell none when it is the port
 * that all of the ring use, and before protocol version 2 nobody believes another one.
 */
export function peerPort({ config, local }: Core, told: number): number {
  if (config.wire !== 'memberlist' || (config.protocolVersion > 1 && told !== 0)) return told;
  return config.bindPort === 0 ? local.address.port : config.bindPort;
}

/** What a record says about itself, as a claim to pass on. */
export function aliveClaim(record: MemberRecord): AliveMessage {
  return {
    type: 'alive',
    incarnation: record.incarnation,
    node: record.name,
    address: record.addressBytes,
    port: record.address.port,
    metadata: record.metadata,
    versions: record.versions,
    startId: record.startId,
  };
}

/** Bytes that one message may have to be gossiped at all. */
export function broadcastRoomBytes({ config, wire }: Core): number {
  const envelopeBytes = wire.packets.overheadBytes(NEWEST_PEER);
  return config.maxPacketBytes - envelopeBytes - COMPOUND_HEADER_BYTES - COMPOUND_PART_BYTES;
}

/** Runs a hook of the layer above; what it throws is counted and logged, never passed on. */
export function callHook<T>(core: Core, name: string, hook: () => T, fallback: T): T {
  try {
    return hook();
  } catch (error) {
    core.counters.add('hooks.failed');
    core.ports.logger.error({ hook: name, error }, 'a hook threw');
    return fallback;
  }
}

/**
 * What a hook gave, if it is bytes.
 *
 * @throws StateError with `ERR_ARGUMENT_INVALID`; inside {@link callHook} that counts as a failed hook
 */
export function requireBytes(value: unknown, what: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new StateError('ERR_ARGUMENT_INVALID', `${what} must be a Uint8Array`, {
    type: typeof value,
  });
}

/** The base of the suspicion formula when probing is off. */
const DEFAULT_PROBE_INTERVAL_MS = 1000;
