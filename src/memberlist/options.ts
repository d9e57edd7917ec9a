import type { WireName } from '../codec/index.ts';
import type {
  Clock,
  Entropy,
  FileStore,
  Logger,
  Random,
  Resolver,
  Transport,
} from '../runtime/index.ts';

/** Named sets of timings for a kind of network. */
export type Profile = 'lan' | 'wan' | 'local';

export type { WireName } from '../codec/index.ts';

/** The ports an instance runs on. Each default is the real thing; the simulator gives its own. Other fields are refused. */
export interface RuntimeOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly entropy?: Entropy;
  readonly transport?: Transport;
  readonly resolver?: Resolver;
  readonly files?: FileStore;
  readonly logger?: Logger;
  /** Hears what a listener throws, on top of the log: a simulation fails by it. @internal */
  readonly onListenerThrow?: ((error: unknown) => void) | undefined;
}

/** Options of a member. Every field may be left out. */
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
  /**
   * Bytes on the network; the cipher follows from it, and a live ring cannot change it. `memberlist` joins
   * rings of Go memberlist nodes. Default `protobuf`.
   */
  readonly wire?: WireName;
  /**
   * Protocol version that this node speaks, 1 to 5. Below 2 the ports that others tell are not trusted and
   * what is sealed is padded, as old Go nodes want it; matters on the memberlist wire. Default 2.
   */
  readonly protocolVersion?: number;
  /**
   * Versions of the protocol above, told to the others and compared at every exchange: members whose ranges do not
   * overlap exchange nothing, so widen `max` on all before any raises `current`. Default all 0, which checks nothing.
   */
  readonly delegateVersion?: DelegateVersion;
  /**
   * Compress what becomes smaller by it: streams, on the memberlist wire packets too. Saves bytes where many
   * members or large tables are exchanged; costs processor time, and lets sizes tell something of the content.
   * What others compress is always read. Default true.
   */
  readonly compression?: boolean;
  /** Tag that keeps rings on one network apart; up to 255 bytes, sent in clear. Default none. */
  readonly label?: string;
  /**
   * Whether something in front of this node takes the label off what arrives. Then packets and streams
   * without one are taken for ours, and one that still has a label is refused. What is sent has the label as
   * ever. Default false.
   */
  readonly skipInboundLabelCheck?: boolean;
  /**
   * Whether every destination that a caller or a peer gives must come with the name of the node there:
   * `name/host:port` in `join`, `name` beside `host` and `port` in messages, a name in every ping. What has none
   * is refused: a caller with `ERR_NODE_NAME_REQUIRED`, a peer in silence. Default false.
   */
  readonly requireNodeNames?: boolean;
  /**
   * Number below the first incarnation, 0 to 4294901758. Seconds since 1970 here put a restarted process above
   * all that was said of its former life, so that it need not refute it first; a clock that was set back undoes
   * that, and costs no more than a refutation. Default 0.
   */
  readonly initialIncarnation?: number;
  /**
   * Blocks of addresses (`10.0.0.0/8`) from which members are accepted; claims about or from elsewhere are
   * ignored. IPv4 addresses lie in IPv4 blocks only. Too narrow a list hides members that the others see; and it
   * replaces no key, since sources can be forged. Default: all.
   */
  readonly allowedNetworks?: readonly string[];
  /**
   * Cap for the UDP payload of every packet we build, 512 to 65507 bytes. Larger carries more news at once, and is
   * lost whole where the path splits it. Default 1400: fits any Ethernet path.
   */
  readonly maxPacketBytes?: number;
  /**
   * Cap in bytes for packets sent with `sendBestEffort`, `maxPacketBytes` to 65507; above the path's own limit they
   * travel in fragments and are lost more often. Default: as `maxPacketBytes`.
   */
  readonly maxDirectPacketBytes?: number;
  /**
   * Which of the user messages from packets that wait for their turn is handed over next: the oldest (`fifo`) or
   * the newest (`lifo`, as Go does). They wait only when more came at once than one turn of the loop hands over.
   * Default `fifo`.
   */
  readonly userMessageOrder?: 'fifo' | 'lifo';
  /** Timings to start from; single fields override it. Default `lan`. */
  readonly profile?: Profile;
  readonly encryption?: EncryptionOptions;
  readonly probe?: Partial<ProbeOptions>;
  readonly suspicion?: Partial<SuspicionOptions>;
  readonly awareness?: Partial<AwarenessOptions>;
  readonly gossip?: Partial<GossipOptions>;
  readonly pushPull?: Partial<PushPullOptions>;
  readonly rejoin?: Partial<RejoinOptions>;
  readonly dns?: Partial<DnsOptions>;
  readonly limits?: Partial<MemberlistLimits>;
  readonly runtime?: RuntimeOptions;
}

/** Versions of the protocol that the layer above speaks, each 0 to 255. */
export interface DelegateVersion {
  readonly min: number;
  readonly max: number;
  /** The version spoken, of `min` to `max`. */
  readonly current: number;
}

/** Encryption of everything that leaves this node. */
export interface EncryptionOptions {
  /** Keys of 32 bytes, on the memberlist wire of 16, 24 or 32; the first one seals, all of them open. */
  readonly keys: readonly Uint8Array[];
  /** Refuse what is not sealed. `false` only while a running ring is moved to encryption. Default true. */
  readonly verifyIncoming?: boolean;
  /** Seal what we send. `false` only while a running ring is moved to encryption. Default true. */
  readonly verifyOutgoing?: boolean;
  /**
   * File to which every key is written, one hex line each, at the start and when it is added: for reading
   * recorded traffic. Whoever reads it reads everything. `null` for none.
   *
   * @defaultValue null
   */
  readonly keyLogFile?: string | null;
}

/** Failure detection (SWIM section 3, Lifeguard section IV-A). */
export interface ProbeOptions {
  /**
   * Milliseconds between two probes; one member is probed in each. Shorter finds the dead sooner and costs
   * packets. `false` turns probing off.
   *
   * @defaultValue lan 1000, wan 5000, local 1000
   */
  readonly intervalMs: number | false;
  /**
   * Milliseconds to wait for a direct answer; below `intervalMs`, near the 99th percentile of round trips.
   * Too short asks helpers in vain.
   *
   * @defaultValue lan 500, wan 3000, local 200
   */
  readonly timeoutMs: number;
  /**
   * Members asked to probe for us when there was no direct answer. More tell a broken path from a dead
   * member better, and cost packets.
   *
   * @defaultValue lan 3, wan 3, local 1
   */
  readonly indirectChecks: number;
  /**
   * Also try over a stream, so that a blocked UDP port does not look like a dead node. A function is asked with
   * the name of the member, each time; what it throws counts as true.
   *
   * @defaultValue true
   */
  readonly streamFallback: boolean | ((nodeName: string) => boolean);
  /**
   * Ask helpers to say so when they hear nothing either. Their silence then counts against this node's own
   * health, and not the failed probe; off, each failed probe counts 1.
   *
   * @defaultValue true
   */
  readonly nacks: boolean;
}

/** How long doubt lasts (Lifeguard section IV-B). */
export interface SuspicionOptions {
  /**
   * Shortest doubt = mult x log10(members) x probe interval. Higher: fewer false alarms, slower detection.
   *
   * @defaultValue lan 4, wan 6, local 3
   */
  readonly mult: number;
  /**
   * Longest doubt, as a multiple of the shortest; confirmations shorten it. 1 makes every doubt the shortest.
   *
   * @defaultValue 6
   */
  readonly maxTimeoutMult: number;
  /**
   * Tell a suspect that it is suspected together with the ping, so that it refutes at once (Lifeguard
   * section IV-C). Off, it hears of it by gossip: more members are declared dead that are only slow.
   *
   * @defaultValue true
   */
  readonly buddySystem: boolean;
  /**
   * Protect members that live but are badly heard: refutations and accusations that were missed are said again, who is
   * about to be declared dead is asked itself, and who was declared dead wrongly gets up to nine times as long at the
   * next doubt (on the memberlist wire, which cannot tell that from a restart, as long as everybody). Off, such a member
   * is removed and taken back for as long as its trouble lasts.
   *
   * @defaultValue true
   */
  readonly secondChance: boolean;
}

/** Local health (Lifeguard section IV-A). */
export interface AwarenessOptions {
  /**
   * A member in doubt of itself stretches its probe interval by up to this factor; 1 turns that off.
   *
   * @defaultValue 8
   */
  readonly maxMult: number;
  /**
   * Watch our own event loop: a stall moves the deadlines of all doubts, voids the probe it fell into,
   * and counts against our own health when it is at least a probe timeout long.
   *
   * @defaultValue true
   */
  readonly loopHealth: boolean;
}

/** Spreading of membership news. */
export interface GossipOptions {
  /**
   * Milliseconds between two gossip rounds; fresh news does not wait for them. `false` turns them off, then
   * news is sent once only.
   *
   * @defaultValue lan 200, wan 500, local 100
   */
  readonly intervalMs: number | false;
  /**
   * Whether fresh news leaves 2 ms after it came, gathered with what else came meanwhile. Off, it waits for the next
   * round, word of newcomers like any other, as in Go: members learn of a failure hundreds of milliseconds later, and of a thousand
   * who start together for five times the gossip. All members should agree.
   *
   * @defaultValue true
   */
  readonly prompt: boolean;
  /**
   * Members a round goes to. More spread faster and cost packets.
   *
   * @defaultValue lan 3, wan 4, local 3
   */
  readonly nodes: number;
  /**
   * Milliseconds during which the dead are still told news, so that they can refute; also how long their
   * records are kept.
   *
   * @defaultValue lan 30000, wan 60000, local 15000
   */
  readonly toTheDeadMs: number;
  /**
   * A message is sent mult x ceil(log10(members + 1)) times. Higher survives more loss and costs packets.
   *
   * @defaultValue lan 4, wan 4, local 2
   */
  readonly retransmitMult: number;
  /**
   * Cap for the gossip this node sends, bytes per second; news of members and events of tables count
   * separately, so that a flood of writes cannot hold up news of a failure.
   *
   * @defaultValue 4000000
   */
  readonly maxBytesPerSecond: number;
  /**
   * Share of the packets with news, 0 to 0.9, that broadcasts of the layer above may fill first when both
   * they and claims about members wait. Higher: the layer above is heard while thousands join or fail; those
   * are then told more slowly, by up to 1 / (1 - share). At 0 claims may starve it.
   *
   * @defaultValue 0.25
   */
  readonly userBroadcastShare: number;
}

/** Full exchange of member records. */
export interface PushPullOptions {
  /**
   * Milliseconds between two exchanges in rings of up to 32 members; larger rings stretch it. `false` turns
   * them off: what gossip lost is then not repaired.
   *
   * @defaultValue lan 30000, wan 60000, local 15000
   */
  readonly intervalMs: number | false;
}

/** Finding members again that were lost. */
export interface RejoinOptions {
  /**
   * Milliseconds between looks at the members that failed; one is tried with probability failed / alive.
   * `false` turns that off: halves of a ring that was split for long then stay apart.
   *
   * @defaultValue 1000
   */
  readonly reconnectIntervalMs: number | false;
  /**
   * Milliseconds between looks at the targets of the last `join`: those that are no members are
   * contacted again. `false` turns that off.
   *
   * @defaultValue 60000
   */
  readonly bootstrapIntervalMs: number | false;
  /**
   * File in which the members last seen are kept, so that a restarted process finds its ring even when
   * its seeds have moved. Each process needs a file of its own. `null` for none.
   *
   * @defaultValue null
   */
  readonly peersFile: string | null;
}

/**
 * How names among join targets become addresses. Without effect where `runtime.resolver` is given.
 *
 * @remarks memberlist tcpLookupIP and DNSConfigPath
 */
export interface DnsOptions {
  /**
   * Ask the first name server of `configPath` over TCP before the system is asked: over UDP an answer is cut
   * to one packet, and a name that stands for hundreds of members shows some of them. Names without a
   * dot are the system's. `false` asks the system only.
   *
   * @defaultValue true
   */
  readonly tcpFirst: boolean;
  /**
   * The resolv.conf that names the server; a port may be attached (`nameserver 10.0.0.2:5353`). A file that
   * cannot be read leaves the lookup to the system.
   *
   * @defaultValue '/etc/resolv.conf'
   */
  readonly configPath: string;
  /**
   * Milliseconds for the attempt over TCP; below `timeoutMs`, so that some are left for the system.
   *
   * @defaultValue 2000
   */
  readonly tcpTimeoutMs: number;
  /**
   * Milliseconds for one lookup in all; then it fails with `ERR_NAME_LOOKUP`. The system's own limit is
   * often half a minute.
   *
   * @defaultValue 5000
   */
  readonly timeoutMs: number;
}

/** Bounds on what peers can make this node hold or do; `docs/limits.md` says what happens at each. */
export interface MemberlistLimits {
  /**
   * Member records held, the gone ones included.
   *
   * @defaultValue 65536
   */
  readonly maxMembers: number;
  /**
   * Bytes of metadata accepted from others; longer ones are dropped with their claim.
   *
   * @defaultValue 65536
   */
  readonly maxMetadataBytes: number;
  /**
   * Broadcasts waiting to be gossiped.
   *
   * @defaultValue 131072
   */
  readonly maxQueuedBroadcasts: number;
  /**
   * Streams that peers may hold open at once.
   *
   * @defaultValue 512
   */
  readonly maxInboundStreams: number;
  /**
   * Push/pulls served at once.
   *
   * @defaultValue 127
   */
  readonly maxConcurrentPushPulls: number;
  /**
   * Bytes of one user message over a stream; at most the default.
   *
   * @defaultValue 67108864, beside Go 20971520
   */
  readonly maxStreamMessageBytes: number;
  /**
   * Milliseconds for a dial, and without progress on a stream.
   *
   * @defaultValue lan 10000, wan 30000, local 1000
   */
  readonly streamTimeoutMs: number;
  /**
   * Probes relayed for others at once.
   *
   * @defaultValue 1024
   */
  readonly maxRelayedProbes: number;
  /**
   * User messages from packets that wait for their turn, because more came at once than one turn of the loop
   * hands over; the oldest is dropped beyond it.
   *
   * @defaultValue 1024
   */
  readonly maxWaitingUserMessages: number;
}

/** Options with every default filled in; frozen. */
export interface MemberlistConfig {
  readonly nodeName: string | null;
  readonly bindAddress: string;
  readonly bindPort: number;
  readonly advertiseAddress: string | null;
  readonly advertisePort: number | null;
  readonly wire: WireName;
  readonly protocolVersion: number;
  readonly delegateVersion: DelegateVersion;
  readonly compression: boolean;
  readonly label: Uint8Array;
  readonly skipInboundLabelCheck: boolean;
  readonly requireNodeNames: boolean;
  readonly initialIncarnation: number;
  readonly allowedNetworks: readonly string[] | null;
  readonly maxPacketBytes: number;
  readonly maxDirectPacketBytes: number;
  readonly userMessageOrder: 'fifo' | 'lifo';
  readonly encryption: Required<EncryptionOptions>;
  readonly probe: ProbeOptions;
  readonly suspicion: SuspicionOptions;
  readonly awareness: AwarenessOptions;
  readonly gossip: GossipOptions;
  readonly pushPull: PushPullOptions;
  readonly rejoin: RejoinOptions;
  readonly dns: DnsOptions;
  readonly limits: MemberlistLimits;
}
