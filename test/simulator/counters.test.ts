import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SeededRandom } from '../../src/runtime/index.ts';
import { simulate, VirtualClock } from '../../src/simulator/index.ts';
import { MemoryNames, MemoryResolver } from '../../src/simulator/names.ts';
import { Fabric } from '../../src/simulator/fabric.ts';

/*
 * A fault that is asked for and hits nothing proves nothing: the network and the name service count what they did.
 */

const [FROM, TO] = [
  { host: '10.0.0.1', port: 1 },
  { host: '10.0.0.2', port: 2 },
];

function sent(change: (fabric: Fabric) => void): Record<string, number> {
  const clock = new VirtualClock();
  const fabric = new Fabric(clock, new SeededRandom(1));
  change(fabric);
  let lateCount = 0;
  for (let i = 0; i < 100; i += 1) {
    fabric.carryPacket(FROM, TO, new Uint8Array(1), () => {
      if (clock.now() > 30) lateCount += 1;
    });
  }
  fabric.streamDelay(FROM.host, TO.host, 10);
  clock.runFor(1_000);
  const { counters } = fabric;
  return { ...counters.snapshot(), lateCount };
}

test('packets that are held back out of order, by jitter or by a clog are counted', () => {
  const plain = sent(() => undefined);
  for (const name of ['packets.reordered', 'packets.jittered', 'packets.clogged']) {
    assert.equal(plain[name], undefined, name);
  }
  const reordered = sent(({ links }) => links.change({ reorderRate: 0.3, reorderMs: 40 }));
  assert.ok((reordered['packets.reordered'] ?? 0) > 10);
  assert.equal(reordered['packets.reordered'], reordered['lateCount']);
  const inTime = sent(({ links }) => links.change({ reorderRate: 0.3, reorderMs: 0 }));
  assert.equal(inTime['packets.reordered'], undefined, 'held back for no time at all');
  assert.equal(sent(({ links }) => links.change({ jitterMs: 9 }))['packets.jittered'], 100);
  const clogged = sent(({ links }) => links.clog(FROM.host, TO.host, 50));
  assert.deepEqual([clogged['packets.clogged'], clogged['lateCount']], [100, 100]);
  assert.equal(clogged['streams.clogged'], 1);
});

test('lookups that fail and those that come too late are counted, lookups of addresses are not', () => {
  const clock = new VirtualClock();
  const names = new MemoryNames();
  names.set('ring', ['10.0.0.1']);
  const resolver = new MemoryResolver(clock, names).within(1_000);
  const ask = (name: string): void => {
    resolver.lookup(name, () => undefined);
    clock.runFor(5_000);
  };
  ask('10.0.0.1');
  assert.deepEqual(names.counters(), {});
  ask('ring');
  ask('nobody');
  names.setFailing(true);
  ask('ring');
  names.setDelay(2_000);
  ask('ring');
  const [asked, failed, late] = [4, 1, 1];
  assert.deepEqual(names.counters(), {
    'lookups.asked': asked,
    'lookups.failed': failed,
    'lookups.late': late,
  });
});

test('a simulation tells what was held back', async () => {
  const { network } = await simulate(
    { nodes: 2, network: { jitterMs: 5, reorderRate: 0.5 } },
    async (world) => {
      world.clog('n1', 'n2', 3_000);
      await world.sleep(6_000);
    },
  );
  for (const name of ['packets.reordered', 'packets.jittered', 'packets.clogged']) {
    assert.ok((network[name] ?? 0) > 0, name);
  }
});
