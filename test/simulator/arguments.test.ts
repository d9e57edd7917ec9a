import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ConfigError, StateError } from '../../src/runtime/index.ts';
import type { World } from '../../src/simulator/index.ts';
import { compareTraces, simulate, SimProcess } from '../../src/simulator/index.ts';

/*
 * A fault that hits nobody and an option that nobody reads make a test pass for nothing. What is wrong on purpose is
 * handed over as JavaScript would: without types.
 */

const untyped = (value: unknown): never => value as never;

const ARGUMENT = { code: 'ERR_ARGUMENT_INVALID' } as const;

test('simulate lists every option that is unknown, of the wrong type or out of range, and starts nothing', async () => {
  let hasBegun = false;
  const options = { sede: 1, nodes: -1, checks: 'yes', trace: { packet: true, logLevel: 'all' } };
  const scenario = (): void => {
    hasBegun = true;
  };
  await assert.rejects(simulate(untyped(options), scenario), (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.code, 'ERR_CONFIG_INVALID');
    const paths = error.problems.map(({ path }) => path).sort();
    assert.deepEqual(paths, ['checks', 'nodes', 'sede', 'trace.logLevel', 'trace.packet']);
    return true;
  });
  await assert.rejects(simulate(untyped(undefined), scenario), /got undefined/);
  for (const wrong of [
    null,
    7,
    [],
    { config: 7 },
    { config: { profil: 'lan' } },
    { config: { nodeName: 'me' } },
    { nodes: 1, config: { bindAddress: '10.0.0.7' } },
    { nodes: 1, config: { runtime: {} } },
    { network: 'lossy' },
    { trace: { maxLines: 0 } },
  ]) {
    await assert.rejects(simulate(untyped(wrong), scenario), { code: 'ERR_CONFIG_INVALID' });
  }
  for (const network of [
    { lossRate: 1.1 },
    { lossRate: '0.5' },
    { jitterMs: -1 },
    { latencyMs: Number.NaN },
    { lossrate: 0.1 },
  ]) {
    await assert.rejects(simulate(untyped({ network }), scenario), { code: 'ERR_CONFIG_INVALID' });
  }
  await assert.rejects(simulate({}, untyped(undefined)), ARGUMENT);
  assert.equal(hasBegun, false);
});

/** Calls by what they are, each with something that it cannot take. */
const [A, B] = ['10.0.0.1', '10.0.0.2'];
const WRONG_CALLS: readonly (readonly [string, (world: World) => unknown])[] = [
  ['sleep(-1)', (w) => w.sleep(-1)],
  ['sleep(NaN)', (w) => w.sleep(Number.NaN)],
  ['sleep(Infinity)', (w) => w.sleep(Infinity)],
  ["sleep('9')", (w) => w.sleep(untyped('9'))],
  ['spawn({ bogus })', (w) => w.spawn(untyped({ bogus: 1 }))],
  ['spawn(null)', (w) => w.spawn(untyped(null))],
  ["spawn('n9')", (w) => w.spawn(untyped('n9'))],
  ["spawn({ name: '' })", (w) => w.spawn({ name: '' })],
  ["spawn({ host: 'somewhere' })", (w) => w.spawn({ host: 'somewhere' })],
  ["spawn({ join: 'n1' })", (w) => w.spawn(untyped({ join: 'n1' }))],
  ['spawn({ join: [7] })', (w) => w.spawn(untyped({ join: [7] }))],
  ['spawn({ files: {} })', (w) => w.spawn(untyped({ files: {} }))],
  ['spawnMany(-1)', (w) => w.spawnMany(-1)],
  ['spawnMany(2, { name })', (w) => w.spawnMany(2, untyped({ name: 'twin' }))],
  ["restart('n1')", (w) => w.restart(untyped('n1'))],
  ['restart(n1, { bogus })', (w) => w.restart(w.node('n1'), untyped({ bogus: 1 }))],
  ["start('')", async (w) => w.start('', () => undefined)],
  ['start without a function', async (w) => w.start('svc', untyped(undefined))],
  ['start(…, { name })', async (w) => w.start('svc', () => undefined, untyped({ name: 'x' }))],
  ["spawn({ name: 'n1' })", (w) => w.spawn({ name: 'n1' })],
  ["start('n2', …)", async (w) => w.start('n2', () => undefined)],
  ["restart(n1, { name: 'n2' })", (w) => w.restart(w.node('n1'), { name: 'n2' })],
  ['until(true)', (w) => w.until(untyped(true))],
  ['until(a promise of false)', (w) => w.until(untyped(async () => false))],
  ['until(a promise that fails)', (w) => w.until(untyped(async () => Promise.reject(new Error())))],
  ['until(undefined)', (w) => w.until(untyped(() => undefined))],
  ['until({ within })', (w) => w.until(() => true, untyped({ within: 5 }))],
  ['until({ withinMs: -1 })', (w) => w.until(() => false, { withinMs: -1 })],
  ['converge({ withinMs: NaN })', (w) => w.converge({ withinMs: Number.NaN })],
  ["cut('n1', 'n9')", async (w) => w.cut('n1', 'n9')],
  ["cut('n1', an address of nobody)", async (w) => w.cut('n1', '10.9.9.9')],
  ["cut('n1', undefined)", async (w) => w.cut('n1', untyped(undefined))],
  ["cut('n1', 'n1')", async (w) => w.cut('n1', 'n1')],
  ["cut(…, 'sideways')", async (w) => w.cut('n1', 'n2', untyped('sideways'))],
  ["cut(…, 'both', 'udp')", async (w) => w.cut('n1', 'n2', 'both', untyped('udp'))],
  ["mend(…, 'sideways')", async (w) => w.mend('n1', 'n2', untyped('sideways'))],
  ['clog(…, -1)', async (w) => w.clog('n1', 'n2', -1)],
  ["clog(…, 1, 'sideways')", async (w) => w.clog('n1', 'n2', 1, untyped('sideways'))],
  ["partition('n1')", async (w) => w.partition(untyped('n1'))],
  ["partition(['n1'])", async (w) => w.partition(untyped(['n1']))],
  ["partition([['n9']])", async (w) => w.partition([['n9']])],
  ['partition([])', async (w) => w.partition([])],
  ['partition([[]])', async (w) => w.partition([[]])],
  ['partition([all])', async (w) => w.partition([['n1', 'n2']])],
  ['partition([all, nobody])', async (w) => w.partition([['n2', 'n1'], []])],
  ['network.partition([])', async (w) => w.network.partition([])],
  ["partition([['n1'], ['n1', 'n2']])", async (w) => w.partition([['n1'], ['n1', 'n2']])],
  ["partition(…, 'udp')", async (w) => w.partition([['n1']], untyped('udp'))],
  ['pause(-1)', async (w) => w.node('n1').pause(-1)],
  ['setClockRate(NaN)', async (w) => w.node('n1').setClockRate(Number.NaN)],
  ['setClockRate(0)', async (w) => w.node('n1').setClockRate(0)],
  ['setClockRate(5e-324)', async (w) => w.node('n1').setClockRate(Number.MIN_VALUE)],
  ['setClockRate(1e300)', async (w) => w.node('n1').setClockRate(1e300)],
  ['jumpClock(-1)', async (w) => w.node('n1').jumpClock(-1)],
  ['process.sleep(-1)', (w) => w.node('n1').sleep(-1)],
  ['process.every(0)', async (w) => w.node('n1').every(0, () => undefined)],
  ['process.every without a function', async (w) => w.node('n1').every(1, untyped('run'))],
  ["names.set('seeds', '10.0.0.1')", async (w) => w.names.set('seeds', untyped('10.0.0.1'))],
  ["names.set('seeds', ['n1'])", async (w) => w.names.set('seeds', ['n1'])],
  ['names.setDelay(-1)', async (w) => w.names.setDelay(-1)],
  ['names.setFailing(1)', async (w) => w.names.setFailing(untyped(1))],
  ['setLinks(null)', async (w) => w.setLinks(untyped(null))],
  ["network.setLink(…, 'lossy')", async (w) => w.network.setLink(A, B, untyped('lossy'))],
  ["network.setLink('n1', …)", async (w) => w.network.setLink('n1', '10.0.0.2', { lossRate: 1 })],
  ["network.cut('n1', …)", async (w) => w.network.cut('n1', '10.0.0.2')],
  ["network.partition([['n1']])", async (w) => w.network.partition([['n1']])],
  ["network.setBandwidth('n1', …)", async (w) => w.network.setBandwidth('n1', 100)],
  ['network.setBandwidth(…, 0)', async (w) => w.network.setBandwidth('10.0.0.1', 0)],
  ['trace.lines({ proces })', async (w) => w.trace.lines(untyped({ proces: 'n1' }))],
  [
    "trace.lines({ kinds: ['members'] })",
    async (w) => w.trace.lines({ kinds: untyped(['members']) }),
  ],
  ["trace.lines({ kinds: 'member' })", async (w) => w.trace.lines({ kinds: untyped('member') })],
  ["trace.toText({ fromMs: 'a' })", async (w) => w.trace.toText({ fromMs: untyped('a') })],
  ['trace.toText({ toMs: NaN })', async (w) => w.trace.toText({ toMs: Number.NaN })],
  ['trace.toText({ process: 7 })', async (w) => w.trace.toText({ process: untyped(7) })],
  ['trace.toText(null)', async (w) => w.trace.toText(untyped(null))],
  ['compareTraces of results', async (w) => compareTraces(untyped({ trace: w.trace }), w.trace)],
];

test('calls refuse what they cannot take, and nothing has happened then', async () => {
  await simulate({ seed: 2, nodes: 2, checks: true }, async (world) => {
    const [lines, packets] = [world.trace.lines().length, world.trace.packetCount];
    for (const [what, call] of WRONG_CALLS) {
      // Some throw at once, some reject, as their kind does.
      const refused = (async () => call(world))();
      await assert.rejects(refused, (error: unknown) => {
        assert.ok(error instanceof StateError, `${what}: ${String(error)}`);
        assert.equal(error.code, 'ERR_ARGUMENT_INVALID', what);
        return true;
      });
    }
    assert.equal(world.now < 10_000, true);
    assert.equal(world.trace.lines().length, lines, 'nothing was noted');
    assert.equal(world.trace.packetCount, packets, 'nothing was sent');
    assert.deepEqual(
      world.processes.map(({ name }) => name),
      ['n1', 'n2'],
    );
    assert.throws(() => world.setLinks({ lossRate: 2 }), { code: 'ERR_CONFIG_INVALID' });
    assert.throws(() => world.setLinks(untyped({ loss: 1 })), { code: 'ERR_CONFIG_INVALID' });
    assert.equal(world.trace.lines().length, lines);
  });
});

test('a process of another world is no place in this one', async () => {
  const { value: stranger } = await simulate({ nodes: 1 }, (world) => world.node('n1'));
  await simulate({ nodes: 2 }, async (world) => {
    assert.ok(stranger instanceof SimProcess);
    assert.throws(() => world.cut('n1', stranger), ARGUMENT);
    await assert.rejects(world.restart(stranger), ARGUMENT);
  });
});

test('a node whose configuration is refused leaves no process behind', async () => {
  await simulate({ nodes: 1 }, async (world) => {
    const refused = world.spawn({ config: untyped({ gosip: { nodes: 2 } }) });
    await assert.rejects(refused, { code: 'ERR_CONFIG_INVALID' });
    assert.equal(world.processes.length, 1);
    assert.ok(world.hasOneView());
  });
});

test('a node whose configuration is wrong is refused before the life before it is killed', async () => {
  await simulate({ nodes: 2 }, async (world) => {
    const node = world.node('n2');
    const lines = world.trace.lines().length;
    for (const config of [{ gosip: {} }, { nodeName: 'x' }, { bindAddress: '10.0.0.9' }]) {
      const refused = { code: 'ERR_CONFIG_INVALID', message: /config\./ } as const;
      await assert.rejects(world.restart(node, { config: untyped(config) }), refused);
      await assert.rejects(world.spawn({ config: untyped(config) }), refused);
    }
    assert.ok(node.isRunning);
    assert.equal(world.trace.lines().length, lines);
  });
});

test('what a process cannot suffer any more, since it has ended, is refused', async () => {
  await simulate({ nodes: 3 }, async (world) => {
    const [crashed, closed] = [world.node('n2'), world.node('n3')];
    crashed.crash();
    await closed.close();
    const closedError = { code: 'ERR_CLOSED', message: /runs no more/ } as const;
    for (const node of [crashed, closed]) {
      assert.throws(() => node.crash(), closedError);
      assert.throws(() => node.pause(5), closedError);
      assert.throws(() => node.setClockRate(2), closedError);
      assert.throws(() => node.jumpClock(5), closedError);
      assert.throws(() => node.every(5, () => undefined), closedError);
      await assert.rejects(node.sleep(5), closedError);
      world.cut('n1', node); // its host may be run on again
    }
  });
});

test('a name is free again when its process has ended, and names by default pass over those taken', async () => {
  await simulate({ nodes: 1 }, async (world) => {
    const first = world.start('svc', () => undefined);
    first.crash();
    const { host, files } = first;
    const second = world.start('svc', () => undefined, { host, files });
    assert.deepEqual([second.host, second.files], [host, files]);
    await world.spawn({ name: 'n5' });
    assert.equal((await world.spawn()).name, 'n6', 'the fifth process would be n5');
  });
});

test('a world that is over refuses whatever would wait or happen in it', async () => {
  const { value: world } = await simulate({ nodes: 2, checks: true }, (it) => it);
  const calls: readonly ((it: World) => unknown)[] = [
    (it) => it.sleep(5),
    (it) => it.until(() => false),
    (it) => it.spawn(),
    (it) => it.spawnMany(0),
    (it) => it.start('late', () => undefined),
    (it) => it.converge(),
    (it) => it.cut('n1', 'n2'),
    (it) => it.mend('n1', 'n2'),
    (it) => it.clog('n1', 'n2', 5),
    (it) => it.partition([['n1'], ['n2']]),
    (it) => it.heal(),
    (it) => it.setLinks({ lossRate: 1 }),
  ];
  for (const call of calls) {
    await assert.rejects(
      (async () => call(world))(),
      { code: 'ERR_CLOSED', message: /simulation is over/ },
      String(call),
    );
  }
});
