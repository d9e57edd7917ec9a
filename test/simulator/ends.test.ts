import assert from 'node:assert/strict';
import { test } from 'node:test';

import { json, NetworkDB } from '../../src/networkdb/index.ts';
import type { StateError } from '../../src/runtime/index.ts';
import type { SimulationResult, World } from '../../src/simulator/index.ts';
import { simulate } from '../../src/simulator/index.ts';

/*
 * How processes, scenarios and worlds end: what is asked of a dead process is refused, what nobody awaited is named,
 * and what a listener throws is not lost.
 */

const CLOSED = { code: 'ERR_CLOSED' } as const;

const run = async <T>(
  scenario: (world: World) => Promise<T> | T,
  options: object = {},
): Promise<SimulationResult<T>> => simulate({ seed: 3, nodes: 3, ...options }, scenario);

test('timers of the scenario itself are no leak of a node that closes, and others still are', async () => {
  await run(
    async (world) => {
      const [a, b, c] = world.nodes;
      a!.every(100, () => undefined);
      void a!.sleep(10_000);
      b!.every(100, () => undefined)();
      c!.every(70, () => undefined);
      await world.sleep(500);
      await a!.close();
      await b!.stop();
      await c!.db.close();
      assert.equal(world.nodes.length, 0);
    },
    { checks: true },
  );
  const leaking = run(
    async (world) => {
      const node = world.node('n2');
      node.every(100, () => undefined);
      node.runtime.clock.schedule(60_000, () => undefined);
      await node.close();
    },
    { checks: true },
  );
  await assert.rejects(leaking, /leaks: .* n2 leaves 1 timers behind/);
});

test('a node that the scenario closes through its db has ended like any other, for the checkers too', async () => {
  await run(
    async (world) => {
      const [first, second] = world.nodes;
      await second!.db.leave();
      await second!.db.close();
      assert.equal(second!.isRunning, false);
      assert.equal(world.nodes.length, 2);
      assert.throws(() => second!.crash(), CLOSED);
      await first!.db.close();
      await world.sleep(20_000);
      assert.ok(world.hasOneView());
      const { db } = await world.spawn();
      assert.equal(db.members().length, 2, 'joined to a node that runs');
      await world.converge();
    },
    { checks: true },
  );
});

test('while a node closes nothing is asked of it', async () => {
  await run(
    async (world) => {
      const { db } = world.node('n1');
      const leaving = db.leave();
      const closing = db.close();
      assert.equal(world.hasOneView(), false);
      const joined = await world.spawn();
      assert.equal(joined.db.members().length >= 2, true);
      await Promise.all([leaving, closing]);
      await world.converge();
    },
    { checks: true },
  );
});

test('whatever is asked of the db of a dead process is refused, and says when it died', async () => {
  await run(async (world) => {
    const node = world.node('n1');
    const { db } = node;
    const network = await db.joinNetwork('prod');
    const table = network.table('t', json<number>());
    table.set('k', 1);
    await world.sleep(1_000);
    const pending = [
      db.waitForMembers(9),
      db.join(['10.0.0.99']),
      db.leave(),
      db.close(),
      node.stop(),
    ];
    const [lines, packets] = [world.trace.lines().length, world.trace.packetCount];
    const diedAt = world.now;
    node.crash();
    const ended = await Promise.allSettled(pending);
    const codes = ended.map((each) =>
      each.status === 'rejected' ? (each.reason as StateError).code : 'done',
    );
    assert.deepEqual(codes, ['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED', 'done', 'done']);
    assert.equal(world.now, diedAt, 'at once');
    const died = { ...CLOSED, message: new RegExp(`n1 crashed at ${diedAt} ms.* restart\\(\\)`) };
    const calls: readonly (() => unknown)[] = [
      () => table.set('k', 2),
      () => table.get('k'),
      () => table.watch(),
      () => network.leave(),
      () => db.members(),
      () => db.stats(),
      () => db.networks(),
      () => db.on('fail', () => undefined),
      () => db.joinNetwork('x'),
      () => db.leave(),
      () => db.join(['10.0.0.2']),
      () => db.waitForMembers(5, { timeoutMs: 1_000 }),
      () => db.keyring.list(),
    ];
    for (const call of calls) {
      await assert.rejects(async () => call(), died, String(call));
    }
    await db.close();
    assert.deepEqual(
      [world.trace.lines().length, world.trace.packetCount],
      [lines + 1, packets],
      'it crashed, and nothing else has happened',
    );
    const back = await world.restart(node);
    assert.throws(() => db.members(), died);
    assert.equal(back.db.members().length, 3);
  });
});

test('a spawn whose process is killed while it joins is rejected', async () => {
  await run(async (world) => {
    world.setLinks({ latencyMs: 500 });
    const spawning = world.spawn();
    await world.sleep(200);
    world.node('n4').crash();
    await assert.rejects(spawning, { ...CLOSED, message: /n4 crashed at/ });
  });
});

test('what a dead process of a service was waiting for stays undone, and runs none of its code', async () => {
  await run(async (world) => {
    const ran: string[] = [];
    const service = world.start('svc', async (self) => {
      await self.sleep(100);
      ran.push('slept');
    });
    service.crash();
    await world.sleep(1_000);
    assert.deepEqual(ran, []);
  });
});

test('what a listener throws fails the simulation, of nodes and of members that a process runs', async () => {
  const failing = run(async (world) => {
    world.node('n1').db.on('fail', ({ name }) => {
      assert.equal(name, 'never');
    });
    world.node('n2').crash();
    await world.until(() => world.node('n1').db.members().length === 2);
    await world.sleep(1_000);
  });
  await assert.rejects(failing, { code: 'ERR_ASSERTION', expected: 'never' });
  const ofService = run(async (world) => {
    world.start('svc', async ({ host, runtime }) => {
      const db = await NetworkDB.create({ nodeName: 'svc', bindAddress: host, runtime });
      db.on('join', () => {
        throw new Error('of the service');
      });
      await db.join([world.node('n1').host]);
    });
    await world.sleep(1_000);
  });
  await assert.rejects(ofService, /of the service/);
  const unreadable = run(
    async (world) => {
      const [a, b] = world.nodes;
      (await a!.db.joinNetwork('prod')).table('t').set('k', new Uint8Array([7]));
      const table = (await b!.db.joinNetwork('prod')).table('t', json(), {
        onUnreadable: () => {
          throw new Error('of the table');
        },
      });
      await world.until(() => table.size > 0);
      table.get('k');
      await world.sleep(10);
    },
    { trace: { logLevel: 'none' } },
  );
  await assert.rejects(unreadable, /of the table/);
});

test('a wait that nobody has awaited is named when the scenario ends, unless it may outlast it', async () => {
  const missing = 'is an await missing?';
  for (const [scenario, said] of [
    [
      (w: World) => void w.until(() => w.now < 0),
      'until(…) was waiting for the condition () => w.',
    ],
    [(w: World) => void w.until(() => false, { what: 'the end' }), 'waiting for the end'],
    [(w: World) => void w.spawn({ join: ['nope'] }), 'the spawn of n4 was under way'],
    [(w: World) => void w.restart(w.node('n2')), 'the spawn of n2 was under way'],
    [
      (w: World) => {
        w.cut('n1', 'n2');
        void w.converge();
      },
      'converge() was waiting',
    ],
  ] as const) {
    await assert.rejects(run(scenario, { checks: true }), (error: Error) => {
      assert.ok(error.message.includes(said), error.message);
      assert.ok(error.message.includes(missing));
      return true;
    });
  }
  await run(async (world) => {
    const first = world.until(() => world.now > 100, { what: 'the first' });
    await Promise.race([first, world.until(() => false, { mayOutlast: true })]);
    void world.sleep(1_000);
    world.start('svc', async (self) => self.sleep(1_000));
  });
});

test('a wait that fails says where it was asked for and what it waited for', async () => {
  const askHere = async (world: World): Promise<void> =>
    world.until(() => world.nodes.length === 4, { withinMs: 50 });
  await assert.rejects(run(askHere), ({ message, stack = '' }: Error) => {
    assert.match(message, /^the condition \(\) => world.nodes.length === 4 did not hold within 50/);
    assert.match(stack, /^.*did not hold within 50 ms\n +at .*askHere/);
    assert.match(stack, /ends\.test/);
    return true;
  });
  const long = async (world: World): Promise<void> =>
    world.until(() => 'a word that is said once and again'.repeat(9) === 'no word of all of them', {
      withinMs: 1,
    });
  await assert.rejects(run(long), ({ message }: Error) => {
    assert.ok(message.length < 140, message);
    return true;
  });
  const agree = async (world: World): Promise<void> => {
    world.cut('n1', 'n2');
    await world.converge({ withinMs: 1_000 });
  };
  await assert.rejects(run(agree, { checks: true }), ({ stack = '' }: Error) => {
    assert.match(stack, /\n +at .*agree/);
    return true;
  });
});

test('the stack of what fails tells seed and time, and ends with the last of the trace', async () => {
  const scenario = async (world: World): Promise<void> => {
    world.note('shortly before');
    await world.sleep(1_234.000_01);
    throw new RangeError('as it is');
  };
  await assert.rejects(run(scenario, { nodes: 0 }), ({ message, stack = '' }: Error) => {
    assert.equal(message, 'as it is');
    assert.match(stack, /^ {4}at a simulation of seed 3, after 1234 ms of virtual time/m);
    assert.match(stack, /^ {4}at 0\.000 note +shortly before$/m);
    return true;
  });
});

test('a setting for a host that nobody ever runs on fails the simulation, one for a host to come does not', async () => {
  const nobody = { code: 'ERR_ARGUMENT_INVALID', message: /no process ever ran on 10\.0\.0\.99/ };
  const lossy = run((world) => {
    world.network.setLink('10.0.0.1', '10.0.0.99', { lossRate: 1 });
  });
  await assert.rejects(lossy, nobody);
  const slow = run((world) => {
    world.network.setBandwidth('10.0.0.99', 10);
  });
  await assert.rejects(slow, nobody);
  await run(async (world) => {
    world.network.setLink('10.0.0.1', '10.0.0.99', { latencyMs: 30 });
    world.network.setBandwidth('10.0.0.99', 1_000_000);
    await world.spawn({ host: '10.0.0.99' });
  });
});

test('the hash can be read at any time, and covers what happens later too', async () => {
  const live = async (sleepMs: number) =>
    run(async (world) => {
      const before = world.trace.hash;
      await world.sleep(sleepMs);
      return [before, world.trace.hash];
    });
  const [short, long, again] = [await live(50), await live(5_000), await live(50)];
  assert.equal(short.value[0], long.value[0]);
  assert.notEqual(long.value[0], long.value[1]);
  assert.notEqual(short.trace.hash, long.trace.hash);
  assert.equal(short.trace.hash, again.trace.hash);
  assert.equal(short.trace.hash, short.trace.hash);
});

test('a world that is over cannot be changed any more', async () => {
  const { value, trace } = await run((world) => world);
  const node = trace.lines().length;
  const calls: readonly (() => unknown)[] = [
    () => {
      value.note('late');
    },
    () => {
      value.names.set('a', ['10.0.0.1']);
    },
    () => {
      value.names.setDelay(1);
    },
    () => {
      value.names.setFailing(true);
    },
    () => {
      value.network.setLink('10.0.0.1', '10.0.0.2', { lossRate: 1 });
    },
    () => {
      value.network.setBandwidth('10.0.0.1', 1);
    },
    () => {
      value.network.heal();
    },
  ];
  for (const call of calls) assert.throws(call, CLOSED, String(call));
  assert.equal(trace.lines().length, node);
  assert.deepEqual(value.names.find('a'), []);
});
