import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 50;

/**
 * Waits until something holds.
 *
 * @param what - named in the error
 * @param look - a value that is neither false, null nor undefined ends the wait
 * @param limitMs - milliseconds
 * @param pollMs - milliseconds between two looks
 * @returns what `look` returned
 * @throws Error that says what did not come, and what was seen last
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs: number,
  seen: () => unknown = () => '',
  pollMs: number = POLL_MS,
): Promise<NonNullable<Exclude<T, false>>> {
  const since = performance.now();
  for (;;) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) {
      return found as NonNullable<Exclude<T, false>>;
    }
    if (performance.now() - since > limitMs) {
      const last = seen();
      const text = typeof last === 'string' ? last : JSON.stringify(last);
      throw new Error(`not within ${limitMs} ms: ${what}${text === '' ? '' : `\n${text}`}`);
    }
    await pause(pollMs);
  }
}
