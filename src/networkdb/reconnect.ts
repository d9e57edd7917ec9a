import type { Clock, Random } from '../runtime/index.ts';
import { randomBelow, randomFraction, Ticker } from '../runtime/index.ts';
import type { Membership } from './membership.ts';
import type { TableState } from './transitions.ts';

/*
 * Finds failed nodes again, so that a partition heals without being told to. Each tick one of them is
 * tried, with probability failed/alive: so a failed node is tried about once a tick by the whole
 * cluster together, whatever the size of the cluster, and each half of a split one tries eagerly.
 */

/** Collaborators of {@link Reconnector}. */
export interface ReconnectorParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly membership: Membership;
  readonly state: TableState;
}

/** Tries failed nodes. */
export class Reconnector {
  readonly #parts: ReconnectorParts;
  readonly #ticker: Ticker | null;
  #isTrying = false;

  constructor(parts: ReconnectorParts) {
    this.#parts = parts;
    const intervalMs = parts.state.options.reconnectIntervalMs;
    this.#ticker =
      intervalMs === false
        ? null
        : new Ticker(parts, {
            intervalMs: () => intervalMs,
            onTick: () => {
              this.#tick();
            },
          });
  }

  start(): void {
    this.#ticker?.start();
  }

  stop(): void {
    this.#ticker?.stop();
  }

  #tick(): void {
    const { state, random, membership } = this.#parts;
    const { failedCount, activeCount } = state.nodes;
    if (failedCount === 0 || this.#isTrying) return;
    if (randomFraction(random) * Math.max(1, activeCount) >= failedCount) return;
    const names = state.nodes.names('failed');
    const record = state.nodes.get(names[randomBelow(random, names.length)] as string);
    if (record === undefined) return;
    this.#isTrying = true;
    state.counters.add('tables.reconnect.tried');
    membership.reconnect(record.address, (error) => {
      this.#isTrying = false;
      if (error === null) state.counters.add('tables.reconnect.ok');
    });
  }
}
