// Tables over the memberlist wire, in virtual time.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Cluster } from '../support/cluster.ts';

for (const length of [0, 16, 24, 32]) {
  const name = length === 0 ? 'in the clear' : `under a key of ${length} bytes`;
  test(`tables replicate on the memberlist wire ${name}`, async () => {
    const cluster = new Cluster();
    const key = new Uint8Array(length).fill(5);
    const encryption = length === 0 ? {} : { encryption: { keys: [key] } };
    const nodes = await cluster.spawnJoinedDbs(4, { wire: 'memberlist', ...encryption });
    const tables = await Promise.all(
      nodes.map(async ({ db }) => (await cluster.settle(db.joinNetwork('prod'))).table('services')),
    );
    for (const [at, table] of tables.entries()) {
      table.create(`s${at}`, new TextEncoder().encode(`value ${at}`));
    }
    const all = ['s0', 's1', 's2', 's3'];
    const hasAll = (): boolean =>
      tables.every((table) => all.every((entry) => table.get(entry) !== undefined));
    assert.ok(cluster.runUntil(hasAll, 10_000));
    tables[0]?.delete('s0');
    assert.ok(
      cluster.runUntil(() => tables.every((table) => table.get('s0') === undefined), 10_000),
    );
    // A late one gets everything by bulk sync.
    const late = await cluster.spawnDb({ wire: 'memberlist', ...encryption });
    await cluster.settle(late.db.join([nodes[0]!.host]));
    const services = (await cluster.settle(late.db.joinNetwork('prod'))).table('services');
    assert.ok(cluster.runUntil(() => services.get('s3') !== undefined, 60_000));
    await cluster.close();
  });
}
