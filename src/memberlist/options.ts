import type { Clock, Entropy, Logger, Random, Resolver, Transport } from '../runtime/index.ts';

/** Named sets of timings for a kind of network. */
export type Profile = 'lan' | 'wan' | 'local';

/** Which bytes a ring speaks; the cipher follows from it. A live ring cannot change it. */
export type WireName = 'protobuf';

/** The ports an instance runs on. Each default is the real thing; the simulator gives its own. */
export interface RuntimeOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly entropy?: Entropy;
  readonly transport?: Transport;
  readonly resolver?: Resolver;
  readonly logger?: Logger;
}

/** Options of a member. Every field but `nodeName` may be left out. */
export interface MemberlistOptions {
  /** Name of this node, unique in the ring: 1 to 255 bytes of UTF-8. Default: twelve random hex digits. */
  readonly nodeName?: string;
  /** IP address to listen on. `0.0.0.0` is all of IPv4, `::` all of both. Default `0.0.0.0`. */
  readonly bindAddress?: string;
  /** Port for packets and streams; 0 picks a free one. Default 7946. */
  readonly bindPort?: number;
  /** IP address told to the others. Default: the bound one, or a private address of this machine. */
  readonly advertiseAddress?: string;
  /** Port told to the others. Default: the bound one. */
  readonly advertisePort?: number;
  /** Bytes on the network. Default `protobuf`. */
  readonly wire?: WireName;
  /** Tag that keeps rings on one network apart; up to 255 bytes, sent in clear. Default none. */
  readonly label?: string;
  /** Cap for the UDP payload of every packet we build. Default 1400: fits any Ethernet path. */
  readonly maxPacketBytes?: number;
  /** Cap for packets sent with `sendBestEffort`. Default: as `maxPacketBytes`. */
  readonly maxDirectPacketBytes?: number;
  /** Timings to start from; single fields override it. Default `lan`. */
  readonly profile?: Profile;
  readonly encryption?: EncryptionOptions;
  readonly probe?: Partial<ProbeOptions>;
  readonly suspicion?: Partial<SuspicionOptions>;
  readonly awareness?: Partial<AwarenessOptions>;
  readonly gossip?: Partial<GossipOptions>;
  readonly pushPull?: Partial<PushPullOptions>;
  readonly limits?: Partial<MemberlistLimits>;
  readonly runtime?: RuntimeOptions;
}

/** Encryption of everything that leaves this node. */
export interface EncryptionOptions {
  /** Keys of 32 bytes; the first one seals, all of them open. */
  readonly keys: readonly Uint8Array[];
  /** Refuse what is not sealed. `false` only while a running ring is moved to encryption. Default true. */
  readonly verifyIncoming?: boolean;
  /** Seal what we send. `false` only while a running ring is moved to encryption. Default true. */
  readonly verifyOutgoing?: boolean;
}

/** Failure detection (SWIM section 3, Lifeguard section IV-A). */
export interface ProbeOptions {
  /** Milliseconds between two probes; one member is probed in each. `false` turns probing off. */
  readonly intervalMs: number | false;
  /** Milliseconds to wait for a direct answer; below `intervalMs`, near the 99th percentile of round trips. */
  readonly timeoutMs: number;
  /** Members asked to probe for us when there was no direct answer. */
  readonly indirectChecks: number;
  /** Also try over a stream, so that a blocked UDP port does not look like a dead node. */
  readonly streamFallback: boolean;
}

/** How long doubt lasts (Lifeguard section IV-B). */
export interface SuspicionOptions {
  /** Shortest doubt = mult x log10(members) x probe interval. Higher: fewer false alarms, slower detection. */
  readonly mult: number;
  /** Longest doubt, as a multiple of the shortest; confirmations shorten it. */
  readonly maxTimeoutMult: number;
}

/** Local health (Lifeguard section IV-A). */
export interface AwarenessOptions {
  /** A member in doubt of itself stretches its probe interval by up to this factor; 1 turns that off. */
  readonly maxMult: number;
  /**
   * Watch our own event loop: a stall moves the deadlines of all doubts, voids the probe it fell into,
   * and counts against our own health when it is at least a probe timeout long.
   */
  readonly loopHealth: boolean;
}

/** Spreading of membership news. */
export interface GossipOptions {
  /** Milliseconds between two gossip rounds. `false` turns them off. */
  readonly intervalMs: number | false;
  /** Members a round goes to. */
  readonly nodes: number;
  /** Milliseconds during which the dead are still told news, so that they can refute. */
  readonly toTheDeadMs: number;
  /** A message is sent mult x ceil(log10(members + 1)) times. */
  readonly retransmitMult: number;
  /**
   * Cap for the gossip this node sends, bytes per second; news of members and events of tables count
   * separately, so that a flood of writes cannot hold up news of a failure.
   */
  readonly maxBytesPerSecond: number;
}

/** Full exchange of member records. */
export interface PushPullOptions {
  /** Milliseconds between two exchanges in rings of up to 32 members. `false` turns them off. */
  readonly intervalMs: number | false;
}

/** Bounds on what peers can make this node hold or do; `docs/limits.md` says what happens at each. */
export interface MemberlistLimits {
  /** Member records held, the gone ones included. */
  readonly maxMembers: number;
  /** Bytes of metadata accepted from others; longer ones are dropped with their claim. */
  readonly maxMetadataBytes: number;
  /** Broadcasts waiting to be gossiped. */
  readonly maxQueuedBroadcasts: number;
  /** Streams that peers may hold open at once. */
  readonly maxInboundStreams: number;
  /** Push/pulls served at once. */
  readonly maxConcurrentPushPulls: number;
  /** Bytes of one message sent or received over a stream. */
  readonly maxStreamMessageBytes: number;
  /** Milliseconds for a dial, and without progress on a stream. */
  readonly streamTimeoutMs: number;
  /** Probes relayed for others at once. */
  readonly maxRelayedProbes: number;
}

/** Options with every default filled in; frozen. */
export interface MemberlistConfig {
  readonly nodeName: string | null;
  readonly bindAddress: string;
  readonly bindPort: number;
  readonly advertiseAddress: string | null;
  readonly advertisePort: number | null;
  readonly wire: WireName;
  readonly label: Uint8Array;
  readonly maxPacketBytes: number;
  readonly maxDirectPacketBytes: number;
  readonly encryption: Required<EncryptionOptions>;
  readonly probe: ProbeOptions;
  readonly suspicion: SuspicionOptions;
  readonly awareness: AwarenessOptions;
  readonly gossip: GossipOptions;
  readonly pushPull: PushPullOptions;
  readonly limits: MemberlistLimits;
}
