// A member that reaches others and is never reached says so; healthy members never do.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MemberlistOptions, Warning } from '../../src/memberlist/index.ts';
import { Reachability } from '../../src/memberlist/reachability.ts';
import { VirtualClock } from '../../src/simulator/index.ts';
import { LIMITS } from '../support/transport-harness.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

const MINUTE = 60_000;
const CODES = ['WARN_UNREACHED', 'WARN_ADVERTISE_MISMATCH'];

/** What members warn of about being reached, as `n1 WARN_UNREACHED packets`. */
function listen(nodes: readonly RingNode[]): { told: string[]; warnings: Warning[] } {
  const told: string[] = [];
  const warnings: Warning[] = [];
  for (const { member } of nodes) {
    member.on('warning', (warning) => {
      if (!CODES.includes(warning.code)) return;
      told.push(`${member.name} ${warning.code} ${String(warning.fields['way'])}`);
      warnings.push(warning);
    });
  }
  return { told, warnings };
}

/** Forwards packets and streams from an address to a host, as address translation does. */
async function forward(ring: Ring, from: string, to: string): Promise<() => Promise<void>> {
  const transport = ring.network.transport({ host: from });
  const target = { host: to, port: 7946 };
  await ring.settle(
    new Promise((resolve) => {
      transport.listen(
        { bindAddress: from, bindPort: 7946, limits: LIMITS },
        {
          onPacket: (bytes) => {
            transport.sendPacket(target, bytes);
          },
          onStream: (outer) => {
            const inner = transport.dial(target, {
              onData: (bytes) => outer.write(bytes),
              onEnd: () => {
                outer.end();
              },
              onClose: () => {
                outer.destroy();
              },
            });
            return {
              onData: (bytes) => inner.write(bytes),
              onEnd: () => {
                inner.end();
              },
              onClose: () => {
                inner.destroy();
              },
            };
          },
        },
        resolve,
      );
    }),
  );
  return async () => ring.settle(new Promise((resolve) => transport.close(() => resolve())));
}

for (const [size, minutes, options] of [
  [1, 60, {}],
  [2, 240, {}],
  [2, 60, { wire: 'memberlist' }],
  [5, 60, {}],
  [30, 10, {}],
] satisfies [number, number, MemberlistOptions][]) {
  const wire = (options as MemberlistOptions).wire ?? 'protobuf';
  test(`a healthy, quiet ring of ${size} on the ${wire} wire is silent for ${minutes} minutes`, async () => {
    const ring = new Ring({ seed: size, lossRate: size === 5 ? 0.2 : 0 });
    const nodes = await ring.spawnJoined(size, options);
    const { told } = listen(nodes);
    ring.runFor(minutes * MINUTE);
    assert.deepEqual(told, []);
    await ring.close();
  });
}

test('a member whose advertised address leads nowhere says so within minutes, and again each minute', async () => {
  for (const wire of ['protobuf', 'memberlist'] as const) {
    const ring = new Ring();
    await ring.spawnJoined(3, { wire });
    const lost = await ring.spawn({ wire, advertiseAddress: '10.9.9.9' });
    const { told, warnings } = listen(ring.nodes);
    await ring.settle(lost.member.join(['10.0.0.1']));
    ring.runFor(50_000);
    assert.deepEqual(told, [], 'it has just joined');
    assert.ok(ring.runUntil(() => told.length > 0, 3 * MINUTE));
    assert.equal(told[0], 'n4 WARN_ADVERTISE_MISMATCH packets');
    assert.match(warnings[0]?.message ?? '', /10\.9\.9\.9:7946, .* \(10\.0\.0\.4\): set advertise/);
    ring.runFor(2.5 * MINUTE);
    assert.ok(told.length >= 2 && told.length <= 4, told.join());
    assert.deepEqual(new Set(told), new Set(['n4 WARN_ADVERTISE_MISMATCH packets']));
    assert.equal(lost.member.stats().counters['warnings.WARN_ADVERTISE_MISMATCH'], told.length);
    await ring.close();
  }
});

test('behind a forwarded address nothing is told, and it is once the forwarding ends', async () => {
  const ring = new Ring();
  await ring.spawnJoined(3);
  const end = await forward(ring, '10.9.9.9', '10.0.0.4');
  const hidden = await ring.spawn({ advertiseAddress: '10.9.9.9' });
  const { told } = listen(ring.nodes);
  await ring.settle(hidden.member.join(['10.0.0.1']));
  ring.runFor(60 * MINUTE);
  assert.deepEqual(told, []);
  assert.equal(ring.nodes[0]?.member.memberCount, 4);
  await end();
  assert.ok(ring.runUntil(() => told.length > 0, 5 * MINUTE));
  assert.equal(told[0], 'n4 WARN_ADVERTISE_MISMATCH packets');
  await ring.close();
});

test('a firewall that lets UDP in for nobody is told, and nothing more once it is open', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4);
  const { told, warnings } = listen(nodes);
  ring.network.dropPacket = (_from, to) => to.host === '10.0.0.2';
  assert.ok(ring.runUntil(() => told.length > 0, 5 * MINUTE));
  assert.equal(told[0], 'n2 WARN_UNREACHED packets');
  assert.match(warnings[0]?.message ?? '', /probed it over UDP at 10\.0\.0\.2:7946: let UDP in/);
  ring.network.dropPacket = null;
  ring.runFor(10_000);
  told.length = 0;
  ring.runFor(10 * MINUTE);
  assert.deepEqual(told, []);
  await ring.close();
});

test('a firewall that lets no streams in is told after half an hour at most', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4);
  const { told } = listen(nodes);
  ring.network.dropDial = (_from, to) => to.host === '10.0.0.2';
  ring.runFor(14 * MINUTE);
  assert.deepEqual(told, []);
  assert.ok(ring.runUntil(() => told.length > 0, 16 * MINUTE));
  assert.equal(told[0], 'n2 WARN_UNREACHED streams');
  await ring.close();
});

test('neither partitions, nor crashes of all others, nor a leave, nor a pause make a member doubt its address', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(4);
  const { told } = listen(nodes);
  const [first, second, third] = nodes as [RingNode, RingNode, RingNode];
  for (const minutes of [0.9, 1, 5]) {
    ring.network.partition([['10.0.0.1'], ['10.0.0.2', '10.0.0.3']]);
    ring.runFor(minutes * MINUTE);
    ring.network.heal();
    ring.runFor(2 * MINUTE);
  }
  second.runtime.pause(10 * MINUTE);
  ring.runFor(12 * MINUTE);
  await ring.settle(third.member.leave());
  ring.runFor(20 * MINUTE);
  second.runtime.crash();
  nodes[3]?.runtime.crash();
  ring.runFor(20 * MINUTE);
  assert.equal(first.member.memberCount, 1);
  assert.deepEqual(told, []);
  await ring.close();
});

test('time counts only between answers, and only so much for each', () => {
  const clock = new VirtualClock();
  const told: string[] = [];
  let patience: number | null = 1000;
  const reach = new Reachability({
    clock,
    creditMs: 100,
    patienceMs: (way) => (way === 'packets' ? patience : null),
    onSilent: (way, silentMs) => told.push(`${way} ${silentMs}`),
  });
  const answer = (afterMs: number): void => {
    clock.runFor(afterMs);
    reach.answered();
  };
  answer(5000);
  for (let i = 0; i < 9; i += 1) answer(5000);
  assert.deepEqual(told, []);
  answer(5000);
  answer(50);
  assert.deepEqual(told, ['packets 1000', 'packets 1050']);
  reach.reached('streams');
  answer(50);
  assert.equal(told.length, 3);
  reach.reached('packets');
  for (let i = 0; i < 9; i += 1) answer(100);
  assert.equal(told.length, 3);
  patience = null;
  answer(100);
  patience = 1000;
  for (let i = 0; i < 9; i += 1) answer(100);
  assert.equal(told.length, 3, 'where nobody has a reason to come, silence is forgotten');
});
