import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { randomBelow, SeededRandom } from '../../src/runtime/index.ts';
import type { LinkSettings } from '../../src/simulator/index.ts';
import { createMemoryRuntime, MemoryNetwork, VirtualClock } from '../../src/simulator/index.ts';
import { runVirtual } from '../support/drivers.ts';
import type { TestNode } from '../support/transport-harness.ts';
import { assertCode, pattern, TestRing } from '../support/transport-harness.ts';

const [A, B, C] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as const;

class World {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;

  constructor(settings: Partial<LinkSettings> = {}, seed = 1) {
    this.network = new MemoryNetwork({
      clock: this.clock,
      random: new SeededRandom(seed),
      ...settings,
    });
  }

  async start(host: string, limits: object = {}): Promise<TestNode> {
    const ring = new TestRing({
      host,
      create: () => this.network.transport({ host }),
      run: runVirtual(this.clock),
      settle: async () => undefined,
      problems: () => [],
    });
    return ring.start(limits);
  }

  /** Sends `count` numbered packets at once. */
  burst(from: TestNode, to: TestNode, count: number): void {
    for (let index = 0; index < count; index += 1) {
      from.transport.sendPacket(to.address, Uint8Array.of(index >> 8, index & 0xff));
    }
  }
}

const numbers = (node: TestNode): number[] =>
  node.packets.map(({ bytes }) => ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0));

describe('the simulated network', () => {
  it('delivers after the latency of the link, its own over the common one', async () => {
    const world = new World({ latencyMs: 5 });
    const [a, b] = [await world.start(A), await world.start(B)];
    world.network.setLink(B, A, { latencyMs: 20 });
    world.burst(a, b, 1);
    world.burst(b, a, 1);
    world.clock.runFor(4.9);
    assert.equal(b.packets.length, 0);
    world.clock.runFor(0.2);
    assert.deepEqual([a.packets.length, b.packets.length], [0, 1]);
    world.clock.runFor(15);
    assert.equal(a.packets.length, 1);
  });

  it('loses and doubles about the share it was told to', async () => {
    const world = new World({ lossRate: 0.3, duplicateRate: 0.2 });
    const [a, b] = [await world.start(A), await world.start(B)];
    world.burst(a, b, 5000);
    world.clock.runFor(100);
    const counters = world.network.counters();
    const { 'packets.lost': lost = 0, 'packets.duplicated': doubled = 0 } = counters;
    assert.ok(lost > 1350 && lost < 1650, `lost ${lost}`);
    assert.ok(doubled > 600 && doubled < 800, `doubled ${doubled}`);
    assert.equal(b.packets.length, 5000 - lost + doubled);
    assert.equal(counters['packets.delivered'], b.packets.length);
    assert.equal(counters['packets.bytes'], 10_000);
  });

  it('reorders packets by jitter and by holding some back, never stream bytes', async () => {
    for (const settings of [{ jitterMs: 5 }, { reorderRate: 0.2 }]) {
      const world = new World(settings);
      const [a, b] = [await world.start(A), await world.start(B)];
      world.burst(a, b, 100);
      const log = a.dial(b.address);
      for (let index = 0; index < 100; index += 1) log.connection?.write(Uint8Array.of(index));
      world.clock.runFor(100);
      assert.notDeepEqual(
        numbers(b),
        numbers(b).toSorted((x, y) => x - y),
      );
      assert.equal(b.packets.length, 100);
      assert.deepEqual([...(b.accepted[0]?.bytes ?? [])], [...Array(100).keys()]);
    }
  });

  it('is unheard where nobody listens', async () => {
    const world = new World();
    const a = await world.start(A);
    a.transport.sendPacket({ host: B, port: 7946 }, pattern(5));
    world.clock.runFor(10);
    assert.equal(world.network.counters()['packets.unheard'], 1);
  });

  it('moves copies, so neither side sees what the other does to its array', async () => {
    const world = new World({ duplicateRate: 1 });
    const [a, b] = [await world.start(A), await world.start(B)];
    const bytes = Uint8Array.of(1, 2, 3);
    const log = a.dial(b.address);
    world.clock.runFor(10);
    a.transport.sendPacket(b.address, bytes);
    log.connection?.write(bytes);
    bytes.fill(9);
    world.clock.runFor(10);
    assert.deepEqual([...(b.accepted[0]?.bytes ?? [])], [1, 2, 3]);
    b.packets[0]?.bytes.fill(7);
    assert.deepEqual([...(b.packets[1]?.bytes ?? [])], [1, 2, 3]);
  });

  it('cuts one direction or both, also for what is under way, and heals', async () => {
    const world = new World({ latencyMs: 10 });
    const [a, b] = [await world.start(A), await world.start(B)];
    world.burst(a, b, 1);
    world.network.cut(A, B, 'oneWay');
    world.burst(b, a, 1);
    world.clock.runFor(20);
    assert.deepEqual([a.packets.length, b.packets.length], [1, 0]);
    world.network.cut(A, B);
    world.burst(b, a, 1);
    world.clock.runFor(20);
    assert.equal(a.packets.length, 1);
    world.network.mend(A, B, 'oneWay');
    world.burst(a, b, 1);
    world.clock.runFor(20);
    assert.equal(b.packets.length, 1);
    world.network.heal();
    world.burst(b, a, 1);
    world.clock.runFor(20);
    assert.equal(a.packets.length, 2);
  });

  it('partitions into groups, those not named being one more', async () => {
    const world = new World();
    const nodes = await Promise.all([A, B, C, '10.0.0.4'].map((host) => world.start(host)));
    world.network.partition([[A, B]]);
    for (const from of nodes) for (const to of nodes) if (from !== to) world.burst(from, to, 1);
    world.clock.runFor(10);
    const heardFrom = nodes.map(({ packets }) => packets.map(({ from }) => from.host).join());
    assert.deepEqual(heardFrom, [B, A, '10.0.0.4', C]);
  });

  it('fails a dial into a cut link after the dial timeout, and lets it through if healed', async () => {
    const world = new World();
    const [a, b] = [await world.start(A, { dialTimeoutMs: 1000 }), await world.start(B)];
    for (const [from, to] of [
      [A, B],
      [B, A],
    ] as const) {
      world.network.cut(from, to, 'oneWay');
      const log = a.dial(b.address);
      world.clock.runFor(999);
      assert.equal(log.isClosed, false);
      world.clock.runFor(2);
      assertCode(log, 'ERR_DIAL_FAILED');
      world.network.heal();
    }
    world.network.cut(A, B);
    const log = a.dial(b.address);
    log.connection?.write(Uint8Array.of(4));
    world.clock.runFor(500);
    world.network.heal();
    world.clock.runFor(500);
    assert.equal(log.has('open'), true);
    assert.deepEqual([...(b.accepted.at(-1)?.bytes ?? [])], [4]);
  });

  it('refuses a dial to nobody after one round trip', async () => {
    const world = new World({ latencyMs: 30 });
    const a = await world.start(A);
    const log = a.dial({ host: B, port: 1 });
    world.clock.runFor(59);
    assert.equal(log.isClosed, false);
    world.clock.runFor(2);
    assertCode(log, 'ERR_DIAL_FAILED');
  });

  it('holds stream bytes on a cut link until it heals, or until both ends idle out', async () => {
    const world = new World();
    const [a, b] = [await world.start(A), await world.start(B)];
    const log = a.dial(b.address);
    world.clock.runFor(10);
    world.network.cut(A, B);
    log.connection?.write(pattern(1000));
    world.clock.runFor(5000);
    assert.equal(b.accepted[0]?.bytes.length, 0);
    world.network.heal();
    world.clock.runFor(500);
    assert.deepEqual(new Uint8Array(b.accepted[0].bytes), pattern(1000));

    world.network.cut(A, B);
    log.connection?.write(pattern(10));
    world.clock.runFor(10_100);
    assert.equal(log.outcome?.fields['reason'], 'idle');
    assert.equal(b.accepted[0].outcome?.fields['reason'], 'idle');
  });

  it('crashes a process: it falls silent, its streams break, its address is free', async () => {
    const world = new World();
    const [a, b] = [await world.start(A), await world.start(B)];
    const log = a.dial(b.address);
    world.clock.runFor(10);
    let isClosed = false;
    const victim = world.network.transport({ host: C });
    world.network.crash(victim);
    victim.close(() => (isClosed = true));
    assert.ok('crash' in b.transport);
    world.network.crash(b.transport as typeof victim);
    world.burst(a, b, 3);
    b.transport.sendPacket(a.address, pattern(1));
    world.clock.runFor(10);
    assert.equal(isClosed, true);
    assertCode(log, 'ERR_STREAM_CLOSED');
    assert.equal(b.accepted[0]?.isClosed, false);
    assert.deepEqual([a.packets.length, b.packets.length], [0, 0]);
    assert.equal(world.network.isBound(b.address), false);
    const next = await world.start(B);
    assert.deepEqual(next.address, b.address);
  });

  it('sends no faster than the bandwidth of the host', async () => {
    const world = new World();
    const [a, b] = [await world.start(A), await world.start(B)];
    world.network.setBandwidth(A, 100_000);
    for (let index = 0; index < 10; index += 1) a.transport.sendPacket(b.address, pattern(1000));
    world.clock.runFor(51.5);
    assert.equal(b.packets.length, 5);
    const log = a.dial(b.address);
    log.connection?.write(pattern(50_000));
    world.clock.runFor(500);
    assert.equal(b.packets.length, 10);
    assert.equal(b.accepted[0]?.bytes.length, 0);
    world.clock.runFor(100);
    assert.equal(b.accepted[0].bytes.length, 50_000);
    for (let index = 0; index < 1200; index += 1) a.transport.sendPacket(b.address, pattern(1000));
    world.clock.runFor(1);
    assert.ok((world.network.counters()['packets.overflowed'] ?? 0) > 100);
    assert.throws(() => world.network.setBandwidth(A, 0), { code: 'ERR_ARGUMENT_INVALID' });
  });

  it('shows every datagram to the observer and loses those that the filter picks', async () => {
    const world = new World();
    const [a, b] = [await world.start(A), await world.start(B)];
    const seen: string[] = [];
    world.network.onPacket = (from, to, bytes) => seen.push(`${from.host} ${to.host} ${bytes[1]}`);
    world.network.dropPacket = (_from, _to, bytes) => bytes[1] === 1;
    world.burst(a, b, 3);
    world.clock.runFor(10);
    assert.deepEqual(seen, [`${A} ${B} 0`, `${A} ${B} 1`, `${A} ${B} 2`]);
    assert.deepEqual(numbers(b), [0, 2]);
  });

  it('refuses settings that make no sense, all at once', () => {
    const settings = { lossRate: 2, latencyMs: -1, jitterMs: Number.NaN };
    assert.throws(
      () => new World(settings),
      (error: Error) => {
        return ['lossRate', 'latencyMs', 'jitterMs'].every((path) => error.message.includes(path));
      },
    );
  });

  it('repeats a run exactly under the same seed, and not under another', async () => {
    const first = await gossipLog(42);
    assert.ok(first.length > 500);
    assert.deepEqual(await gossipLog(42), first);
    assert.notDeepEqual(await gossipLog(43), first);
  });
});

/** Every delivery of ten processes that forward packets and dial at random over a bad network. */
async function gossipLog(seed: number): Promise<string[]> {
  const world = new World(
    { jitterMs: 3, lossRate: 0.1, duplicateRate: 0.1, reorderRate: 0.1 },
    seed,
  );
  const log: string[] = [];
  const limits = { maxInboundStreams: 4, maxStreamBytes: 1e6, streamIdleMs: 50, dialTimeoutMs: 50 };
  const hosts = Array.from({ length: 10 }, (_, index) => `10.0.1.${index + 1}`);
  for (const [index, host] of hosts.entries()) {
    const { clock, random, entropy, transport } = createMemoryRuntime({
      network: world.network,
      host,
      seed: seed * 100 + index,
    });
    const note = (what: string): number => log.push(`${clock.now()} ${host} ${what}`);
    const nonce = new Uint8Array(4);
    const somebody = () => ({ host: hosts[randomBelow(random, hosts.length)] ?? A, port: 7946 });
    const tick = (): void => {
      entropy.fill(nonce);
      transport.sendPacket(somebody(), nonce);
      const stream = transport.dial(somebody(), {
        onData: () => undefined,
        onClose: (error) => note(`close ${error?.code}`),
      });
      stream.write(nonce);
      if (randomBelow(random, 2) === 0) stream.end();
      clock.schedule(1 + randomBelow(random, 20), tick);
    };
    transport.listen(
      { bindAddress: host, bindPort: 7946, limits },
      {
        onPacket: (bytes, from) => note(`packet ${from.host} ${bytes.join()}`),
        onStream: (connection) => ({
          onData: (bytes) => note(`data ${connection.remote.host} ${bytes.join()}`),
          onEnd: () => connection.end(),
          onClose: (error) => note(`closed ${error?.code}`),
        }),
      },
      () => clock.schedule(1, tick),
    );
  }
  world.clock.schedule(100, () => world.network.partition([hosts.slice(0, 4)]));
  world.clock.schedule(200, () => world.network.heal());
  world.clock.runFor(400);
  return log;
}
