import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Table } from '../../src/index.ts';
import { json } from '../../src/index.ts';
import type { ClusterNode } from '../support/cluster.ts';
import { Cluster } from '../support/cluster.ts';

/*
 * A rolling restart as on Kubernetes: members with fixed names go one by one and come back at new
 * addresses. While it goes on the tables are looked at every 20 virtual milliseconds: of a member
 * that is not restarting no record may be missing anywhere, and nobody may take it for failed.
 */

interface Service {
  readonly host: string;
  readonly life: number;
}

interface Running {
  readonly node: ClusterNode;
  readonly services: Table<Service>;
}

const COUNT = 6;
const LOOK_MS = 20;

/** A cluster that restarts its members and keeps what was seen to be wrong. */
class Rollout {
  readonly cluster: Cluster;
  readonly running = new Map<string, Running>();
  readonly faults = new Set<string>();
  restarting = '';
  #hosts = 0;

  constructor(o: { readonly seed: number; readonly lossRate: number }) {
    this.cluster = new Cluster(o);
    const look = (): void => {
      this.#look();
      this.cluster.clock.schedule(LOOK_MS, look);
    };
    this.cluster.clock.schedule(LOOK_MS, look);
  }

  async start(name: string, life: number): Promise<void> {
    this.#hosts += 1;
    const host = `10.2.0.${this.#hosts}`;
    const node = await this.cluster.spawnDb({ nodeName: name }, host);
    const seeds = [...this.running.values()].map((other) => other.node.host);
    await this.cluster.settle(node.db.join(seeds));
    node.db.on('fail', (member) => {
      if (member.name !== this.restarting) this.faults.add(`${name} lost ${member.name}`);
    });
    const network = await this.cluster.settle(node.db.joinNetwork('prod'));
    const services = network.table('services', json<Service>());
    services.set(name, { host, life });
    this.running.set(name, { node, services });
  }

  /** Ends a member, with or without a word, and starts it anew elsewhere. */
  async restart(name: string, how: 'leave' | 'crash'): Promise<void> {
    const { node } = this.running.get(name) as Running;
    this.restarting = name;
    this.running.delete(name);
    if (how === 'crash') node.runtime.crash();
    else {
      await this.cluster.settle(node.db.leave());
      await this.cluster.settle(node.db.close());
    }
    await this.start(name, 2);
    assert.ok(
      this.cluster.runUntil(() => this.isWhole(), 60_000),
      `${name} is not back`,
    );
    this.restarting = '';
  }

  /** Everyone knows everyone at the present address, with the present record and no other. */
  isWhole(): boolean {
    const names = [...this.running.keys()].sort();
    return [...this.running.values()].every(({ node: { db }, services }) => {
      const entries = [...services.entries()];
      return (
        db
          .members()
          .map(({ name }) => name)
          .join() === names.join() &&
        entries.map(({ key }) => key).join() === names.join() &&
        entries.every(({ key, owner, value }) => {
          const { host } = (this.running.get(key) as Running).node;
          return owner === key && value.host === host && db.member(key)?.host === host;
        })
      );
    });
  }

  /** Records that were seen by everyone must not vanish while their owner runs. */
  #look(): void {
    if (this.restarting === '') return;
    const settled = [...this.running].filter(([name]) => name !== this.restarting);
    for (const [reader, { services }] of settled) {
      for (const [owner] of settled) {
        if (services.get(owner) === undefined) this.faults.add(`${reader} misses ${owner}`);
      }
    }
  }
}

for (const how of ['leave', 'crash'] as const) {
  const manner = how === 'leave' ? 'say good-bye' : 'crash';
  test(`members that ${manner} and come back one by one elsewhere cost the others nothing`, async () => {
    for (const [seed, lossRate] of [
      [1, 0],
      [2, 0.02],
    ] as const) {
      const rollout = new Rollout({ seed, lossRate });
      const names = Array.from({ length: COUNT }, (_, i) => `api-${i}`);
      for (const name of names) await rollout.start(name, 1);
      assert.ok(rollout.cluster.runUntil(() => rollout.isWhole(), 60_000));
      for (const name of names) await rollout.restart(name, how);
      rollout.cluster.runFor(60_000);
      assert.ok(rollout.isWhole(), 'and stays whole');
      assert.deepEqual([...rollout.faults], []);
      for (const { services } of rollout.running.values()) {
        assert.ok([...services.entries()].every(({ value }) => value.life === 2));
      }
      await rollout.cluster.close();
    }
  });
}

test('a record that does go missing is seen', async () => {
  const rollout = new Rollout({ seed: 3, lossRate: 0 });
  for (const name of ['api-0', 'api-1', 'api-2']) await rollout.start(name, 1);
  assert.ok(rollout.cluster.runUntil(() => rollout.isWhole(), 60_000));
  rollout.restarting = 'api-0';
  (rollout.running.get('api-1') as Running).services.delete('api-1');
  rollout.cluster.runFor(1_000);
  assert.ok(rollout.faults.has('api-2 misses api-1'));
  rollout.restarting = '';
  await rollout.cluster.close();
});
