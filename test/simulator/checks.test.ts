import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Table } from '../../src/networkdb/index.ts';
import { json } from '../../src/networkdb/index.ts';
import { resolveNetworkDBConfig } from '../../src/networkdb/index.ts';
import { convergenceBoundMs } from '../../src/simulator/checkers/convergence-bound.ts';
import type { World } from '../../src/simulator/index.ts';
import { CheckError, simulate } from '../../src/simulator/index.ts';

test('under checks a cluster fails, heals, writes and closes without a finding', async () => {
  const { value } = await simulate({ seed: 5, nodes: 4, checks: true }, async (world) => {
    for (const { name, db } of world.nodes) {
      const table = (await db.joinNetwork('prod')).table('t', json<number>());
      table.create(name, 1);
      table.set('shared', 2);
    }
    await world.sleep(100);
    world.node('n2').crash();
    world.partition([[world.node('n3')]]);
    await world.sleep(60_000);
    world.heal();
    await world.spawn({ name: 'n2', host: '10.0.0.2' });
    const tookMs = await world.converge();
    for (const node of world.nodes) await node.close();
    return { tookMs, counts: world.checks?.counts ?? {} };
  });
  assert.ok(value.tookMs > 0, 'a heal takes time');
  const { member = 0, entry = 0, owner = 0, size = 0, residue = 0 } = value.counts;
  const isEnough = member > 20 && entry >= 16 && owner > 2 && size > 100 && residue > 20;
  assert.ok(isEnough, JSON.stringify(value.counts));
});

test('what does not agree in time is a finding that says who and what', async () => {
  const run = simulate({ seed: 6, nodes: 2, checks: true }, async (world) => {
    world.cut('n1', 'n2');
    await world.sleep(120_000);
    await world.converge({ withinMs: 1_000 });
  });
  await assert.rejects(run, (error: unknown) => {
    assert.ok(error instanceof CheckError);
    assert.equal(error.checker, 'convergence');
    assert.match(error.expected, /within 1000 ms/);
    assert.ok(error.history.includes('n1 does not know n2, which runs at 10.0.0.2:7946'));
    const { simulation } = error as CheckError & { simulation: Record<string, unknown> };
    assert.equal(simulation['seed'], 6);
    assert.equal(simulation['virtualTimeMs'], 121_004);
    return true;
  });
});

test('a broken rule inside a node ends the simulation with its history', async () => {
  const run = simulate({ seed: 7, nodes: 2, checks: true }, async (world) => {
    const { checks } = world;
    const about = { kind: 'member', node: 'n2', endpoint: '10.0.0.2:7946', isOwn: false } as const;
    checks?.tell({ ...about, life: 'n1', atMs: world.now, state: 'alive', incarnation: 7 });
    await world.sleep(1_000_000);
  });
  await assert.rejects(run, ({ checker, history }: CheckError) => {
    assert.equal(checker, 'membership');
    assert.match(history.join('\n'), /n2 is n2 alive 1 at .*\n.*n1 holds n2 alive 1 .*\n.*alive 7/);
    return true;
  });
});

test('a watch that outlives a close would be found', async () => {
  const run = simulate({ seed: 8, checks: true }, async (world) => {
    const node = await world.spawn();
    node.runtime.clock.schedule(1_000, () => undefined);
    await node.close();
  });
  await assert.rejects(run, /leaks: nothing is left after a close; .* leaves 1 timers behind/);
});

test('with an agreement begins a calm in which nothing grows, and any write or change ends it', async () => {
  const grown = { kind: 'size', life: 'n1', what: 'things', sort: 'held', cap: 9 } as const;
  type Disturb = (world: World, table: Table<number>) => unknown;
  const inCalm = async (disturb: Disturb): Promise<void> => {
    await simulate({ seed: 11, nodes: 2, checks: true }, async (world) => {
      const table = (await world.node('n2').db.joinNetwork('prod')).table('t', json<number>());
      table.set('k', 1);
      await world.converge();
      await world.sleep(60_000);
      const { checks, now: atMs } = world;
      checks?.tell({ ...grown, atMs, size: 1 });
      await disturb(world, table);
      checks?.tell({ ...grown, atMs, size: 2 });
      await world.sleep(1_000);
    });
  };
  const found = /sizes: nothing grows in the calm, and there were 1 things/;
  await assert.rejects(
    inCalm(() => undefined),
    found,
  );
  await assert.rejects(
    inCalm((world) => world.converge()),
    found,
  );
  const changes: readonly Disturb[] = [
    (_, table) => {
      table.set('k', 2);
    },
    (world) => world.node('n1').db.joinNetwork('other'),
    (world) => world.node('n1').pause(10),
    (world) => world.node('n1').setClockRate(2),
    (world) => world.node('n1').jumpClock(10),
    (world) => world.node('n2').crash(),
    (world) => world.spawn(),
    (world) => world.start('service', () => undefined),
    (world) => {
      world.cut('n1', 'n2');
    },
    (world) => {
      world.setLinks({ lossRate: 0.1 });
    },
    (world) => {
      world.names.setFailing(true);
    },
  ];
  for (const change of changes) await inCalm(change);
  // Who has declared a calm says when it is over.
  const declared = inCalm(({ checks }, table) => {
    checks?.calm(true);
    checks?.tell({ ...grown, atMs: 1, size: 1 });
    table.set('k', 2);
  });
  await assert.rejects(declared, found);
});

test('without the option nobody watches, and there is no bound to wait for', async () => {
  await simulate({ seed: 9, nodes: 2 }, async (world) => {
    assert.equal(world.checks, null);
    await assert.rejects(world.converge(), { code: 'ERR_ARGUMENT_INVALID' });
  });
  await assert.rejects(
    simulate({ checks: 1 as never }, () => undefined),
    { code: 'ERR_CONFIG_INVALID' },
  );
});

test('where no node of the world runs nobody is judged, and converge() is refused', async () => {
  await simulate({ seed: 9, checks: true }, async (world) => {
    const refused = { code: 'ERR_ARGUMENT_INVALID', message: /a node that spawn\(\) has started/ };
    await assert.rejects(world.converge(), refused);
    const node = await world.spawn();
    assert.equal(await world.converge(), 0);
    await node.close();
    await assert.rejects(world.converge(), refused);
  });
});

test('an agreement while a clog still has something to bring begins no calm', async () => {
  await simulate({ seed: 12, nodes: 3, checks: true }, async (world) => {
    const grown = { kind: 'size', life: 'n1', what: 'things', sort: 'held', cap: 9 } as const;
    const grow = (size: number): void => world.checks?.tell({ ...grown, atMs: world.now, size });
    world.clog('n1', 'n2', 6_000, 'oneWay');
    await world.sleep(2_500);
    world.heal();
    await world.converge();
    const { heldMs } = world.network;
    assert.ok(heldMs > 2_000 && heldMs < 4_000, `${heldMs}`);
    for (const size of [1, 2]) grow(size);
    await world.sleep(heldMs);
    await world.converge();
    grow(2);
    assert.throws(() => grow(3), /nothing grows in the calm/);
  }).catch((error: unknown) => {
    // What a checker finds fails the simulation as well.
    assert.match(String(error), /there were 2 things; .* has 3 things/);
  });
});

test('the bound grows with every interval that it waits for', () => {
  const size = { nodes: 5, gone: 0 };
  const bound = (options: object): number =>
    convergenceBoundMs(resolveNetworkDBConfig(options), size);
  // Patience with the wrongly dead is the protobuf wire's alone, and would hide what the other wire adds.
  const base = bound({ suspicion: { secondChance: false } });
  for (const options of [
    { pushPull: { intervalMs: 60_000 } },
    { tables: { bulkSyncIntervalMs: 60_000 } },
    { suspicion: { mult: 8 } },
    { rejoin: { bootstrapIntervalMs: 120_000 } },
    { wire: 'memberlist' },
  ]) {
    assert.ok(bound(options) > base, JSON.stringify(options));
  }
  assert.ok(base < 600_000, `${base}`);
});

test('as long as a link is cut nobody agrees, and when it is mended the waiting ends', async () => {
  await simulate({ seed: 10, nodes: 3, checks: true }, async (world) => {
    world.cut('n1', 'n2', 'oneWay', 'packets');
    await assert.rejects(world.converge({ withinMs: 500 }), (error: unknown) => {
      assert.ok(error instanceof CheckError);
      assert.deepEqual(error.history[0], 'the link from n1 to n2 is cut');
      return true;
    });
    const converging = world.converge();
    await world.sleep(300);
    world.mend('n1', 'n2', 'oneWay', 'packets');
    assert.ok((await converging) >= 300);
    world.node('n3').crash();
    await world.converge();
    world.cut('n1', '10.0.0.3'); // where nobody runs nothing is cut off
    assert.equal(await world.converge(), 0);
  });
});
