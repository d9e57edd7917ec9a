import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Reads one of the recorded vector files of `test/interop/vectors`.
 *
 * @param name - file name without folder
 * @returns the parsed JSON, as the caller types it
 */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(join('test', 'interop', 'vectors', name), 'utf8')) as T;
}
