// A process that crashed and comes back under its name at another address, while the others still hold
// the old one for good: its first exchange waits for nobody who answers to the old address.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { utf8 } from '../../src/networkdb/index.ts';
import { Cluster } from '../support/cluster.ts';

for (const isAddressTaken of [false, true]) {
  const where = isAddressTaken ? 'an old address where another node is now' : 'a dead old address';
  test(`a joiner whose peers know ${where} has its tables within 1.5 s`, async () => {
    const cluster = new Cluster();
    const [a, b, c] = await cluster.spawnJoinedDbs(3);
    assert.ok(a && b && c);
    for (const { db } of [a, b, c]) {
      const network = await cluster.settle(db.joinNetwork('prod'));
      network.table('t', utf8()).set(db.name, 'v');
    }
    cluster.runFor(2_000);
    c.runtime.crash();
    cluster.dbs.splice(cluster.dbs.indexOf(c), 1);
    if (isAddressTaken) await cluster.spawnDb({ nodeName: 'd9' }, c.host);
    const again = await cluster.spawnDb({ nodeName: c.db.name }, '10.1.0.77');
    await cluster.settle(again.db.join([a.host]));
    const before = cluster.clock.now();
    const network = await cluster.settle(again.db.joinNetwork('prod'));
    const tookMs = cluster.clock.now() - before;
    assert.ok(tookMs < 1_500, `it took ${tookMs} ms`);
    assert.equal(network.table('t', utf8()).get(a.db.name), 'v');
    assert.equal(network.table('t', utf8()).get(b.db.name), 'v');
    await cluster.close();
  });
}
