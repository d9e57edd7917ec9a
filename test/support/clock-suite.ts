import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Clock } from '../../src/runtime/index.ts';
import { GossipError } from '../../src/runtime/index.ts';

/*
 * What every Clock must do, real or virtual. `run` lets time pass until the condition holds and
 * rejects when it never does; nothing here depends on how long anything takes, only on order.
 */

export interface ClockHarness {
  readonly clock: Clock;
  run(condition: () => boolean): Promise<void>;
}

export function clockSuite(name: string, create: () => ClockHarness): void {
  describe(`the clock port: ${name}`, () => {
    it('never runs a call inside schedule or afterPendingInput', async () => {
      const { clock, run } = create();
      let isInside = true;
      const ran: string[] = [];
      const note = (what: string) => () => {
        assert.equal(isInside, false);
        ran.push(what);
      };
      clock.schedule(0, note('timer'));
      clock.afterPendingInput(note('after input'));
      isInside = false;
      await run(() => ran.length === 2);
      assert.deepEqual(ran.toSorted(), ['after input', 'timer']);
    });

    it('runs a call no earlier than its delay', async () => {
      const { clock, run } = create();
      const delays = [0, 0.5, 1, 1.25, 3.999, 7, 12.5];
      const waited = new Map<number, number>();
      for (const delay of delays) {
        const start = clock.now();
        clock.schedule(delay, () => waited.set(delay, clock.now() - start));
      }
      await run(() => waited.size === delays.length);
      // The sum start + delay is rounded, so the difference may miss by that rounding and no more.
      for (const [delay, elapsed] of waited) assert.ok(elapsed > delay - 1e-6, `${delay}`);
    });

    it('never goes back', async () => {
      const { clock, run } = create();
      const readings = [clock.now()];
      for (const delay of [2, 4, 6]) clock.schedule(delay, () => readings.push(clock.now()));
      await run(() => readings.length === 4);
      assert.deepEqual(
        readings,
        readings.toSorted((a, b) => a - b),
      );
    });

    it('forgets a cancelled call and ignores a second cancel', async () => {
      const { clock, run } = create();
      const ran: string[] = [];
      const timer = clock.schedule(1, () => ran.push('cancelled timer'));
      const deferred = clock.afterPendingInput(() => ran.push('cancelled deferral'));
      timer.cancel();
      deferred.cancel();
      timer.cancel();
      deferred.cancel();
      clock.schedule(20, () => ran.push('last'));
      await run(() => ran.includes('last'));
      assert.deepEqual(ran, ['last']);
    });

    it('lets a call cancel itself and another one', async () => {
      const { clock, run } = create();
      const ran: string[] = [];
      const other = clock.schedule(15, () => ran.push('other'));
      const self = clock.schedule(1, () => {
        ran.push('self');
        self.cancel();
        other.cancel();
      });
      clock.schedule(30, () => ran.push('last'));
      await run(() => ran.includes('last'));
      assert.deepEqual(ran, ['self', 'last']);
    });

    it('takes a delay below 0 as 0 and refuses one that is not finite', async () => {
      const { clock, run } = create();
      let hasRun = false;
      clock.schedule(-5, () => (hasRun = true));
      await run(() => hasRun);
      for (const delay of [Number.NaN, Number.POSITIVE_INFINITY]) {
        assert.throws(
          () => clock.schedule(delay, () => undefined),
          (error) => error instanceof GossipError && error.code === 'ERR_ARGUMENT_INVALID',
        );
      }
    });

    it('keeps a delay of a month pending', async () => {
      const { clock, run } = create();
      const ran: string[] = [];
      const month = clock.schedule(30 * 86_400_000, () => ran.push('month'));
      clock.schedule(5, () => ran.push('soon'));
      await run(() => ran.length > 0);
      month.cancel();
      assert.deepEqual(ran, ['soon']);
    });

    it('lets a deferred call defer again', async () => {
      const { clock, run } = create();
      let slices = 0;
      const slice = (): void => {
        slices += 1;
        if (slices < 5) clock.afterPendingInput(slice);
      };
      clock.afterPendingInput(slice);
      await run(() => slices === 5);
      assert.equal(slices, 5);
    });
  });
}
