import type { Address, Timer } from '../runtime/index.ts';
import { formatAddress } from '../runtime/index.ts';
import type { Core } from './core.ts';
import { parseJoinTarget } from './join-targets.ts';
import { isMember } from './member.ts';

/**
 * The members last seen, kept in a file, so that a process that restarts finds its ring again even when
 * every seed it was configured with has moved.
 *
 * Written some seconds after the membership changed, as a whole. What cannot be read is reported once and
 * otherwise ignored: the file is a help, never a condition.
 */
export class PeersFile {
  readonly #core: Core;
  readonly #path: string;
  #timer: Timer | null = null;
  #isOpen = false;
  #saved = '';

  constructor(core: Core, path: string) {
    this.#core = core;
    this.#path = path;
  }

  /** Reads the peers saved by an earlier process, then saves again whenever the membership changes. */
  start(done: (peers: readonly Address[]) => void): void {
    const { ports, events } = this.#core;
    this.#isOpen = true;
    ports.files.read(this.#path, (error, text) => {
      if (!this.#isOpen) return;
      for (const name of ['join', 'fail', 'leave'] as const) {
        events.listeners.on(name, () => {
          this.#saveSoon();
        });
      }
      if (error !== null) this.#warn('cannot be read', error);
      done(text === null ? [] : this.#parse(text));
    });
  }

  stop(): void {
    this.#isOpen = false;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #saveSoon(): void {
    if (!this.#isOpen || this.#timer !== null) return;
    this.#timer = this.#core.ports.clock.schedule(SAVE_DELAY_MS, () => {
      this.#timer = null;
      this.#save();
    });
  }

  #save(): void {
    const { table, ports, counters } = this.#core;
    const peers = table
      .all()
      .filter((record) => !record.isLocal && isMember(record))
      .map((record) => formatAddress(record.address))
      .sort()
      .slice(0, MAX_PEERS);
    const text = `${JSON.stringify({ version: 1, peers }, null, 2)}\n`;
    // An empty view is no news worth keeping: it is what a cut-off node sees.
    if (peers.length === 0 || text === this.#saved) return;
    ports.files.write(this.#path, text, (error) => {
      if (error === null) {
        this.#saved = text;
        counters.add('rejoin.peersSaved');
      } else {
        this.#warn('cannot be written', error);
      }
    });
  }

  #parse(text: string): readonly Address[] {
    try {
      const { version, peers } = JSON.parse(text) as { version?: unknown; peers?: unknown };
      if (version !== 1 || !Array.isArray(peers)) throw new TypeError('it holds something else');
      return peers.slice(0, MAX_PEERS).map((peer) => parseJoinTarget(String(peer), 1));
    } catch (error) {
      this.#warn('is not a peers file', error);
      return [];
    }
  }

  #warn(what: string, error: unknown): void {
    const { events, reminders } = this.#core;
    if (!reminders.isDue('peers file')) return;
    const reason = error instanceof Error ? error.message : String(error);
    const text = `the peers file ${this.#path} ${what}: ${reason}`;
    events.warn('WARN_PEERS_FILE', text, { path: this.#path });
  }
}

const SAVE_DELAY_MS = 5000;
const MAX_PEERS = 64;
