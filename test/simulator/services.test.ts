import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Memberlist } from '../../src/memberlist/index.ts';
import { json, NetworkDB } from '../../src/networkdb/index.ts';
import type { CheckError, SimProcess, World } from '../../src/simulator/index.ts';
import { simulate } from '../../src/simulator/index.ts';

/*
 * Processes of a scenario's own that run members in the ring of the world's nodes: the checkers see the nodes from
 * inside and those from outside alone, and must neither miss nor invent anything for it.
 */

const CHECKED = { nodes: 3, checks: true } as const;

interface Service {
  readonly self: SimProcess;
  readonly db: NetworkDB;
  write(key: string, value: number): void;
}

/** A service on network `prod`, joined to the first node. */
async function serve(world: World, name: string, host?: string): Promise<Service> {
  const started: Service[] = [];
  const at = host === undefined ? {} : { host };
  const main = async (self: SimProcess): Promise<void> => {
    const { runtime } = self;
    const db = await NetworkDB.create({ nodeName: name, bindAddress: self.host, runtime });
    await db.join([world.node('n1').host]);
    const table = (await db.joinNetwork('prod')).table('t', json<number>());
    table.set(name, 1);
    started.push({ self, db, write: (key, value) => table.set(key, value) });
  };
  world.start(name, main, at);
  await world.until(() => started.length > 0, { what: `the start of ${name}` });
  return started[0] as Service;
}

async function publish(world: World): Promise<void> {
  for (const { name, db } of world.nodes) {
    (await db.joinNetwork('prod')).table('t', json<number>()).set(name, 1);
  }
}

test('a service with a node of its own in the ring is no finding: not its membership, its entries, its pauses or its end', async () => {
  await simulate({ seed: 42, ...CHECKED }, async (world) => {
    await publish(world);
    const service = await serve(world, 'dispatcher');
    assert.ok((await world.converge()) < 60_000);
    assert.ok(world.hasOneView());
    service.write('n2', 7);
    service.self.pause(20_000);
    await world.sleep(60_000);
    assert.ok((await world.converge()) < 60_000, 'it refutes, and is back');
    await service.db.leave();
    await service.db.close();
    assert.ok((await world.converge()) < 60_000);
    assert.ok(world.hasOneView());
  });
});

test('a service that crashed is a finding as long as the nodes hold it, and then none', async () => {
  await simulate({ seed: 43, ...CHECKED }, async (world) => {
    await publish(world);
    const { self } = await serve(world, 'dispatcher');
    await world.converge();
    self.crash();
    assert.equal(world.hasOneView(), false);
    await assert.rejects(world.converge({ withinMs: 0 }), ({ history }: CheckError) => {
      assert.ok(history.includes('n1 holds alive dispatcher, which does not run'));
      assert.match(history.join(), /dispatcher.*but no owner there holds it/);
      return true;
    });
    assert.ok((await world.converge()) > 0);
    assert.ok(world.hasOneView());
  });
});

test('nodes that do not all hold a service have no view in common', async () => {
  await simulate({ seed: 44, nodes: 3 }, async (world) => {
    await serve(world, 'dispatcher');
    await world.until(() => world.hasOneView(), { withinMs: 1_000 });
    world.cut('dispatcher', 'n3');
    world.cut('n3', 'n1');
    world.cut('n3', 'n2');
    await world.until(() => world.node('n3').db.member('dispatcher')?.state === 'dead');
    assert.equal(world.hasOneView(), false);
  });
});

test('a name that a node bore may be borne by a service, and is not judged then', async () => {
  await simulate({ seed: 45, ...CHECKED }, async (world) => {
    await publish(world);
    const node = world.node('n3');
    node.crash();
    await world.converge();
    const service = await serve(world, 'n3', node.host);
    service.write('n3', 3);
    service.self.pause(20_000);
    await world.sleep(60_000);
    assert.ok((await world.converge()) < 60_000);
  });
});

test('a member without tables is no finding either', async () => {
  await simulate({ seed: 46, ...CHECKED }, async (world) => {
    world.start('plain', async ({ host, runtime }) => {
      const member = await Memberlist.create({ nodeName: 'plain', bindAddress: host, runtime });
      await member.join([world.node('n1').host]);
    });
    await world.until(() => world.node('n3').db.member('plain') !== undefined);
    assert.ok((await world.converge()) < 60_000);
    assert.ok(world.hasOneView());
  });
});
