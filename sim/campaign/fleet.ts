import type { Network, NetworkDBOptions, Table } from '../../src/networkdb/index.ts';
import { utf8 } from '../../src/networkdb/index.ts';
import type { MemoryFiles, SimNode, World } from '../../src/simulator/index.ts';
import { Fold } from '../support/fold.ts';
import type { Settings } from './plan.ts';
import { NO_MTU } from './plan.ts';

/** A node of the run, with what its user does with it. */
export interface Vessel {
  readonly node: SimNode;
  readonly networks: Map<string, Network | null>;
  readonly folds: Map<string, Fold>;
  /** Addresses of members that failed and were not heard of since. */
  readonly lost: Map<string, string>;
  seeds: readonly string[];
  hasJoined: boolean;
  pausedUntilMs: number;
  writes: number;
}

/** Who ran and runs no more. */
export interface Former {
  readonly name: string;
  readonly host: string;
  readonly files: MemoryFiles;
}

const NETWORKS = ['prod', 'pro', 'prod2'];
/** The name under which nodes look each other up. */
const SEED_NAME = 'ring.sim';
const JOIN_AGAIN_MS = 1_000;

/** The nodes of a run, and what was exercised. */
export class Fleet {
  readonly world: World;
  readonly settings: Settings;
  readonly vessels: Vessel[] = [];
  readonly former: Former[] = [];
  /** What was really exercised, by name. */
  readonly counts: Record<string, number> = {};
  /** Keys of the ring, the primary first. */
  keys: Uint8Array[];
  /** Watches that were opened and have not ended. */
  readonly open = new Set<Fold>();
  #started = 0;
  #hosts = 0;
  #ending = 0;
  #keysMade = 0;

  constructor(world: World, settings: Settings) {
    this.world = world;
    this.settings = settings;
    this.keys = settings.isEncrypted ? [this.nextKey()] : [];
  }

  get networkNames(): readonly string[] {
    return NETWORKS.slice(0, this.settings.networks);
  }

  get tableNames(): readonly string[] {
    return ['t0', 't1'].slice(0, this.settings.tables);
  }

  /** Those whose code can run: a user can call them. */
  get awake(): readonly Vessel[] {
    return this.vessels.filter(({ pausedUntilMs }) => pausedUntilMs <= this.world.now);
  }

  /** Good-byes that are not over. */
  get ending(): number {
    return this.#ending;
  }

  count(what: string, by = 1): void {
    if (by > 0) this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  nextName(): string {
    return `n${this.#started + 1}`;
  }

  nextHost(): string {
    this.#hosts += 1;
    return `10.4.0.${this.#hosts}`;
  }

  /** A ring key that was never used. */
  nextKey(): Uint8Array {
    this.#keysMade += 1;
    const n = this.settings.seed * 7 + this.#keysMade;
    return new Uint8Array(32).map((_, i) => (n * 31 + i * 7) & 255);
  }

  /** Starts a node; it is a cluster of its own until it joins. */
  async start(o: {
    readonly name: string;
    readonly host: string;
    readonly seeds: readonly string[];
    readonly files?: MemoryFiles;
  }): Promise<Vessel> {
    const { name, host, seeds, files } = o;
    this.#started += 1;
    const disk = files === undefined ? {} : { files };
    const { world } = this;
    const node = await world.spawn({ name, host, join: false, config: this.options(), ...disk });
    const vessel: Vessel = {
      node,
      networks: new Map(),
      folds: new Map(),
      lost: new Map(),
      seeds,
      hasJoined: seeds.length === 0,
      pausedUntilMs: 0,
      writes: 0,
    };
    this.vessels.push(vessel);
    this.#limitLinks(host);
    node.db.on('fail', (member) => {
      this.count('members declared dead');
      vessel.lost.set(member.name, member.host);
    });
    node.db.on('join', (member) => {
      if (vessel.lost.get(member.name) === member.host) this.count('returns of the lost');
      vessel.lost.delete(member.name);
    });
    node.db.on('leave', (member) => vessel.lost.delete(member.name));
    this.#hearTheDead(node);
    return vessel;
  }

  /** Joins the cluster, again and again until it works or the process ends. */
  join(vessel: Vessel): void {
    const { world, settings } = this;
    const attempt = (): void => {
      if (!this.isUp(vessel)) return;
      this.#publishSeeds();
      const targets = settings.usesNames ? [SEED_NAME] : vessel.seeds;
      vessel.node.db.join(targets).then(
        () => {
          vessel.hasJoined = true;
        },
        () => {
          this.count('joins that failed');
          // Whoever looks seeds up finds those that run now.
          vessel.seeds = this.someHosts(vessel, 0);
          void world.sleep(JOIN_AGAIN_MS).then(attempt);
        },
      );
    };
    attempt();
  }

  /** Hosts of up to three others. */
  someHosts(except: Vessel | null, from: number): readonly string[] {
    const others = this.vessels.filter((other) => other !== except);
    const some = [0, 1, 2].map((i) => others[(from + i) % Math.max(1, others.length)]?.node.host);
    return [...new Set(some.filter((host) => host !== undefined))];
  }

  isUp(vessel: Vessel): boolean {
    return this.vessels.includes(vessel);
  }

  /** Joins a network; then runs with the handle, at once or after the first exchange. */
  enter(vessel: Vessel, network: string, waitForSync: boolean, then: () => void): void {
    if (vessel.networks.has(network)) return;
    vessel.networks.set(network, null);
    this.world.note(`${vessel.node.name} enters ${network}${waitForSync ? '' : ' at once'}`);
    void vessel.node.db.joinNetwork(network, { waitForSync }).then((handle) => {
      // It may have ended meanwhile; a promise that fails then is nobody's business.
      if (!this.isUp(vessel)) return;
      vessel.networks.set(network, handle);
      then();
    }, noop);
  }

  exit(vessel: Vessel, network: string): void {
    const handle = vessel.networks.get(network);
    if (handle === undefined || handle === null) return;
    this.world.note(`${vessel.node.name} exits ${network}`);
    handle.leave();
    vessel.networks.delete(network);
    this.count('networks left');
  }

  table(vessel: Vessel, network: string, name: string): Table<string> | null {
    return vessel.networks.get(network)?.table(name, utf8()) ?? null;
  }

  /** Keeps what a watch tells, beside the table itself. */
  watch(vessel: Vessel, network: string, name: string): void {
    const id = JSON.stringify([network, name]);
    const table = this.table(vessel, network, name);
    if (table === null || vessel.folds.has(id)) return;
    const fold = new Fold(table, noop, () => this.open.delete(fold));
    this.open.add(fold);
    vessel.folds.set(id, fold);
    this.count('watches');
  }

  crash(vessel: Vessel): void {
    this.#end(vessel);
    for (const fold of vessel.folds.values()) this.open.delete(fold);
    vessel.node.crash();
    this.former.push(vessel.node);
  }

  /** Says good-bye and ends; the name and address are free when that is done. */
  leave(vessel: Vessel): void {
    this.#end(vessel);
    this.#ending += 1;
    void vessel.node.stop().then(() => {
      this.#ending -= 1;
      this.former.push(vessel.node);
    });
  }

  /** Options of every node. */
  options(): NetworkDBOptions {
    const { settings, keys } = this;
    const { wire, profile, label, compression, retransmitMult, faults } = settings;
    const { pushPullMs, bulkSyncMs, bootstrapMs, reapEntryMs, hasDisk } = settings;
    return {
      wire,
      profile,
      label,
      ...(compression === null ? {} : { compression }),
      gossip: { retransmitMult },
      pushPull: { intervalMs: pushPullMs },
      tables: { bulkSyncIntervalMs: bulkSyncMs, bulkSyncTimeoutMs: 10_000, reapEntryMs },
      rejoin: { bootstrapIntervalMs: bootstrapMs, ...(hasDisk ? { peersFile: '/peers' } : {}) },
      ...(keys.length > 0 ? { encryption: { keys } } : {}),
      ...(faults.includes('tight') ? { limits: TIGHT } : {}),
    };
  }

  /** Adds up what a node counted itself. */
  countNode({ node }: Vessel): void {
    const { membership, tables } = node.db.stats();
    for (const [what, names] of Object.entries(NODE_COUNTERS)) {
      for (const name of names) {
        this.count(what, membership.counters[name] ?? tables.counters[name] ?? 0);
      }
    }
  }

  #end(vessel: Vessel): void {
    this.countNode(vessel);
    this.vessels.splice(this.vessels.indexOf(vessel), 1);
  }

  /** A process that is no more must hear nothing more. */
  #hearTheDead(node: SimNode): void {
    for (const event of ['join', 'update', 'suspect', 'fail', 'leave'] as const) {
      node.db.on(event, (member) => {
        if (node.isRunning) return;
        this.world.fail(
          new Error(`${node.name} has ended, and is told '${event}' of ${member.name}`),
        );
      });
    }
  }

  #publishSeeds(): void {
    this.world.names.set(
      SEED_NAME,
      this.vessels.slice(0, 3).map(({ node }) => node.host),
    );
  }

  #limitLinks(host: string): void {
    const { mtu } = this.settings;
    if (mtu === NO_MTU) return;
    for (const { node } of this.vessels) {
      if (node.host === host) continue;
      this.world.network.setLink(host, node.host, { maxPacketBytes: mtu });
    }
  }
}

/** Caps so low that they are met. */
const TIGHT = {
  maxQueuedBroadcasts: 64,
  maxQueuedEvents: 1,
  maxEarlyEvents: 4,
  maxEarlyEventsPerOwner: 2,
  maxInboundStreams: 3,
} as const;

/** Counters of nodes, by what a report calls them. */
const NODE_COUNTERS: Readonly<Record<string, readonly string[]>> = {
  suspicions: ['claims.suspect'],
  'claims of death': ['claims.dead'],
  refutations: ['refutations'],
  'suspects asked': ['suspicions.asked'],
  'suspects that answered': ['suspicions.answered'],
  'bulk syncs': ['tables.sync.ok'],
  'bulk syncs that timed out': ['tables.sync.timedOut'],
  'write conflicts': ['tables.writeConflicts'],
  'entries reaped': ['tables.reaped'],
  'ghosts answered': ['tables.ghosts.entries', 'tables.ghosts.attachments'],
  'writes made anew': ['tables.rewrites.written'],
  'early events replayed': ['tables.early.replayed'],
  'broadcasts dropped at the cap': ['claims.dropped'],
  'name conflicts': ['claims.refused.conflict'],
  'loop stalls': ['loop.stalls'],
  'peers tried again': ['rejoin.attempts'],
};

function noop(): void {
  // Nothing hangs on it.
}
