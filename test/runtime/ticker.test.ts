import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { SeededRandom, Ticker } from '../../src/runtime/index.ts';
import { VirtualClock } from '../../src/simulator/index.ts';

const INTERVAL_MS = 1000;

function ticking(clock: VirtualClock, seed: number, ticks: number[]): Ticker {
  const onTick = (): void => {
    ticks.push(clock.now());
  };
  const ports = { clock, random: new SeededRandom(seed) };
  return new Ticker(ports, { intervalMs: () => INTERVAL_MS, onTick });
}

describe('a ticker', () => {
  it('begins somewhere within its interval, and goes on at that pace', () => {
    const clock = new VirtualClock();
    const ticks: number[] = [];
    ticking(clock, 1, ticks).start();
    clock.runFor(10_000);
    assert.equal(ticks.length, 10);
    for (const [i, at] of ticks.entries()) {
      const sinceFirst = at - (ticks[0] ?? 0);
      assert.ok(Math.abs(sinceFirst - i * INTERVAL_MS) < 0.001, `tick ${i} at ${at}`);
    }
  });

  it('is staggered: tickers that start together spread over the whole interval', () => {
    const clock = new VirtualClock();
    const firsts: number[] = [];
    for (let seed = 0; seed < 200; seed += 1) {
      const ticks: number[] = [];
      ticking(clock, seed, ticks).start();
      clock.runFor(INTERVAL_MS);
      firsts.push((ticks[0] ?? Number.NaN) - seed * INTERVAL_MS);
    }
    const quarters = [0, 0, 0, 0];
    for (const first of firsts) {
      assert.ok(first >= 0 && first <= INTERVAL_MS, `${first}`);
      const quarter = Math.min(3, Math.floor((4 * first) / INTERVAL_MS));
      quarters[quarter] = (quarters[quarter] ?? 0) + 1;
    }
    assert.ok(
      quarters.every((count) => count > 25),
      quarters.join(' '),
    );
  });

  it('rests while it is stopped, and takes a new phase when it starts again', () => {
    const clock = new VirtualClock();
    const ticks: number[] = [];
    const ticker = ticking(clock, 3, ticks);
    ticker.start();
    ticker.start();
    clock.runFor(2_000);
    assert.equal(ticks.length, 2);
    ticker.stop();
    clock.runFor(5_000);
    assert.equal(ticks.length, 2);
    assert.equal(clock.pendingCount, 0);
    ticker.start();
    clock.runFor(1_000);
    assert.equal(ticks.length, 3);
  });

  it('asks for its interval before each tick, and may be stopped by one', () => {
    const clock = new VirtualClock();
    const ticks: number[] = [];
    const ports = { clock, random: new SeededRandom(4) };
    const ticker = new Ticker(ports, {
      intervalMs: () => INTERVAL_MS * (ticks.length + 1),
      onTick: () => {
        ticks.push(clock.now());
        if (ticks.length === 3) ticker.stop();
      },
    });
    ticker.start();
    clock.runFor(60_000);
    assert.equal(ticks.length, 3);
    const [first = 0, second = 0, third = 0] = ticks;
    assert.ok(third - second > second - first, ticks.join(' '));
  });

  it('rests while there is nothing to do, and wakes in its phase', () => {
    const clock = new VirtualClock();
    const [ticks, others]: [number[], number[]] = [[], []];
    ticking(clock, 5, others).start();
    const work = { isThere: true };
    const ports = { clock, random: new SeededRandom(5) };
    const ticker = new Ticker(ports, {
      intervalMs: () => INTERVAL_MS,
      onTick: () => ticks.push(clock.now()),
      isIdle: () => !work.isThere,
    });
    ticker.start();
    clock.runFor(2_000);
    work.isThere = false;
    clock.runFor(3_300);
    assert.equal(clock.pendingCount, 1, 'only the other ticker waits');
    ticker.start();
    assert.equal(clock.pendingCount, 1, 'it has been started');
    work.isThere = true;
    ticker.wake();
    ticker.wake();
    clock.runFor(2_000);
    const missed = others.filter((at) => !ticks.some((tick) => Math.abs(tick - at) < 0.001));
    assert.deepEqual([others.length, missed.length, ticks.length], [8, 4, 4], ticks.join(' '));
  });

  it('does not wake when it was stopped', () => {
    const clock = new VirtualClock();
    const ports = { clock, random: new SeededRandom(6) };
    const ticker = new Ticker(ports, {
      intervalMs: () => INTERVAL_MS,
      onTick: () => assert.fail('it ticked'),
      isIdle: () => true,
    });
    ticker.wake();
    ticker.start();
    clock.runFor(2_000);
    ticker.stop();
    ticker.wake();
    assert.equal(clock.pendingCount, 0);
  });
});
