import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { MemoryFiles } from '../../src/simulator/index.ts';
import type { RingNode } from '../support/ring.ts';
import { Ring } from '../support/ring.ts';

/*
 * Rings that were torn find together with nothing configured: after partitions that last longer than
 * anyone is remembered as a member, after a restart of everybody, and when the seeds have moved.
 */

function isWhole(nodes: readonly RingNode[]): boolean {
  return nodes.every(({ member }) => {
    return member.members().filter(({ state }) => state === 'alive').length === nodes.length;
  });
}

function hosts(nodes: readonly RingNode[]): string[] {
  return nodes.map(({ host }) => host);
}

describe('a partition', () => {
  for (const [label, splitMs, count] of [
    ['10 s', 10_000, 10],
    ['5 minutes', 300_000, 10],
    ['1 hour', 3_600_000, 4],
  ] as const) {
    test(`of ${label} heals by itself within 30 s`, async () => {
      const ring = new Ring();
      const nodes = await ring.spawnJoined(count);
      const halves = [nodes.slice(0, count / 2), nodes.slice(count / 2)];
      ring.network.partition(halves.map(hosts));
      ring.runFor(splitMs);
      ring.network.heal();
      assert.ok(
        ring.runUntil(() => isWhole(nodes), 30_000),
        'one view of all',
      );
      await ring.close();
    });
  }

  test('leaves the halves apart for good when rejoining is off, as in Go', async () => {
    const ring = new Ring();
    const off = { rejoin: { reconnectIntervalMs: false, bootstrapIntervalMs: false } } as const;
    const nodes = await ring.spawnJoined(6, off);
    ring.network.partition([hosts(nodes.slice(0, 3)), hosts(nodes.slice(3))]);
    ring.runFor(300_000);
    ring.network.heal();
    assert.equal(
      ring.runUntil(() => isWhole(nodes), 600_000),
      false,
    );
    await ring.close();
  });
});

describe('lost members', () => {
  test('are tried at a rate that falls with their share', async () => {
    const ring = new Ring();
    const nodes = await ring.spawnJoined(10, { rejoin: { bootstrapIntervalMs: false } });
    nodes[9]?.runtime.crash();
    ring.runFor(60_000);
    const attempts = (): number =>
      nodes
        .slice(0, 9)
        .reduce((sum, { member }) => sum + (member.stats().counters['rejoin.attempts'] ?? 0), 0);
    const before = attempts();
    ring.runFor(100_000);
    const perSecond = (attempts() - before) / 100;
    assert.ok(perSecond > 0.3 && perSecond < 3, `${perSecond} attempts a second by nine members`);
    await ring.close();
  });

  test('are looked for during a day, and then no more', async () => {
    const ring = new Ring();
    const quiet = {
      gossip: { intervalMs: false },
      pushPull: { intervalMs: false },
      rejoin: { reconnectIntervalMs: 600_000, bootstrapIntervalMs: false },
    } as const;
    const nodes = await ring.spawnJoined(2, { ...quiet, probe: { intervalMs: 300_000 } });
    const [a, b] = nodes;
    b?.runtime.crash();
    const attempts = (): number => a?.member.stats().counters['rejoin.attempts'] ?? 0;
    assert.ok(ring.runUntil(() => attempts() > 0, 20 * 3_600_000));
    ring.runFor(20 * 3_600_000);
    assert.ok(attempts() > 50);
    ring.runFor(24 * 3_600_000);
    const afterADay = attempts();
    ring.runFor(24 * 3_600_000);
    assert.equal(attempts(), afterADay);
    await ring.close();
  });

  test('that left on purpose are not looked for', async () => {
    const ring = new Ring();
    const nodes = await ring.spawnJoined(3, { rejoin: { bootstrapIntervalMs: false } });
    await ring.settle(nodes[2]?.member.leave() ?? assert.fail());
    await ring.settle(nodes[2]?.member.close() ?? assert.fail());
    ring.runFor(120_000);
    assert.equal(nodes[0]?.member.stats().counters['rejoin.attempts'], undefined);
    await ring.close();
  });
});

describe('seeds', () => {
  test('of the last join that are missing are contacted again', async () => {
    const ring = new Ring();
    const a = await ring.spawn();
    const b = await ring.spawn();
    await ring.settle(a.member.join([b.host, '10.0.0.77']));
    const late = await ring.spawn({}, { host: '10.0.0.77' });
    assert.ok(ring.runUntil(() => isWhole([a, b, late]), 70_000));
    await ring.close();
  });
});

describe('seeds that change at run time', () => {
  test('lead an isolated member back when the only seed it had is gone for good', async () => {
    const ring = new Ring();
    const others = await ring.spawnJoined(3);
    const gone = await ring.spawn();
    const lost = await ring.spawn();
    await ring.settle(lost.member.join([gone.host]));
    gone.runtime.crash();
    ring.runFor(86_400_000 + 120_000);
    assert.equal(lost.member.memberCount, 1);
    lost.member.setBootstrap([others[1]?.host ?? '']);
    assert.ok(ring.runUntil(() => isWhole([...others, lost]), 5_000));
    await ring.close();
  });

  test('are looked for again and again, and no more when the list is empty', async () => {
    const ring = new Ring();
    const node = await ring.spawn();
    const attempts = (): number => node.member.stats().counters['rejoin.attempts'] ?? 0;
    const seeds = ['10.7.7.7'];
    node.member.setBootstrap(seeds);
    seeds.push('10.7.7.8');
    ring.runFor(300_000);
    assert.ok(attempts() >= 4 && attempts() <= 6, `${attempts()}`);
    const late = await ring.spawn({}, { host: '10.7.7.7' });
    assert.ok(ring.runUntil(() => isWhole([node, late]), 70_000));
    node.member.setBootstrap([]);
    const before = attempts();
    await ring.settle(late.member.close());
    ring.runFor(60_000);
    const lostOnly = attempts() - before;
    assert.ok(lostOnly > 0, 'a failed member is looked for without seeds');
    await ring.close();
  });

  test('are refused as a whole when one of them cannot be meant, and after the end', async () => {
    const ring = new Ring();
    const node = await ring.spawn();
    const seed = await ring.spawn();
    for (const bad of [[seed.host, ''], ['a:b:c:'], 'seed', null, [null]] as string[][]) {
      assert.throws(() => node.member.setBootstrap(bad), { code: 'ERR_ARGUMENT_INVALID' });
    }
    ring.runFor(120_000);
    assert.equal(node.member.memberCount, 1, 'nothing of it was taken');
    await ring.settle(node.member.leave());
    assert.throws(() => node.member.setBootstrap([]), { code: 'ERR_LEFT' });
    await ring.settle(node.member.close());
    assert.throws(() => node.member.setBootstrap([]), { code: 'ERR_CLOSED' });
    await ring.close();
  });
});

describe('the peers file', () => {
  test('brings a restarted process back although its seeds have moved', async () => {
    const ring = new Ring();
    const disk = new MemoryFiles();
    const nodes = await ring.spawnJoined(4);
    const options = { nodeName: 'keeper', rejoin: { peersFile: '/peers.json' } };
    const keeper = await ring.spawn(options, { host: '10.0.0.50', files: disk });
    await ring.settle(keeper.member.join([nodes[0]?.host ?? '']));
    ring.runFor(10_000);
    const saved = JSON.parse(disk.get('/peers.json') ?? '{}') as { peers: string[] };
    assert.deepEqual(saved.peers, [
      '10.0.0.1:7946',
      '10.0.0.2:7946',
      '10.0.0.3:7946',
      '10.0.0.4:7946',
    ]);
    keeper.runtime.crash();
    nodes[0]?.runtime.crash();
    ring.runFor(60_000);
    const again = await ring.spawn(options, { host: '10.0.0.50', files: disk });
    const others = nodes.slice(1);
    assert.ok(ring.runUntil(() => isWhole([...others, again]), 5000));
    await ring.close();
  });

  test('that is damaged is reported once, and the node runs without it', async () => {
    const ring = new Ring();
    const disk = new MemoryFiles();
    for (const text of [
      '',
      '{',
      '[]',
      '{"version":2,"peers":[]}',
      '{"version":1,"peers":["x:y:z"]}',
    ]) {
      disk.set('/peers.json', text);
      const node = await ring.spawn({ rejoin: { peersFile: '/peers.json' } }, { files: disk });
      ring.runFor(100);
      assert.equal(node.member.stats().counters['warnings.WARN_PEERS_FILE'], 1, text);
    }
    await ring.close();
  });
});

test('everybody restarting at incarnation 0 within 10 s ends in one view', async () => {
  const ring = new Ring();
  const nodes = await ring.spawnJoined(8);
  ring.runFor(5000);
  const names = nodes.map(({ member }) => member.name);
  const reborn: RingNode[] = [];
  for (const [at, node] of nodes.entries()) {
    node.runtime.crash();
    ring.runFor(1000);
    const again = await ring.spawn({ nodeName: names[at] ?? '' }, { host: node.host });
    const seed = hosts(nodes).find((host) => host !== node.host) ?? '';
    again.member.join([seed]).catch(() => undefined);
    reborn.push(again);
  }
  assert.ok(ring.runUntil(() => isWhole(reborn), 90_000));
  await ring.close();
});
