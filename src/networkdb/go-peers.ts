import type { Clock, Timer } from '../runtime/index.ts';
import type { BulkSync } from './bulk-sync.ts';
import type { TableState } from './transitions.ts';

/*
 * What members of ours do for those of Go on their networks, so that these are alike in a bounded time:
 *
 *   visits      Go leaves an entry that fits no packet to its bulk syncs, each with a random peer. With every
 *               round of ours one member of Go is visited, all of them in turn.
 *   reminders   Go up to Docker 29.6 drops what it knows of a member that fails: its entries, and the networks
 *               that it is on, without which it refuses entries that it is offered. When the member is back, it
 *               is told both.
 *
 * Each member of Go is served by one member of ours on each network, by rank among those that are there. Where
 * members disagree on who is there, one of Go is served twice or not at all, and then has Go's own rounds.
 */

/** Milliseconds until a return has reached everybody: a reminder of one that a peer holds for failed is refused there. */
const SETTLE_MS = 1_500;

/** Reminders that wait, at most. */
export const MAX_REMINDERS = 256;

/** Collaborators of {@link GoPeers}. */
export interface GoPeersParts {
  readonly clock: Clock;
  readonly state: TableState;
  readonly bulkSync: BulkSync;
}

interface Reminder {
  readonly peer: string;
  readonly networks: readonly string[];
  /** Whose entries and attachments are told. */
  readonly owners: readonly string[];
}

const NOBODY: ReadonlySet<string> = new Set();

/** Serves the members of Go that are ours to serve. */
export class GoPeers {
  readonly #parts: GoPeersParts;
  readonly #timers = new Set<Timer>();
  readonly #waiting: Reminder[] = [];
  /** Members whose visit is not over: over a slow line it may outlast rounds, and a second would only send all twice. */
  readonly #visited = new Set<string>();
  #isTelling = false;
  #isStopped = false;
  #turn = 0;

  constructor(parts: GoPeersParts) {
    this.#parts = parts;
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#waiting.splice(0);
  }

  /**
   * Exchanges tables with the next member of Go.
   *
   * @param met - peers with which that was just done
   */
  visit(met: ReadonlySet<string>): void {
    if (this.#isStopped) return;
    const share = [...this.#share(NOBODY)];
    for (let tries = 0; tries < share.length; tries += 1) {
      const [peer, networks] = share[this.#turn % share.length] as [string, string[]];
      this.#turn += 1;
      if (met.has(peer) || this.#visited.has(peer)) continue;
      this.#visited.add(peer);
      this.#parts.bulkSync.request(peer, networks, 'all', () => {
        this.#visited.delete(peer);
      });
      return;
    }
  }

  /** Members that had failed are back: those that have forgotten them, or that they have forgotten, are told. */
  returned(names: readonly string[]): void {
    const { clock } = this.#parts;
    const timer = clock.schedule(SETTLE_MS, () => {
      this.#timers.delete(timer);
      this.#remind(new Set(names));
    });
    this.#timers.add(timer);
  }

  #remind(returned: ReadonlySet<string>): void {
    const { attachments, counters, nodes } = this.#parts.state;
    for (const [peer, networks] of this.#share(returned)) {
      if (nodes.takesAttachments(peer)) continue; // Only older ones forget.
      const known = new Set(networks.flatMap((network) => attachments.participants(network)));
      const owners = [...known].filter((name) => {
        return name !== peer && (returned.has(peer) || returned.has(name));
      });
      if (owners.length === 0) continue;
      if (this.#waiting.length < MAX_REMINDERS) this.#waiting.push({ peer, networks, owners });
      else counters.add('tables.sync.tellFailed');
    }
    if (!this.#isTelling) this.#tellNext();
  }

  #tellNext(): void {
    const next = this.#waiting.shift();
    this.#isTelling = next !== undefined && !this.#isStopped;
    if (next === undefined || this.#isStopped) return;
    this.#parts.bulkSync.tell(next, () => {
      this.#tellNext();
    });
  }

  /**
   * The members of Go that are ours to serve, each with the networks where they are.
   *
   * @param except - members of ours that serve nobody just now
   */
  #share(except: ReadonlySet<string>): Map<string, string[]> {
    const { attachments, localName, nodes } = this.#parts.state;
    const share = new Map<string, string[]>();
    for (const network of attachments.joinedNetworks()) {
      const members = attachments.participants(network);
      const foreign = members.filter((name) => name !== localName && nodes.isForeign(name));
      if (foreign.length === 0) continue;
      const there = new Set(foreign);
      const ours = members.filter((name) => !there.has(name) && !except.has(name));
      const rank = ours.indexOf(localName);
      for (const [at, peer] of foreign.entries()) {
        if (at % ours.length !== rank) continue;
        const networks = share.get(peer) ?? [];
        networks.push(network);
        share.set(peer, networks);
      }
    }
    return share;
  }
}
