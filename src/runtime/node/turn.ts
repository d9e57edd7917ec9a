/**
 * Runs a step again and again, each in a turn of its own: every promise callback that is due, however long
 * the chain, has run when the next step begins.
 *
 * The simulator lets the code under test run out this way before it moves virtual time.
 *
 * @remarks Steps are queued {@link STEPS_AHEAD} at a time: Node runs what promises have due between any two
 * immediates, and a whole round of its loop for each step took a third of the time of a quiet simulated ring.
 * @param step - one step; returns whether there is another one
 * @returns when a step has returned false; rejects with what a step throws
 */
export async function nodeTurns(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail: (error: unknown) => void = reject;
    let isOver = false;
    const run = (): void => {
      if (isOver) return;
      try {
        if (step()) return;
        resolve();
      } catch (error) {
        fail(error);
      }
      isOver = true;
    };
    const runSome = (): void => {
      run();
      if (isOver) return;
      for (let ahead = 1; ahead < STEPS_AHEAD; ahead += 1) setImmediate(run);
      setImmediate(runSome);
    };
    setImmediate(runSome);
  });
}

const STEPS_AHEAD = 16;
