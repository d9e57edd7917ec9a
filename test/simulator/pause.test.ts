import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';

import type { NetworkDB } from '../../src/networkdb/index.ts';
import type { StreamHandlers } from '../../src/runtime/index.ts';
import { SeededRandom } from '../../src/runtime/index.ts';
import type { MemoryTransport, SimNode, World } from '../../src/simulator/index.ts';
import { MemoryNetwork, simulate, VirtualClock } from '../../src/simulator/index.ts';
import { runVirtual } from '../support/drivers.ts';
import type { TestNode } from '../support/transport-harness.ts';
import { pattern, TestRing } from '../support/transport-harness.ts';

/*
 * What becomes of what waits for a process that stands still, when it ends before it wakes.
 */

const PAUSE_MS = 6_000;

/** Three nodes; the first stands still while a fourth joins through it, so that its streams wait there. */
async function pausedWhileOneJoins(
  end: (paused: SimNode, world: World) => unknown,
): Promise<{ readonly heard: readonly string[]; readonly trace: string; readonly db: NetworkDB }> {
  const { value, trace } = await simulate({ seed: 3, nodes: 3 }, async (world) => {
    await world.sleep(5_000);
    const paused = world.node('n1');
    const { db } = paused;
    const heard: string[] = [];
    paused.pause(PAUSE_MS);
    void world.spawn({ name: 'late', join: [paused] }).catch(() => undefined);
    await world.sleep(1_000);
    for (const event of ['join', 'suspect', 'fail', 'leave', 'update'] as const) {
      db.on(event, ({ name }) => heard.push(`${event} ${name}`));
    }
    await end(paused, world);
    await world.sleep(2 * PAUSE_MS);
    return { heard, db };
  });
  return { ...value, trace: trace.toText({ process: 'n1' }) };
}

test('a process that is killed while it stands still never hears what waited for it', async () => {
  const { heard, trace } = await pausedWhileOneJoins((paused) => paused.crash());
  assert.deepEqual(heard, []);
  assert.match(trace, /n1 +crashes$/, 'the last that is told of it');
});

test('a process that is not killed hears it when it wakes', async () => {
  const { heard, trace } = await pausedWhileOneJoins(() => undefined);
  assert.ok(heard.includes('join late'), heard.join());
  assert.match(trace, /sees late/);
});

test('a node that stands still and is started again learns nothing in the life before', async () => {
  const { heard, trace, db } = await pausedWhileOneJoins((paused, world) =>
    world.restart(paused, { join: [world.node('n2')] }),
  );
  assert.deepEqual(heard, []);
  assert.throws(() => db.members(), { code: 'ERR_CLOSED' });
  assert.equal(trace.match(/sees late/g)?.length, 1, 'the new life alone sees it');
});

test('a node that closes while it stands still hears nothing more, and has ended when it wakes', async () => {
  let closedAt = 0;
  const { heard, trace } = await pausedWhileOneJoins((paused, world) => {
    void paused.close().then(() => (closedAt = world.now));
  });
  assert.deepEqual(heard, []);
  assert.match(trace, /n1 +ends$/);
  assert.ok(closedAt >= 5_000 + PAUSE_MS, `closed at ${closedAt}`);
});

test('a node that is killed while it closes has crashed, and does not end once more', async () => {
  const { trace } = await pausedWhileOneJoins((paused) => {
    void paused.close();
    paused.crash();
  });
  assert.match(trace, /n1 +crashes$/);
});

describe('a transport that stands still', () => {
  async function waiting(handlers: (log: string[]) => StreamHandlers): Promise<{
    readonly log: string[];
    readonly clock: VirtualClock;
    readonly transport: MemoryTransport;
  }> {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom(1) });
    const made: MemoryTransport[] = [];
    const create = (host: string): MemoryTransport => {
      const transport = network.transport({ host });
      made.push(transport);
      return transport;
    };
    const start = async (host: string): Promise<TestNode> =>
      new TestRing({
        host,
        create: () => create(host),
        run: runVirtual(clock),
        settle: async () => undefined,
        problems: () => [],
      }).start();
    const [a] = [await start('10.0.0.1'), await start('10.0.0.2')];
    const log: string[] = [];
    const transport = made[1] as MemoryTransport;
    transport.dial(a.address, handlers(log));
    clock.runFor(10);
    transport.pause(100);
    for (const size of [1, 2]) {
      a.accepted[0]?.connection?.write(pattern(size));
      clock.runFor(5);
    }
    return { log, clock, transport };
  }

  const logging = (log: string[]): StreamHandlers => ({
    onOpen: () => log.push('open'),
    onData: (bytes) => log.push(`data ${bytes.length}`),
    onClose: (error) => log.push(`close ${String(error?.fields['reason'])}`),
  });

  it('hears in order what waited', async () => {
    const { log, clock } = await waiting(logging);
    assert.deepEqual(log, ['open']);
    clock.runFor(200);
    assert.deepEqual(log, ['open', 'data 1', 'data 2']);
  });

  it('hears no more of what waited when the first of it kills the process', async () => {
    let kill = (): void => undefined;
    const { log, clock, transport } = await waiting((into) => ({
      ...logging(into),
      onData: (bytes) => {
        into.push(`data ${bytes.length}`);
        kill();
      },
    }));
    kill = () => transport.crash();
    clock.runFor(200);
    assert.deepEqual(log, ['open', 'data 1']);
  });

  it('closes when it wakes: streams that it drops bring nothing but their end, and nothing comes after', async () => {
    const { log, clock, transport } = await waiting(logging);
    transport.close(() => log.push('closed'));
    transport.close(() => log.push('closed again'));
    clock.runFor(20);
    transport.close(() => log.push('closed late'));
    clock.runFor(20);
    assert.deepEqual(log, ['open']);
    clock.runFor(200);
    const ends = ['close destroyed', 'closed', 'closed again', 'closed late'];
    assert.deepEqual(log, ['open', ...ends]);
  });

  it('answers every close when it is killed, once', async () => {
    const { log, clock, transport } = await waiting(logging);
    transport.close(() => log.push('closed'));
    clock.runFor(20);
    transport.crash();
    transport.close(() => log.push('closed late'));
    transport.crash();
    clock.runFor(200);
    assert.deepEqual(log, ['open', 'closed', 'closed late']);
  });
});
