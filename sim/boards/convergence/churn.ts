import type { TableCluster, TableNode } from '../../tables/cluster.ts';
import { tableOf } from '../../tables/cluster.ts';

/*
 * Background traffic as in upstream's test: every 20 ms eight entries by the next of the nodes in the middle,
 * 2,000 in all, and every fifth time the last node leaves the network or comes back.
 */

const STEP_MS = 20;
const WRITES_PER_STEP = 8;
const MAX_WRITES = 2000;
const STEPS_PER_FLAP = 5;
const JUNK = new TextEncoder().encode('junk');

/** Makes a cluster busy. */
export class Churn {
  readonly #cluster: TableCluster;
  readonly #writers: readonly TableNode[];
  readonly #flapper: TableNode;
  #nextAt: number;
  #steps = 0;
  #written = 0;
  #isAway = false;

  constructor(cluster: TableCluster) {
    this.#cluster = cluster;
    this.#writers = cluster.nodes.slice(1, -1);
    this.#flapper = cluster.nodes.at(-1) as TableNode;
    this.#nextAt = cluster.clock.now();
  }

  /** Entries written so far. */
  get written(): number {
    return this.#written;
  }

  /** Does what is due; no time passes. */
  async act(): Promise<void> {
    if (this.#cluster.clock.now() < this.#nextAt) return;
    this.#nextAt = this.#cluster.clock.now() + STEP_MS;
    this.#steps += 1;
    this.#write();
    if (this.#steps % STEPS_PER_FLAP !== 0) return;
    if (this.#isAway) await this.#cluster.enter(this.#flapper);
    else this.#cluster.exit(this.#flapper);
    this.#isAway = !this.#isAway;
  }

  #write(): void {
    const writer = this.#writers[this.#steps % this.#writers.length];
    if (writer === undefined || this.#written >= MAX_WRITES) return;
    for (let i = 0; i < WRITES_PER_STEP; i += 1) {
      tableOf(writer).create(`junk-${this.#steps}-${i}`, JUNK);
      this.#written += 1;
    }
  }
}
