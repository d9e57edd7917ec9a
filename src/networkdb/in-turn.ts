/**
 * Runs steps, each when the one before has ended. However many end at once, they do not stand on each other's stack.
 *
 * @param step - begins one step; calls `next` when it has ended, at once or later, or never if it was the last
 */
export function inTurn(step: (next: () => void) => void): void {
  let isRunning = false;
  let isDue = false;
  const next = (): void => {
    isDue = true;
    if (isRunning) return;
    isRunning = true;
    while (isDue) {
      isDue = false;
      step(next);
    }
    isRunning = false;
  };
  next();
}
