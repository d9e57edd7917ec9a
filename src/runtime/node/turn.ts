/**
 * One whole turn of the event loop: every promise callback that is due has run when it ends.
 *
 * The simulator lets the code under test run out this way before it moves virtual time.
 */
export async function nodeTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
