import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { randomBelow, SeededRandom } from '../../src/runtime/index.ts';
import { VirtualClock } from '../../src/simulator/index.ts';
import { clockSuite } from '../support/clock-suite.ts';
import { runVirtual } from '../support/drivers.ts';

clockSuite('virtual', () => {
  const clock = new VirtualClock();
  return { clock, run: runVirtual(clock) };
});

describe('virtual time', () => {
  it('runs calls by time, then in the order in which they were scheduled', () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    clock.schedule(2, () => ran.push('2 first'));
    clock.schedule(1, () => ran.push('1'));
    clock.schedule(2, () => ran.push('2 second'));
    clock.schedule(0, () => ran.push('0'));
    clock.runFor(5);
    assert.deepEqual(ran, ['0', '1', '2 first', '2 second']);
    assert.equal(clock.now(), 5);
  });

  it('runs deferred calls after all others of their time, new ones included', () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    clock.schedule(3, () => {
      clock.afterPendingInput(() => ran.push(`deferred at ${clock.now()}`));
      clock.schedule(0, () => {
        ran.push('added');
        clock.schedule(0, () => ran.push('added later'));
      });
    });
    clock.schedule(3, () => ran.push('input'));
    clock.schedule(4, () => ran.push('next'));
    clock.runFor(10);
    assert.deepEqual(ran, ['input', 'added', 'added later', 'deferred at 3', 'next']);
  });

  it('stops when the condition holds, or at the end of the time given', () => {
    const clock = new VirtualClock(100);
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
      clock.schedule(10, tick);
    };
    clock.schedule(10, tick);
    assert.equal(
      clock.runUntil(() => ticks === 3, 1000),
      true,
    );
    assert.equal(clock.now(), 130);
    assert.equal(
      clock.runUntil(() => ticks === 100, 55),
      false,
    );
    assert.deepEqual([clock.now(), ticks], [185, 8]);
  });

  it('counts what is pending and steps through it', () => {
    const clock = new VirtualClock();
    const timer = clock.schedule(1, () => undefined);
    clock.schedule(2, () => undefined);
    assert.equal(clock.pendingCount, 2);
    timer.cancel();
    timer.cancel();
    assert.equal(clock.pendingCount, 1);
    assert.equal(clock.runNext(), true);
    assert.equal(clock.now(), 2);
    assert.equal(clock.runNext(), false);
  });

  it('lets an error out with the virtual time on it, and can go on', () => {
    const clock = new VirtualClock();
    const bug = new TypeError('a bug');
    clock.schedule(7, () => {
      throw bug;
    });
    let hasGoneOn = false;
    clock.schedule(8, () => (hasGoneOn = true));
    assert.throws(
      () => clock.runFor(100),
      (error) => error === bug && 'virtualTimeMs' in bug && bug.virtualTimeMs === 7,
    );
    clock.runFor(1);
    assert.equal(hasGoneOn, true);
  });

  it('refuses to be run from inside one of its calls', () => {
    const clock = new VirtualClock();
    clock.schedule(1, () => clock.runFor(1));
    clock.schedule(1, () => undefined);
    assert.throws(() => clock.runFor(5), { code: 'ERR_INTERNAL' });
  });

  it('stops everything of one view and nothing of another', () => {
    const clock = new VirtualClock();
    const [dying, living] = [clock.view(), clock.view()];
    const ran: string[] = [];
    for (const [name, view] of Object.entries({ dying, living })) {
      view.schedule(1, () => ran.push(name));
      view.afterPendingInput(() => ran.push(`${name} deferred`));
    }
    dying.stop();
    clock.runFor(5);
    assert.deepEqual(ran, ['living deferred', 'living']);
  });

  it('runs what a jump makes due in the order in which it was due', () => {
    const clock = new VirtualClock();
    const view = clock.view();
    const ran: number[] = [];
    for (const delayMs of [5_000, 1_000, 3_000]) view.schedule(delayMs, () => ran.push(delayMs));
    view.jump(10_000);
    clock.runFor(0);
    assert.deepEqual(ran, [1_000, 3_000, 5_000]);
  });

  it('agrees with a sorted list under many schedules and cancels', () => {
    const random = new SeededRandom(11);
    const clock = new VirtualClock();
    const expected: { time: number; id: number }[] = [];
    const ran: number[] = [];
    for (let id = 0; id < 6000; id += 1) {
      const time = randomBelow(random, 500);
      const timer = clock.schedule(time, () => ran.push(id));
      if (randomBelow(random, 4) > 0) timer.cancel();
      else expected.push({ time, id });
    }
    assert.equal(clock.pendingCount, expected.length);
    clock.runFor(500);
    const order = expected.toSorted((a, b) => a.time - b.time || a.id - b.id);
    assert.deepEqual(
      ran,
      order.map(({ id }) => id),
    );
  });
});
