import type { VirtualClock } from '../../src/simulator/index.ts';

/** Lets virtual time run until the promise ends; it must within a virtual hour. */
export async function settle<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  const wait = { isOver: false };
  const mark = (): void => {
    wait.isOver = true;
  };
  promise.then(mark, mark);
  const limit = clock.now() + 3_600_000;
  for (;;) {
    await turn();
    if (wait.isOver) return promise;
    if (clock.now() > limit || !clock.runNext()) throw new Error('nothing settles it');
  }
}

/** Lets every promise callback that is due run. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}
