import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { LoopHealth, observedClock } from '../../src/memberlist/loop-health.ts';
import { VirtualClock } from '../../src/simulator/index.ts';
import { Ring } from '../support/ring.ts';

/*
 * A process whose event loop stands still must not blame others for it. In virtual time a paused
 * process runs its due timers late and hears what waited only after them: the order in which Node's
 * loop wakes, and the one that makes a naive detector accuse everybody.
 */

describe('lateness of timers', () => {
  test('a timer that runs in time is no stall, and one below 100 ms late neither', () => {
    const health = new LoopHealth(() => assert.fail('no stall'));
    health.observe(1000, 1000);
    health.observe(1000, 1099);
    assert.equal(health.lostMs, 0);
  });

  test('one stall that makes several timers late counts once', () => {
    const stalls: number[] = [];
    const health = new LoopHealth((ms) => stalls.push(ms));
    health.observe(1000, 6000);
    health.observe(1200, 6001);
    health.observe(5990, 6002);
    assert.deepEqual(stalls, [5000]);
    assert.equal(health.lostMs, 5000);
    health.observe(6500, 6700);
    assert.deepEqual(stalls, [5000, 200]);
    assert.deepEqual(health.stalls, { count: 2, longestMs: 5000 });
  });

  test('the observed clock tells of a timer that was held back', () => {
    const clock = new VirtualClock();
    const view = clock.view();
    const health = new LoopHealth(() => undefined);
    observedClock(view, health).schedule(100, () => undefined);
    view.pause(3000);
    clock.runFor(5000);
    assert.equal(health.lostMs, 2900);
  });
});

describe('a member that stands still', () => {
  for (const pauseMs of [600, 2000, 5000, 20_000]) {
    test(`blames nobody after ${pauseMs} ms, and is back within 2 s of waking`, async () => {
      const ring = new Ring();
      const nodes = await ring.spawnJoined(10);
      const blocked = nodes.slice(0, 3);
      const healthy = new Set(nodes.slice(3).map(({ member }) => member.name));
      const blamed: string[] = [];
      for (const { member } of nodes) {
        member.on('suspect', ({ name }) => blamed.push(`${member.name} suspects ${name}`));
        member.on('fail', ({ name }) => blamed.push(`${member.name} lost ${name}`));
      }
      ring.runFor(3210);
      for (const { runtime } of blocked) runtime.pause(pauseMs);
      ring.runFor(pauseMs);
      const back = ring.runUntil(
        () =>
          nodes.every(({ member }) => {
            return member.members().filter(({ state }) => state === 'alive').length === 10;
          }),
        2000,
      );
      ring.runFor(30_000);
      const wrong = blamed.filter((line) => healthy.has(line.split(' ')[2] ?? ''));
      assert.deepEqual(wrong, []);
      assert.ok(back, 'all ten are alive everywhere within 2 s');
      await ring.close();
    });
  }

  test('doubts its own health while it stalls again and again, and recovers', async () => {
    const ring = new Ring();
    const [slow] = await ring.spawnJoined(5);
    const { member, runtime } = slow ?? assert.fail();
    let highest = 0;
    for (let round = 0; round < 6; round += 1) {
      runtime.pause(1500);
      ring.runUntil(() => {
        highest = Math.max(highest, member.healthScore);
        return false;
      }, 1520);
    }
    assert.ok(highest >= 2, `score rose to ${highest} only`);
    const { counters, stalledMs, longestStallMs } = member.stats();
    assert.ok((counters['loop.stalls'] ?? 0) >= 6);
    assert.ok(longestStallMs > 1_000 && longestStallMs <= 1_500, String(longestStallMs));
    assert.ok(stalledMs > 6 * 1_000 && stalledMs <= 6 * 1_500, String(stalledMs));
    ring.runFor(20_000);
    assert.equal(member.healthScore, 0);
    await ring.close();
  });

  test('is not watched when loopHealth is off', async () => {
    const ring = new Ring();
    const [slow] = await ring.spawnJoined(5, { awareness: { loopHealth: false } });
    const { member, runtime } = slow ?? assert.fail();
    runtime.pause(3000);
    ring.runFor(3100);
    assert.equal(member.stats().counters['loop.stalls'], undefined);
    await ring.close();
  });
});

describe('a clock that tells of stalls', () => {
  /** What a ring sends through a crash and a broadcast, and the timers that wait when it is quiet. */
  async function record(tellsStalls: boolean): Promise<{ packets: string[]; timers: number }> {
    const ring = new Ring({ seed: 5, tellsStalls, jitterMs: 3 });
    const packets: string[] = [];
    ring.network.onPacket = (from, to, bytes) => {
      packets.push(`${ring.clock.now()} ${from.host} ${to.host} ${bytes.join()}`);
    };
    const [first, , , last] = await ring.spawnJoined(6);
    ring.runFor(20_000);
    first?.member.broadcast(new Uint8Array(20));
    last?.runtime.crash();
    ring.runFor(60_000);
    const { pendingCount: timers } = ring.clock;
    return { packets, timers };
  }

  test('lets what ticked to notice them rest, and every packet leaves as it did', async () => {
    const [with_, without] = [await record(true), await record(false)];
    assert.ok(with_.packets.length > 500);
    assert.deepEqual(with_.packets, without.packets);
    assert.ok(with_.timers <= without.timers - 5, `${with_.timers} ${without.timers}`);
  });

  test('tells of pauses that overlap once, and of jumps', async () => {
    const ring = new Ring({ tellsStalls: true });
    const [slow] = await ring.spawnJoined(5);
    const { member, runtime } = slow ?? assert.fail();
    ring.runFor(10_000);
    runtime.pause(1_500);
    ring.runFor(500);
    runtime.pause(1_200);
    ring.runFor(3_000);
    assert.equal(member.stats().stalledMs, 1_700);
    runtime.jumpClock(2_000);
    ring.runFor(100);
    assert.equal(member.stats().stalledMs, 3_700);
    assert.equal(member.stats().counters['loop.stalls'], 2);
    await ring.close();
  });
});
