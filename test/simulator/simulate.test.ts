import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { NetworkDB } from '../../src/networkdb/index.ts';
import { NetworkDB as Node, utf8 } from '../../src/networkdb/index.ts';
import type { ConfigError } from '../../src/runtime/index.ts';
import type { SimulateOptions, World } from '../../src/simulator/index.ts';
import { compareTraces, simulate, VirtualClock } from '../../src/simulator/index.ts';

const KEY = new Uint8Array(32).fill(3);
const SEALED = { encryption: { keys: [KEY] } };

/** What every node of the world holds under a key of one table, and whether all hold it. */
function allHold(world: World, key: string, value: string): boolean {
  return world.nodes.every(({ db }) => tableOf(db).get(key) === value);
}

const TABLES = new WeakMap<NetworkDB, ReturnType<typeof openTable>>();

function openTable(network: Awaited<ReturnType<NetworkDB['joinNetwork']>>) {
  return network.table('t', utf8());
}

function tableOf(db: NetworkDB) {
  const table = TABLES.get(db);
  assert.ok(table !== undefined, 'the node is on no network');
  return table;
}

async function joinAll(world: World): Promise<void> {
  for (const { db } of world.nodes) TABLES.set(db, openTable(await db.joinNetwork('prod')));
}

test('a scenario is an ordinary async function in which hours pass at once', async () => {
  const startedAt = performance.now();
  const { value, virtualMs } = await simulate({ nodes: 3, config: SEALED }, async (world) => {
    await joinAll(world);
    tableOf(world.node('n1').db).create('a', '1');
    await world.until(() => allHold(world, 'a', '1'), { withinMs: 1000, what: 'everyone has it' });
    await world.sleep(3_600_000);
    return world.nodes.map(({ name }) => name);
  });
  assert.deepEqual(value, ['n1', 'n2', 'n3']);
  assert.ok(virtualMs >= 3_600_000);
  assert.ok(performance.now() - startedAt < virtualMs, 'virtual time is not real time');
});

test('a condition that holds is noticed before time moves on, and one that never does fails the wait', async () => {
  await simulate({}, async (world) => {
    let isSet = false;
    world.start('late', async (process) => {
      await process.sleep(250);
      isSet = true;
    });
    await world.until(() => isSet);
    assert.equal(world.now, 250);
    const never = world.until(() => false, { withinMs: 40, what: 'the impossible' });
    await assert.rejects(never, { code: 'ERR_TIMEOUT', message: /the impossible/ });
    assert.equal(world.now, 290);
    const broken = world.until(() => {
      throw new Error('a broken condition');
    });
    await assert.rejects(broken, /a broken condition/);
  });
});

async function liveThrough(options: SimulateOptions) {
  return simulate(options, async (world) => {
    await joinAll(world);
    const [a, b, c, d] = world.nodes;
    for (let i = 0; i < 20; i += 1) tableOf(a!.db).set(`k${i}`, 'v'.repeat(i * 9));
    world.partition([[a!, b!]]);
    await world.sleep(20_000);
    world.heal();
    c!.pause(3_000);
    d!.setClockRate(1.3);
    await world.sleep(5_000);
    b!.crash();
    await world.sleep(20_000);
    const back = await world.restart(b!);
    TABLES.set(back.db, openTable(await back.db.joinNetwork('prod')));
    await world.until(() => allHold(world, 'k19', 'v'.repeat(171)), { withinMs: 60_000 });
    await world.until(() => world.hasOneView(), { withinMs: 60_000 });
    return world.nodes.length;
  });
}

test('the same seed gives the same run, packet by packet and line by line; another seed another', async () => {
  const options = {
    nodes: 4,
    config: SEALED,
    network: { lossRate: 0.05, jitterMs: 4, duplicateRate: 0.02, reorderRate: 0.05 },
  };
  const [first, second] = [
    await liveThrough({ ...options, seed: 5 }),
    await liveThrough({ ...options, seed: 5 }),
  ];
  const other = await liveThrough({ ...options, seed: 6 });
  assert.equal(first.value, 4);
  assert.ok(first.trace.packetCount > 500);
  assert.equal(compareTraces(first.trace, second.trace), null);
  assert.equal(first.trace.hash, second.trace.hash);
  assert.deepEqual(first.network, second.network);
  assert.notEqual(first.trace.hash, other.trace.hash);
  assert.notEqual(compareTraces(first.trace, other.trace), null);
  const text = first.trace.toText({ process: 'n2' });
  for (const said of ['starts at', 'crashes', 'sees n1']) assert.ok(text.includes(said), said);
  assert.ok(first.trace.lines({ kinds: ['network'], text: 'split' }).length === 1);
});

test('a service under test runs in a process of its own, with timers and disk of its own', async () => {
  const { value } = await simulate({ nodes: 1, config: SEALED }, async (world) => {
    const seen: string[] = [];
    const service = world.start('svc', async (process) => {
      const db = await Node.create({
        nodeName: 'svc',
        bindAddress: process.host,
        runtime: process.runtime,
        ...SEALED,
      });
      await db.join([world.node('n1').host]);
      db.on('fail', ({ name }) => seen.push(`${name} failed`));
      process.every(1000, () => seen.push(`tick at ${Math.round(world.now / 1000)}`));
    });
    await world.sleep(3_500);
    service.crash();
    await world.sleep(20_000);
    return { seen, view: world.node('n1').db.member('svc')?.state };
  });
  assert.equal(value.seen.length, 3, 'its timers end with it');
  assert.equal(value.view, 'dead');
});

test('an error of the scenario or of a process carries the seed, the time and the last lines', async () => {
  const inScenario = simulate({ seed: 77, nodes: 2 }, async (world) => {
    await world.sleep(1234);
    throw new RangeError('as it is');
  });
  await assert.rejects(inScenario, (error: Error & { simulation?: Record<string, unknown> }) => {
    assert.ok(error instanceof RangeError);
    assert.equal(error.simulation?.['seed'], 77);
    assert.match(String(error.simulation['trace']), /sees n2/);
    return true;
  });
  const inProcess = simulate({}, async (world) => {
    world.start('bad', async (process) => {
      await process.sleep(10);
      throw new Error('of the process');
    });
    await world.sleep(60_000);
  });
  await assert.rejects(inProcess, /of the process/);
  const stuck = simulate({}, async () => new Promise(() => undefined));
  await assert.rejects(stuck, { code: 'ERR_TIMEOUT', message: /no pending call/ });
  const endless = simulate(
    { nodes: 1, maxVirtualMs: 5000 },
    async () => new Promise(() => undefined),
  );
  await assert.rejects(endless, { code: 'ERR_TIMEOUT' });
  await assert.rejects(
    simulate({ seed: 0.5, nodes: -1, network: { lossRate: 2, lose: 1 } as never }, () => undefined),
    (error: ConfigError) => {
      const paths = error.problems.map(({ path }) => path);
      assert.deepEqual(paths.sort(), ['network.lose', 'network.lossRate', 'nodes', 'seed']);
      return error.code === 'ERR_CONFIG_INVALID';
    },
  );
});

test('packets alone can be cut, and what is too large for the path is lost', async () => {
  await simulate({ nodes: 2 }, async (world) => {
    const [a, b] = world.nodes;
    const codes: string[] = [];
    a!.db.on('warning', ({ code }) => codes.push(code));
    world.cut(a!, b!, 'both', 'packets');
    await world.sleep(30_000);
    assert.ok(world.hasOneView(), 'probes go over streams');
    assert.ok(codes.includes('WARN_UDP_BLOCKED'));
    world.mend(a!, b!, 'both', 'packets');
    world.setLinks({ maxPacketBytes: 10 });
    await world.sleep(2_000);
    assert.ok((world.network.counters()['packets.tooLarge'] ?? 0) > 0);
  });
});

test('a clogged link holds everything back and then delivers it', async () => {
  await simulate({ nodes: 2 }, async (world) => {
    await joinAll(world);
    const [a, b] = world.nodes;
    world.clog(a!, b!, 3_000);
    tableOf(a!.db).create('held', 'back');
    await world.sleep(2_900);
    assert.equal(tableOf(b!.db).get('held'), undefined);
    await world.until(() => allHold(world, 'held', 'back'), { withinMs: 500 });
  });
});

test('names are found late or not at all when the name service says so', async () => {
  await simulate({ nodes: 1 }, async (world) => {
    const seed = world.node('n1');
    world.names.set('seeds', [seed.host]);
    world.names.setFailing(true);
    const lost = world.spawn({ join: ['seeds'] });
    await assert.rejects(lost, { code: 'ERR_JOIN_FAILED' });
    world.names.setFailing(false);
    world.names.setDelay(700);
    const askedAt = world.now;
    await world.spawn({ join: ['seeds'] });
    assert.ok(world.now - askedAt >= 700);
  });
});

test('a node is restarted by any of its lives, and the one that runs is killed', async () => {
  await simulate({ nodes: 2 }, async (world) => {
    const first = world.node('n2');
    const second = await world.restart(first);
    const third = await world.restart(first);
    assert.deepEqual([second.isRunning, third.isRunning], [false, true]);
    await world.until(() => world.hasOneView());
    assert.equal(world.nodes.length, 2);
  });
});

test('whatever is noted is a line of the trace', async () => {
  await simulate({}, async (world) => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    for (const given of [undefined, 7n, circular, { a: 1 }]) world.note(given as unknown as string);
    assert.equal(world.trace.lines({ kinds: ['note'] }).length, 4);
  });
});

test('a clock that runs fast or jumps ahead moves what it times, and nobody is lost by it', async () => {
  await simulate({ nodes: 3 }, async (world) => {
    const [fast, jumping] = world.nodes;
    let ticks = 0;
    fast!.setClockRate(2);
    const end = fast!.every(100, () => {
      ticks += 1;
    });
    await world.sleep(1_010);
    assert.equal(ticks, 20);
    end();
    let isDue = false;
    void jumping!.sleep(50_000).then(() => {
      isDue = true;
    });
    jumping!.jumpClock(60_000);
    await world.sleep(1);
    assert.ok(isDue);
    await world.sleep(30_000);
    assert.ok(world.hasOneView());
    assert.throws(() => fast!.setClockRate(0), { code: 'ERR_ARGUMENT_INVALID' });
    assert.throws(() => fast!.jumpClock(-1), { code: 'ERR_ARGUMENT_INVALID' });
  });
});

test('a stopped node says good-bye, and what it holds on disk is there in its next life', async () => {
  await simulate({ nodes: 2 }, async (world) => {
    const b = world.node('n2');
    await b.stop();
    assert.equal(world.node('n1').db.member('n2')?.state, 'left');
    assert.throws(() => world.node('n2'), { code: 'ERR_MEMBER_UNKNOWN' });
    b.files.set('note', 'kept');
    const again = await world.restart(b);
    assert.equal(again.files.get('note'), 'kept');
    await world.until(() => world.hasOneView());
  });
});

test('a place is a process, its name or an address; anything else is refused', async () => {
  await simulate({ nodes: 2 }, async (world) => {
    world.partition([['n1'], ['n2']]);
    await world.sleep(20_000);
    assert.ok(!world.hasOneView());
    world.heal();
    assert.throws(() => world.cut('n1', 'nobody'), { code: 'ERR_ARGUMENT_INVALID' });
    world.cut('n1', '10.0.0.2');
  });
});

test('a skewed clock shows every timer at least the time it was due at', () => {
  const clock = new VirtualClock();
  const view = clock.view();
  let early = 0;
  for (let round = 0; round < 2_000; round += 1) {
    clock.runFor(0.1);
    view.setRate(round % 2 === 0 ? 0.8 : 1.1);
    const delayMs = round / 7;
    const dueAt = view.now() + delayMs;
    view.schedule(delayMs, () => {
      if (view.now() < dueAt) early += 1;
    });
  }
  clock.runFor(1_000);
  assert.equal(early, 0);
});

test('a scenario that needs more time than it may take fails at the limit, and one that needs as much does not', async () => {
  const late = simulate({ maxVirtualMs: 100 }, async (world) => world.sleep(1_000));
  await assert.rejects(late, (error: Error & { simulation?: Record<string, unknown> }) => {
    assert.match(error.message, /did not end within 100 ms/);
    assert.equal(error.simulation?.['virtualTimeMs'], 100);
    return true;
  });
  const { virtualMs } = await simulate({ maxVirtualMs: 100 }, async (world) => world.sleep(100));
  assert.equal(virtualMs, 100);
});

test('a name service that takes longer than a node waits for it fails the lookup in time', async () => {
  await simulate({ nodes: 1 }, async (world) => {
    world.names.set('seeds', [world.node('n1').host]);
    world.names.setDelay(60_000);
    const askedAt = world.now;
    const config = { dns: { timeoutMs: 3_000 } };
    await assert.rejects(world.spawn({ join: ['seeds'], config }), { code: 'ERR_JOIN_FAILED' });
    assert.equal(world.now - askedAt, 3_000);
    await assert.rejects(world.spawn({ join: ['seeds'] }), { code: 'ERR_JOIN_FAILED' });
    assert.equal(world.now - askedAt, 8_000, 'the default is five seconds');
  });
});

test('a rejection in a repeated call fails the simulation, as what the process throws does', async () => {
  const run = simulate({ seed: 4 }, async (world) => {
    world.start('svc', (self) => {
      self.every(100, async () => {
        await self.sleep(1);
        throw new Error('of a repeated call');
      });
    });
    await world.sleep(60_000);
  });
  await assert.rejects(run, (error: Error & { simulation?: Record<string, unknown> }) => {
    assert.match(error.message, /of a repeated call/);
    assert.deepEqual([error.simulation?.['seed'], error.simulation?.['virtualTimeMs']], [4, 101]);
    return true;
  });
});

test('every fault and setting of the network and of the names is a line of the trace, once', async () => {
  const { trace } = await simulate({ nodes: 2 }, async (world) => {
    const [a, b] = ['10.0.0.1', '10.0.0.2'];
    world.cut('n1', 'n2', 'oneWay', 'packets');
    world.network.cut(a, b);
    world.network.setLink(a, b, { lossRate: 0.5 });
    world.network.setBandwidth(a, 1_000);
    world.network.setLoss(0.1);
    world.setLinks({ jitterMs: 2 });
    world.names.set('seeds', [a, b]);
    world.names.setDelay(5);
    world.names.setDelay(5);
    world.names.setFailing(true);
    world.heal();
  });
  assert.deepEqual(
    trace.lines({ kinds: ['network'] }).map(({ text }) => text),
    [
      'cut n1 > n2, packets',
      'cut 10.0.0.1 <> 10.0.0.2, all',
      'link 10.0.0.1 > 10.0.0.2 {"lossRate":0.5}',
      'bandwidth of 10.0.0.1 1000 bytes a second',
      'links {"lossRate":0.1}',
      'links {"jitterMs":2}',
      'names: seeds is 10.0.0.1 10.0.0.2',
      'names: answers take 5 ms',
      'names: failing',
      'healed',
    ],
  );
});
